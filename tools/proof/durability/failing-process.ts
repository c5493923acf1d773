/**
 * The server as a process whose disk fails at one call, LMDB's calls included: a library that is loaded before libc makes
 * it fail. The process says what happened in one line and ends within a second, acknowledges nothing afterwards, and the
 * next start finds everything. It may go on only where a failure is bearable.
 */
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { SeededRandom } from '@kvs/testing'
import { compileC } from './compile.ts'
import { judgeLastWords } from './last-words.ts'
import { describeEnd, type ServerEnd, type ServerProcess, ServerRefused } from './server-process.ts'
import { Trial } from './trial.ts'

const writers = 8
/** Longest that a server is written to until the chosen call comes. */
const dryLoadMs = 1200
const loadMsMax = 5000
const pollMs = 5
/** A process whose disk has failed ends within this. */
const endMsMax = 1000
/** One that goes on is watched for so long. */
const goesOnMs = 300
/** Short segments, commits and snapshots, so that a second meets every kind of call. */
export const shortDefaults = { walSegmentBytes: 131_072, snapshotCount: 400 } as const
const flags = ['--backend-batch-limit=300']

export interface FaultSite {
  readonly operation: string
  readonly place: string
  readonly calls: number
}

/** One call that fails. */
export interface ProcessFault {
  readonly operation: string
  readonly place: string
  readonly number: number
  readonly kind: string
}

const kindsOf: Readonly<Record<string, readonly string[]>> = {
  write: ['EIO', 'ENOSPC', 'short'],
  sync: ['EIO', 'ENOSPC'],
  syncdir: ['EIO'],
  rename: ['EIO', 'ENOSPC'],
  truncate: ['EIO'],
  create: ['EIO', 'ENOSPC', 'EROFS'],
}

/** Where a server may go on: it cannot prepare the next segment. */
const bearable = /^[a-z]+ data\/member\/wal\/#\.tmp$/
/** Files whose failure need not stop answers that are already safe in the log. */
const stateFiles = /^data\/member\/snap\//

const mayGoOn = ({ operation, place }: ProcessFault): boolean => bearable.test(`${operation} ${place}`)

export interface ProcessOutcome {
  runs: number
  refused: number
  ended: number
  wentOn: number
  notReached: number
  /** Ended by LMDB itself before the server could say more. */
  broughtDown: number
  slowestEndMs: number
  acknowledged: number
  readonly complaints: string[]
}

interface Bench {
  readonly program: string
  readonly shim: string
  readonly folder: string
  readonly random: SeededRandom
}

export function compileShim(folder: string): string {
  return compileC('fault-shim', folder, ['-shared', '-fPIC', '-ldl', '-lpthread'])
}

/** Every call site that a second of load meets, with the number of its calls. */
export async function findSites(bench: Bench): Promise<FaultSite[]> {
  const run = await FaultyRun.begin(bench)
  const server = run.start()
  await run.trial.verify(server)
  await run.trial.load(server, sleep(dryLoadMs), () => server.kill())
  await run.close()
  const counts = new Map<string, number>()
  for (const line of run.log()) if (line.startsWith('call ')) counts.set(line, (counts.get(line) ?? 0) + 1)
  return [...counts].map(([line, calls]) => {
    const [, operation = '', place = ''] = line.split(' ')
    return { operation, place, calls }
  })
}

export function faultsAt(sites: readonly FaultSite[], firstCalls: number): ProcessFault[] {
  const faults: ProcessFault[] = []
  for (const { operation, place, calls } of sites) {
    for (const kind of kindsOf[operation] ?? []) {
      for (let number = 1; number <= Math.min(calls, firstCalls); number++) {
        faults.push({ operation, place, number, kind })
      }
    }
  }
  return faults
}

/** One life with a fault, and the next one without. */
export async function liveWithFault(bench: Bench, fault: ProcessFault, outcome: ProcessOutcome): Promise<void> {
  const run = await FaultyRun.begin(bench)
  const { ledger } = run.trial
  outcome.runs++
  try {
    const server = run.start(fault)
    try {
      await run.trial.verify(server)
      await underLoad(run, server, fault, outcome)
    } catch (error) {
      if (!(error instanceof ServerRefused)) throw error
      outcome.refused++
      judgeEnd(run, server, await server.ended, outcome)
    }
    const next = run.start()
    await run.trial.verify(next)
    await next.stop()
  } catch (error) {
    ledger.complain(error instanceof Error ? error.message : String(error))
  }
  await run.close()
  outcome.acknowledged += ledger.acknowledgedCount
  const { operation, place, number, kind } = fault
  for (const complaint of ledger.complaints.slice(0, 3)) {
    outcome.complaints.push(`${kind} at ${operation} ${number} of ${place}: ${complaint}`)
  }
}

async function underLoad(
  run: FaultyRun,
  server: ServerProcess,
  fault: ProcessFault,
  outcome: ProcessOutcome,
): Promise<void> {
  const { trial } = run
  const youngestSentNs = await trial.load(server, run.faultOr(server, loadMsMax), async () => {
    await Promise.race([server.ended, sleep(run.faultNs() === undefined ? 0 : mayGoOn(fault) ? goesOnMs : endMsMax)])
  })
  const faultNs = run.faultNs()
  if (faultNs === undefined) {
    outcome.notReached++
    await server.kill()
    return
  }
  if (!server.hasEnded) {
    outcome.wentOn++
    await server.kill()
    if (!mayGoOn(fault)) trial.ledger.complain('the process went on as if nothing had happened')
    return
  }
  outcome.ended++
  judgeEnd(run, server, await server.ended, outcome)
  if (youngestSentNs > faultNs && !stateFiles.test(fault.place)) {
    trial.ledger.complain('a write that was sent after the disk had failed was acknowledged')
  }
}

function judgeEnd({ trial, faultNs }: FaultyRun, server: ServerProcess, end: ServerEnd, outcome: ProcessOutcome): void {
  const atNs = faultNs()
  if (atNs === undefined) return trial.ledger.complain(`the process ended with ${describeEnd(end)}: ${server.said}`)
  const endMs = Number(end.atNs - atNs) / 1e6
  outcome.slowestEndMs = Math.max(outcome.slowestEndMs, endMs)
  if (endMs > endMsMax) trial.ledger.complain(`the process took ${endMs.toFixed(0)} ms to end`)
  const { problem, isOfLmdb } = judgeLastWords(server, end)
  if (isOfLmdb) outcome.broughtDown++
  if (problem !== undefined) trial.ledger.complain(problem)
}

class FaultyRun {
  readonly trial: Trial
  readonly #bench: Bench
  readonly #folder: string

  private constructor(bench: Bench, folder: string, trial: Trial) {
    this.#bench = bench
    this.#folder = folder
    this.trial = trial
  }

  static async begin(bench: Bench): Promise<FaultyRun> {
    const folder = join(bench.folder, 'run')
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder)
    const { program, random } = bench
    const dataDir = join(folder, 'data')
    return new FaultyRun(bench, folder, await Trial.begin({ program, dataDir, writers, random, flags }))
  }

  /** With the calls of the disk noted, and one of them failing. */
  start(fault?: ProcessFault): ServerProcess {
    const rule = fault === undefined ? '' : `${fault.operation} ${fault.place} ${fault.number} ${fault.kind}`
    return this.trial.start({
      LD_PRELOAD: this.#bench.shim,
      KVS_FAULT_ROOT: this.#folder,
      KVS_FAULT_LOG: this.#logFile,
      ...(rule === '' ? {} : { KVS_FAULT_RULE: rule }),
    })
  }

  get #logFile(): string {
    return join(this.#folder, 'calls')
  }

  log(): string[] {
    return existsSync(this.#logFile) ? readFileSync(this.#logFile, 'utf8').split('\n') : []
  }

  /** When the call failed, by `process.hrtime.bigint()`; undefined if it did not yet. */
  readonly faultNs = (): bigint | undefined => {
    const line = this.log().find(each => each.startsWith('fault '))
    return line === undefined ? undefined : BigInt(line.split(' ')[3] ?? '0')
  }

  /** Until the call has failed, the server has ended, or it takes too long. */
  async faultOr(server: ServerProcess, atMostMs: number): Promise<void> {
    const until = performance.now() + atMostMs
    while (performance.now() < until && !server.hasEnded && this.faultNs() === undefined) await sleep(pollMs)
  }

  close(): Promise<void> {
    return this.trial.close()
  }
}
