/**
 * A member in this process whose disk fails at one call: every call site of a script of writes in turn. Whatever fails,
 * the member either refuses to start, or stops at once with one message, or goes on; and after a power cut everything it
 * acknowledged is there.
 */
import { MemoryStates } from '@kvs/backend/memory'
import { SeededRandom } from '@kvs/testing'
import { type CrashMode, type Fault, type FaultRule, faultFs, faultSweep, type MemFs, memFs } from '@kvs/vfs'
import { Ledger } from './ledger.ts'
import { makeLoad, readAll, readHistory } from './load.ts'
import { MemoryMember } from './memory-member.ts'

/** Short segments, commits and snapshots, so that a short script meets every kind of call. */
const options = { walSegmentBytes: 4096, backendBatchLimit: 6, snapshotCount: 12 }
const writers = 3
const writesPerWriter = 24

export interface SweepOutcome {
  runs: number
  refused: number
  stopped: number
  wentOn: number
  notReached: number
  acknowledged: number
  readonly complaints: string[]
}

interface FaultKind {
  readonly name: string
  readonly fault: Fault
  readonly operations: readonly string[]
}

const writing = ['write', 'writeSync', 'allocate', 'truncate', 'open', 'makeDir', 'rename']
const kinds: readonly FaultKind[] = [
  { name: 'EIO', fault: { error: 'IO' }, operations: [...writing, 'datasync', 'syncDir', 'remove', 'read', 'readDir'] },
  { name: 'ENOSPC', fault: { error: 'NO_SPACE' }, operations: [...writing, 'datasync'] },
  { name: 'short write', fault: { shortWriteBytes: 7 }, operations: ['write', 'writeSync'] },
  { name: 'read-only', fault: { error: 'READ_ONLY' }, operations: ['write', 'writeSync', 'open', 'rename'] },
]

/** Runs the script once for each of the first `firstCalls` calls of every site, and each kind of failure that fits. */
export async function sweepFaults(
  firstCalls: number,
  seed: number,
  only: (run: number) => boolean,
): Promise<SweepOutcome> {
  const outcome: SweepOutcome = {
    runs: 0,
    refused: 0,
    stopped: 0,
    wentOn: 0,
    notReached: 0,
    acknowledged: 0,
    complaints: [],
  }
  const dry = faultFs(memFs({ random: new SeededRandom(seed) }))
  const rehearsal = await MemoryMember.start({ fs: dry, states: new MemoryStates(), seed, options })
  await runScript(rehearsal, new Ledger(1), seed)
  await rehearsal.stop()
  let run = 0
  for (const { name, fault, operations } of kinds) {
    const sites = dry.sites().filter(({ operation }) => operations.includes(operation))
    for (const rule of faultSweep(sites, { firstCalls, fault })) {
      run++
      if (!only(run)) continue
      outcome.runs++
      const problem = await liveThrough(rule, seed, outcome)
      if (problem !== undefined) outcome.complaints.push(`${name} at ${describeRule(rule)}: ${problem}`)
    }
  }
  return outcome
}

function describeRule({ operation, path, calls }: FaultRule): string {
  return `call ${String(calls)} of ${String(operation)} ${String(path)}`
}

const crashModes: readonly CrashMode[] = ['lose-all', 'keep-all', 'torn', 'keep-random', 'prefix']

/** Returns what was wrong. */
async function liveThrough(rule: FaultRule, seed: number, outcome: SweepOutcome): Promise<string | undefined> {
  const states = new MemoryStates()
  const disk = memFs({ random: new SeededRandom(seed + outcome.runs) })
  const fs = faultFs(disk, { rules: [rule] })
  const ledger = new Ledger(1)
  let problem: string | undefined
  let member: MemoryMember | undefined
  try {
    member = await MemoryMember.start({ fs, states, seed, options })
  } catch (error) {
    problem = judgeRefusal(error)
    outcome.refused++
  }
  if (member !== undefined) {
    await runScript(member, ledger, seed)
    problem = judgeEnd(member, rule, { faults: fs.faultCount, outcome })
    member.leave()
  }
  outcome.acknowledged += ledger.acknowledgedCount
  const mode = crashModes[outcome.runs % crashModes.length] as CrashMode
  return problem ?? (await findsEverything(disk.crash({ mode }), states, ledger, seed))
}

function judgeRefusal(error: unknown): string | undefined {
  if (!(error instanceof Error)) return `a start rejected with ${String(error)}`
  if (error.message.includes('\n')) return `a start was refused in more than one line: ${error.message}`
  return /Error$/.test(error.name) && error.message.includes('injected') ? undefined : `refused with ${String(error)}`
}

/** The next segment, being prepared: a member that cannot do that goes on in the one it has. */
const spares = ['/data/member/wal/0.tmp', '/data/member/wal/1.tmp']

function judgeEnd(
  member: MemoryMember,
  rule: FaultRule,
  { faults, outcome }: { readonly faults: number; readonly outcome: SweepOutcome },
): string | undefined {
  const [first, second] = member.fatal
  if (second !== undefined) return 'the member stopped twice'
  if (first !== undefined) {
    outcome.stopped++
    return first.message.includes('\n') || !first.message.includes('injected')
      ? `the member stopped with '${first.message}'`
      : undefined
  }
  if (faults === 0) outcome.notReached++
  else outcome.wentOn++
  const { path } = rule
  const mayGoOn = faults === 0 || (path instanceof RegExp && spares.some(spare => path.test(spare)))
  return mayGoOn ? undefined : 'the member went on as if nothing had happened'
}

async function findsEverything(
  disk: MemFs,
  states: MemoryStates,
  ledger: Ledger,
  seed: number,
): Promise<string | undefined> {
  try {
    const member = await MemoryMember.start({ fs: disk, states, seed, options })
    const client = member.connect()
    const shown = await readAll(client)
    ledger.settle(await readHistory(client, 2, shown.revision), shown.revision)
    ledger.compareState(shown.keys)
    await member.stop()
    return ledger.complaints[0]
  } catch (error) {
    return `the next start: ${error instanceof Error ? error.message : String(error)}`
  }
}

/** All writers until they are done or refused. */
async function runScript(member: MemoryMember, ledger: Ledger, seed: number): Promise<void> {
  const load = makeLoad({
    connect: () => member.connect(),
    writers,
    ledger,
    random: new SeededRandom(seed),
    writesPerWriter,
    hasFailed: () => member.fatal.length > 0,
  })
  load.run()
  await load.done()
  await load.stop()
}
