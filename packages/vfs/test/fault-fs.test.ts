import { SeededRandom } from '@kvs/testing'
import { type Fs, faultFs, faultSweep, memFs, type VfsErrorCode } from '@kvs/vfs'
import { describe, expect, test } from 'vitest'
import { encode, readText } from '../src/contract.ts'

/** A small careful writer: what it reports as saved must survive a power cut. */
async function saveTwice(fs: Fs): Promise<void> {
  for (const text of ['first', 'second']) {
    const file = await fs.open('/tmp-file', { mode: 'create' })
    try {
      file.writeSync(encode(text), 0)
      await file.datasync()
    } finally {
      await file.close()
    }
    await fs.rename('/tmp-file', '/file')
    await fs.syncDir('/')
  }
}

describe('rules', () => {
  test('choose by operation, path and count', async () => {
    const disk = memFs()
    const fs = faultFs(disk, {
      rules: [{ operation: 'writeSync', path: 'wal', calls: 2, fault: { error: 'NO_SPACE' } }],
    })
    const wal = await fs.open('/wal', { mode: 'create' })
    const other = await fs.open('/other', { mode: 'create' })
    wal.writeSync(encode('1'), 0)
    other.writeSync(encode('1'), 0)
    other.writeSync(encode('2'), 0)
    expect(() => wal.writeSync(encode('2'), 0)).toThrow(expect.objectContaining({ code: 'NO_SPACE', path: '/wal' }))
    wal.writeSync(encode('3'), 1)
    expect(await readText(wal)).toBe('13')
    expect(fs.faultCount).toBe(1)
  })

  test('a range of calls, a pattern, several operations', async () => {
    const fs = faultFs(memFs(), {
      rules: [{ operation: ['open', 'stat'], path: /^\/x/g, calls: { from: 2, to: 3 }, fault: { error: 'IO' } }],
    })
    await fs.stat('/x1')
    await fs.stat('/ax')
    await expect(fs.open('/x2', { mode: 'create' })).rejects.toMatchObject({ code: 'IO', operation: 'open' })
    await expect(fs.stat('/x1')).rejects.toMatchObject({ code: 'IO' })
    await fs.stat('/x1')
  })

  test('a probability draws from its seed and needs one', async () => {
    const rules = [{ operation: 'stat', probability: 0.5, fault: { error: 'IO' } }] as const
    expect(() => faultFs(memFs(), { rules })).toThrow(/random source/)
    const fs = faultFs(memFs(), { rules, random: new SeededRandom(3) })
    for (let i = 0; i < 100; i++) await fs.stat('/').catch(() => undefined)
    expect(fs.faultCount).toBeGreaterThan(30)
    expect(fs.faultCount).toBeLessThan(70)
  })

  test('rename is matched by either path', async () => {
    const fs = faultFs(memFs(), { rules: [{ operation: 'rename', path: 'to', fault: { error: 'IO' } }] })
    await (await fs.open('/from', { mode: 'create' })).close()
    await expect(fs.rename('/from', '/to')).rejects.toMatchObject({ code: 'IO', path: '/from' })
    await fs.rename('/from', '/elsewhere')
  })
})

describe('faults', () => {
  test('a short write leaves its beginning', async () => {
    for (const operation of ['write', 'writeSync'] as const) {
      const fs = faultFs(memFs(), { rules: [{ operation, fault: { shortWriteBytes: 3 } }] })
      const file = await fs.open('/a', { mode: 'create' })
      const write = async (): Promise<void> => file[operation](encode('0123456'), 0)
      await expect(write()).rejects.toMatchObject({ code: 'NO_SPACE', operation })
      expect(await readText(file)).toBe('012')
    }
  })

  test('misdirected and inverted bytes report success', async () => {
    const fs = faultFs(memFs(), {
      rules: [
        { operation: 'write', calls: 2, fault: { misdirectBytes: 2 } },
        { operation: 'read', calls: 2, fault: { invertBit: 5 } },
      ],
    })
    const file = await fs.open('/a', { mode: 'create' })
    await file.write(encode('......'), 0)
    await file.write(encode('xy'), 1)
    expect(await readText(file)).toBe('...xy.')
    expect((await readText(file)).charCodeAt(0)).toBe('.'.charCodeAt(0) ^ 32)
  })

  test('a delay waits', async () => {
    const waits: number[] = []
    const delay = async (delayMs: number): Promise<void> => {
      waits.push(delayMs)
    }
    const fs = faultFs(memFs(), { delay, rules: [{ operation: 'datasync', fault: { delayMs: 250 } }] })
    await (await fs.open('/a', { mode: 'create' })).datasync()
    expect(waits).toEqual([250])
  })

  test('after a failed datasync the bytes are gone, though reads and the next datasync say otherwise', async () => {
    const disk = memFs()
    const fs = faultFs(disk, { rules: [{ operation: 'datasync', calls: 1, fault: { error: 'IO' } }] })
    const file = await fs.open('/a', { mode: 'create' })
    await fs.syncDir('/')
    file.writeSync(encode('lost'), 0)
    await expect(file.datasync()).rejects.toMatchObject({ code: 'IO' })
    expect(await readText(file)).toBe('lost')
    file.writeSync(encode(' kept'), 4)
    await file.datasync()
    const after = await disk.crash({ mode: 'lose-all' }).open('/a', { mode: 'read' })
    expect(await readText(after)).toBe('\0\0\0\0 kept')
  })
})

test('a sweep fails every call of a piece of work once', async () => {
  const plain = faultFs(memFs())
  await saveTwice(plain)
  const rules = faultSweep(plain.sites(), { firstCalls: 30, fault: { error: 'IO' } })
  expect(rules.map(rule => `${String(rule.operation)} ${String(rule.calls)}`)).toEqual([
    ...['open 1', 'open 2', 'writeSync 1', 'writeSync 2', 'datasync 1', 'datasync 2'],
    ...['close 1', 'close 2', 'rename 1', 'rename 2', 'syncDir 1', 'syncDir 2'],
  ])
  for (const rule of rules) {
    const disk = memFs()
    const fs = faultFs(disk, { rules: [rule] })
    const code: VfsErrorCode = 'IO'
    await expect(saveTwice(fs)).rejects.toMatchObject({ code })
    expect(fs.faultCount).toBe(1)
  }
})
