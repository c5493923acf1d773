import type { Backend } from '@kvs/backend'
import { type MemoryBackend, MemoryStates, memoryBackend, openMemory } from '@kvs/backend/memory'
import { SeededRandom } from '@kvs/testing'
import { type CrashMode, type Fs, faultFs, memFs, VfsError } from '@kvs/vfs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

const bucket = { id: 1, name: 'numbers' }
const buckets = [bucket]
const one = Uint8Array.of(1)

/** Entry `index` writes its number. */
function writeEntry(backend: Backend, index: number): void {
  backend.put(bucket, one, Uint8Array.of(index))
  backend.endEntry({ index, term: 1 })
}

/** A backend whose flushes wait until they are asked for. */
function withFlushes(): { backend: MemoryBackend; flushes: (() => void)[] } {
  const flushes: (() => void)[] = []
  return { backend: memoryBackend({ buckets, schedule: done => flushes.push(done) }), flushes }
}

describe('a crash', () => {
  test('what a crash would leave can be looked at while the state lives on', async () => {
    const states = new MemoryStates()
    const random = new SeededRandom(1)
    const fs = memFs()
    const held: (() => void)[] = []
    const schedule = (done: () => void): void => void held.push(done)
    const backend = await openMemory({ fs, path: '/db', states, buckets, random, schedule })
    backend.put(bucket, Uint8Array.of(1), Uint8Array.of(1))
    backend.endEntry({ index: 1, term: 1 })
    void backend.commit()
    const found = new Set<number>()
    for (let look = 0; look < 20; look++) {
      const left = states.afterCrash(new SeededRandom(look))
      const other = await openMemory({ fs, path: '/db', states: left, buckets, random })
      found.add(other.consistent.index)
      other.put(bucket, Uint8Array.of(9), Uint8Array.of(9))
      await other.close()
    }
    expect([...found].sort()).toEqual([0, 1])
    expect(backend.get(bucket, Uint8Array.of(9))).toBeUndefined()
    backend.put(bucket, Uint8Array.of(2), Uint8Array.of(2))
    backend.endEntry({ index: 2, term: 1 })
    for (const done of held.splice(0)) done()
    expect(backend.durable.index).toBe(1)
  })

  test('leaves any version from the last durable to the last committed one', async () => {
    const left = new Set<number>()
    for (let pick = 0; pick < 3; pick++) {
      const { backend, flushes } = withFlushes()
      for (let index = 1; index <= 4; index++) {
        writeEntry(backend, index)
        if (index < 4) void backend.commit()
      }
      flushes[0]!()
      expect(backend.durable.index).toBe(1)
      const bounds: number[] = []
      const after = backend.crash({
        below(bound) {
          bounds.push(bound)
          return pick
        },
      })
      expect(bounds).toEqual([3])
      left.add(after.consistent.index)
      expect(after.durable).toEqual(after.consistent)
      expect(after.get(bucket, one)).toEqual(Uint8Array.of(after.consistent.index))
    }
    expect([...left]).toEqual([1, 2, 3])
  })

  test('of any history leaves a whole entry between durable and committed', async () => {
    const operations = fc.array(fc.constantFrom('entry', 'half', 'commit', 'flush', 'crash'), { maxLength: 80 })
    await fc.assert(
      fc.property(operations, fc.integer(), (list, seed) => {
        const random = new SeededRandom(seed)
        let { backend, flushes } = withFlushes()
        let committed = 0
        for (const operation of list) {
          const before = backend.durable.index
          if (operation === 'entry') writeEntry(backend, backend.consistent.index + 1)
          else if (operation === 'half') backend.put(bucket, one, Uint8Array.of(255))
          else if (operation === 'flush') flushes.splice(random.below(flushes.length + 1), 1)[0]?.()
          else if (operation === 'commit') {
            void backend.commit()
            committed = backend.consistent.index
          } else {
            const schedule = flushes
            backend = backend.crash(random)
            expect(backend.consistent.index).toBeGreaterThanOrEqual(before)
            expect(backend.consistent.index).toBeLessThanOrEqual(committed)
            expect(backend.get(bucket, one)?.[0] ?? 0).toBe(backend.consistent.index)
            committed = backend.consistent.index
            for (const stale of schedule.splice(0)) stale()
            expect(backend.durable.index).toBe(committed)
            flushes = schedule
          }
        }
      }),
    )
  })

  test('and kill end everything that was under way, silently', async () => {
    const { backend, flushes } = withFlushes()
    writeEntry(backend, 1)
    let settled = false
    const note = (): void => {
      settled = true
    }
    void backend.commit().then(note, note)
    const view = backend.view()
    backend.kill()
    for (const flush of flushes) flush()
    await new Promise(resolve => setImmediate(resolve))
    expect(settled).toBe(false)
    expect(() => backend.get(bucket, one)).toThrow(expect.objectContaining({ code: 'CLOSED' }))
    expect(() => view.get(bucket, one)).toThrow(expect.objectContaining({ code: 'CLOSED' }))
    await expect(backend.commit()).rejects.toMatchObject({ code: 'CLOSED' })
    await backend.close()
    expect(backend.crash({ below: bound => bound - 1 }).consistent.index).toBe(1)
  })
})

test('flushes may end in any order: the later one counts for the earlier', async () => {
  const { backend, flushes } = withFlushes()
  const done: number[] = []
  for (let index = 1; index <= 3; index++) {
    writeEntry(backend, index)
    void backend.commit().then(() => done.push(index))
  }
  flushes[1]!()
  await new Promise(resolve => setImmediate(resolve))
  expect(done).toEqual([1, 2])
  flushes[0]!()
  expect(backend.durable.index).toBe(2)
  flushes[2]!()
  expect(backend.durable.index).toBe(3)
})

test('without a disk there is nothing to copy to', async () => {
  await expect(memoryBackend({ buckets }).copyTo('/copy')).rejects.toMatchObject({ code: 'UNSUPPORTED' })
})

describe('openMemory', () => {
  const open = (fs: Fs, states: MemoryStates, path: string, seed = 1): Promise<MemoryBackend> =>
    openMemory({ fs, path, buckets, states, random: new SeededRandom(seed) })

  test('finds the state again, also under a new name and after the disk lost power', async () => {
    let fs = memFs()
    const states = new MemoryStates()
    await fs.makeDir('/snap')
    await fs.syncDir('/')
    const backend = await open(fs, states, '/snap/db')
    writeEntry(backend, 1)
    await backend.commit()
    await fs.rename('/snap/db', '/snap/moved')
    await fs.syncDir('/snap')
    fs = fs.crash({ mode: 'lose-all' })
    const again = await open(fs, states, '/snap/moved')
    expect(again.consistent.index).toBe(1)
    expect(() => backend.get(bucket, one)).toThrow(expect.objectContaining({ code: 'CLOSED' }))
    expect((await open(fs, states, '/snap/db')).consistent.index).toBe(0)
  })

  test('opens a copy that was renamed into place', async () => {
    const fs = memFs()
    const states = new MemoryStates()
    const backend = await open(fs, states, '/db')
    writeEntry(backend, 9)
    await backend.commit()
    await backend.copyTo('/copy')
    writeEntry(backend, 10)
    await backend.close()
    await fs.rename('/copy', '/db')
    const copy = await open(fs, states, '/db')
    expect(copy.consistent).toEqual({ index: 9, term: 1 })
    expect(copy.get(bucket, one)).toEqual(Uint8Array.of(9))
  })

  test('a power cut anywhere in a move leaves the old or the new state', async () => {
    const left = new Set<string>()
    const modes: readonly CrashMode[] = ['lose-all', 'keep-all', 'keep-random', 'prefix']
    const states = new MemoryStates()
    const looks: Promise<void>[] = []
    const look = (when: string): void => {
      for (const [seed, mode] of modes.entries()) {
        const disk = fs.afterCrash({ mode, random: new SeededRandom(seed) })
        const others = states.afterCrash(new SeededRandom(seed))
        looks.push(
          open(disk, others, '/db').then(async state => {
            expect(state.get(bucket, one), `${when}, ${mode}`).toEqual(Uint8Array.of(state.consistent.index))
            left.add(`${when}: ${state.consistent.index}`)
            await state.copyTo('/copy')
          }),
        )
      }
    }
    let watched = false
    const fs = memFs()
    const watchedFs = new Proxy<Fs>(fs, {
      get:
        (_, name: keyof Fs) =>
        (...args: never[]): unknown => {
          if (watched) look(`before ${name}`)
          const result: unknown = (fs[name] as (...args: never[]) => unknown)(...args)
          if (watched) look(`within ${name}`)
          return result
        },
    })
    const old = await open(fs, states, '/db')
    writeEntry(old, 1)
    await old.commit()
    await old.copyTo('/7.snap.db')
    const next = await open(watchedFs, states, '/7.snap.db')
    writeEntry(next, 7)
    await next.commit()
    look('before')
    watched = true
    await next.moveTo('/db')
    watched = false
    look('after')
    await Promise.all(looks)
    expect([...left].filter(line => !/(stat|open)/.test(line)).sort()).toEqual([
      'after: 7',
      'before rename: 1',
      'before syncDir: 1',
      'before syncDir: 7',
      'before: 1',
      'within rename: 1',
      'within rename: 7',
      'within syncDir: 1',
      'within syncDir: 7',
    ])
    await Promise.all([old.close(), next.close()])
    expect(await fs.readDir('/')).toEqual(['db'])
    expect((await open(fs.crash({ mode: 'lose-all' }), states, '/db')).consistent.index).toBe(7)
  })

  test.each([
    { operation: 'rename', survives: true },
    { operation: 'syncDir', survives: false },
  ] as const)('a move whose $operation fails', async ({ operation, survives }) => {
    const disk = memFs()
    const fs = faultFs(disk)
    const states = new MemoryStates()
    const options = { fs, buckets, states, random: new SeededRandom(1) }
    const old = await openMemory({ ...options, path: '/db' })
    const next = await openMemory({ ...options, path: '/7.snap.db' })
    writeEntry(next, 7)
    await next.commit()
    fs.setRules([{ operation, fault: { error: 'IO' } }])
    await expect(next.moveTo('/db')).rejects.toMatchObject({ code: 'IO', cause: expect.any(VfsError) })
    fs.setRules([])
    expect(next.get(bucket, one)).toEqual(Uint8Array.of(7))
    if (survives) {
      writeEntry(next, 8)
      await next.commit()
      await next.moveTo('/db')
    } else {
      expect(() => writeEntry(next, 8)).toThrow(expect.objectContaining({ code: 'IO' }))
      await expect(next.commit()).rejects.toMatchObject({ code: 'IO' })
      await expect(next.moveTo('/db')).rejects.toMatchObject({ code: 'IO' })
    }
    await Promise.all([old.close(), next.close()])
    expect((await openMemory({ ...options, path: '/db' })).consistent.index).toBe(survives ? 8 : 7)
  })

  test('a state without a file has no name to change', async () => {
    await expect(memoryBackend({ buckets, fs: memFs() }).moveTo('/db')).rejects.toMatchObject({ code: 'UNSUPPORTED' })
  })

  test('refuses a damaged copy, what is no state, and the file of etcd', async () => {
    const fs = memFs()
    const states = new MemoryStates()
    const backend = await open(fs, states, '/db')
    writeEntry(backend, 1)
    await backend.commit()
    await backend.copyTo('/copy')
    const copy = await fs.open('/copy', { mode: 'write' })
    for (let at = 0; at < (await copy.sizeBytes()); at++) {
      const byte = new Uint8Array(1)
      await copy.read(byte, at)
      await copy.write(Uint8Array.of(byte[0]! ^ 1), at)
      await expect(open(fs, states, '/copy'), `byte ${at}`).rejects.toMatchObject({ code: 'CORRUPT', file: '/copy' })
      await copy.write(byte, at)
    }
    await copy.write(new Uint8Array(20), 0)
    await copy.write(Uint8Array.of(0xed, 0xda, 0x0c, 0xed), 16)
    await expect(open(fs, states, '/copy')).rejects.toMatchObject({ code: 'FOREIGN_FILE', file: '/copy' })
    await copy.close()
    await expect(open(fs, new MemoryStates(), '/db')).rejects.toMatchObject({ code: 'CORRUPT' })
  })
})
