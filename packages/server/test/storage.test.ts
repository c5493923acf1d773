import { type Entry, EntryType } from '@kvs/raft'
import { memFs } from '@kvs/vfs'
import { createWal } from '@kvs/wal'
import { expect, test } from 'vitest'
import { MemberLog, Storage } from '../src/consensus/storage.ts'

const entryOf = (index: number, bytes: number): Entry => ({
  index,
  term: 1,
  type: EntryType.EntryNormal,
  data: new Uint8Array(bytes),
})

async function world() {
  const fs = memFs()
  const wal = await createWal({ fs, dir: '/wal', metadata: new Uint8Array(0) })
  const log = new MemberLog()
  const storage = new Storage({ wal, log, fs, dir: '/wal' })
  const persist = (...entries: readonly Entry[]): Promise<void> =>
    storage.persist([{ entries, term: 1, vote: 0n, commit: 0 } as unknown as Parameters<Storage['persist']>[0][0]])
  return { log, storage, persist }
}

test('the log in memory keeps so many entries behind what is applied, and no more than so many bytes', async () => {
  const { log, storage, persist } = await world()
  for (let index = 1; index <= 20; index++) await persist(entryOf(index, 1000))
  storage.forget({ applied: 18, keepCount: 10, keepBytes: 1_000_000 })
  expect([log.firstIndex(), log.lastIndex()]).toEqual([9, 20])
  storage.forget({ applied: 18, keepCount: 10, keepBytes: 6000 })
  expect(log.firstIndex()).toBe(16)
  // What is not applied stays, however much it is.
  storage.forget({ applied: 18, keepCount: 10, keepBytes: 0 })
  expect([log.firstIndex(), log.lastIndex()]).toEqual([19, 20])
  await storage.close()
})

test('entries that were replaced do not count', async () => {
  const { log, storage, persist } = await world()
  for (let times = 0; times < 10; times++) await persist(entryOf(1, 1000), entryOf(2, 1000))
  storage.forget({ applied: 2, keepCount: 10, keepBytes: 3000 })
  expect(log.firstIndex()).toBe(1)
  storage.forget({ applied: 2, keepCount: 10, keepBytes: 2000 })
  expect(log.firstIndex()).toBe(3)
  await storage.close()
})
