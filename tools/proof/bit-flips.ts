/**
 * npm run proof -- bit-flips: single bits are flipped, one at a time, in everything a member has on disk: segments of the
 * log, the state file (LMDB), `.snap` files; after a kill and after an orderly stop. Each start must be harmless (every
 * answer as it was: keys, their whole past, leases, hashes), or refused with file and position, or a damaged snapshot set
 * aside with a message.
 *
 * The log is flipped in memory and a whole member started on it in this process; the state file is a real one, with the log
 * in memory beside it, and the member runs in a child process, for LMDB might end it.
 *
 * Options: --flips N (10000) in all, --seed N, --only TARGET, --bit N (with --only: just that one, with its message).
 */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { SeededRandom } from '@kvs/testing'
import { makeVictim, type Target, targets, type Verdict } from './durability/flips.ts'
import { conclude } from './durability/report.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    flips: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
    bit: { type: 'string' },
    from: { type: 'string', default: '0' },
  },
})
const seed = Number(values.seed)

/** Parts of all flips. */
const shares: Readonly<Record<Target, number>> = {
  log: 0.2,
  'stopped log': 0.2,
  state: 0.2,
  'stopped state': 0.2,
  structure: 0.15,
  snapshot: 0.05,
}
/** Flips after which a child hands over to a new one, so that nothing piles up. */
const flipsPerChild = 500

type Line = { readonly begin: number } | (Verdict & { readonly flip: number; readonly bit: number })

interface Tally {
  readonly outcomes: Map<string, number>
  readonly failures: string[]
}

/** The child: judges flips `from` and on, and says so before and after each. */
async function child(target: Target, from: number, count: number): Promise<void> {
  const victim = await makeVictim(target, seed)
  const random = new SeededRandom(seed)
  const say = (line: Line): void => void process.stdout.write(`${JSON.stringify(line)}\n`)
  for (let flip = 0; flip < count; flip++) {
    const bit = random.below(victim.sizeBytes * 8)
    if (flip < from) continue
    say({ begin: flip })
    say({ flip, bit, ...(await victim.judge(bit)) })
  }
  await victim.close()
}

/** Runs children until all flips are judged; one that dies is followed by the next. */
async function judgeAll(target: Target, count: number, tally: Tally): Promise<void> {
  const note = (outcome: string): void => void tally.outcomes.set(outcome, (tally.outcomes.get(outcome) ?? 0) + 1)
  for (let next = 0; next < count; ) {
    const until = Math.min(count, next + flipsPerChild)
    const args = [...process.execArgv, process.argv[1] as string, 'child', '--only', target, '--seed', String(seed)]
    const running = spawn(process.execPath, [...args, '--from', String(next), '--flips', String(until)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const ended = new Promise<string>(resolve => {
      running.once('close', (status, signal) => resolve(signal ?? `status ${status}`))
    })
    let begun = next
    for await (const text of createInterface({ input: running.stdout })) {
      const line = JSON.parse(text) as Line
      if ('begin' in line) {
        begun = line.begin
        continue
      }
      next = line.flip + 1
      note(line.outcome)
      if (line.outcome === 'wrong') tally.failures.push(`${target}, bit ${line.bit}: ${line.message}`)
    }
    const how = await ended
    if (next >= until) continue
    note('died')
    tally.failures.push(`${target}, flip ${begun}: the process ended with ${how}`)
    next = begun + 1
  }
}

function describeTally({ outcomes }: Tally): string {
  return ['harmless', 'refused', 'set aside', 'wrong', 'died']
    .map(name => `${outcomes.get(name) ?? 0} ${name}`)
    .join(', ')
}

async function prove(): Promise<void> {
  const total: Tally = { outcomes: new Map(), failures: [] }
  let flips = 0
  for (const target of targets.filter(each => values.only === undefined || values.only === each)) {
    const count = Math.round(Number(values.flips) * shares[target])
    const tally: Tally = { outcomes: new Map(), failures: total.failures }
    await judgeAll(target, count, tally)
    flips += count
    for (const [name, number] of tally.outcomes) total.outcomes.set(name, (total.outcomes.get(name) ?? 0) + number)
    console.log(`${target}: ${count} flips, ${describeTally(tally)}`)
  }
  conclude(`${flips} flipped bits (seed ${seed}): ${describeTally(total)}`, total.failures)
}

if (positionals[0] === 'child') await child(values.only as Target, Number(values.from), Number(values.flips))
else if (values.bit !== undefined) {
  const victim = await makeVictim(values.only as Target, seed)
  console.log(victim.sizeBytes, await victim.judge(Number(values.bit)))
  await victim.close()
} else await prove()
