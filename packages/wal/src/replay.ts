import { ProtoError } from '@kvs/proto'
import { decodeEntry, decodeHardState, type Entry, type HardState } from '@kvs/proto/raft'
import { decodeSnapshot, type Snapshot } from '@kvs/proto/wal'
import { WalError, type WalErrorCode, type WalPosition } from './errors.ts'
import { RecordType } from './format.ts'
import type { RecordView } from './record.ts'
import { emptyHardState } from './types.ts'

/** A record of the log, decoded. Its bytes are views of what was read. */
export type WalRecord =
  | { readonly type: 'metadata'; readonly data: Uint8Array }
  | { readonly type: 'entry'; readonly entry: Entry }
  | { readonly type: 'state'; readonly hardState: HardState }
  | { readonly type: 'crc'; readonly crc: number }
  | { readonly type: 'snapshot'; readonly snapshot: Snapshot }

/**
 * Decodes a record whose checksum was right. The checksum does not cover the type, so each kind is also held against
 * what its writers always write; otherwise one flipped bit would turn an entry into a hard state.
 */
export function decodeWalRecord(view: RecordView, bytes: Uint8Array, at: WalPosition): WalRecord {
  try {
    return decodeChecked(view, bytes, at)
  } catch (error) {
    if (error instanceof ProtoError)
      throw refuse('CORRUPT', at, `wal: a record cannot be decoded (${error.message})`, error)
    throw error
  }
}

function decodeChecked(view: RecordView, bytes: Uint8Array, at: WalPosition): WalRecord {
  const { type, dataStart, dataEnd } = view
  switch (type) {
    case RecordType.metadata:
      return { type: 'metadata', data: bytes.subarray(dataStart, dataEnd) }
    case RecordType.entry: {
      const entry = decodeEntry(bytes, dataStart, dataEnd)
      if (!isPlausible(entry)) throw implausible('entry', at)
      return { type: 'entry', entry }
    }
    case RecordType.state: {
      const hardState = decodeHardState(bytes, dataStart, dataEnd)
      if (hardState.term === 0) throw implausible('state', at)
      return { type: 'state', hardState }
    }
    case RecordType.crc:
      return { type: 'crc', crc: view.crc }
    case RecordType.snapshot: {
      if (dataEnd === dataStart) throw implausible('snapshot', at)
      return { type: 'snapshot', snapshot: decodeSnapshot(bytes, dataStart, dataEnd) }
    }
    default:
      throw refuse('UNKNOWN_RECORD', at, `unexpected block type ${type}`)
  }
}

/**
 * Whether an entry can be one: not a hard state in the place of an entry, whose term, vote and commit would read as
 * type, term and index. Entries without data are those of a new leader and the one that leaves a joint configuration.
 */
function isPlausible(entry: Entry): boolean {
  const { type, term, index, data } = entry
  if (index === 0 || term === 0 || type < 0 || type > 2) return false
  if (type === 0 || data.length > 0) return true
  return type === 2 && term < emptyChangeTermMax
}

/** No term reaches this; nearly every member id, which a vote is, lies above it. */
const emptyChangeTermMax = 2 ** 40

/** Collects what a member needs of its log: everything above a snapshot. */
export class Replay {
  readonly #start: { readonly index: number; readonly term: number }
  readonly entries: Entry[] = []
  metadata: Uint8Array | undefined
  hardState: HardState = emptyHardState
  snapshotFound = false
  /** Index of the last entry read or of a snapshot record above it: the next segment is named after it. */
  lastIndex = 0

  /** `start`: the snapshot at which reading begins. */
  constructor(start: { readonly index: number; readonly term: number }) {
    this.#start = start
  }

  add(record: WalRecord, at: WalPosition): void {
    switch (record.type) {
      case 'entry':
        this.#entry(record.entry, at)
        break
      case 'state':
        // Terms only rise; an entry whose type was damaged may look like a state, but seldom like a later one.
        if (record.hardState.term < this.hardState.term) throw implausible('state', at)
        this.hardState = record.hardState
        break
      case 'metadata':
        this.#metadata(record.data, at)
        break
      case 'snapshot':
        this.#snapshot(record.snapshot, at)
        break
      case 'crc':
        break
    }
  }

  #entry(entry: Entry, at: WalPosition): void {
    const { entries } = this
    const start = this.#start
    this.lastIndex = entry.index
    if (entry.index <= start.index) {
      // Whatever was appended before this entry and lies above it was cut off by it. (etcd keeps such entries, and a
      // member would come back with a tail that it had given up.)
      entries.length = 0
      return
    }
    const position = entry.index - start.index - 1
    if (position > entries.length) {
      const text =
        `wal: slice bounds out of range, snapshot[Index: ${start.index}, Term: ${start.term}], ` +
        `current entry[Index: ${entry.index}, Term: ${entry.term}], len(ents): ${entries.length}`
      throw refuse('OUT_OF_RANGE', at, text)
    }
    // A new leader replaced the rest of the log from here.
    entries.length = position
    entries.push(entry)
  }

  #metadata(data: Uint8Array, at: WalPosition): void {
    if (this.metadata !== undefined && !equalBytes(this.metadata, data)) {
      throw refuse('METADATA_CONFLICT', at, 'wal: conflicting metadata found')
    }
    this.metadata = data.slice()
  }

  #snapshot(snapshot: Snapshot, at: WalPosition): void {
    if (snapshot.index > this.lastIndex) this.lastIndex = snapshot.index
    if (snapshot.index !== this.#start.index) return
    if (snapshot.term !== this.#start.term) throw refuse('SNAPSHOT_MISMATCH', at, 'wal: snapshot mismatch')
    this.snapshotFound = true
  }
}

function implausible(what: string, at: WalPosition): WalError {
  return refuse('CORRUPT', at, `wal: a record is no ${what} although it says so`)
}

function refuse(code: WalErrorCode, at: WalPosition, text: string, cause?: unknown): WalError {
  return new WalError(code, `${text}: in file '${at.file}' at position: ${at.offsetBytes}`, { at, cause })
}

function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at])
}
