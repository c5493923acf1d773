import { readFileSync } from 'node:fs'
import type { Entry } from '@kvs/proto/raft'
import { faultFs, type MemFs, memFs } from '@kvs/vfs'
import { expect, test } from 'vitest'
import { createWal, openWal, readWal, readWalRecords, repairWal, validSnapshots, type WalEvent } from '../src/index.ts'
import {
  entry,
  framesOf,
  metadata,
  open,
  overwrite,
  readAll,
  segmentNames,
  text,
  voter,
  writeAll,
  zero,
} from './log.ts'

const first = '0000000000000000-0000000000000000.wal'
const path = `/wal/${first}`

function noise(index: number, sizeBytes: number): Entry {
  return entry(
    index,
    1,
    Uint8Array.from({ length: sizeBytes }, (_, at) => ((at * 7 + index) % 255) + 1),
  )
}

/** A log whose process was killed after `batches`, each a list of entries. */
async function killed(batches: readonly (readonly Entry[])[]): Promise<MemFs> {
  const fs = memFs()
  const wal = await createWal({ fs, dir: '/wal', metadata, segmentSizeBytes: 65_536 })
  for (const entries of batches) await wal.append({ entries })
  return fs.kill()
}

async function offsetOf(fs: MemFs, type: string, number: number): Promise<number> {
  return (await framesOf(fs)).filter(frame => frame.type === type)[number]!.offsetBytes
}

async function expectRefused(fs: MemFs, offsetBytes: number): Promise<void> {
  const before = await readAll(fs, path)
  const refusal = { name: 'WalError', file: first, offsetBytes }
  await expect(open(fs)).rejects.toMatchObject(refusal)
  await expect(readWal({ fs, dir: '/wal', snapshot: zero })).rejects.toMatchObject(refusal)
  await expect(repairWal({ fs, dir: '/wal' })).rejects.toMatchObject(refusal)
  expect(Buffer.compare(before, await readAll(fs, path))).toBe(0)
  expect(await fs.readDir('/wal')).toEqual([first])
}

test('a torn record of the last batch is cut off, kept in a copy, and the log goes on', async () => {
  const fs = await killed([[noise(1, 300)], [noise(2, 300), noise(3, 2000), noise(4, 300)]])
  const third = await offsetOf(fs, 'entry', 2)
  const lost = Math.ceil(third / 512) * 512 + 512
  await overwrite(fs, path, lost, new Uint8Array(512))
  const damaged = await readAll(fs, path)
  expect((await readWal({ fs, dir: '/wal', snapshot: zero })).entries).toHaveLength(2)
  expect(await validSnapshots({ fs, dir: '/wal' })).toHaveLength(1)
  const options = { fs, dir: '/wal', snapshot: zero, segmentSizeBytes: 65_536 }
  await expect(openWal({ ...options, repair: false })).rejects.toMatchObject({
    code: 'UNEXPECTED_EOF',
    message: expect.stringMatching(/^unexpected EOF/),
    offsetBytes: third,
  })
  const events: WalEvent[] = []
  const { wal, content } = await openWal({ ...options, onEvent: event => events.push(event) })
  expect(content.entries).toEqual([noise(1, 300), noise(2, 300)])
  expect(events).toMatchObject([{ type: 'tail-repaired', offsetBytes: third, copy: `${first}.broken` }])
  expect(Buffer.compare(damaged, await readAll(fs, `${path}.broken`))).toBe(0)
  await wal.append({ entries: [entry(3, 2)] })
  await wal.close()
  expect((await readWal({ fs, dir: '/wal', snapshot: zero })).entries.at(-1)).toEqual(entry(3, 2))
})

test('sectors lost anywhere in the last batch never stop a start', async () => {
  const whole = await killed([[noise(1, 300)], [noise(2, 700), noise(3, 1400), noise(4, 5), noise(5, 900)]])
  const start = await offsetOf(whole, 'crc', 2)
  const bytes = await readAll(whole, path)
  const firstSector = Math.floor(start / 512)
  const lastSector = Math.floor((await endOf(whole)) / 512)
  const count = lastSector - firstSector + 1
  for (let lost = 0; lost < 2 ** count; lost++) {
    const image = bytes.slice()
    for (let sector = 0; sector < count; sector++) {
      const from = (firstSector + sector) * 512
      if (lost & (1 << sector)) image.fill(0, Math.max(from, start), from + 512)
    }
    const fs = memFs()
    await fs.makeDir('/wal')
    await writeAll(fs, path, image)
    const { wal, content } = await open(fs)
    expect(content.entries.map(e => e.index)).toEqual([1, 2, 3, 4, 5].slice(0, content.entries.length))
    await wal.append({ entries: [entry(content.entries.length + 1, 2)] })
    await wal.close()
    expect((await readWal({ fs, dir: '/wal', snapshot: zero })).entries).toHaveLength(content.entries.length + 1)
  }
})

async function endOf(fs: MemFs): Promise<number> {
  const bytes = await readAll(fs, path)
  return bytes.findLastIndex(byte => byte !== 0)
}

test('a sector lost before the last batch is refused, whatever it held', async () => {
  const batches = Array.from({ length: 6 }, (_, at) => [noise(2 * at + 1, 700), noise(2 * at + 2, 120)])
  const whole = await killed(batches)
  const lastBatch = (await framesOf(whole)).filter(frame => frame.type === 'crc').at(-1)!.offsetBytes
  const bytes = await readAll(whole, path)
  for (let from = 0; from + 512 <= lastBatch; from += 512) {
    const fs = memFs()
    await fs.makeDir('/wal')
    await writeAll(fs, path, bytes.slice().fill(0, from, from + 512))
    await expect(open(fs)).rejects.toMatchObject({ name: 'WalError', file: first })
  }
})

test('a zeroed record with intact ones behind it is a hole', async () => {
  const fs = await killed([[noise(1, 300)], [noise(2, 1200)], [noise(3, 300)]])
  const second = await offsetOf(fs, 'entry', 1)
  const third = await offsetOf(fs, 'entry', 2)
  await overwrite(fs, path, second, new Uint8Array(third - 16 - second))
  await expectRefused(fs, second)
})

test('zeros in the middle of a sector are no power cut', async () => {
  const fs = await killed([[noise(1, 30), noise(2, 30), noise(3, 30)]])
  const second = await offsetOf(fs, 'entry', 1)
  const third = await offsetOf(fs, 'entry', 2)
  await overwrite(fs, path, second, new Uint8Array(third - second))
  await expectRefused(fs, second)
})

test('a length that is damaged is no torn record', async () => {
  for (const [byte, mask] of [
    [0, 0x08],
    [1, 0x10],
    [2, 0x04],
    [5, 0x01],
    [7, 0x01],
  ] as const) {
    const fs = await killed([[noise(1, 400), noise(2, 300)]])
    const second = await offsetOf(fs, 'entry', 1)
    fs.corrupt(path, { position: second + byte, mask })
    await expectRefused(fs, second)
  }
})

test('rot in the data of the last record is told with expected and computed checksum', async () => {
  const fs = await killed([[noise(1, 300)]])
  const offset = await offsetOf(fs, 'entry', 0)
  fs.corrupt(path, { position: offset + 100, mask: 1 })
  await expect(open(fs)).rejects.toMatchObject({
    code: 'CRC_MISMATCH',
    message: expect.stringMatching(
      new RegExp(
        `^walpb: crc mismatch: expected: [0-9a-f]+ computed: [0-9a-f]+: in file '${first}' at position: ${offset}$`,
      ),
    ),
  })
  await expectRefused(fs, offset)
})

test('an operator may cut the log at damage, and keeps a copy', async () => {
  const fs = await killed([[noise(1, 300)], [noise(2, 300)], [noise(3, 300)]])
  const second = await offsetOf(fs, 'entry', 1)
  fs.corrupt(path, { position: second + 100, mask: 1 })
  const events: WalEvent[] = []
  const onEvent = (event: WalEvent): void => void events.push(event)
  expect(await repairWal({ fs, dir: '/wal', discardDamaged: true, onEvent })).toBe(true)
  expect(events).toMatchObject([{ type: 'tail-repaired', offsetBytes: second }])
  expect(await repairWal({ fs, dir: '/wal' })).toBe(false)
  const { wal, content } = await open(fs)
  expect(content.entries).toEqual([noise(1, 300)])
  await wal.close()
})

test('a torn record in an earlier segment is refused', async () => {
  const fs = memFs()
  const wal = await createWal({ fs, dir: '/wal', metadata, segmentSizeBytes: 1024 })
  for (let index = 1; index <= 4; index++) await wal.append({ entries: [noise(index, 900)] })
  await wal.close()
  const bytes = await readAll(fs, path)
  await writeAll(fs, path, bytes.subarray(0, bytes.length - 40))
  await expect(open(fs)).rejects.toMatchObject({ code: 'UNEXPECTED_EOF', file: first })
  expect(await segmentNames(fs)).toHaveLength(3)
})

test('a file that ends inside a record or a length word is torn', async () => {
  const whole = await killed([[noise(1, 300)], [noise(2, 300)]])
  const second = await offsetOf(whole, 'entry', 1)
  const bytes = await readAll(whole, path)
  for (const lengthBytes of [second, second + 3, second + 8, second + 11, second + 200]) {
    const fs = memFs()
    await fs.makeDir('/wal')
    await writeAll(fs, path, bytes.subarray(0, lengthBytes))
    const { wal, content } = await open(fs)
    expect(content.entries).toEqual([noise(1, 300)])
    await wal.append({ entries: [entry(2, 2)] })
    await wal.close()
    expect((await readWal({ fs, dir: '/wal', snapshot: zero })).entries).toHaveLength(2)
  }
})

test('in a log of etcd, which has no marks, linked records behind a hole are refused, a single one is the torn end', async () => {
  const recorded = readFileSync(new URL('testdata/etcd-3.4.23/0000000000000000-0000000000000000.wal', import.meta.url))
  const image = async (from: number, to: number): Promise<MemFs> => {
    const fs = memFs()
    await fs.makeDir('/wal')
    const bytes = new Uint8Array(65_536)
    bytes.set(recorded)
    await writeAll(fs, path, bytes.fill(0, from, to))
    return fs
  }
  // Entries 11 to 13 lie in the sectors at 1024 to 2560, each with its state.
  await expectRefused(await image(1536, 2048), 1144)
  // Of the last entry and its state, at 3608 and 4064, the sector in between is lost.
  const fs = await image(3584, 4064)
  const { wal, content } = await open(fs)
  expect(content.entries).toHaveLength(15)
  expect(content.hardState).toEqual({ term: 2, vote: voter, commit: 14 })
  await wal.close()
})

test('bytes of clients that look like marks are data', async () => {
  const mark = Buffer.from('0800000000000000080410ffffffff0f'.repeat(60), 'hex')
  const fs = await killed([[entry(1, 1, text('x'))], [entry(2, 1, new Uint8Array(mark))]])
  const { wal, content } = await open(fs)
  expect(content.entries[1]?.data).toEqual(new Uint8Array(mark))
  await wal.close()
})

test('a write that stopped at any byte is taken back: what was there before is there again', async () => {
  for (let written = 0; written < 700; written += 1 + (written >> 4)) {
    const disk = memFs()
    const fs = faultFs(disk)
    const wal = await createWal({ fs, dir: '/wal', metadata, segmentSizeBytes: 65_536 })
    await wal.append({ entries: [noise(1, 300)] })
    fs.setRules([{ operation: 'writeSync', calls: 1, fault: { shortWriteBytes: written } }])
    await expect(wal.append({ entries: [noise(2, 650)] })).rejects.toMatchObject({ code: 'IO' })
    const { wal: again, content } = await open(disk.kill())
    expect(content.entries, `${written} bytes written`).toHaveLength(1)
    await again.close()
  }
})

test('a mark that cannot be written fails the log, and leaves what it was to prove', async () => {
  for (let written = 0; written < 16; written++) {
    const disk = memFs()
    const fs = faultFs(disk)
    const wal = await createWal({ fs, dir: '/wal', metadata, segmentSizeBytes: 65_536 })
    await wal.append({ entries: [noise(1, 300)] })
    fs.setRules([{ operation: 'writeSync', calls: 1, fault: { shortWriteBytes: written } }])
    expect(() => wal.prove()).toThrow(/^wal: write to /)
    await expect(wal.append({ entries: [noise(2, 300)] })).rejects.toMatchObject({ code: 'FAILED' })
    const { wal: again, content } = await open(disk.kill())
    expect(content.entries, `${written} bytes written`).toHaveLength(1)
    await again.close()
  }
})

test('a length without a record, and nothing behind it, is a torn end', async () => {
  const fs = await killed([[noise(1, 300)]])
  const end = (await readWalRecords({ fs, dir: '/wal' }, () => {})).offsetBytes
  await overwrite(fs, path, end, Uint8Array.of(0x29, 1))
  const { wal, content } = await open(fs)
  expect(content.entries).toHaveLength(1)
  await wal.close()
  expect(await fs.readDir('/wal')).toEqual([first, `${first}.broken`])
})

test('a commit index that waits goes on waiting behind a mark', async () => {
  const fs = memFs()
  const wal = await createWal({ fs, dir: '/wal', metadata, segmentSizeBytes: 65_536 })
  await wal.append({ entries: [noise(1, 30)], hardState: { term: 1, vote: voter, commit: 0 } })
  await wal.append({ entries: [], hardState: { term: 1, vote: voter, commit: 1 } })
  wal.prove()
  const { positionBytes } = wal.status()
  wal.prove()
  expect(wal.status().positionBytes).toBe(positionBytes)
  expect((await readWal({ fs, dir: '/wal', snapshot: zero })).hardState.commit).toBe(0)
  await wal.append({ entries: [noise(2, 30)] })
  expect((await readWal({ fs, dir: '/wal', snapshot: zero })).hardState.commit).toBe(1)
  await wal.close()
  expect(
    (await framesOf(fs))
      .map(frame => frame.type)
      .slice(3)
      .join(' '),
  ).toBe('crc entry state crc state entry crc')
})
