import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { nodeFs } from '@kvs/vfs'
import { afterAll, bench, describe } from 'vitest'
import { type BoltRecord, boltPages, check, openBolt, statusOf, writeBolt } from '../src/index.ts'

/** One million records of 300 bytes on a real disk. Each row is one pass over all of them: 300 MB of keys and values. */
const recordCount = 1_000_000
const valueBytes = 283

/** Revision keys of 17 bytes, and as value a KeyValue of `valueBytes`: a user key of 16 bytes and a value. */
function* records(): Generator<BoltRecord> {
  const key = new Uint8Array(17)
  const view = new DataView(key.buffer)
  const value = new Uint8Array(valueBytes).fill(0x61)
  value.set([0x0a, 16])
  value.set([0x2a, (262 & 127) | 128, 2], 18)
  key[8] = 0x5f
  for (let at = 1; at <= recordCount; at++) {
    view.setUint32(4, at)
    value.set(key.subarray(4, 8), 2)
    yield [key, value]
  }
}

const folder = mkdtempSync(join(tmpdir(), 'kvs-bbolt-bench-'))
const fs = nodeFs()
const path = join(folder, 'db')
const sha256 = () => createHash('sha256')
const once = { iterations: 1, warmupIterations: 0, time: 0, warmupTime: 0 }

afterAll(() => rmSync(folder, { recursive: true, force: true }))

const written = await writeBolt({ fs, path, buckets: [['key', records()]] })
const megabytes = Math.round(written.databaseBytes / 1e6)

describe(`1 M records of 300 bytes, a file of ${megabytes} MB`, () => {
  const other = join(folder, 'other')
  bench(
    'write, durable',
    async () => {
      await writeBolt({ fs, path: other, buckets: [['key', records()]] })
      await fs.remove(other)
    },
    once,
  )
  bench(
    'write with SHA-256, durable',
    async () => {
      await writeBolt({ fs, path: other, buckets: [['key', records()]], sha256 })
      await fs.remove(other)
    },
    once,
  )
  bench(
    'stream',
    async () => {
      const { pieces } = await boltPages({ buckets: () => [['key', records()]] })
      for await (const piece of pieces) if (piece.length === 0) throw new Error('an empty piece')
    },
    once,
  )
  const reading = async (read: (reader: Awaited<ReturnType<typeof openBolt>>) => Promise<unknown>): Promise<void> => {
    const reader = await openBolt({ fs, path })
    await read(reader)
    await reader.close()
  }
  bench(
    'read all records',
    () =>
      reading(async reader => {
        let count = 0
        for await (const _ of reader.records('key')) count++
        if (count !== recordCount) throw new Error(`${count} records`)
      }),
    once,
  )
  bench('check', () => reading(check), once)
  bench('status', () => reading(statusOf), once)
})
