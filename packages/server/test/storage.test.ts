import { type Entry, EntryType } from '@kvs/raft'
import { faultFs, memFs } from '@kvs/vfs'
import { createWal, openWal } from '@kvs/wal'
import { expect, test } from 'vitest'
import { MemberLog, Storage } from '../src/consensus/storage.ts'
import { keepingLogger, type LogLine } from './log.ts'

const entryOf = (index: number, bytes: number): Entry => ({
  index,
  term: 1,
  type: EntryType.EntryNormal,
  data: new Uint8Array(bytes),
})

async function world() {
  const fs = faultFs(memFs())
  const lines: LogLine[] = []
  const wal = await createWal({ fs, dir: '/wal', metadata: new Uint8Array(0), segmentSizeBytes: 100_000 })
  const log = new MemberLog()
  const storage = new Storage({ wal, log, fs, dir: '/wal', logger: keepingLogger(lines) })
  const persist = (...entries: readonly Entry[]): Promise<void> =>
    storage.persist([{ entries, term: 1, vote: 0n, commit: 0 } as unknown as Parameters<Storage['persist']>[0][0]])
  return { fs, log, lines, storage, persist }
}

const memoryBytes = Number.POSITIVE_INFINITY

test('the log in memory keeps so many entries behind what is applied, and no more than so many bytes', async () => {
  const { log, storage, persist } = await world()
  for (let index = 1; index <= 20; index++) await persist(entryOf(index, 1000))
  expect(storage.hasBeginning).toBe(true)
  storage.forget({ applied: 18, keepCount: 10, keepBytes: 1_000_000, memoryBytes })
  expect([log.firstIndex(), log.lastIndex()]).toEqual([9, 20])
  expect(storage.hasBeginning).toBe(false)
  storage.forget({ applied: 18, keepCount: 10, keepBytes: 6000, memoryBytes })
  expect(log.firstIndex()).toBe(16)
  // What is not applied stays, however much it is.
  storage.forget({ applied: 18, keepCount: 10, keepBytes: 0, memoryBytes })
  expect([log.firstIndex(), log.lastIndex()]).toEqual([19, 20])
  await storage.close()
})

test('entries that were replaced do not count', async () => {
  const { log, storage, persist } = await world()
  for (let times = 0; times < 10; times++) await persist(entryOf(1, 1000), entryOf(2, 1000))
  storage.forget({ applied: 2, keepCount: 10, keepBytes: 3000, memoryBytes })
  expect(log.firstIndex()).toBe(1)
  storage.forget({ applied: 2, keepCount: 10, keepBytes: 2000, memoryBytes })
  expect(log.firstIndex()).toBe(3)
  await storage.close()
})

/** Batches of three, of which only the last few fit into memory; files were opened meanwhile. */
async function spilled(count: number) {
  const made = await world()
  const { log, storage, persist } = made
  const all = { applied: 3 * count, keepCount: 1e6, keepBytes: 1e9, memoryBytes: 20_000 }
  for (let first = 1; first <= 3 * count; first += 3) {
    await persist(entryOf(first, 1000), entryOf(first + 1, 10), entryOf(first + 2, 3000))
    storage.forget({ ...all, applied: first + 2 })
  }
  for (let turns = 0; log.firstInMemory < 3 * count - 15; turns++) {
    expect(turns).toBeLessThan(1000)
    await Promise.resolve()
    storage.forget(all)
  }
  return { ...made, all }
}

test('entries that do not fit into memory are read from disk, in segments that the log has removed, too', async () => {
  const { fs, log, storage, all } = await spilled(300)
  for (const name of await fs.readDir('/wal')) if (name.endsWith('.wal')) await fs.remove(`/wal/${name}`)
  expect([log.firstIndex(), log.lastIndex()]).toEqual([1, 900])
  for (let low = 1; low <= 900; ) {
    const entries = log.entries(low, 901, 10_000)
    expect(entries.map(({ index }) => index)).toEqual(entries.map((_, i) => low + i))
    for (const { index, data } of entries) expect(data.length).toBe([3000, 1000, 10][index % 3])
    expect(log.term(low)).toBe(1)
    low += entries.length
  }
  // One that is too large comes alone, and none from beyond where they were asked for.
  expect(log.entries(3, 901, 10)).toHaveLength(1)
  expect(log.entries(3, 5, 1e9)).toHaveLength(2)
  expect(log.term(0)).toBe(0)
  storage.forget({ ...all, keepCount: 450 })
  expect(log.firstIndex()).toBe(451)
  expect(log.term(450)).toBe(1)
  expect(() => log.term(449)).toThrow(expect.objectContaining({ code: 'COMPACTED' }))
  expect(() => log.entries(450, 452, 10)).toThrow(expect.objectContaining({ code: 'COMPACTED' }))
  expect(log.entries(451, 452, 10)).toHaveLength(1)
  storage.forget({ ...all, keepCount: 5 })
  expect([log.firstIndex(), log.firstInMemory]).toEqual([896, 896])
  await storage.close()
})

test('what cannot be read is forgotten: who wants it gets a snapshot', async () => {
  const { fs, lines, log, storage } = await spilled(100)
  fs.setRules([{ operation: 'readSync', fault: { invertBit: 100 } }])
  expect(() => log.entries(1, 301, 1000)).toThrow(expect.objectContaining({ code: 'COMPACTED' }))
  expect(lines).toMatchObject([{ level: 'warn', message: 'failed to read entries of the log again' }])
  expect([log.firstIndex(), log.lastIndex()]).toEqual([log.firstInMemory, 300])
  await storage.close()
})

test('entries whose segment cannot be opened are not let go until they take too much memory', async () => {
  const { fs, log, storage, persist } = await world()
  for (let index = 1; index <= 9; index++) await persist(entryOf(index, 1000))
  fs.setRules([{ operation: 'open', fault: { error: 'IO' } }])
  for (let turns = 0; turns < 50; turns++) {
    storage.forget({ applied: 9, keepCount: 100, keepBytes: 1e9, memoryBytes: 2000 })
    await Promise.resolve()
  }
  expect([log.firstIndex(), log.firstInMemory]).toEqual([1, 1])
  await storage.close()
})

test('entries that replace others are read, and not those they replaced', async () => {
  const { log, storage, persist, all } = await spilled(100)
  await persist(entryOf(299, 77), entryOf(300, 77))
  expect(log.entries(299, 301, 1e9).map(({ data }) => data.length)).toEqual([77, 77])
  // What of the older ones can be read no more is forgotten.
  expect(log.firstIndex()).toBe(log.firstInMemory)
  storage.forget(all)
  await storage.close()
})

test('messages that gathered may replace what those before them carry', async () => {
  const fs = memFs()
  const wal = await createWal({ fs, dir: '/wal', metadata: new Uint8Array(0) })
  const log = new MemberLog()
  const storage = new Storage({ wal, log, fs, dir: '/wal', logger: keepingLogger([]) })
  const of = (term: number, ...indexes: readonly number[]) => {
    const entries = indexes.map(index => ({ ...entryOf(index, 10), term }))
    return { entries, term, vote: 0n, commit: 0 } as unknown as Parameters<Storage['persist']>[0][0]
  }
  await storage.persist([of(1, 1, 2)])
  await storage.persist([of(1, 3, 4), of(1, 5), of(2), of(2, 4, 5), of(3, 2)])
  await storage.persist([of(3, 3)])
  await storage.close()
  const expected = [1, 3, 3]
  expect(log.entries(1, 4, Number.POSITIVE_INFINITY).map(({ term }) => term)).toEqual(expected)
  const { wal: again, content } = await openWal({
    fs,
    dir: '/wal',
    snapshot: { index: 0, term: 0 },
  })
  expect(content.entries.map(({ term }) => term)).toEqual(expected)
  expect(content.hardState.term).toBe(3)
  await again.close()
})
