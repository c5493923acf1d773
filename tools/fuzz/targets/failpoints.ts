import { Failpoints, parseSettings } from '../../../packages/server/src/failpoints/failpoints.ts'
import { failpointNames } from '../../../packages/server/src/failpoints/names.ts'
import { parseTerms } from '../../../packages/server/src/failpoints/terms.ts'
import { type FuzzTarget, mustHold } from '../target.ts'
import { textTarget } from './words.ts'

/** Settings of failpoints: read, put into force, and acted upon; or refused. */
export const failpoints: FuzzTarget = textTarget({
  name: 'failpoints',
  words: [
    ...failpointNames.map(name => `${name}=`),
    ...['off', 'print', 'panic', 'sleep(', 'return(', '"1m1.5s"', '"\\u0041"', '->', '50%', '3*', 'true)', ';', '()'],
  ],
  seeds: [
    'raftBeforeSave=3*sleep("10ms")->off',
    'defragdbFail=50%1*return("no space");beforeCommit=panic("why")->2.5%print',
    'go.etcd.io/etcd/server/v3/etcdserver/raftAfterSave=sleep(1000)->return(true)->return(-1)',
  ],
  kinds: ['FailpointError'],
  read(said) {
    const acts: string[] = []
    const all = new Failpoints({
      setTimer: delayMs => acts.push(`sleep ${Number.isFinite(delayMs) && delayMs >= 0}`),
      block: () => {},
      random: () => 0.5,
      crash: line => {
        throw new Error(line)
      },
      print: () => acts.push('print'),
    })
    for (const { name, terms } of parseSettings(said)) {
      all.set(name, terms)
      mustHold(parseTerms(terms).length > 0, 'terms without a term')
      mustHold(all.status(name).terms === terms, 'terms that are not what was said')
    }
    for (let times = 0; times < 3; times++) {
      try {
        void all.wait('raftBeforeSave')
        void all.wait('defragdbFail')
      } catch (error) {
        mustHold(String(error).startsWith('Error: panic: failpoint panic: '), 'another error than that of a panic')
        acts.push('panic')
      }
    }
    mustHold(!acts.includes('sleep false'), 'a sleep that has no length')
    return `${all.list().filter(({ terms }) => terms !== '').length} ${acts.join(' ').slice(0, 40)}`
  },
})
