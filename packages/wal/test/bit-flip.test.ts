import type { Entry } from '@kvs/proto/raft'
import { type MemFs, memFs } from '@kvs/vfs'
import { expect, test } from 'vitest'
import { describeHardState } from '../src/describe.ts'
import { createWal, openWal, readWal, type WalContent } from '../src/index.ts'
import { entry, metadata, readAll, segmentNames, voter, zero } from './log.ts'

/** How the log ended: in order, or killed with its last batch proven durable or not. */
type End = 'closed' | 'proven' | 'killed'

/** A small log with every kind of record and entry, zeros inside data, and two cuts. */
async function smallLog(end: End): Promise<MemFs> {
  const fs = memFs()
  const wal = await createWal({ fs, dir: '/wal', metadata, segmentSizeBytes: 1024 })
  const confState = { voters: [voter], learners: [9n] }
  const changed: Entry = { index: 1, term: 1, type: 1, data: new TextEncoder().encode('a change of members') }
  await wal.append({ entries: [changed, entry(2, 1, '')], hardState: { term: 1, vote: voter, commit: 1 } })
  await wal.append({
    entries: [entry(3, 2, new Uint8Array(600)), entry(4, 2)],
    hardState: { term: 2, vote: voter, commit: 3 },
  })
  await wal.saveSnapshot({ index: 3, term: 2, confState })
  await wal.append({
    entries: [entry(5, 2, new Uint8Array(300).fill(7))],
    hardState: { term: 2, vote: voter, commit: 4 },
  })
  await wal.append({ entries: [entry(4, 3), entry(5, 3)], hardState: { term: 3, vote: 0n, commit: 4 } })
  await wal.append({ entries: [{ index: 6, term: 3, type: 2, data: new Uint8Array(0) }] })
  if (end === 'proven') wal.prove()
  if (end !== 'closed') return fs.kill()
  await wal.close()
  return fs
}

/** Everything in a text: comparing byte arrays with `toEqual` takes a hundred times as long. */
function textOf(content: WalContent): string {
  const { metadata: owner, hardState, entries, snapshotFound } = content
  const lines = entries.map(
    ({ index, term, type, data }) => `${index} ${term} ${type} ${Buffer.from(data).toString('hex')}`,
  )
  return [Buffer.from(owner), describeHardState(hardState), snapshotFound, ...lines].join('\n')
}

interface Refusal {
  readonly name: string
  readonly file?: string
  readonly offsetBytes?: number
}

/** What a reader sees with one bit inverted; the disk is as before afterwards. */
async function readFlipped(fs: MemFs, path: string, bit: number): Promise<WalContent | Refusal> {
  const at = { position: bit >> 3, mask: 1 << (bit & 7) }
  fs.corrupt(path, at)
  const found = await readWal({ fs, dir: '/wal', snapshot: zero }).catch((error: Refusal) => error)
  fs.corrupt(path, at)
  return found
}

/** What a start sees; it may repair, so it gets a disk of its own. What it accepts must be as good afterwards. */
async function openFlipped(fs: MemFs, path: string, bit: number): Promise<WalContent | Refusal> {
  const disk = fs.kill()
  disk.corrupt(path, { position: bit >> 3, mask: 1 << (bit & 7) })
  const options = { fs: disk, dir: '/wal', snapshot: zero, segmentSizeBytes: 1024 }
  const found = await openWal(options).catch((error: Refusal) => error)
  if ('wal' in found) {
    await found.wal.close()
    expect((await readWal(options)).entries).toEqual(found.content.entries)
  }
  return 'wal' in found ? found.content : found
}

/** Inverts each bit of one segment in turn; returns how many were refused. */
async function flipEveryBit(
  log: { readonly fs: MemFs; readonly segment: number },
  check: (found: WalContent | Refusal, where: string) => void,
): Promise<number> {
  const { fs, segment } = log
  const name = (await segmentNames(fs))[segment]!
  const path = `/wal/${name}`
  const bitCount = (await readAll(fs, path)).length * 8
  let refused = 0
  for (let bit = 0; bit < bitCount; bit++) {
    const where = `${name} byte ${bit >> 3} bit ${bit & 7}`
    const found = await readFlipped(fs, path, bit)
    if ('name' in found) refused++
    check(found, where)
  }
  return refused
}

const segments = [0, 1]
const ends: readonly End[] = ['closed', 'proven', 'killed']

test('the log has the segments that are tried', async () => {
  for (const end of ends) expect(await segmentNames(await smallLog(end))).toHaveLength(segments.length)
})

test.each(segments.flatMap(segment => (['closed', 'proven'] as const).map(end => ({ segment, end }))))(
  'any flipped bit of a $end log is harmless or refused with file and offset (segment $segment)',
  async ({ segment, end }) => {
    const fs = await smallLog(end)
    const truthText = textOf(await readWal({ fs, dir: '/wal', snapshot: zero }))
    const refused = await flipEveryBit({ fs, segment }, (found, where) => {
      if (!('name' in found)) return expect(textOf(found), where).toBe(truthText)
      expect(found.name, where).toBe('WalError')
      expect(found.file, where).toBeDefined()
      expect(found.offsetBytes, where).toBeDefined()
    })
    expect(refused).toBeGreaterThan(3000)
  },
)

test.each(segments)('any flipped bit of a killed log costs at most the last batch (segment %i)', async segment => {
  const fs = await smallLog('killed')
  const truth = await readWal({ fs, dir: '/wal', snapshot: zero })
  await flipEveryBit({ fs, segment }, (found, where) => {
    if ('name' in found) return
    const { length } = found.entries
    expect(length, where).toBeGreaterThanOrEqual(truth.entries.length - 1)
    const expected = { ...truth, hardState: found.hardState, entries: truth.entries.slice(0, length) }
    expect(textOf(found), where).toBe(textOf(expected))
  })
})

test('a start that accepts a flipped bit leaves a log that reads the same', async () => {
  for (const end of ends) {
    for (const name of await segmentNames(await smallLog(end))) {
      const path = `/wal/${name}`
      const bitCount = (await readAll(await smallLog(end), path)).length * 8
      for (let bit = end === 'closed' ? 0 : 7; bit < bitCount; bit += 41) {
        const found = await openFlipped(await smallLog(end), path, bit)
        expect('name' in found ? found.name : 'accepted').toMatch(/^WalError$|^accepted$/)
      }
    }
  }
})
