import { createHash } from 'node:crypto'
import { type MemFs, memFs } from '@kvs/vfs'
import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { readMeta, writeMetaPage } from '../src/format.ts'
import { BoltError, check, describeCheck, openBolt, statusOf, verifyTrailer, writeBolt } from '../src/index.ts'
import { collect, contentOf, numbered, text } from './bytes.ts'

const pageSize = 1024
const path = '/db'
const sha256 = () => createHash('sha256')

/** Page 2 freelist; bucket `big` with overflow; bucket `key` with two levels; inline buckets; the root leaf is last. */
async function sample(fs: MemFs): Promise<Uint8Array> {
  await writeBolt({
    fs,
    path,
    pageSize,
    buckets: [
      ['big', [[text('long'), new Uint8Array(2500).fill(1)]]],
      ['empty', []],
      ['key', numbered(32, 60)],
      [
        'small',
        [
          [text('a'), text('b')],
          [text('c'), text('d')],
        ],
      ],
    ],
  })
  const file = await fs.open(path, { mode: 'read' })
  const bytes = new Uint8Array(await file.sizeBytes())
  await file.read(bytes, 0)
  await file.close()
  return bytes
}

async function store(fs: MemFs, bytes: Uint8Array): Promise<void> {
  const file = await fs.open(path, { mode: 'create' })
  await file.write(bytes, 0)
  await file.close()
}

/** Everything in the file, or the error that it was refused with. Also runs check and status, which must not throw else. */
async function outcome(fs: MemFs): Promise<{ content?: string; refused?: BoltError; isSound: boolean }> {
  let isSound = false
  try {
    const reader = await openBolt({ fs, path })
    try {
      isSound = (await check(reader)).problemCount === 0
      await statusOf(reader).catch(expectBoltError)
      return { content: JSON.stringify(await contentOf(reader)), isSound }
    } finally {
      await reader.close()
    }
  } catch (error) {
    return { refused: expectBoltError(error), isSound }
  }
}

function expectBoltError(error: unknown): BoltError {
  if (!(error instanceof BoltError)) throw error
  return error
}

function expectPlaced(error: BoltError, sizeBytes: number): void {
  expect(['CORRUPT', 'TRUNCATED', 'UNSUPPORTED', 'NOT_BOLT']).toContain(error.code)
  expect(error.page).toBeTypeOf('number')
  expect(error.offset).toBeGreaterThanOrEqual(0)
  expect(error.offset).toBeLessThanOrEqual(sizeBytes)
  expect(error.message).toContain(`(page ${error.page}, offset ${error.offset})`)
}

let fs: MemFs
let bytes: Uint8Array

beforeEach(async () => {
  fs = memFs()
  bytes = await sample(fs)
})

describe('damaged files', () => {
  it.each([0, 1, 2])(
    'every third byte changed, from %i on: refused with its place, or read, nothing else',
    async first => {
      const original = (await outcome(fs)).content
      const tally = { same: 0, otherContent: 0, refused: 0 }
      for (let at = first; at < bytes.length; at += 3) {
        const damaged = bytes.slice()
        damaged[at]! ^= at % 4 === 0 ? 0xff : 1 << (at % 8)
        await store(fs, damaged)
        const { content, refused, isSound } = await outcome(fs)
        if (refused !== undefined) {
          expectPlaced(refused, bytes.length)
          tally.refused++
        } else if (content === original) tally.same++
        else tally.otherContent++
        // What the walk refuses, the check lists (unless the file could not even be opened).
        if (refused !== undefined) expect(isSound).toBe(false)
      }
      expect(tally.same).toBeGreaterThan(0)
      expect(tally.otherContent).toBeGreaterThan(0)
      expect(tally.refused).toBeGreaterThan(0)
    },
  )

  it('many bytes changed at once', async () => {
    const place = fc.tuple(fc.nat({ max: bytes.length - 1 }), fc.nat({ max: 255 }))
    await fc.assert(
      fc.asyncProperty(fc.array(place, { minLength: 1, maxLength: 20 }), async places => {
        const damaged = bytes.slice()
        for (const [at, byte] of places) damaged[at] = byte
        await store(fs, damaged)
        const { refused } = await outcome(fs)
        if (refused !== undefined) expectPlaced(refused, bytes.length)
      }),
      { numRuns: 300 },
    )
  })

  it('truncations are refused', async () => {
    for (let length = 0; length < bytes.length; length += 61) {
      await store(fs, bytes.subarray(0, length))
      const { refused } = await outcome(fs)
      expect(refused?.code).toBe(length < 80 ? 'NOT_BOLT' : 'TRUNCATED')
      expectPlaced(refused!, bytes.length)
    }
  })

  it('bytes behind the database do not matter', async () => {
    const before = (await outcome(fs)).content
    await store(fs, Uint8Array.of(...bytes, ...new Uint8Array(32).fill(9)))
    expect((await outcome(fs)).content).toBe(before)
  })

  it('a damaged first meta page: the second one is found, whatever the page size', async () => {
    for (const size of [1024, 4096, 16_384, 65_536]) {
      await fs.remove(path)
      await writeBolt({ fs, path, pageSize: size, buckets: [['key', numbered(200, 60)]] })
      const file = await fs.open(path, { mode: 'write' })
      await file.write(new Uint8Array(size), 0)
      await file.close()
      const reader = await openBolt({ fs, path })
      expect([reader.pageSize, reader.txid]).toEqual([size, 1n])
      expect((await collect(reader.records('key'))).length).toBe(200)
      expect((await check(reader)).problems.map(({ code, page }) => [code, page])).toEqual([['CORRUPT', 0]])
      await reader.close()
    }
  })

  it('the meta with the higher transaction counts, in either page', async () => {
    const reading = readMeta(bytes.subarray(16), { page: 0, offset: 16 })
    if (!('meta' in reading)) throw new Error('no meta')
    writeMetaPage(bytes.subarray(pageSize), 1, { ...reading.meta, txid: 3n })
    await store(fs, bytes)
    const reader = await openBolt({ fs, path })
    expect(reader.txid).toBe(3n)
    await reader.close()
  })

  it('a changed byte of a backup is seen by its SHA-256', async () => {
    await fs.remove(path)
    await writeBolt({ fs, path, buckets: [['a', [[text('k'), text('value')]]]], sha256 })
    const file = await fs.open(path, { mode: 'write' })
    await file.write(Uint8Array.of(1), 9000)
    await file.close()
    const message = /^bbolt: expected sha256 \[(\d+ ){31}\d+\], got \[(\d+ ){31}\d+\]$/
    await expect(verifyTrailer({ fs, path, sha256 })).rejects.toThrow(message)
    await expect(verifyTrailer({ fs, path, sha256 })).rejects.toMatchObject({ code: 'HASH_MISMATCH' })
  })
})

describe('crafted files', () => {
  const u32 = (offset: number, value: number): void => new DataView(bytes.buffer).setUint32(offset, value, true)
  const u16 = (offset: number, value: number): void => new DataView(bytes.buffer).setUint16(offset, value, true)
  const flagsOf = (page: number): number => bytes[page * pageSize + 8]!
  const pageWith = (flags: number): number => {
    const pages = Array.from({ length: bytes.length / pageSize }, (_, page) => page)
    return pages.find(page => page > 2 && bytes[page * pageSize] === page && flagsOf(page) === flags)!
  }
  const branch = (): number => pageWith(1)
  const firstElement = (page: number): number => page * pageSize + 16

  async function refusal(): Promise<BoltError> {
    await store(fs, bytes)
    const { refused, isSound } = await outcome(fs)
    expect(isSound).toBe(false)
    expect(refused).toBeDefined()
    return refused!
  }

  async function problems(): Promise<string[]> {
    await store(fs, bytes)
    const reader = await openBolt({ fs, path })
    const report = await check(reader)
    await reader.close()
    expect(report.problemCount).toBe(report.problems.length)
    return report.problems.map(({ message }) => message)
  }

  it('a branch that is its own child', async () => {
    u32(firstElement(branch()) + 8, branch())
    expect((await refusal()).message).toContain('is its own ancestor')
  })

  it('one leaf under two keys', async () => {
    const element = firstElement(branch())
    u32(element + 16 + 8, new DataView(bytes.buffer).getUint32(element + 8, true))
    expect((await refusal()).message).toContain('first key is below the one its parent names')
    expect((await problems()).some(message => message.includes('is neither reachable nor free'))).toBe(true)
  })

  it('children in the wrong order', async () => {
    const element = firstElement(branch())
    u32(element + 8, new DataView(bytes.buffer).getUint32(element + 24, true))
    expect((await refusal()).message).toContain('last key belongs to the next page')
  })

  it('a leaf with an overflow of 2^32 - 1 pages, and one with 65 535 elements', async () => {
    u32(branch() * pageSize + 12, 0xffff_ffff)
    expect((await refusal()).message).toContain('overflow of 4294967295 pages')
    u32(branch() * pageSize + 12, 0)
    u16(branch() * pageSize + 10, 0xffff)
    expect((await refusal()).message).toContain('65535 elements do not fit')
  })

  it('items that reach out of their page, overlap, or have no key', async () => {
    const element = firstElement(pageWith(2) + 3)
    const sizeOfValue = new DataView(bytes.buffer).getUint32(element + 12, true)
    for (const [offset, value, message] of [
      [12, 0xffff_ffff, 'element 0: bytes '],
      [12, sizeOfValue + 1, 'element 1: bytes '],
      [4, 0xffff_fff0, 'element 0: bytes '],
      [4, 0, 'element 0: bytes '],
      [8, 0, 'element 0: key of 0 bytes'],
      [8, 32_769, 'element 0: key of 32769 bytes'],
      [0, 2, 'element 0: flags 0x2'],
    ] as const) {
      const before = bytes.slice()
      u32(element + offset, value)
      expect((await refusal()).message).toContain(message)
      bytes = before
    }
  })

  it('two buckets with one root', async () => {
    const root = bytes.length / pageSize - 1
    // Values of the buckets `big` and `key`, by their elements 0 and 2.
    const placeOfValue = (index: number): number => {
      const element = firstElement(root) + index * 16
      const view = new DataView(bytes.buffer)
      return element + view.getUint32(element + 4, true) + view.getUint32(element + 8, true)
    }
    u32(placeOfValue(0), new DataView(bytes.buffer).getUint32(placeOfValue(2), true))
    const found = await problems()
    expect(found[0]).toContain(`page ${branch()} is reached more than once`)
    expect(found.filter(message => message.includes('is neither reachable nor free')).length).toBe(3)
  })

  it('a bucket inside a bucket', async () => {
    const leaf = pageWith(2)
    u32(firstElement(leaf), 1)
    const refused = await refusal()
    expect([refused.code, refused.page]).toEqual(['UNSUPPORTED', leaf])
  })

  it('free pages: in use, twice, out of the file, too many for the page', async () => {
    const freelist = 2 * pageSize
    u16(freelist + 10, 4)
    for (const [at, id] of [3, 3, 1, 1000].entries()) u32(freelist + 16 + at * 8, id)
    expect(await problems()).toEqual([
      'bbolt: page 3 is listed as free twice (page 2, offset 2072)',
      `bbolt: free page 1 is no page of ${bytes.length / pageSize} (page 2, offset 2080)`,
      `bbolt: free page 1000 is no page of ${bytes.length / pageSize} (page 2, offset 2088)`,
      'bbolt: page 3 is in use and listed as free (page 3, offset 3072)',
    ])
    u16(freelist + 10, 0xffff)
    u32(freelist + 16, 0xffff)
    expect(await problems()).toEqual(['bbolt: 65535 free pages do not fit 1024 bytes (page 2, offset 2048)'])
    expect((await outcome(fs)).content).toBeDefined()
  })

  it('a page that nobody knows, and the same where no list of free pages is stored', async () => {
    const grown = new Uint8Array(bytes.length + pageSize)
    grown.set(bytes)
    const reading = readMeta(grown.subarray(16), { page: 0, offset: 16 })
    if (!('meta' in reading)) throw new Error('no meta')
    const meta = { ...reading.meta, pageCount: reading.meta.pageCount + 1 }
    writeMetaPage(grown, 0, meta)
    bytes = grown
    expect((await problems())[0]).toContain('is neither reachable nor free')
    writeMetaPage(grown, 0, { ...meta, freelist: undefined })
    await store(fs, grown)
    const reader = await openBolt({ fs, path })
    expect(describeCheck(await check(reader))).toMatch(/^sound: .* 0 freelist, 2 free$/)
    await reader.close()
  })

  it('another version, a wrong page size, a root beyond the file', async () => {
    const reading = readMeta(bytes.subarray(16), { page: 0, offset: 16 })
    if (!('meta' in reading)) throw new Error('no meta')
    for (const [change, code] of [
      [{ pageSize: 1000 }, 'UNSUPPORTED'],
      [{ pageSize: 512 }, 'UNSUPPORTED'],
      [{ root: bytes.length / pageSize }, 'CORRUPT'],
      [{ root: 1 }, 'CORRUPT'],
      [{ pageCount: 2 }, 'CORRUPT'],
      [{ pageCount: 2 ** 60 }, 'TRUNCATED'],
    ] as const) {
      writeMetaPage(bytes, 0, { ...reading.meta, ...change })
      expect((await refusal()).code).toBe(code)
    }
    u32(20, 3)
    u32(pageSize + 20, 3)
    expect((await refusal()).code).toBe('UNSUPPORTED')
  })
})
