import { check, openBolt, statusOf, writeBolt } from '@kvs/bbolt'
import { KV, Lease } from '@kvs/proto/rpc'
import { decodeSnapFile, encodeSnapFile } from '@kvs/snap'
import { SeededRandom } from '@kvs/testing'
import { type MemFs, memFs } from '@kvs/vfs'
import { createWal, readWal, repairWal, validSnapshots } from '@kvs/wal'
import { checkHeader } from '../../../packages/backend/src/lmdb/header.ts'
import { describeEntry } from '../../../packages/server/src/requests/describe-request.ts'
import { encodeEntry, OperationField } from '../../../packages/server/src/requests/entry.ts'
import { type FuzzTarget, mustHold } from '../target.ts'
import { refused, text } from './words.ts'

const key = text('key')
const value = new Uint8Array(40).fill(7)
const segment = '0000000000000000-0000000000000000.wal'

function disk(): MemFs {
  return memFs({ random: new SeededRandom(1) })
}

async function write(fs: MemFs, path: string, bytes: Uint8Array): Promise<void> {
  const file = await fs.open(path, { mode: 'create' })
  await file.write(bytes, 0)
  await file.close()
}

async function contentOf(fs: MemFs, path: string): Promise<Uint8Array> {
  const file = await fs.open(path, { mode: 'read' })
  const bytes = new Uint8Array(await file.sizeBytes())
  await file.read(bytes, 0)
  await file.close()
  return bytes
}

/** A log and a backup as this program writes them. */
async function makeSeeds(): Promise<{ readonly wal: Uint8Array; readonly bolt: Uint8Array }> {
  const fs = disk()
  const wal = await createWal({
    fs,
    dir: '/wal',
    metadata: Uint8Array.of(8, 1, 16, 2),
    segmentSizeBytes: 4096,
    wallNowMs: () => 0,
  })
  const entry = { type: 0 as const, term: 1, index: 1, data: value }
  await wal.append({ entries: [entry, { ...entry, index: 2 }], hardState: { term: 1, vote: 1n, commit: 2 } })
  await wal.close()
  await fs.makeDir('/bolt')
  const records = Array.from({ length: 20 }, (_, i) => [Uint8Array.of(i), value] as const)
  await writeBolt({
    fs,
    path: '/bolt/db',
    buckets: [
      ['key', records],
      ['meta', [[key, value]]],
    ],
  })
  return { wal: (await contentOf(fs, `/wal/${segment}`)).slice(0, 1024), bolt: await contentOf(fs, '/bolt/db') }
}
const { wal: walSeed, bolt: boltSeed } = await makeSeeds()

/** A segment of a log that somebody else wrote: it is read or refused, and what is repaired can be read. */
export const walFile: FuzzTarget = {
  name: 'wal',
  maxBytes: 2048,
  dictionary: [Uint8Array.of(0x84, 0, 0, 0, 0, 0, 0, 0x80), new Uint8Array(16)],
  seeds: () => [walSeed, walSeed.slice(0, 200)],
  async run(input) {
    const fs = disk()
    await fs.makeDir('/wal')
    await write(fs, `/wal/${segment}`, input)
    const read = async (): Promise<string> => {
      const { entries } = await readWal({ fs, dir: '/wal', snapshot: { index: 0, term: 0 } })
      return `${Math.min(3, entries.length)} entries`
    }
    const first = await read().catch(error => refused(error, 'WalError'))
    const snapshots = await validSnapshots({ fs, dir: '/wal' }).then(
      found => `${found.length}`,
      error => refused(error, 'WalError'),
    )
    const repaired = await repairWal({ fs, dir: '/wal' }).then(
      () => 'repaired',
      error => refused(error, 'WalError'),
    )
    return `${first} ${snapshots} ${repaired}`
  },
}

/** A file of a snapshot; after a first byte that is odd the rest is its content under a checksum that fits. */
export const snapFile: FuzzTarget = {
  name: 'snap',
  maxBytes: 1024,
  dictionary: [Uint8Array.of(0x0d), Uint8Array.of(0x12, 4), Uint8Array.of(10, 2, 8, 1)],
  seeds: () => {
    const confState = { voters: [1n, 2n], learners: [3n] }
    const whole = encodeSnapFile({ data: value, metadata: { index: 7, term: 2, confState } })
    return [Uint8Array.of(0, ...whole), Uint8Array.of(1, 10, 3, 1, 2, 3, 18, 4, 16, 7, 24, 2)]
  },
  run(input) {
    const body = input.subarray(1)
    const bytes = (input[0] ?? 0) % 2 === 0 ? body : withChecksum(body)
    try {
      const { metadata } = decodeSnapFile(bytes, 'x.snap')
      return `${metadata.index > 0} ${metadata.confState.voters?.length ?? 0}`
    } catch (error) {
      return refused(error, 'SnapError')
    }
  },
}

/** `{ crc uint32 = 1, data bytes = 2 }`. */
function withChecksum(data: Uint8Array): Uint8Array {
  const crc = castagnoli(data)
  const head: number[] = [0x08]
  let rest = crc
  for (; rest > 127; rest = Math.floor(rest / 128)) head.push((rest % 128) | 128)
  head.push(
    rest,
    0x12,
    ...(data.length > 127 ? [(data.length % 128) | 128, Math.floor(data.length / 128)] : [data.length]),
  )
  return Uint8Array.from([...head, ...data])
}

function castagnoli(bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
  }
  return (crc ^ 0xffffffff) >>> 0
}

/** A database of bbolt's: read, checked and counted, or refused; never a loop, never a read outside of it. */
export const boltFile: FuzzTarget = {
  name: 'bolt',
  maxBytes: 32_768,
  dictionary: [Uint8Array.of(0xed, 0xda, 0x0c, 0xed), Uint8Array.of(2, 0), Uint8Array.of(1, 0), new Uint8Array(8)],
  seeds: () => [boltSeed],
  async run(input) {
    const fs = disk()
    await write(fs, '/db', input)
    try {
      const reader = await openBolt({ fs, path: '/db' })
      try {
        const { problems } = await check(reader)
        const status = await statusOf(reader)
        return `${Math.min(3, problems.length)} ${status === undefined}`
      } finally {
        await reader.close()
      }
    } catch (error) {
      return refused(error, 'BoltError')
    }
  },
}

/** The header and pages of a state file, before LMDB sees it. */
export const stateFile: FuzzTarget = {
  name: 'state-file',
  maxBytes: 16_384,
  dictionary: [
    Uint8Array.of(0xde, 0xc0, 0xef, 0xbe),
    Uint8Array.of(8, 0),
    new Uint8Array(16),
    Uint8Array.of(0, 16, 0, 0),
  ],
  seeds: () => {
    const page = (number: number): Uint8Array => {
      const bytes = new Uint8Array(4096)
      const view = new DataView(bytes.buffer)
      view.setUint32(0, number, true)
      view.setUint16(18, 8, true)
      view.setUint32(24, 0xbeefc0de, true)
      view.setUint32(28, 2, true)
      view.setUint32(48, 4096, true)
      return bytes
    }
    return [Uint8Array.from([...page(0), ...page(1), ...new Uint8Array(4096)])]
  },
  async run(input) {
    const fs = disk()
    await write(fs, '/db', input)
    return checkHeader(fs, '/db').then(
      size => `${size > 0}`,
      error => `${refused(error, 'BackendError')} ${(error as Error).message.replace(/[^a-z ]+/g, '').slice(0, 40)}`,
    )
  },
}

/** Entries of a log, as they are described in log lines: text of bounded length, whatever they hold. */
export const entries: FuzzTarget = {
  name: 'entries',
  maxBytes: 1024,
  dictionary: [Uint8Array.of(0xa2, 6), Uint8Array.of(0x22), Uint8Array.of(0x12, 0), Uint8Array.of(10, 1)],
  seeds: () => {
    const of = (field: OperationField, body: Uint8Array): Uint8Array => encodeEntry(field, body, 0, body.length, 1, 7)
    return [
      of(OperationField.put, KV.put.encodeRequest({ key, value, lease: 5n })),
      of(OperationField.txn, KV.txn.encodeRequest({ compare: [{ key }], success: [{ requestPut: { key, value } }] })),
      of(OperationField.leaseGrant, Lease.leaseGrant.encodeRequest({ id: 7n, ttl: 60 })),
    ]
  },
  run(input) {
    try {
      const described = describeEntry(input)
      mustHold(described.length <= 4200, `${described.length} characters`)
      return described.replace(/[^a-z_:<]+/g, ' ').slice(0, 40)
    } catch (error) {
      return refused(error, 'ProtoError')
    }
  },
}
