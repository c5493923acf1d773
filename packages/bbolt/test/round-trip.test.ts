import { createHash } from 'node:crypto'
import { memFs } from '@kvs/vfs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readHeader } from '../src/format.ts'
import {
  type BoltRecord,
  type BucketSource,
  boltPages,
  check,
  describeCheck,
  openBolt,
  statusOf,
  verifyTrailer,
  writeBolt,
} from '../src/index.ts'
import { keyBytesMax } from '../src/limits.ts'
import { collect, contentOf, hex, numbered, text } from './bytes.ts'

const sha256 = () => createHash('sha256')

async function readAll(fs: ReturnType<typeof memFs>, path: string): Promise<Uint8Array> {
  const file = await fs.open(path, { mode: 'read' })
  const bytes = new Uint8Array(await file.sizeBytes())
  await file.read(bytes, 0)
  await file.close()
  return bytes
}

/** Sizes that matter: none, small, around a quarter of a page, around a page, several pages. */
const size = (pageSize: number) =>
  fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: 0, max: 40 }) },
    { weight: 2, arbitrary: fc.integer({ min: pageSize / 4 - 40, max: pageSize / 4 + 10 }) },
    { weight: 2, arbitrary: fc.integer({ min: pageSize - 60, max: pageSize + 10 }) },
    { weight: 1, arbitrary: fc.integer({ min: 2 * pageSize - 60, max: 3 * pageSize }) },
  )

const filled = (length: number, seed: number): Uint8Array => {
  const bytes = new Uint8Array(length)
  let state = seed
  for (let at = 0; at < length; at++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    bytes[at] = state >>> 24
  }
  return bytes
}

/** Length and seed stand for the bytes, so that a counterexample can be read. */
const item = (pageSize: number) => fc.tuple(size(pageSize), fc.nat())

const keyOf = ([length, seed]: readonly [number, number]): Uint8Array =>
  filled(Math.min(Math.max(length, 1), keyBytesMax), seed)

const sorted = <T>(entries: readonly (readonly [Uint8Array, T])[]): (readonly [Uint8Array, T])[] => {
  const byKey = new Map(entries.map(entry => [hex(entry[0]), entry]))
  return [...byKey.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, entry]) => entry)
}

const database = fc.constantFrom(1024, 2048, 4096, 8192, 16_384).chain(pageSize => {
  const records = fc.array(fc.tuple(item(pageSize), item(pageSize)), { maxLength: 60 })
  const name = fc.oneof({ weight: 5, arbitrary: fc.tuple(fc.integer({ min: 1, max: 12 }), fc.nat()) }, item(pageSize))
  return fc.record({ pageSize: fc.constant(pageSize), spec: fc.array(fc.tuple(name, records), { maxLength: 8 }) })
})

type Spec = readonly (readonly [
  readonly [number, number],
  readonly (readonly [readonly [number, number], readonly [number, number]])[],
])[]

const bucketsOf = (spec: Spec): (readonly [Uint8Array, readonly BoltRecord[]])[] =>
  sorted(
    spec.map(([name, records]) => [
      keyOf(name),
      sorted(records.map(([key, [length, seed]]) => [keyOf(key), filled(length, seed)] as const)),
    ]),
  )

async function* slowly(records: readonly BoltRecord[]): AsyncGenerator<BoltRecord> {
  for (const record of records) {
    await Promise.resolve()
    yield record
  }
}

/** The same records out of one buffer that is used again for every record, as a database cursor does. */
function* throughOneBuffer(records: readonly BoltRecord[]): Generator<BoltRecord> {
  const longest = Math.max(0, ...records.map(([key, value]) => key.length + value.length))
  const buffer = new Uint8Array(longest)
  for (const [key, value] of records) {
    buffer.set(key)
    buffer.set(value, key.length)
    yield [buffer.subarray(0, key.length), buffer.subarray(key.length, key.length + value.length)]
    buffer.fill(0xee)
  }
}

describe('what is written is read', () => {
  it('any buckets and records, any page size', async () => {
    await fc.assert(
      fc.asyncProperty(database, async ({ pageSize, spec }) => {
        const buckets = bucketsOf(spec)
        const fs = memFs()
        const written = await writeBolt({ fs, path: '/db', pageSize, buckets, sha256 })
        const reader = await openBolt({ fs, path: '/db' })
        expect(await contentOf(reader)).toEqual(
          buckets.map(([name, records]) => [hex(name), records.map(([key, value]) => [hex(key), hex(value)])]),
        )
        for (const [name, records] of buckets) {
          for (const [key, value] of records) expect(hex((await reader.get(name, key))!)).toBe(hex(value))
          expect(await reader.get(name, filled(5, 99))).toBeUndefined()
        }
        const report = await check(reader)
        expect(describeCheck(report)).toMatch(/^sound: /)
        expect(report.pages.free).toBe(0)
        expect(reader.sizeBytes).toBe(written.databaseBytes)
        expect(reader.pageSize).toBe(pageSize)
        expect(await verifyTrailer({ fs, path: '/db', sha256 })).toBe('verified')
        await reader.close()
      }),
      { numRuns: 120 },
    )
  })

  it('the stream has the same bytes as the file, whatever kind the sources are', async () => {
    await fc.assert(
      fc.asyncProperty(database, async ({ pageSize, spec }) => {
        const buckets = bucketsOf(spec)
        const fs = memFs()
        await writeBolt({ fs, path: '/db', pageSize, buckets, sha256 })
        const file = await readAll(fs, '/db')
        let calls = 0
        const again = (): BucketSource[] => {
          calls++
          return buckets.map(([name, records]) => [name, calls === 1 ? slowly(records) : throughOneBuffer(records)])
        }
        const stream = await boltPages({ pageSize, buckets: again, sha256 })
        const pieces = await collect(stream.pieces)
        const bytes = Buffer.concat(pieces)
        expect(bytes.equals(file)).toBe(true)
        expect(stream.sizeBytes).toBe(file.length)
        expect(stream.databaseBytes).toBe(file.length - 32)
      }),
      { numRuns: 60 },
    )
  })

  it('ranges: from is included, to is not, across leaves', async () => {
    const fs = memFs()
    const records = [...numbered(500, 30)]
    await writeBolt({ fs, path: '/db', pageSize: 1024, buckets: [['key', records]] })
    const reader = await openBolt({ fs, path: '/db' })
    const key = (at: number): Uint8Array => records[at]![0]
    for (const [from, to] of [
      [0, 500],
      [0, 1],
      [17, 18],
      [100, 350],
      [499, 500],
      [250, 250],
      [300, 200],
    ] as const) {
      const range = to === 500 ? { from: key(from) } : { from: key(from), to: key(to) }
      const found = await collect(reader.records('key', range))
      expect(found.map(([found]) => hex(found))).toEqual(records.slice(from, to).map(([wanted]) => hex(wanted)))
    }
    const between = await collect(
      reader.records('key', { from: Uint8Array.of(...key(9), 0), to: Uint8Array.of(...key(11), 0) }),
    )
    expect(between.map(([found]) => hex(found))).toEqual([hex(key(10)), hex(key(11))])
    expect(await collect(reader.records('key', { from: Uint8Array.of(255) }))).toEqual([])
    expect(await collect(reader.records('key', { to: Uint8Array.of(0) }))).toEqual([])
    await reader.close()
  })

  it('inlines by the rule of bbolt: up to a quarter of a page', async () => {
    const fs = memFs()
    const fits = 1024 - 16 - 16 - 1
    const buckets: BucketSource[] = [
      ['empty', []],
      ['fits', [[text('k'), new Uint8Array(fits)]]],
      ['over', [[text('k'), new Uint8Array(fits + 1)]]],
    ]
    await writeBolt({ fs, path: '/db', buckets })
    const reader = await openBolt({ fs, path: '/db' })
    const found = await collect(reader.buckets())
    expect(found.map(({ text, isInline, sequence }) => [text, isInline, sequence])).toEqual([
      ['empty', true, 0],
      ['fits', true, 0],
      ['over', false, 0],
    ])
    await reader.close()
  })

  it('every branch has two children or more, whatever the count of leaves', async () => {
    for (let count = 2; count < 100; count++) {
      const fs = memFs()
      await writeBolt({ fs, path: '/db', pageSize: 1024, buckets: [['key', numbered(count, 900)]] })
      const bytes = await readAll(fs, '/db')
      const headers = Array.from({ length: bytes.length / 1024 }, (_, page) => readHeader(bytes, page * 1024))
      const branches = headers.filter(({ id, flags }, page) => id === page && flags === 1)
      expect(branches.length).toBeGreaterThan(0)
      for (const branch of branches) expect(branch.count).toBeGreaterThanOrEqual(2)
      const reader = await openBolt({ fs, path: '/db' })
      expect((await check(reader)).problems).toEqual([])
      await reader.close()
    }
  })

  it('a file without buckets', async () => {
    const fs = memFs()
    await writeBolt({ fs, path: '/db', buckets: [] })
    const reader = await openBolt({ fs, path: '/db' })
    expect(await collect(reader.buckets())).toEqual([])
    expect(await statusOf(reader)).toMatchObject({ hash: 0, revision: 0, recordCount: 0, hasMeta: false, version: '' })
    expect(reader.pageCount).toBe(4)
    await expect(reader.get('key', text('a'))).rejects.toMatchObject({ code: 'NO_BUCKET' })
    await reader.close()
  })
})
