import type { Entry } from '@kvs/proto/raft'
import { type Fs, type MemFs, memFs, traceFs } from '@kvs/vfs'
import { expect, test } from 'vitest'
import { createWal, openWal, readWal, verifyWal, walExists } from '../src/index.ts'

const metadata = new TextEncoder().encode('metadata of the owner')
const zero = { index: 0, term: 0 }
const text = (value: string): Uint8Array => new TextEncoder().encode(value)

function entry(index: number, term: number, data: string | Uint8Array = `entry ${index}`): Entry {
  return { index, term, type: 0, data: typeof data === 'string' ? text(data) : data }
}

async function open(fs: Fs, snapshot = zero, segmentSizeBytes = 16_384) {
  return openWal({ fs, dir: '/wal', snapshot, segmentSizeBytes })
}

test('what was appended is read again after close', async () => {
  const fs = memFs()
  const wal = await createWal({ fs, dir: '/wal', metadata, segmentSizeBytes: 16_384 })
  await wal.append({ entries: [entry(1, 1), entry(2, 1, '')], hardState: { term: 1, vote: 2n ** 64n - 1n, commit: 0 } })
  await wal.append({ entries: [], hardState: { term: 1, vote: 2n ** 64n - 1n, commit: 2 } })
  await wal.close()
  const { content, wal: again } = await open(fs)
  expect(content.metadata).toEqual(metadata)
  expect(content.hardState).toEqual({ term: 1, vote: 2n ** 64n - 1n, commit: 2 })
  expect(content.entries).toEqual([entry(1, 1), entry(2, 1, '')])
  expect(content.snapshotFound).toBe(true)
  await again.append({ entries: [entry(3, 1)] })
  await again.close()
  expect((await readWal({ fs, dir: '/wal', snapshot: zero })).entries.map(e => e.index)).toEqual([1, 2, 3])
})

test('later entries replace those from their index on', async () => {
  const fs = memFs()
  const wal = await createWal({ fs, dir: '/wal', metadata })
  await wal.append({ entries: [entry(1, 1), entry(2, 1), entry(3, 1)] })
  await wal.append({ entries: [entry(2, 2)] })
  await wal.close()
  const { content } = await open(fs)
  expect(content.entries).toEqual([entry(1, 1), entry(2, 2)])
})

test('segments are cut, named after the next index, and read from a snapshot on', async () => {
  const fs = memFs()
  const wal = await createWal({ fs, dir: '/wal', metadata, segmentSizeBytes: 4096 })
  for (let index = 1; index <= 40; index++) {
    await wal.append({ entries: [entry(index, 1, new Uint8Array(500).fill(index))] })
  }
  const names = (await fs.readDir('/wal')).filter(name => name.endsWith('.wal'))
  expect(names.length).toBeGreaterThan(3)
  expect(names[0]).toBe('0000000000000000-0000000000000000.wal')
  expect(names[1]).toMatch(/^0000000000000001-000000000000000[0-9a-f]\.wal$/)
  await wal.saveSnapshot({ index: 30, term: 1, confState: { voters: [1n] } })
  await wal.close()
  expect((await fs.readDir('/wal')).filter(name => name.endsWith('.tmp'))).toEqual([])
  const { content } = await open(fs, { index: 30, term: 1 }, 4096)
  expect(content.entries.map(e => e.index)).toEqual([31, 32, 33, 34, 35, 36, 37, 38, 39, 40])
  expect(content.snapshotFound).toBe(true)
})

test('calls may overlap and keep their order', async () => {
  const fs = memFs()
  const wal = await createWal({ fs, dir: '/wal', metadata, segmentSizeBytes: 4096 })
  const calls: Promise<void>[] = []
  for (let index = 1; index <= 30; index++) {
    calls.push(wal.append({ entries: [entry(index, 1, new Uint8Array(300))] }))
  }
  calls.push(wal.close())
  await Promise.all(calls)
  const content = await readWal({ fs, dir: '/wal', snapshot: zero })
  expect(content.entries.map(e => e.index)).toEqual(Array.from({ length: 30 }, (_, at) => at + 1))
})

export { entry, type MemFs, metadata, open, text, traceFs, verifyWal, walExists, zero }
