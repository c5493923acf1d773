import { createHash } from 'node:crypto'
import { faultFs, memFs, VfsError } from '@kvs/vfs'
import { describe, expect, it } from 'vitest'
import { type BoltErrorCode, type BoltRecord, type BucketSource, boltPages, openBolt, writeBolt } from '../src/index.ts'
import { keyBytesMax } from '../src/limits.ts'
import { collect, numbered, text } from './bytes.ts'

const value = text('v')
const path = '/db'

describe('what the writer refuses', () => {
  const cases: [string, BoltErrorCode, BucketSource[]][] = [
    [
      'keys out of order',
      'UNSORTED',
      [
        [
          'b',
          [
            [text('b'), value],
            [text('a'), value],
          ],
        ],
      ],
    ],
    [
      'a key twice',
      'UNSORTED',
      [
        [
          'b',
          [
            [text('a'), value],
            [text('a'), value],
          ],
        ],
      ],
    ],
    [
      'a key before its prefix',
      'UNSORTED',
      [
        [
          'b',
          [
            [text('ab'), value],
            [text('a'), value],
          ],
        ],
      ],
    ],
    ['an empty key', 'BAD_KEY', [['b', [[new Uint8Array(0), value]]]]],
    ['a key that is too long', 'BAD_KEY', [['b', [[new Uint8Array(keyBytesMax + 1), value]]]]],
    ['an empty bucket name', 'BAD_KEY', [['', []]]],
    ['a bucket name that is not ASCII', 'BAD_KEY', [['schlüssel', []]]],
    [
      'bucket names out of order',
      'UNSORTED',
      [
        ['b', []],
        ['a', []],
      ],
    ],
    [
      'a bucket twice',
      'UNSORTED',
      [
        ['a', []],
        ['a', []],
      ],
    ],
  ]

  it.each(cases)('%s: and leaves no file', async (_, code, buckets) => {
    const fs = memFs()
    await expect(writeBolt({ fs, path, buckets })).rejects.toMatchObject({ name: 'BoltError', code })
    expect(await fs.stat(path)).toBeUndefined()
    await expect(boltPages({ buckets: () => buckets })).rejects.toMatchObject({ name: 'BoltError', code })
  })

  it('the longest key is fine, also where pages are small', async () => {
    const fs = memFs()
    const records = Array.from({ length: 9 }, (_, at): BoltRecord => [new Uint8Array(keyBytesMax).fill(at), value])
    await writeBolt({ fs, path, pageSize: 1024, buckets: [['b', records]] })
    const reader = await openBolt({ fs, path })
    expect((await collect(reader.records('b'))).map(([key]) => key[0])).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8])
    await reader.close()
  })

  it.each([0, 512, 1000, 3000, 67_108_864, Number.NaN])('pages of %d bytes', async pageSize => {
    const options = { fs: memFs(), path, pageSize, buckets: [] }
    await expect(writeBolt(options)).rejects.toMatchObject({ code: 'BAD_PAGE_SIZE' })
  })

  it('a file that is there already, which it keeps', async () => {
    const fs = memFs()
    await writeBolt({ fs, path, buckets: [['a', []]] })
    const error = await writeBolt({ fs, path, buckets: [] }).catch((error: unknown) => error)
    expect(error).toMatchObject({ code: 'IO', cause: expect.any(VfsError) })
    const reader = await openBolt({ fs, path })
    expect((await collect(reader.buckets())).length).toBe(1)
    await reader.close()
  })
})

describe('what fails outside', () => {
  it('an error of a source comes through as it is, the file is gone and the sources are closed', async () => {
    const fs = memFs()
    const failure = new Error('the source failed')
    let isClosed = false
    async function* failing(): AsyncGenerator<BucketSource> {
      try {
        yield ['a', numbered(10_000, 100)]
        throw failure
      } finally {
        isClosed = true
      }
    }
    await expect(writeBolt({ fs, path, buckets: failing() })).rejects.toBe(failure)
    expect([isClosed, await fs.stat(path)]).toEqual([true, undefined])
  })

  it('a disk error while writing or syncing: IO, no file, and the source is closed', async () => {
    for (const operation of ['write', 'datasync'] as const) {
      const fs = memFs()
      const faulty = faultFs(fs, { rules: [{ operation, fault: { error: 'IO' } }] })
      let isClosed = false
      function* records(): Generator<BoltRecord> {
        try {
          yield* numbered(20_000, 100)
        } finally {
          isClosed = true
        }
      }
      const written = writeBolt({ fs: faulty, path, buckets: [['a', records()]] })
      await expect(written).rejects.toMatchObject({ code: 'IO' })
      expect([isClosed, await fs.stat(path)]).toEqual([true, undefined])
    }
  })

  it('what was written survives a power cut once the directory is synced', async () => {
    const fs = memFs()
    await writeBolt({ fs, path, buckets: [['a', numbered(5000, 100)]] })
    await fs.syncDir('/')
    const reader = await openBolt({ fs: fs.crash({ mode: 'lose-all' }), path })
    expect((await collect(reader.records('a'))).length).toBe(5000)
    await reader.close()
  })

  it('a file that is not there', async () => {
    await expect(openBolt({ fs: memFs(), path })).rejects.toMatchObject({ code: 'IO' })
  })
})

describe('streams', () => {
  it('see that the second pass needs other pages', async () => {
    for (const second of [numbered(1100, 100), numbered(100, 100), numbered(9000, 100)]) {
      let calls = 0
      const buckets = (): BucketSource[] => [['a', calls++ === 0 ? numbered(1000, 100) : second]]
      const stream = await boltPages({ buckets })
      const sent: Uint8Array[] = []
      const taking = (async () => {
        for await (const piece of stream.pieces) sent.push(piece)
      })()
      await expect(taking).rejects.toMatchObject({ code: 'CHANGED' })
      expect(Buffer.concat(sent).length).toBeLessThanOrEqual(stream.sizeBytes)
    }
  })

  it('make no more than they are asked for, and close the sources when the taker stops', async () => {
    let made = 0
    let isClosed = false
    function* records(): Generator<BoltRecord> {
      try {
        for (const record of numbered(50_000, 300)) {
          made++
          yield record
        }
      } finally {
        isClosed = true
      }
    }
    const { pieces } = await boltPages({ buckets: () => [['a', records()]], sha256: () => createHash('sha256') })
    made = 0
    isClosed = false
    await pieces.next()
    expect(made).toBe(0)
    const { value } = await pieces.next()
    expect(made).toBeLessThan(2000)
    expect(value.length).toBe(262_144)
    await pieces.return(undefined)
    expect(isClosed).toBe(true)
  })
})
