import { EntryType } from '@kvs/proto/raft'
import { memFs } from '@kvs/vfs'
import { expect, test } from 'vitest'
import { createWal, readSpan, type WalSpan } from '../src/index.ts'

const entry = (index: number, length = 100) => ({
  term: 2,
  index,
  type: EntryType.EntryNormal,
  data: new Uint8Array(length).fill(index),
})

test('entries that were appended are read again, span by span and several as one, over segments and marks', async () => {
  const fs = memFs()
  const wal = await createWal({ fs, dir: '/wal', metadata: new Uint8Array(4), segmentSizeBytes: 4000 })
  expect(wal.lastSpan).toBeUndefined()
  const spans: WalSpan[] = []
  for (let index = 1; index <= 60; index += 3) {
    const entries = [entry(index), entry(index + 1, 0), entry(index + 2, 300)]
    await wal.append({ entries, hardState: { term: 2, vote: 1n, commit: index - 1 } })
    spans.push(wal.lastSpan as WalSpan)
    if (index % 2 === 0) wal.prove()
    // Moves the commit index only: it waits for the next batch, and stands before its entries.
    if (index % 5 === 0) await wal.append({ entries: [], hardState: { term: 2, vote: 1n, commit: index } })
  }
  expect(new Set(spans.map(({ segment }) => segment)).size).toBeGreaterThan(2)
  for (const [i, span] of spans.entries()) {
    const file = await fs.open(`/wal/${span.segment}`, { mode: 'read' })
    const first = 1 + 3 * i
    const three = [entry(first), entry(first + 1, 0), entry(first + 2, 300)]
    expect(readSpan(file, span)).toEqual(three)
    const next = spans[i + 1]
    if (next?.segment === span.segment) {
      const both = readSpan(file, { ...span, endBytes: next.endBytes })
      expect(both.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4, 5].map(n => first + n))
    }
    await file.close()
  }
  await wal.close()
})

test('what was damaged since is refused, and so is a file that ends too early', async () => {
  const fs = memFs()
  const wal = await createWal({ fs, dir: '/wal', metadata: new Uint8Array(4), segmentSizeBytes: 4000 })
  await wal.append({ entries: [entry(1)], hardState: undefined })
  const span = wal.lastSpan as WalSpan
  await wal.close()
  const file = await fs.open(`/wal/${span.segment}`, { mode: 'write' })
  expect(() => readSpan(file, { ...span, crc: span.crc ^ 1 })).toThrow(/crc mismatch.*position: \d+/)
  file.writeSync(new Uint8Array([7]), span.endBytes - 20)
  expect(() => readSpan(file, span)).toThrow(/crc mismatch/)
  file.writeSync(new Uint8Array(8), span.startBytes)
  expect(() => readSpan(file, span)).toThrow(/length of a record is damaged/)
  await file.truncate(span.endBytes - 1)
  expect(() => readSpan(file, span)).toThrow(/ends too early/)
})
