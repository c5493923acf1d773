import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openLmdb } from '@kvs/backend/lmdb'
import type { MemoryStates } from '@kvs/backend/memory'
import { KV, Lease } from '@kvs/proto/rpc'
import { SeededRandom } from '@kvs/testing'
import { faultFs, type MemFs, memFs, type VfsErrorCode } from '@kvs/vfs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startEmbedded } from '../src/embed.ts'
import { allBuckets } from '../src/index.ts'
import type { MemberOptions } from '../src/options.ts'
import { DiskGate, World } from './member.ts'
import { bytesOf } from './messages.ts'

/**
 * What a member does with files that cannot be right: it does not start, says which file and where, and changes nothing.
 */
const options: Partial<MemberOptions> = { walSegmentBytes: 4096, snapshotCount: 1000 }
const dir = '/data/member/wal'

/** The files of a disk. */
type Files = Map<string, Uint8Array>

async function filesOf(fs: MemFs, path = '/'): Promise<Files> {
  const files: Files = new Map()
  for (const name of await fs.readDir(path)) {
    const at = path === '/' ? `/${name}` : `${path}/${name}`
    if ((await fs.stat(at))?.isDirectory === true)
      for (const [each, bytes] of await filesOf(fs, at)) files.set(each, bytes)
    else {
      const file = await fs.open(at, { mode: 'read' })
      const bytes = new Uint8Array(await file.sizeBytes())
      await file.read(bytes, 0)
      await file.close()
      files.set(at, bytes)
    }
  }
  return files
}

async function diskOf(files: Files): Promise<MemFs> {
  const fs = memFs({ random: new SeededRandom(1) })
  for (const [path, bytes] of files) {
    await fs.makeDir(path.slice(0, path.lastIndexOf('/')))
    const file = await fs.open(path, { mode: 'create' })
    await file.write(bytes, 0)
    await file.close()
  }
  return fs
}

interface Stopped {
  readonly files: Files
  readonly states: MemoryStates
}

/** A member after a hundred writes and an orderly stop. */
async function stoppedMember(given: Partial<MemberOptions> = {}, writes = 100): Promise<Stopped> {
  const world = new World()
  const member = await world.start({ ...options, ...given })
  await member.call(Lease.leaseGrant, { id: 7n, ttl: 60 })
  for (let number = 0; number < writes; number++) {
    await member.call(KV.put, { key: bytesOf(`key ${number % 9}`), value: new Uint8Array(300).fill(number) })
  }
  await world.advance(1000)
  await member.call(KV.put, { key: bytesOf('last') })
  await member.member.stop()
  world.close()
  return { files: await filesOf(world.disk), states: world.states }
}

let stopped: Stopped
let segments: string[]

beforeAll(async () => {
  stopped = await stoppedMember()
  segments = [...stopped.files.keys()].filter(path => path.endsWith('.wal')).sort()
  expect(segments.length).toBeGreaterThan(5)
})

/** Starts a member on changed files; the error, which must be one line, with nothing changed on the disk. */
async function refusal(change: (files: Files) => void, from: Stopped = stopped): Promise<string> {
  const files: Files = new Map([...from.files].map(([path, bytes]) => [path, bytes.slice()]))
  change(files)
  const disk = await diskOf(files)
  const before = await filesOf(disk)
  const world = new World({ disk, states: from.states.afterCrash(new SeededRandom(1)), gate: new DiskGate() })
  try {
    const member = await world.start(options)
    await member.member.stop()
    return 'it starts'
  } catch (error) {
    expect(await filesOf(disk)).toEqual(before)
    expect((error as Error).message).not.toContain('\n')
    return `${(error as { code: string }).code} ${(error as Error).message}`
  } finally {
    world.close()
  }
}

const at = (place: number): string => segments.at(place) ?? ''
const nameOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1)
const get = (files: Files, path: string): Uint8Array => files.get(path) ?? new Uint8Array(0)
const flip = (bytes: Uint8Array, position: number): void => {
  bytes[position] = (bytes[position] ?? 0) ^ 4
}

describe('the log', () => {
  const cases: readonly (readonly [string, (files: Files) => void, RegExp])[] = [
    [
      'a flipped bit in an old segment',
      files => flip(get(files, at(2)), 700),
      /crc mismatch.*in file 'SEG2' at position: \d+$/,
    ],
    ['a flipped bit in the last segment', files => flip(get(files, at(-1)), 60), /in file 'LAST' at position: \d+$/],
    [
      'an old segment cut off',
      files => files.set(at(2), get(files, at(2)).slice(0, 1000)),
      /in file 'SEG2' at position: \d+$/,
    ],
    [
      'the last segment cut off',
      files => files.set(at(-1), get(files, at(-1)).slice(0, 200)),
      /the state file contains entry \d+, but the log in '.*' ends at \d+: they do not belong together$/,
    ],
    [
      'a segment of zeros',
      files => get(files, at(2)).fill(0),
      /the head of a segment is missing: in file 'SEG2' at position: 0$/,
    ],
    [
      'an empty segment',
      files => files.set(at(2), new Uint8Array(0)),
      /the head of a segment is missing: in file 'SEG2' at position: 0$/,
    ],
    ['a hole of zeros', files => get(files, at(3)).fill(0, 1024, 1536), /in file 'SEG3' at position: \d+$/],
    [
      'two segments swapped',
      files => {
        const [a, b] = [get(files, at(2)), get(files, at(3))]
        files.set(at(2), b).set(at(3), a)
      },
      /crc mismatch.*in file 'SEG2' at position: 0$/,
    ],
    ['a segment twice', files => files.set(at(3), get(files, at(2))), /crc mismatch.*in file 'SEG3' at position: 0$/],
    [
      'a segment missing',
      files => files.delete(at(2)),
      /file sequence numbers .* do not increase continuously: in file 'SEG3'/,
    ],
    [
      'the first segment missing',
      files => files.delete(at(0)),
      /wal: file not found which matches the snapshot index '0'/,
    ],
    [
      'the last segment missing',
      files => files.delete(at(-1)),
      /the state file contains entry \d+, but the log in '.*' ends at/,
    ],
    [
      'no segment at all',
      files => {
        for (const path of segments) files.delete(path)
      },
      /the state file contains entry \d+, but there is no log in '\/data\/member\/wal'/,
    ],
    [
      'a record of a kind that is not known',
      files => {
        // The type of the second record, which no checksum covers.
        const bytes = get(files, at(2))
        bytes[16 + 8 + 1] = 9
      },
      /in file 'SEG2' at position: 16$/,
    ],
  ]

  test.each(cases)('%s', async (_name, change, wanted) => {
    const names = [
      ['SEG2', at(2)],
      ['SEG3', at(3)],
      ['LAST', at(-1)],
    ] as const
    const source = names.reduce((text, [name, path]) => text.replace(name, nameOf(path)), wanted.source)
    expect(await refusal(change)).toMatch(new RegExp(`^STORAGE .*${source}`))
  })

  test('files that are none of its own are left alone', async () => {
    expect(await refusal(files => files.set(`${dir}/notes.txt`, bytesOf('mine')))).toBe('it starts')
  })
})

describe('log and state that do not belong together', () => {
  test('a log whose entries are of other terms', async () => {
    const restarted = await stoppedMember()
    let files = restarted.files
    let states = restarted.states
    // Restarts raise the term; each adds a few entries.
    for (let life = 0; life < 4; life++) {
      const world = new World({
        disk: await diskOf(files),
        states: states.afterCrash(new SeededRandom(1)),
        gate: new DiskGate(),
      })
      const member = await world.start(options)
      for (let number = 0; number < 40; number++) await member.call(KV.put, { key: bytesOf('more') })
      await world.advance(1000)
      await member.member.stop()
      world.close()
      files = await filesOf(world.disk)
      states = world.states
    }
    const longer = await stoppedMember({}, 400)
    expect(
      await refusal(
        changed => {
          for (const path of [...changed.keys()]) if (path.endsWith('.wal')) changed.delete(path)
          for (const [path, bytes] of longer.files) if (path.endsWith('.wal')) changed.set(path, bytes)
        },
        { files, states },
      ),
    ).toMatch(
      /^STORAGE entry \d+ is of term 6 in the state file and of term 2 in the log in '.*': they do not belong together$/,
    )
  })

  test('a log without its state, once its beginning was given up', async () => {
    const purged = await stoppedMember({ snapshotCount: 10, maxWals: 1 })
    expect([...purged.files.keys()].filter(path => path.endsWith('.wal')).length).toBeLessThan(5)
    const text = await refusal(files => files.delete('/data/member/snap/db'), purged)
    expect(text).toMatch(/^STORAGE .*state file .* missing/)
  })

  test('a log without its state, while it is whole, is enough', async () => {
    expect(await refusal(files => files.delete('/data/member/snap/db'))).toBe('it starts')
  })
})

describe('a disk that does not let the member in', () => {
  const refused: readonly (readonly [VfsErrorCode, string])[] = [
    ['PERMISSION', '/data/member/wal'],
    ['PERMISSION', '/data/member/snap'],
    ['PERMISSION', '/data/member'],
    ['READ_ONLY', '/data'],
    ['IO', '/data/member/wal'],
  ]

  test.each(refused)('%s below %s: the path is named', async (error, path) => {
    const disk = await diskOf(stopped.files)
    const before = await filesOf(disk)
    const fs = faultFs(disk, {
      rules: [
        {
          operation: ['open', 'readDir', 'makeDir', 'rename', 'remove'],
          path: new RegExp(`^${path}(/|$)`),
          fault: { error },
        },
      ],
    })
    const world = new World({ disk, states: stopped.states.afterCrash(new SeededRandom(1)), gate: new DiskGate() })
    const failure = await world.start(options, fs).catch((caught: unknown) => caught)
    world.close()
    expect(failure).toMatchObject({ name: expect.stringMatching(/Error$/), message: expect.stringContaining(path) })
    expect(await filesOf(disk)).toEqual(before)
  })
})

describe('the state file', () => {
  let folder = ''
  let pristine = new Uint8Array(0)

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'kvs-bad-state-'))
    const member = await startEmbedded({ ...quiet(), dataDir: join(folder, 'data') })
    await member.stop()
    pristine = Uint8Array.from(readFileSync(path()))
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const path = (): string => join(folder, 'data/member/snap/db')
  const quiet = () => ({ listenClientUrls: ['http://127.0.0.1:0'], listenPeerUrls: ['http://127.0.0.1:0'] })

  async function foreignState(): Promise<Uint8Array> {
    const other = join(folder, 'other')
    const backend = await openLmdb({ path: other, buckets: allBuckets })
    backend.endEntry({ index: 2, term: 99 })
    await backend.commit()
    await backend.close()
    return Uint8Array.from(readFileSync(other))
  }

  const cases: readonly (readonly [string, (bytes: Uint8Array) => Uint8Array | Promise<Uint8Array>, RegExp])[] = [
    ['text', () => new TextEncoder().encode('not a state file, but a text '.repeat(300)), /position 0/],
    ['zeros', bytes => new Uint8Array(bytes.length), /position 0/],
    ['the first bytes only', bytes => bytes.slice(0, 3000), /position \d+/],
    ['cut off', bytes => bytes.slice(0, bytes.length - 4096), /position \d+/],
    ['the first page missing', bytes => bytes.fill(0, 0, 4096), /position 0/],
    ['the last page zeroed', bytes => bytes.fill(0, bytes.length - 4096), /position \d+/],
    ['that of another log', foreignState, /entry 2 is of term 99 in the state file and of term \d+ in the log/],
  ]

  test.each(cases)('%s', async (_name, change, wanted) => {
    const bytes = await change(pristine.slice())
    writeFileSync(path(), bytes)
    const before = readdirSync(join(folder, 'data/member'), { recursive: true }).length
    const failure = await startEmbedded({ ...quiet(), dataDir: join(folder, 'data') }).catch((error: unknown) => error)
    expect(failure).toMatchObject({ name: 'ServerError', code: 'STORAGE', message: expect.stringMatching(wanted) })
    expect((failure as Error).message).not.toContain('\n')
    expect(Buffer.compare(readFileSync(path()), bytes)).toBe(0)
    expect(readdirSync(join(folder, 'data/member'), { recursive: true }).length).toBe(before)
    expect(statSync(path()).size).toBe(bytes.length)
  })

  test('the right one is still the right one', async () => {
    writeFileSync(path(), pristine)
    const member = await startEmbedded({ ...quiet(), dataDir: join(folder, 'data') })
    await member.stop()
  })
})
