import type { Entry } from '@kvs/proto/raft'
import { type MemFs, memFs } from '@kvs/vfs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createWal, openWal, purgeWal, readWal, type Wal } from '../src/index.ts'
import { entry, metadata, voter } from './log.ts'

/** The log as a naive list. `firstKept` is the snapshot index below which segments were released and purged. */
interface Model {
  entries: Entry[]
  term: number
  commit: number
  snapshot: { index: number; term: number }
}

interface Real {
  fs: MemFs
  wal: Wal
}

const segmentSizeBytes = 2048
const dir = '/wal'

class Append implements fc.AsyncCommand<Model, Real> {
  readonly sizes: readonly number[]
  readonly rewindBy: number
  constructor(sizes: readonly number[], rewindBy: number) {
    this.sizes = sizes
    this.rewindBy = rewindBy
  }
  check(): boolean {
    return true
  }
  async run(model: Model, real: Real): Promise<void> {
    if (this.rewindBy > 0) {
      model.term++
      const kept = Math.max(model.snapshot.index, model.entries.length - this.rewindBy)
      model.entries = model.entries.slice(0, kept)
    }
    const entries = this.sizes.map((size, at) => {
      return entry(model.entries.length + 1 + at, model.term, new Uint8Array(size).fill(size & 0xff))
    })
    // What is cut off without being replaced stays in the log: raft appends an entry wherever it cuts.
    if (this.rewindBy > 0 && entries.length === 0) entries.push(entry(model.entries.length + 1, model.term, ''))
    model.entries.push(...entries)
    model.commit = Math.min(model.entries.length, model.commit + 1)
    await real.wal.append({ entries, hardState: { term: model.term, vote: voter, commit: model.commit } })
  }
  toString(): string {
    return `append([${this.sizes}], back ${this.rewindBy})`
  }
}

class Prove implements fc.AsyncCommand<Model, Real> {
  check(): boolean {
    return true
  }
  run(_model: Model, real: Real): Promise<void> {
    real.wal.prove()
    return Promise.resolve()
  }
  toString(): string {
    return 'prove'
  }
}

class Snapshot implements fc.AsyncCommand<Model, Real> {
  check(model: Model): boolean {
    return model.commit > model.snapshot.index && model.commit <= model.entries.length
  }
  async run(model: Model, real: Real): Promise<void> {
    const last = model.entries[model.commit - 1]!
    model.snapshot = { index: last.index, term: last.term }
    await real.wal.saveSnapshot({ ...model.snapshot, confState: { voters: [voter] } })
    await real.wal.release(last.index)
    await purgeWal({ fs: real.fs, dir, keepCount: 1 })
  }
  toString(): string {
    return 'snapshot, release, purge'
  }
}

class Reopen implements fc.AsyncCommand<Model, Real> {
  readonly how: 'close' | 'kill'
  constructor(how: 'close' | 'kill') {
    this.how = how
  }
  check(): boolean {
    return true
  }
  async run(model: Model, real: Real): Promise<void> {
    if (this.how === 'close') await real.wal.close()
    else real.fs = real.fs.kill()
    const { wal, content } = await openWal({ fs: real.fs, dir, segmentSizeBytes, snapshot: model.snapshot })
    real.wal = wal
    expect(content.metadata).toEqual(metadata)
    expect(content.snapshotFound).toBe(true)
    expect(content.entries).toEqual(model.entries.slice(model.snapshot.index))
    expect(content.hardState.term).toBe(
      model.entries.length === 0 && model.term === 1 ? content.hardState.term : model.term,
    )
    if (this.how === 'close') expect(content.hardState.commit).toBe(model.commit)
    const again = await readWal({ fs: real.fs, dir, snapshot: model.snapshot })
    expect(again).toEqual(content)
    // A killed log forgets the commit index that it had not been asked to sync.
    model.commit = Math.max(model.snapshot.index, content.hardState.commit)
  }
  toString(): string {
    return `reopen after ${this.how}`
  }
}

test('append, cut, release, purge, reopen: always the log of a naive list', async () => {
  const commands = [
    fc
      .tuple(
        fc.array(fc.nat(900), { maxLength: 4 }),
        fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(3) }),
      )
      .map(([sizes, rewindBy]) => new Append(sizes, rewindBy)),
    fc.constant(new Snapshot()),
    fc.constant(new Prove()),
    fc.constantFrom<'close' | 'kill'>('close', 'kill').map(how => new Reopen(how)),
  ]
  await fc.assert(
    fc.asyncProperty(fc.commands(commands, { maxCommands: 60 }), async sequence => {
      const setup = async (): Promise<{ model: Model; real: Real }> => {
        const fs = memFs()
        const wal = await createWal({ fs, dir, metadata, segmentSizeBytes })
        return { model: { entries: [], term: 1, commit: 0, snapshot: { index: 0, term: 0 } }, real: { fs, wal } }
      }
      await fc.asyncModelRun(setup, sequence)
    }),
    { numRuns: 100 },
  )
})
