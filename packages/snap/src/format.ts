import { ProtoError } from '@kvs/proto'
import { decodeSnapshot, encodeSnapshot, type Snapshot, type SnapshotInit } from '@kvs/proto/raft'
import { decodeSnapshot as decodeEnvelope, encodeSnapshot as encodeEnvelope } from '@kvs/proto/snap'
import { crc32c } from './crc32c.ts'
import { SnapError } from './errors.ts'

/**
 * Files of a member's snapshot directory, as etcd has them:
 *
 *   `%016x-%016x.snap`   (term, index) membership at a point of the log: proto2 `{ crc uint32 = 1, data bytes = 2 }`,
 *                        data an encoded raftpb.Snapshot, crc the CRC-32C of data
 *   `%016x.snap.db`      (index) a state file received from a leader, until it becomes the state file
 *   `%016x.snap.db-lock`, `%016x.snap.db.tmp.*`   what lies beside one that is open; removed at start
 *   `*.broken`           a `.snap` that could not be read
 *   `tmp*`               unfinished; removed at start
 */

/** Name of a `.snap` file and what it says. */
export interface SnapName {
  readonly term: number
  readonly index: number
}

export function snapFileName(name: SnapName): string {
  return `${hex16(name.term)}-${hex16(name.index)}.snap`
}

export function parseSnapFileName(fileName: string): SnapName | undefined {
  const match = /^([0-9a-f]{16})-([0-9a-f]{16})\.snap$/.exec(fileName)
  if (match === null) return undefined
  const term = Number.parseInt(match[1]!, 16)
  const index = Number.parseInt(match[2]!, 16)
  return Number.isSafeInteger(term) && Number.isSafeInteger(index) ? { term, index } : undefined
}

export function snapDbFileName(index: number): string {
  return `${hex16(index)}.snap.db`
}

/** Whether a file stands beside a `.snap.db` file while that is open: its table of locks, an unfinished copy of it. */
export function isPartOfSnapDb(fileName: string): boolean {
  return /^[0-9a-f]{16}\.snap\.db(-lock|\.tmp\..+)$/.test(fileName)
}

/** The index in the name of a `.snap.db` file. */
export function parseSnapDbFileName(fileName: string): number | undefined {
  const match = /^([0-9a-f]{16})\.snap\.db$/.exec(fileName)
  if (match === null) return undefined
  const index = Number.parseInt(match[1]!, 16)
  return Number.isSafeInteger(index) ? index : undefined
}

/** The bytes of a `.snap` file. */
export function encodeSnapFile(snapshot: SnapshotInit): Uint8Array {
  const data = encodeSnapshot(snapshot)
  return encodeEnvelope({ crc: crc32c(data), data })
}

/** Reads the bytes of a `.snap` file. Throws `EMPTY`, `CRC_MISMATCH` or `MALFORMED`. */
export function decodeSnapFile(bytes: Uint8Array, file?: string): Snapshot {
  const at = file === undefined ? {} : { file }
  const where = file === undefined ? '' : `: in file '${file}'`
  if (bytes.length === 0) throw new SnapError('EMPTY', `snap: empty snapshot${where}`, at)
  const envelope = decoded(() => decodeEnvelope(bytes), file)
  // etcd calls a checksum of 0 missing; one snapshot in four milliards is taken for empty by it.
  if (envelope.data.length === 0 || envelope.crc === 0) throw new SnapError('EMPTY', `snap: empty snapshot${where}`, at)
  const computed = crc32c(envelope.data)
  if (computed !== envelope.crc) {
    const values = `expected: ${envelope.crc.toString(16)} computed: ${computed.toString(16)}`
    throw new SnapError('CRC_MISMATCH', `snap: crc mismatch: ${values}${where}`, at)
  }
  return decoded(() => decodeSnapshot(envelope.data), file)
}

function decoded<Value>(decode: () => Value, file: string | undefined): Value {
  try {
    return decode()
  } catch (error) {
    if (!(error instanceof ProtoError)) throw error
    const where = file === undefined ? '' : `: in file '${file}'`
    const at = file === undefined ? { cause: error } : { file, cause: error }
    throw new SnapError('MALFORMED', `snap: malformed snapshot (${error.message})${where}`, at)
  }
}

function hex16(value: number): string {
  return value.toString(16).padStart(16, '0')
}
