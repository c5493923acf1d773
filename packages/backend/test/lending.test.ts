import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Backend, Lent } from '@kvs/backend'
import { type LentReader, type LmdbBackend, openLent, openLmdb } from '@kvs/backend/lmdb'
import { contractBuckets as buckets } from '@kvs/backend/testing'
import { afterEach, beforeEach, expect, test } from 'vitest'

/** States that are read where they lie while LMDB goes on writing to the file. */

const [bucket] = buckets as [(typeof buckets)[number]]
let folder: string
let backend: LmdbBackend
let lent: Lent<LentReader> | undefined
let index = 0

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kvs-lending-'))
  backend = await openLmdb({ path: join(folder, 'db'), buckets })
  index = 0
  await write(0, 1000)
})
afterEach(async () => {
  lent?.opened.close()
  lent?.release()
  lent = undefined
  await backend.close()
  rmSync(folder, { recursive: true, force: true })
})

const keyOf = (number: number): Uint8Array => new TextEncoder().encode(`key-${String(number).padStart(6, '0')}`)

/** Every hundredth value has pages of its own. */
function bytesOf(number: number, version: number): Uint8Array {
  return new Uint8Array(number % 100 === 7 ? 20_000 : 300).fill(number * 7 + version)
}

async function write(version: number, count: number): Promise<void> {
  for (let number = 0; number < count; number++) backend.put(bucket, keyOf(number), bytesOf(number, version))
  backend.endEntry({ index: ++index, term: 1 })
  await backend.commit()
}

async function lend(): Promise<LentReader> {
  lent = await backend.lend(async state => openLent({ lent: structuredClone(state), buckets }))
  return lent.opened
}

type Copies = readonly (readonly [Uint8Array, Uint8Array])[]
const all = (reader: Pick<LentReader, 'records'>): Copies => [...copies(reader.records(bucket))]

function* copies(records: ReturnType<LentReader['records']>): Generator<readonly [Uint8Array, Uint8Array]> {
  for (const { key, value } of records) yield [key.slice(), value.slice()]
}

const written = (version: number): Copies =>
  Array.from({ length: 1000 }, (_, number) => [keyOf(number), bytesOf(number, version)] as const)

test('what is written meanwhile is not seen, and what is read stays whole', async () => {
  const reader = await lend()
  expect(reader.consistent).toEqual({ index: 1, term: 1 })
  const records = reader.records(bucket)
  const first = records.next().value
  expect(first?.key.slice()).toEqual(keyOf(0))
  for (let version = 1; version < 20; version++) await write(version, 1000)
  expect([...copies(records)].length).toBe(999)
  expect(all(reader)).toEqual(written(0))
})

test('a dry reading gives the same keys and lengths', async () => {
  const reader = await lend()
  const dry = [...reader.records(bucket, { isDry: true })].map(({ key, value }) => [key.length, value.length])
  expect(dry).toEqual(written(0).map(([key, value]) => [key.length, value.length]))
})

test('once it is released its room is used again', async () => {
  await lend()
  for (let version = 1; version < 10; version++) await write(version, 1000)
  const held = backend.sizes().fileBytes
  lent?.opened.close()
  lent?.release()
  for (let version = 10; version < 30; version++) await write(version, 1000)
  expect(backend.sizes().fileBytes).toBeLessThan(held * 1.5)
})

test('it outlives a defragmentation, which waits until it is open', async () => {
  let finishOpening = (): void => {}
  const opened = new Promise<void>(resolve => {
    finishOpening = resolve
  })
  const lending = backend.lend(async state => {
    await opened
    return openLent({ lent: state, buckets })
  })
  const before = statSync(join(folder, 'db')).ino
  let isDone = false
  const defragmenting = backend.defragment().then(() => {
    isDone = true
  })
  await write(1, 1000)
  expect([isDone, statSync(join(folder, 'db')).ino]).toEqual([false, before])
  finishOpening()
  lent = await lending
  await defragmenting
  expect(statSync(join(folder, 'db')).ino).not.toBe(before)
  await write(2, 1000)
  expect(all(lent.opened)).toEqual(written(0))
})

test('a file that lost its name is left to its readers when its backend closes', async () => {
  const reader = await lend()
  const other = await openLmdb({ path: join(folder, 'other'), buckets })
  await other.moveTo(join(folder, 'db'))
  await backend.close()
  expect(all(reader)).toEqual(written(0))
  backend = other
})

test('an opening that fails is told of, and holds nothing back', async () => {
  await expect(backend.lend(() => Promise.reject(new Error('no')))).rejects.toThrow('no')
  await backend.defragment()
})

test('damage is told of with file and place', async () => {
  const path = join(folder, 'db')
  const needle = Buffer.from(bytesOf(500, 0).subarray(0, 200))
  const at = readFileSync(path).indexOf(needle)
  const file = openSync(path, 'r+')
  writeSync(file, Uint8Array.of(1), 0, 1, at + 3)
  closeSync(file)
  const reader = await lend()
  expect(() => all(reader)).toThrow(expect.objectContaining({ code: 'CORRUPT' }))
})

test('nothing is lent by a backend that has ended', async () => {
  const other: Backend = await openLmdb({ path: join(folder, 'other'), buckets })
  await other.close()
  await expect(other.lend?.(async state => state)).rejects.toMatchObject({ code: 'CLOSED' })
})
