import * as nodeFileSystem from 'node:fs'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { nodeFs } from '../src/index.ts'
import { type NodeCalls, systemCalls } from '../src/node-calls.ts'
import { nodeFsOver } from '../src/node-fs.ts'
import { lockDescriptor } from '../src/node-lock.ts'

let root: string

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'kvs-vfs-'))
})

afterEach(() => rm(root, { recursive: true }))

function systemError(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: injected`), { code })
}

/** Every read and write moves at most three bytes, and every second one is interrupted. */
function stutteringCalls(): NodeCalls {
  let call = 0
  const interrupted = (): boolean => call++ % 2 === 0
  const most = 3
  return {
    ...systemCalls,
    read: (fd, bytes, offset, length, position, done) => {
      if (interrupted()) done(systemError('EINTR'), 0)
      else systemCalls.read(fd, bytes, offset, Math.min(length, most), position, done)
    },
    write: (fd, bytes, offset, length, position, done) => {
      if (interrupted()) done(systemError('EINTR'), 0)
      else systemCalls.write(fd, bytes, offset, Math.min(length, most), position, done)
    },
    writeSync: (fd, bytes, offset, length, position) => {
      if (interrupted()) throw systemError('EINTR')
      return systemCalls.writeSync(fd, bytes, offset, Math.min(length, most), position)
    },
  }
}

describe('short and interrupted calls', () => {
  test('are continued until all bytes are moved', async () => {
    const file = await nodeFsOver(stutteringCalls()).open(join(root, 'a'), { mode: 'create' })
    const bytes = Uint8Array.from({ length: 100 }, (_, i) => i)
    await file.write(bytes, 0)
    file.writeSync(bytes, 100)
    const target = new Uint8Array(250)
    expect(await file.read(target, 0)).toBe(200)
    expect(target.subarray(0, 100)).toEqual(bytes)
    expect(target.subarray(100, 200)).toEqual(bytes)
    await file.close()
  })

  test('a write that makes no progress is an error, not an endless loop', async () => {
    const stuck: NodeCalls = {
      ...systemCalls,
      write: (_fd, _bytes, _offset, _length, _position, done) => setImmediate(done, null, 0),
      writeSync: () => 0,
    }
    const file = await nodeFsOver(stuck).open(join(root, 'a'), { mode: 'create' })
    await expect(file.write(new Uint8Array(1), 0)).rejects.toMatchObject({ code: 'IO' })
    expect(() => file.writeSync(new Uint8Array(1), 0)).toThrow(/wrote no byte/)
    await file.close()
  })
})

describe('errors', () => {
  test('a full device is NO_SPACE', async () => {
    const file = await nodeFs().open('/dev/full', { mode: 'write' })
    await expect(file.write(new Uint8Array(10), 0)).rejects.toMatchObject({ code: 'NO_SPACE', operation: 'write' })
    expect(() => file.writeSync(new Uint8Array(10), 0)).toThrow(expect.objectContaining({ code: 'NO_SPACE' }))
    await file.close()
  })

  test('allocate on a full disk gives the blocks back', async () => {
    let pieces = 0
    const filling: NodeCalls = {
      ...systemCalls,
      write: (fd, bytes, offset, length, position, done) => {
        if (++pieces > 2) done(systemError('ENOSPC'), 0)
        else systemCalls.write(fd, bytes, offset, length, position, done)
      },
    }
    const file = await nodeFsOver(filling).open(join(root, 'a'), { mode: 'create' })
    await file.truncate(77)
    await expect(file.allocate(5_000_000)).rejects.toMatchObject({ code: 'NO_SPACE', operation: 'allocate' })
    expect(pieces).toBe(3)
    expect(await file.sizeBytes()).toBe(77)
    await file.close()
  })

  test('after a failed datasync no other is tried', async () => {
    let syncs = 0
    const failing: NodeCalls = {
      ...systemCalls,
      fdatasync: (fd, done) => {
        if (++syncs === 1) done(systemError('EIO'))
        else systemCalls.fdatasync(fd, done)
      },
    }
    const file = await nodeFsOver(failing).open(join(root, 'a'), { mode: 'create' })
    await expect(file.datasync()).rejects.toMatchObject({ code: 'IO', cause: { code: 'EIO' } })
    await expect(file.datasync()).rejects.toMatchObject({ code: 'IO' })
    expect(syncs).toBe(1)
    await file.close()
  })

  test('a small sync is waited for on the spot once the last ones were fast, a large one and one beside a write never', async () => {
    const seen: string[] = []
    let slow = false
    const calls: NodeCalls = {
      ...systemCalls,
      fdatasync: (_fd, done) => {
        seen.push('pool')
        // A disk that is slow once.
        if (slow) setTimeout(() => done(null), 20)
        else done(null)
        slow = false
      },
      fdatasyncSync: () => {
        seen.push('spot')
      },
    }
    const fs = nodeFsOver(calls)
    const file = await fs.open(join(root, 'a'), { mode: 'create' })
    const sync = async (bytes: number): Promise<string | undefined> => {
      if (bytes > 0) file.writeSync(new Uint8Array(bytes), 0)
      await file.datasync()
      return seen.at(-1)
    }
    for (let i = 0; i < 8; i++) expect(await sync(10)).toBe('pool')
    expect(await sync(10)).toBe('spot')
    expect(await sync(512)).toBe('spot')
    expect(await sync(513)).toBe('pool')
    // Several clients write: all of them would wait.
    for (let i = 0; i < 7; i++) expect(await sync(10)).toBe('pool')
    expect(await sync(10)).toBe('spot')
    const other = await fs.open(join(root, 'b'), { mode: 'create' })
    const writing = other.write(new Uint8Array(10), 5000)
    expect(await sync(10)).toBe('pool')
    await writing
    expect(await sync(10)).toBe('spot')
    await other.close()
    for (const settle of ['resolve', 'reject'] as const) {
      let end = (): void => {}
      const work = new Promise<void>((resolve, reject) => {
        end = { resolve, reject }[settle]
      })
      fs.busyUntil(work)
      expect(await sync(10)).toBe('pool')
      end()
      await work.catch(() => {})
      expect(await sync(10)).toBe('spot')
    }
    slow = true
    expect(await sync(2_000)).toBe('pool')
    for (let i = 0; i < 8; i++) expect(await sync(10)).toBe('pool')
    // How many more depends on how slow it was.
    let more = 0
    while (more < 1000 && (await sync(10)) === 'pool') more++
    expect(seen.at(-1)).toBe('spot')
    await file.close()
  })

  test('after a sync on the spot that failed no other is tried', async () => {
    let spots = 0
    const failing: NodeCalls = {
      ...systemCalls,
      fdatasync: (_fd, done) => done(null),
      fdatasyncSync: () => {
        spots++
        throw systemError('EIO')
      },
    }
    const file = await nodeFsOver(failing).open(join(root, 'a'), { mode: 'create' })
    for (let i = 0; i < 8; i++) await file.datasync()
    await expect(file.datasync()).rejects.toMatchObject({ code: 'IO', cause: { code: 'EIO' } })
    await expect(file.datasync()).rejects.toMatchObject({ code: 'IO' })
    expect(spots).toBe(1)
    await file.close()
  })

  test('what has no code of its own is IO and keeps its cause', async () => {
    const name = 'x'.repeat(300)
    const opened = nodeFs().open(join(root, name), { mode: 'create' })
    await expect(opened).rejects.toMatchObject({ code: 'IO', cause: { code: 'ENAMETOOLONG' } })
  })

  test('a missing native module is told at the first lock', () => {
    const load = (): never => {
      throw new Error('no addon here')
    }
    const lock = (): void => lockDescriptor(99, '/x/wal', load)
    expect(lock).toThrow(/fs-native-extensions.*cannot be loaded/)
    expect(lock).toThrow(expect.objectContaining({ code: 'IO', path: '/x/wal' }))
  })
})

test('close keeps the descriptor until slow calls are done', async () => {
  const held: (() => void)[] = []
  const slow: NodeCalls = {
    ...systemCalls,
    write: (...call) => {
      held.push(() => systemCalls.write(...call))
    },
  }
  const file = await nodeFsOver(slow).open(join(root, 'a'), { mode: 'create' })
  const written = file.write(new Uint8Array([1, 2, 3]), 0)
  const closed = file.close()
  const other = await nodeFs().open(join(root, 'b'), { mode: 'create' })
  for (const release of held) release()
  await written
  await closed
  expect(nodeFileSystem.statSync(join(root, 'a')).size).toBe(3)
  expect(await other.sizeBytes()).toBe(0)
  await other.close()
})

test('files are 0600 and directories 0700 unless said', async () => {
  const fs = nodeFs()
  await fs.makeDir(join(root, 'd'))
  await fs.makeDir(join(root, 'e'), 0o750)
  await (await fs.open(join(root, 'd/f'), { mode: 'create' })).close()
  await (await fs.open(join(root, 'd/g'), { mode: 'create-new', permissions: 0o640 })).close()
  const mode = async (name: string): Promise<number> => (await stat(join(root, name))).mode & 0o777
  expect([await mode('d'), await mode('e'), await mode('d/f'), await mode('d/g')]).toEqual([0o700, 0o750, 0o600, 0o640])
})

test('allocate writes real blocks', async () => {
  const file = await nodeFs().open(join(root, 'a'), { mode: 'create' })
  await file.allocate(1_500_000)
  await file.datasync()
  await file.close()
  expect((await stat(join(root, 'a'))).blocks * 512).toBeGreaterThanOrEqual(1_500_000)
})

test('freeBytes of a path that does not exist yet', async () => {
  expect(await nodeFs().freeBytes(join(root, 'not/yet'))).toBeGreaterThan(0)
})
