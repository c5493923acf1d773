import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Entry } from '@kvs/proto/raft'
import { nodeFs } from '@kvs/vfs'
import { bench, describe } from 'vitest'
import { updateCrc32c } from '../src/crc32c.ts'
import { createWal } from '../src/index.ts'
import { RecordWriter } from '../src/record-writer.ts'

/** Promise: at most 0.7 µs of CPU per entry of 300 bytes, encoding and checksum included. Rows are per 1000 entries. */
const entries: Entry[] = Array.from({ length: 1000 }, (_, at) => ({
  index: 5_000_000 + at,
  term: 7,
  type: 0,
  data: new Uint8Array(300).map((_, byte) => (byte * 31 + at) & 0xff),
}))

describe('encode 1000 entries of 300 bytes', () => {
  const writer = new RecordWriter(0)
  bench('one batch', () => {
    for (const entry of entries) writer.entry(entry)
    writer.clear()
  })
})

describe('crc32c of 1000 × 320 bytes', () => {
  const bytes = new Uint8Array(320_000).map((_, at) => (at * 31) & 0xff)
  bench('slicing by 8', () => {
    let crc = 0
    for (let at = 0; at < bytes.length; at += 320) crc = updateCrc32c(crc, bytes, at, at + 320)
  })
})

describe('append to a real disk, one sync per batch', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kvs-wal-bench-'))
  const wal = await createWal({ fs: nodeFs(), dir: join(folder, 'wal'), metadata: new Uint8Array(20) })
  let index = 0
  const next = (count: number): Entry[] => entries.slice(0, count).map(entry => ({ ...entry, index: ++index }))
  for (const count of [1, 100, 1000]) {
    bench(`batch of ${count}`, () => wal.append({ entries: next(count) }), {
      teardown: (_task, mode) => {
        if (mode === 'run' && count === 1000) rmSync(folder, { recursive: true, force: true })
      },
    })
  }
})
