import { SeededRandom } from '@kvs/testing'
import { type FsCall, type MemFs, memFs } from '@kvs/vfs'
import { describe, expect, test } from 'vitest'
import { encode, readText } from '../src/contract.ts'

/** Calls return when the test says so. */
function heldCalls(): { readonly schedule: (call: FsCall, done: () => void) => void; release(): Promise<void> } {
  const held: (() => void)[] = []
  return {
    schedule: (_call, done) => held.push(done),
    async release() {
      for (const done of held.splice(0)) done()
      await Promise.resolve()
    },
  }
}

describe('calls in flight', () => {
  test('a datasync covers what was written before it was called, no more', async () => {
    const setUp = memFs()
    await (await setUp.open('/a', { mode: 'create' })).close()
    await setUp.syncDir('/')
    const calls = heldCalls()
    const disk = memFs({ schedule: calls.schedule })
    const opening = disk.open('/a', { mode: 'create' })
    await calls.release()
    const file = await opening
    const syncing = disk.syncDir('/')
    await calls.release()
    await syncing
    file.writeSync(encode('before '), 0)
    const synced = file.datasync()
    file.writeSync(encode('after'), 7)
    await calls.release()
    await synced
    const left = disk.crash({ mode: 'lose-all' })
    const reading = left.open('/a', { mode: 'read' })
    await calls.release()
    const survivor = await reading
    const target = new Uint8Array(20)
    const counting = survivor.read(target, 0)
    await calls.release()
    expect(new TextDecoder().decode(target.subarray(0, await counting))).toBe('before ')
  })

  test('a write that has not returned is not covered', async () => {
    const calls = heldCalls()
    const disk = memFs({ schedule: calls.schedule })
    const opening = disk.open('/a', { mode: 'create' })
    await calls.release()
    const file = await opening
    const written = file.write(encode('late'), 0)
    const synced = file.datasync()
    await calls.release()
    await Promise.all([written, synced])
    expect(disk.describe()).toContain('/a 4 bytes 1 changes not synced')
  })

  test('they fail after a power cut', async () => {
    const calls = heldCalls()
    const disk = memFs({ schedule: calls.schedule })
    const opening = disk.open('/a', { mode: 'create' })
    await calls.release()
    const file = await opening
    const synced = file.datasync()
    disk.crash({ mode: 'lose-all' })
    await calls.release()
    await expect(synced).rejects.toMatchObject({ code: 'CLOSED' })
  })
})

describe('a dead process', () => {
  test('has no files and no disk after crash and kill', async () => {
    for (const end of ['crash', 'kill'] as const) {
      const disk = memFs()
      const file = await disk.open('/a', { mode: 'create' })
      if (end === 'crash') disk.crash({ mode: 'keep-all' })
      else disk.kill()
      await expect(file.write(encode('x'), 0)).rejects.toMatchObject({ code: 'CLOSED' })
      expect(() => file.writeSync(encode('x'), 0)).toThrow(expect.objectContaining({ code: 'CLOSED' }))
      expect(() => file.lock()).toThrow(expect.objectContaining({ code: 'CLOSED' }))
      await expect(disk.readDir('/')).rejects.toMatchObject({ code: 'CLOSED' })
      await file.close()
    }
  })

  test('kill keeps the page cache and gives up locks; a later cut may still lose it', async () => {
    let disk = memFs()
    const file = await disk.open('/a', { mode: 'create' })
    file.lock()
    file.writeSync(encode('cached'), 0)
    disk = disk.kill()
    const again = await disk.open('/a', { mode: 'write' })
    again.lock()
    expect(await readText(again)).toBe('cached')
    expect(await disk.afterCrash({ mode: 'lose-all' }).readDir('/')).toEqual([])
    await again.datasync()
    await disk.syncDir('/')
    disk = disk.crash({ mode: 'lose-all' })
    expect(await readText(await disk.open('/a', { mode: 'read' }))).toBe('cached')
  })
})

describe('power cuts', () => {
  test('a new file needs datasync for its bytes and syncDir for its name', async () => {
    const disk = memFs()
    const file = await disk.open('/a', { mode: 'create' })
    file.writeSync(encode('abc'), 0)
    await disk.syncDir('/')
    expect(disk.afterCrash({ mode: 'lose-all' }).describe()).toBe('/a 0 bytes\n')
    await file.datasync()
    expect(disk.afterCrash({ mode: 'lose-all' }).describe()).toBe('/a 3 bytes\n')
    await disk.rename('/a', '/b')
    expect(disk.describe()).toBe('/b 3 bytes entry not synced\n/a removal not synced\n')
    expect(disk.afterCrash({ mode: 'lose-all' }).describe()).toBe('/a 3 bytes\n')
    expect(disk.afterCrash({ mode: 'keep-all' }).describe()).toBe('/b 3 bytes\n')
  })

  test('a rename between directories needs both synced: the source alone loses the file, the target alone keeps both', async () => {
    const move = async (): Promise<MemFs> => {
      const disk = memFs()
      await disk.makeDir('/d')
      const file = await disk.open('/a', { mode: 'create' })
      await file.write(encode('x'), 0)
      await file.datasync()
      await disk.syncDir('/')
      await disk.rename('/a', '/d/b')
      return disk
    }
    const source = await move()
    await source.syncDir('/')
    expect(source.crash({ mode: 'lose-all' }).describe()).toBe('/d/\n')
    const target = await move()
    await target.syncDir('/d')
    expect(target.crash({ mode: 'lose-all' }).describe()).toBe('/a 1 bytes\n/d/\n/d/b 1 bytes\n')
  })

  test('a directory that was half removed can come back', async () => {
    const disk = memFs({ random: new SeededRandom(1) })
    await disk.makeDir('/d')
    for (const name of ['a', 'b', 'c', 'e']) await (await disk.open(`/d/${name}`, { mode: 'create' })).close()
    await disk.syncDir('/d')
    await disk.syncDir('/')
    await disk.remove('/d')
    const seen = new Set<number>()
    for (let i = 0; i < 200; i++) {
      const left = disk.afterCrash({ mode: 'keep-random' })
      const names = (await left.stat('/d')) === undefined ? [] : await left.readDir('/d')
      seen.add(names.length)
    }
    expect([...seen].sort()).toEqual([0, 1, 2, 3, 4])
  })

  test('an overwritten sector may hold any of its states, and every mix of sectors occurs', async () => {
    const random = new SeededRandom(2)
    const disk = memFs({ random })
    const file = await disk.open('/a', { mode: 'create' })
    await file.write(new Uint8Array(1024).fill(1), 0)
    await file.datasync()
    await disk.syncDir('/')
    await file.write(new Uint8Array(1024).fill(2), 0)
    await file.write(new Uint8Array(1024).fill(3), 0)
    const mixes = { torn: new Set<string>(), 'keep-random': new Set<string>() }
    for (const mode of ['torn', 'keep-random'] as const) {
      for (let i = 0; i < 300; i++) {
        const survivor = await disk.afterCrash({ mode }).open('/a', { mode: 'read' })
        const target = new Uint8Array(1024)
        await survivor.read(target, 0)
        expect(new Set(target.subarray(0, 512)).size).toBe(1)
        mixes[mode].add(`${target[0]}${target[512]}`)
      }
    }
    expect([...mixes.torn].sort()).toEqual(['11', '12', '13', '21', '22', '23', '31', '32', '33'])
    expect([...mixes['keep-random']].sort()).toEqual(['11', '22', '33'])
  })

  test('one seed gives one outcome', async () => {
    const cut = async (): Promise<string> => {
      const disk = memFs({ random: new SeededRandom(9) })
      for (let i = 0; i < 30; i++) {
        const file = await disk.open(`/f${i % 7}`, { mode: 'create' })
        file.writeSync(new Uint8Array(i * 100), 0)
        if (i % 3 === 0) await file.datasync()
        if (i % 5 === 0) await disk.syncDir('/')
      }
      return disk.crash({ mode: 'torn' }).describe()
    }
    expect(await cut()).toBe(await cut())
  })

  test('modes that choose need a random source', () => {
    expect(() => memFs().crash({ mode: 'torn' })).toThrow(/random source/)
  })
})

describe('capacity', () => {
  test('a full disk takes what fits and says so', async () => {
    const disk = memFs({ capacityBytes: 8192 })
    const file = await disk.open('/a', { mode: 'create' })
    await expect(file.write(new Uint8Array(10_000).fill(1), 0)).rejects.toMatchObject({ code: 'NO_SPACE' })
    expect(await file.sizeBytes()).toBe(8192)
    expect(await disk.freeBytes('/')).toBe(0)
    await expect(file.allocate(8193)).rejects.toMatchObject({ code: 'NO_SPACE' })
    await file.write(new Uint8Array(100), 50)
    const other = await disk.open('/b', { mode: 'create' })
    expect(() => other.writeSync(new Uint8Array(1), 0)).toThrow(expect.objectContaining({ code: 'NO_SPACE' }))
    await file.truncate(4096)
    other.writeSync(new Uint8Array(1), 0)
  })

  test('a removed file gives its space back when its last handle closes', async () => {
    const disk = memFs({ capacityBytes: 4096 })
    const file = await disk.open('/a', { mode: 'create' })
    file.writeSync(new Uint8Array(100), 0)
    await disk.remove('/a')
    expect(disk.usedBytes).toBe(4096)
    await file.close()
    expect(disk.usedBytes).toBe(0)
    const held = await disk.open('/b', { mode: 'create' })
    held.writeSync(new Uint8Array(100), 0)
    await disk.remove('/b')
    expect(disk.kill().usedBytes).toBe(0)
  })

  test('allocated space is there for later writes', async () => {
    const disk = memFs({ capacityBytes: 8192 })
    const file = await disk.open('/a', { mode: 'create' })
    await file.allocate(8192)
    disk.setCapacity(0)
    await file.write(new Uint8Array(8192).fill(1), 0)
  })
})

test('a large preallocated file costs next to nothing', async () => {
  const disk = memFs()
  const before = process.memoryUsage().arrayBuffers
  const files = []
  for (let i = 0; i < 20; i++) {
    const file = await disk.open(`/${i}`, { mode: 'create' })
    await file.allocate(64_000_000)
    await file.datasync()
    files.push(file)
  }
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10_000_000)
  expect(disk.usedBytes).toBe(20 * 64_000_000)
})

test('corrupt changes a byte for good', async () => {
  const disk = memFs()
  const file = await disk.open('/a', { mode: 'create' })
  await file.write(encode('abc'), 0)
  await file.datasync()
  await disk.syncDir('/')
  disk.corrupt('/a', { position: 1, mask: 0x20 })
  expect(await readText(file)).toBe('aBc')
  const after = disk.crash({ mode: 'lose-all' })
  expect(await readText(await after.open('/a', { mode: 'read' }))).toBe('aBc')
  expect(() => after.corrupt('/none', { position: 0, mask: 1 })).toThrow(/no file/)
})
