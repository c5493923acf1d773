import {
  decodeAttributes,
  decodeConfState,
  decodeDowngrade,
  decodeMember,
  decodeMembers,
  formatInitialCluster,
  parseInitialCluster,
} from '@kvs/membership'
import { parseAddress } from '@kvs/net'
import { parseUrl } from '../../../apps/server/src/url-values.ts'
import { type FuzzTarget, mustHold } from '../target.ts'
import { refused, textTarget } from './words.ts'

/** URLs, by those who read them: flags, listeners, the members of a cluster. */
export const urls: FuzzTarget = textTarget({
  name: 'urls',
  words: [
    'http://',
    'https://',
    'unix://',
    'unixs:',
    '[::1]',
    ':2380',
    'a=',
    ',',
    '@',
    '%25',
    '/',
    '?',
    '0.0.0.0',
    '\0',
  ],
  seeds: ['a=http://10.0.0.1:2380,a=http://[::1]:2380,b=https://h:1', 'unix:///run/x', 'http://[fe80::1%25eth0]:1'],
  kinds: [],
  read(said) {
    const outcomes = [
      outcome(() => parseUrl(said).scheme),
      outcome(() => parseAddress(said).scheme),
      outcome(() => {
        const members = parseInitialCluster(said)
        const again = parseInitialCluster(formatInitialCluster(members))
        mustHold(again.size === members.size, 'a cluster changes its size when it is written')
        return `${members.size}`
      }),
    ]
    return outcomes.join()
  },
})

const kinds = ['UsageError', 'NetError', 'MembershipError']

function outcome(read: () => string): string {
  try {
    return read()
  } catch (error) {
    return refused(error, ...kinds)
  }
}

/** JSON about members, from peers and from the state file. */
export const memberJson: FuzzTarget = textTarget({
  name: 'member-json',
  words: [
    '{"id":',
    '"peerURLs":[',
    '"clientURLs":',
    '"name":',
    '"isLearner":true',
    'null',
    '[',
    '{',
    '1e30',
    '"\\ud800"',
    '-1',
  ],
  seeds: [
    '{"id":10501334649042878790,"peerURLs":["http://localhost:2380"],"name":"default","clientURLs":["http://a:1"]}',
    '[{"id":1,"peerURLs":["http://a:1"],"isLearner":true}]',
    '{"voters":["1"],"auto_leave":false}',
    '{"target-version":"3.6.0","enabled":true}',
  ],
  kinds: [],
  read: said =>
    [decodeMember, decodeMembers, decodeAttributes, decodeDowngrade, decodeConfState]
      .map(decode =>
        outcome(() => {
          decode(said)
          return 'read'
        }),
      )
      .join(),
})
