import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openLmdb } from '@kvs/backend/lmdb'
import { SeededRandom } from '@kvs/testing'
import { memFs } from '@kvs/vfs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openStore } from '../src/lmdb/native.ts'
import { checkPages } from '../src/lmdb/pages/check-pages.ts'
import { locateDamage, locateRecord } from '../src/lmdb/pages/locate.ts'
import { emptyFile } from '../src/lmdb/pages/meta-page.ts'

const bucket = { id: 6, name: 'key' }
const pageBytes = 4096
let folder = ''
let path = ''
let files = 0

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'kvs-pages-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const keyOf = (number: number): Uint8Array => new TextEncoder().encode(`key ${String(number).padStart(6, '0')}`)

/** Writes, overwrites and deletes; some values lie on pages of their own. `look` sees the file after every commit. */
async function live(
  options: { readonly seed: number; readonly rounds: number; readonly writesMax?: number },
  look: (bytes: Uint8Array) => Promise<void>,
): Promise<void> {
  const random = new SeededRandom(options.seed)
  path = join(folder, `db-${++files}`)
  const backend = await openLmdb({ path, buckets: [bucket] })
  for (let index = 1; index <= options.rounds; index++) {
    for (let left = random.below(options.writesMax ?? 300); left > 0; left--) {
      const key = keyOf(random.below(2000))
      if (random.chance(0.3)) backend.delete(bucket, key)
      else backend.put(bucket, key, new Uint8Array(random.pick([0, 20, 200, 1500, 5000, 30_000])).fill(index))
    }
    backend.endEntry({ index, term: 1 })
    await backend.commit()
    if (random.chance(0.1)) await backend.defragment()
    await look(readFileSync(path))
  }
  await backend.close()
}

async function check(bytes: Uint8Array): Promise<unknown> {
  const fs = memFs()
  const file = await fs.open('/db', { mode: 'create' })
  await file.write(bytes, 0)
  return checkPages(fs, '/db', pageBytes).catch((error: unknown) => error)
}

test.each([1, 2, 3])('what LMDB has written is sound, whatever it wrote (seed %i)', async seed => {
  let pages = 0
  await live({ seed, rounds: 40 }, async bytes => {
    const found = await check(bytes)
    expect(found).toEqual({ pages: expect.any(Number), entries: expect.any(Number), meta: expect.anything() })
    pages = (found as { pages: number }).pages
  })
  expect(pages).toBeGreaterThan(300)
})

/** Places in a file of a few hundred pages, by which damage is aimed. */
class Places {
  readonly bytes: Uint8Array
  readonly view: DataView

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  }

  number(at: number): number {
    return Number(this.view.getBigUint64(at, true))
  }

  write(at: number, value: number): void {
    this.view.setBigUint64(at, BigInt(value), true)
  }

  /** Where the newest of the two records of meta begins; the flushed one, of the same state, stands half a page on. */
  get meta(): number {
    const [first, second] = [24, 24 + pageBytes]
    return this.number(first + 128) > this.number(second + 128) ? first : second
  }

  /** The same damage in both. */
  inMetas(offset: number, change: (at: number) => void): void {
    const { meta } = this
    for (const each of [meta, 24 + pageBytes / 2]) change(each + offset)
  }

  page(number: number): number {
    return number * pageBytes
  }

  get root(): number {
    return this.page(this.number(this.meta + 72 + 40))
  }

  get freeLeaf(): number {
    return this.page(this.number(this.meta + 24 + 40))
  }

  node(page: number, place: number): number {
    return page + 24 + this.view.getUint16(page + 24 + 2 * place, true)
  }

  /** The leaf below the root's second child. */
  get leaf(): number {
    return this.page(this.view.getUint32(this.node(this.root, 1), true))
  }

  /** A record whose value lies on pages of its own. */
  get bigNode(): number {
    for (let child = 0; child < this.view.getUint16(this.root + 20, true) / 2; child++) {
      const page = this.page(this.view.getUint32(this.node(this.root, child), true))
      for (let place = 0; place < this.view.getUint16(page + 20, true) / 2; place++) {
        const node = this.node(page, place)
        if (this.view.getUint16(node + 4, true) === 1) return node
      }
    }
    throw new Error('no such record')
  }

  /** Says that the root's second child ends right behind its first key. */
  narrow(): void {
    const [from, to] = [this.node(this.root, 1) + 8, this.node(this.root, 2) + 8]
    this.bytes.copyWithin(to, from, from + 11)
    this.bytes[to + 10]!++
  }

  /** Where the description of that value stands. */
  get bigHead(): number {
    return this.bigNode + 8 + this.view.getUint16(this.bigNode + 6, true)
  }
}

const damages: readonly (readonly [string, (map: Places) => void])[] = [
  ['the size of pages is damaged', map => map.view.setUint32(pageBytes + 24 + 24, 8192, true)],
  ['two records of one state differ', map => map.write(map.meta + 72 + 40, 3)],
  ['the flags of a tree are damaged', map => map.inMetas(72 + 4, at => map.view.setUint16(at, 2, true))],
  ['the flags of the file are damaged', map => map.inMetas(24 + 4, at => map.view.setUint16(at, 0x4800, true))],
  ['the root of a tree is no page', map => map.inMetas(72 + 40, at => map.write(at, 1))],
  ['the depth of a tree is damaged', map => map.inMetas(72 + 6, at => map.view.setUint16(at, 0, true))],
  ['a tree without pages has records', map => map.inMetas(72 + 40, at => map.view.setBigInt64(at, -1n, true))],
  ['a tree has N where N are said', map => map.inMetas(72 + 32, at => map.write(at, 1))],
  ['the file has N bytes and needs N', map => map.inMetas(120, at => map.write(at, 1_000_000))],
  ['there is no such page', map => map.view.setUint32(map.node(map.root, 1), 1_000_000, true)],
  ['a page is used twice', map => map.view.setUint32(map.node(map.root, 1), map.root / pageBytes, true)],
  ['a page is not of the kind it should be', map => map.inMetas(72 + 6, at => map.view.setUint16(at, 3, true))],
  ['a page says that it is another one', map => map.write(map.leaf, 7_777)],
  ['a page is newer than the newest transaction', map => map.write(map.leaf + 8, 7_777)],
  ['the bounds of a page cannot be', map => map.view.setUint16(map.leaf + 20, 3, true)],
  ['a record lies outside of its page', map => map.view.setUint16(map.leaf + 24, 4095, true)],
  ['a record does not fit into its page', map => map.view.setUint32(map.node(map.leaf, 0), 5000, true)],
  ['a record of a kind that is not written', map => map.view.setUint16(map.node(map.leaf, 0) + 4, 4, true)],
  [
    'the records of a page do not fill their place',
    map => map.view.setUint16(map.leaf + 20, map.view.getUint16(map.leaf + 20, true) - 2, true),
  ],
  [
    'the keys of a page are out of order',
    map => map.bytes.fill(0xff, map.node(map.leaf, 0) + 9, map.node(map.leaf, 0) + 15),
  ],
  ['a key lies beyond its page', map => map.narrow()],
  ['a value has fewer pages than it needs', map => map.write(map.bigHead + 16, 0)],
  ['a page does not begin the value that it should', map => map.write(map.page(map.number(map.bigHead)) + 20, 99)],
  ['a list of free pages is longer than its place', map => map.write(map.node(map.freeLeaf, 0) + 16, 9_999)],
  ['a free page is none', map => map.write(map.node(map.freeLeaf, 0) + 24, 1)],
  ['a page in use is listed as free', map => map.write(map.node(map.freeLeaf, 0) + 24, map.root / pageBytes)],
]

test('an empty file is made as LMDB makes it', async () => {
  const path = join(folder, 'made-by-lmdb')
  const store = openStore(path, { mapBytes: 1_073_741_824 })
  const theirs = readFileSync(path)
  await store.close()
  const lockBytes = statSync(`${path}-lock`).size
  // The length of the map is LMDB's own business.
  for (const at of [40, 4136]) theirs.writeBigUInt64LE(8192n, at)
  expect(Buffer.from(emptyFile()).equals(theirs)).toBe(true)
  expect(lockBytes).toBe(8272)
})

test.each(damages)('damage is named with its place: %s', async (kind, damage) => {
  let places: Places | undefined
  await live({ seed: 3, rounds: 8 }, bytes => {
    places = new Places(Uint8Array.from(bytes))
    return Promise.resolve()
  })
  if (places === undefined) throw new Error('nothing was written')
  expect(await check(places.bytes)).toHaveProperty('pages')
  damage(places)
  const found = await check(places.bytes)
  expect(found).toMatchObject({ name: 'BackendError', code: 'CORRUPT', file: '/db', offsetBytes: expect.any(Number) })
  const message = `backend: ${kind} (file /db, position ${(found as { offsetBytes: number }).offsetBytes})`
  expect((found as Error).message.replace(/\d+(?= (where|are|bytes|\())/g, 'N').replace(/needs \d+/, 'needs N')).toBe(
    message,
  )
})

test('a damaged record is found by its key and by looking through all of them', async () => {
  await live({ seed: 5, rounds: 3 }, () => Promise.resolve())
  const backend = await openLmdb({ path, buckets: [bucket] })
  const records = [...backend.records(bucket)].map(({ key, value }) => ({ key: key.slice(), value: value.slice() }))
  await backend.close()
  expect(locateDamage(path)).toBeUndefined()
  const bytes = readFileSync(path)
  for (const { key, value } of records) {
    const at = locateRecord(path, Uint8Array.of(bucket.id, ...key))
    expect(at).toBeDefined()
    expect(Buffer.compare(bytes.subarray(at, at! + value.length), value)).toBe(0)
  }
  expect(locateRecord(path, Uint8Array.of(bucket.id, 0))).toBeUndefined()
})

test('every copy of a state file is for its owner only', async () => {
  await live({ seed: 6, rounds: 2 }, () => Promise.resolve())
  const backend = await openLmdb({ path, buckets: [bucket] })
  await backend.copyTo(`${path}-copy`)
  await backend.defragment()
  await backend.close()
  expect([path, `${path}-copy`].map(each => statSync(each).mode & 0o777)).toEqual([0o600, 0o600])
})
