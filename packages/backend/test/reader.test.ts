import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BackendError, type Bucket } from '@kvs/backend'
import { type LmdbReader, openLmdb, readLmdb } from '@kvs/backend/lmdb'
import { SeededRandom } from '@kvs/testing'
import { type Fs, memFs } from '@kvs/vfs'
import { afterEach, beforeEach, expect, test } from 'vitest'

const buckets: readonly Bucket[] = [
  { id: 1, name: 'alarm' },
  { id: 6, name: 'key' },
  { id: 255, name: 'last' },
]
let folder = ''
let path = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kvs-reader-'))
  path = join(folder, 'db')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** Bucket name and key in hex, to the value in hex. */
type Content = Map<string, string>

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

/** Fills the file; returns what must be in it. */
async function fill(seed: number, rounds = 20): Promise<Content> {
  const random = new SeededRandom(seed)
  const backend = await openLmdb({ path, buckets })
  const content: Content = new Map()
  for (let index = 1; index <= rounds; index++) {
    for (let left = 200; left > 0; left--) {
      const bucket = random.pick(buckets)
      const key = new Uint8Array(random.below(20)).map(() => random.below(4) * 85)
      const name = `${bucket.name} ${hex(key)}`
      if (random.chance(0.2)) {
        backend.delete(bucket, key)
        content.delete(name)
        continue
      }
      const value = new Uint8Array(random.pick([0, 9, 300, 9000])).fill(index)
      backend.put(bucket, key, value.slice())
      content.set(name, hex(value))
    }
    backend.endEntry({ index, term: 3 })
    await backend.commit()
  }
  await backend.close()
  return content
}

async function contentOf(reader: LmdbReader): Promise<Content> {
  const content: Content = new Map()
  for (const bucket of buckets) {
    let before = ''
    for await (const { key, value } of reader.records(bucket)) {
      const name = `${bucket.name} ${hex(key)}`
      expect(before < name).toBe(true)
      before = name
      content.set(name, hex(value))
    }
  }
  return content
}

test.each([1, 2, 3])('it reads what was written, and changes nothing (seed %i)', async seed => {
  const content = await fill(seed)
  rmSync(`${path}-lock`)
  const bytes = readFileSync(path)
  const reader = await readLmdb({ path, buckets })
  expect(await contentOf(reader)).toEqual(content)
  expect(reader.consistent).toEqual({ index: 20, term: 3 })
  expect(reader.recordCount).toBe(content.size)
  await reader.verify()
  await reader.close()
  expect(readdirSync(folder)).toEqual(['db'])
  expect(readFileSync(path).equals(bytes)).toBe(true)
})

test('an empty state', async () => {
  await (await openLmdb({ path, buckets })).close()
  const reader = await readLmdb({ path, buckets })
  expect(await contentOf(reader)).toEqual(new Map())
  expect(reader.consistent).toEqual({ index: 0, term: 0 })
  await reader.close()
})

/** A disk in memory that holds the bytes as `/db`. */
async function holding(bytes: Uint8Array): Promise<Fs> {
  const fs = memFs()
  const file = await fs.open('/db', { mode: 'create' })
  await file.write(bytes, 0)
  return fs
}

test('a flipped bit is found with its place, or was of no consequence', async () => {
  const content = await fill(4, 2)
  const bytes = readFileSync(path)
  const random = new SeededRandom(1)
  let found = 0
  for (let left = 150; left > 0; left--) {
    const at = random.below(bytes.length)
    const damaged = Uint8Array.from(bytes)
    damaged[at] = damaged[at]! ^ (1 << random.below(8))
    try {
      const reader = await readLmdb({ path: '/db', buckets, fs: await holding(damaged) })
      expect(await contentOf(reader)).toEqual(content)
    } catch (error) {
      if (!(error instanceof BackendError)) throw error
      expect(error.code).toBe('CORRUPT')
      expect(error.message).toMatch(/file \/db, position \d+/)
      found++
    }
  }
  expect(found).toBeGreaterThan(30)
})

test('what is no state is refused', async () => {
  const read = (): Promise<unknown> => readLmdb({ path, buckets })
  await expect(read()).rejects.toMatchObject({ code: 'IO' })
  writeFileSync(path, '')
  await expect(read()).rejects.toMatchObject({ code: 'CORRUPT' })
  const bolt = new Uint8Array(8192)
  bolt.set([0xed, 0xda, 0x0c, 0xed], 16)
  writeFileSync(path, bolt)
  await expect(read()).rejects.toMatchObject({ code: 'FOREIGN_FILE' })
})

test('records of a bucket that is not known are an error of verify', async () => {
  await fill(5)
  const reader = await readLmdb({ path, buckets: buckets.slice(1) })
  await expect(reader.verify()).rejects.toMatchObject({ code: 'CORRUPT', bucket: '#1' })
  await reader.close()
})
