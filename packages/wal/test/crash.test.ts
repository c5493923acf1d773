import type { Entry } from '@kvs/proto/raft'
import { SeededRandom } from '@kvs/testing'
import { type CrashMode, type FsCall, type MemFs, memFs } from '@kvs/vfs'
import { expect, test } from 'vitest'
import { createWal, openWal, readWal, readWalRecords, type Wal, walExists } from '../src/index.ts'
import { entry, metadata, voter, zero } from './log.ts'

const modes: readonly CrashMode[] = ['lose-all', 'keep-all', 'prefix', 'keep-random', 'torn']

/** The log as it must be after some records: entries in order of appending, later ones replacing earlier. */
interface History {
  /** The log after each entry that was handed over; `logs[0]` is empty. */
  readonly logs: (readonly Entry[])[]
  /** How many of them are acknowledged. */
  acknowledged: number
  /** Highest term that is acknowledged with a vote. */
  acknowledgedTerm: number
  /** Snapshots recorded, acknowledged ones first. */
  readonly snapshots: number[]
  acknowledgedSnapshots: number
}

/** What the disk would hold if the power failed at one moment, and what had been acknowledged by then. */
interface Cut {
  readonly disk: MemFs
  readonly created: boolean
  readonly history: History
  readonly label: string
}

interface Run {
  readonly fs: MemFs
  readonly history: History
  readonly cuts: Cut[]
  created: boolean
  isRecording: boolean
}

function copyOf(history: History): History {
  return { ...history, logs: history.logs.slice(), snapshots: history.snapshots.slice() }
}

/** A disk that notes, before and after every call, what a power cut in one mode would leave. */
function recordingRun(seed: number, mode: CrashMode): Run {
  const random = new SeededRandom(seed)
  const run: { value?: Run } = {}
  const note = (call: FsCall, when: string): void => {
    const { value } = run
    // Disks after a cut share the schedule; only the run itself is recorded.
    if (value === undefined || !value.isRecording) return
    const label = `${when} ${call.operation} ${call.path}`
    const disk = value.fs.afterCrash({ mode, random })
    value.cuts.push({ disk, created: value.created, history: copyOf(value.history), label })
  }
  const fs = memFs({
    random,
    schedule: (call, done) => {
      if (call.operation !== 'read') note(call, 'before')
      queueMicrotask(() => {
        done()
        if (call.operation !== 'read') note(call, 'after')
      })
    },
  })
  const history = { logs: [[]], acknowledged: 0, acknowledgedTerm: 0, snapshots: [], acknowledgedSnapshots: 0 }
  run.value = { fs, cuts: [], created: false, isRecording: true, history }
  return run.value
}

/** Appends batches of random entries that sometimes replace the end of the log, hard states and snapshots. */
async function workload(run: Run, wal: Wal, random: SeededRandom, batchCount: number): Promise<void> {
  const { history } = run
  let term = Math.max(1, history.acknowledgedTerm)
  for (let batch = 0; batch < batchCount; batch++) {
    let log = history.logs.at(-1)!
    if (random.chance(0.15)) {
      term++
      log = log.slice(0, Math.max(0, log.length - random.below(4)))
    }
    const entries: Entry[] = []
    const count = random.below(5)
    for (let at = 0; at < count; at++) {
      const data = new Uint8Array(random.chance(0.2) ? random.below(1800) : random.below(200))
      const next = entry(log.length + 1, term, random.chance(0.3) ? data : data.fill(1 + random.below(255)))
      entries.push(next)
      log = [...log, next]
      history.logs.push(log)
    }
    const handedOver = history.logs.length - 1
    await wal.append({ entries, hardState: { term, vote: voter, commit: random.below(log.length + 1) } })
    history.acknowledged = handedOver
    history.acknowledgedTerm = term
    if (random.chance(0.5)) wal.prove()
    if (random.chance(0.1) && log.length > 0) {
      history.snapshots.push(log.length)
      await wal.saveSnapshot({ index: log.length, term, confState: { voters: [voter] } })
      history.acknowledgedSnapshots = history.snapshots.length
    }
  }
}

const sizes = { dir: '/wal', segmentSizeBytes: 4096 }

/** A start on `disk` succeeds and finds everything acknowledged, and nothing that was never handed over. */
async function expectRecovers(cut: Cut): Promise<void> {
  const { disk, history } = cut
  if (!(await walExists(disk, '/wal'))) {
    expect(cut.created, 'the log is gone').toBe(false)
    await (await createWal({ fs: disk, metadata, ...sizes })).close()
    return
  }
  const { wal, content } = await openWal({ fs: disk, snapshot: zero, ...sizes })
  expect(content.metadata).toEqual(metadata)
  const at = history.logs.findIndex(
    (log, position) => position >= history.acknowledged && sameLog(log, content.entries),
  )
  expect(at, `entries ${content.entries.length}, acknowledged ${history.acknowledged}`).toBeGreaterThanOrEqual(0)
  expect(content.hardState.term).toBeGreaterThanOrEqual(history.acknowledgedTerm)
  const snapshots: number[] = []
  await readWalRecords({ fs: disk, dir: '/wal' }, record => {
    if (record.type === 'snapshot' && record.snapshot.index > 0) snapshots.push(record.snapshot.index)
  })
  expect(snapshots.length).toBeGreaterThanOrEqual(history.acknowledgedSnapshots)
  expect(snapshots).toEqual(history.snapshots.slice(0, snapshots.length))
  const next = entry(content.entries.length + 1, content.hardState.term + 1)
  await wal.append({ entries: [next] })
  await wal.close()
  const again = await readWal({ fs: disk, dir: '/wal', snapshot: zero })
  expect(sameLog(again.entries, [...content.entries, next])).toBe(true)
}

function sameLog(a: readonly Entry[], b: readonly Entry[]): boolean {
  return (
    a.length === b.length &&
    a.every((left, at) => {
      const right = b[at]!
      return left.term === right.term && left.index === right.index && Buffer.compare(left.data, right.data) === 0
    })
  )
}

async function expectAllRecover(cuts: readonly Cut[], seed: number): Promise<void> {
  for (const [at, cut] of cuts.entries()) {
    try {
      await expectRecovers(cut)
    } catch (error) {
      throw new Error(`seed ${seed}, cut ${at} (${cut.label}): ${(error as Error).message}`, { cause: error })
    }
  }
}

const seedBase = Number(process.env['KVS_SEED'] ?? 1)
const seedCount = Number(process.env['KVS_SEEDS'] ?? 5)

test.each(modes)('a power cut at any disk operation loses nothing acknowledged (%s)', async mode => {
  let cuts = 0
  for (let seed = seedBase; seed < seedBase + seedCount; seed++) {
    const run = recordingRun(seed, mode)
    const random = new SeededRandom(seed)
    const wal = await createWal({ fs: run.fs, metadata, ...sizes })
    run.created = true
    await workload(run, wal, random, 60)
    await wal.close()
    run.isRecording = false
    cuts += run.cuts.length
    await expectAllRecover(run.cuts, seed)
  }
  expect(cuts).toBeGreaterThan(100 * seedCount)
})

test('a power cut while the end is being repaired, and again', async () => {
  let repairs = 0
  for (let seed = seedBase; seed < seedBase + 2 * seedCount; seed++) {
    const first = recordingRun(seed, 'torn')
    const wal = await createWal({ fs: first.fs, metadata, ...sizes })
    first.created = true
    await workload(first, wal, new SeededRandom(seed), 15)
    first.isRecording = false
    // The disk of the last of these cuts that needs work becomes the disk of the next life.
    for (const cut of first.cuts.slice(-6)) {
      const events: string[] = []
      const again = recordingRun(seed, 'torn')
      again.isRecording = false
      Object.assign(again, { created: true, history: copyOf(cut.history), fs: recordOn(again, cut.disk, seed) })
      const onEvent = (event: { type: string }): void => void events.push(event.type)
      const opened = await openWal({ fs: again.fs, snapshot: zero, ...sizes, onEvent })
      again.history.logs.push(opened.content.entries)
      if (events.some(type => type.startsWith('tail-'))) repairs++
      await opened.wal.close()
      await expectAllRecover(again.cuts, seed)
    }
  }
  expect(repairs).toBeGreaterThan(seedCount)
})

test('a power cut while a log is opened whose process was killed with a write under way', async () => {
  for (let seed = seedBase; seed < seedBase + 4 * seedCount; seed++) {
    const random = new SeededRandom(seed)
    let isHolding = false
    const schedule = (call: FsCall, done: () => void): void => {
      if (!isHolding || call.operation !== 'datasync') queueMicrotask(done)
    }
    const run = recordingRun(seed, 'torn')
    run.isRecording = false
    Object.assign(run, { created: true, fs: memFs({ random, schedule }) })
    const wal = await createWal({ fs: run.fs, metadata, ...sizes })
    await workload(run, wal, random, 10)
    isHolding = true
    const log = run.history.logs.at(-1)!
    const under = [0, 1, 2].map(at => entry(log.length + 1 + at, 9, new Uint8Array(700).fill(7 + at)))
    for (const [at] of under.entries()) run.history.logs.push([...log, ...under.slice(0, at + 1)])
    wal.append({ entries: under }).catch(() => {})
    const killed = run.fs.kill()
    isHolding = false
    Object.assign(run, { fs: recordOn(run, killed, seed) })
    const opened = await openWal({ fs: run.fs, snapshot: zero, ...sizes })
    await opened.wal.append({ entries: [] })
    await expectAllRecover(run.cuts, seed)
  }
})

/** Notes cuts of a disk that lives already: after every call that changes it. */
function recordOn(run: Run, disk: MemFs, seed: number): MemFs {
  const random = new SeededRandom(seed + 1000)
  return new Proxy(disk, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target)
      if (typeof value !== 'function') return value
      return (...args: unknown[]) => {
        const result: unknown = value.apply(target, args)
        if (!(result instanceof Promise) || name === 'readDir' || name === 'stat') return result
        return result.then(inner => {
          note(String(name))
          return name === 'open' ? recordFile(inner as object) : inner
        })
      }
    },
  })

  function note(label: string): void {
    const cut = disk.afterCrash({ mode: 'torn', random })
    run.cuts.push({ disk: cut, created: true, history: copyOf(run.history), label })
  }

  function recordFile(file: object): object {
    return new Proxy(file, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name, target)
        if (typeof value !== 'function') return value
        return (...args: unknown[]) => {
          const result: unknown = value.apply(target, args)
          if (name === 'read' || name === 'sizeBytes' || name === 'lock') return result
          note(String(name))
          return result
        }
      },
    })
  }
}
