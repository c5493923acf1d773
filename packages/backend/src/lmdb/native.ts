/**
 * What this package uses of `lmdb` 3.5.6, with the part that its own types leave out.
 *
 * A whole batch goes to LMDB's write thread with one native call, `startWriting`, as a list of instructions in memory
 * (their layout: src/writer.cpp of lmdb). Measured against `put` per record (bench/commit.bench.ts): a fifth of the time
 * on the main thread, no object per record, a large batch does not block, and a failure arrives as LMDB's own number.
 * The layout is internal to lmdb, hence the exact version in peerDependencies and the check in `checkLibrary`.
 */

import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { getSystemErrorMap } from 'node:util'
import * as lmdb from 'lmdb'
import { BackendError } from '../errors.ts'
import { storedChecksum } from './checksum.ts'
import type { FileSlice } from './slice.ts'

/** A read transaction: one state of the file. */
export interface LmdbTransaction {
  /** Gives it back; the last one ends it. */
  done(): void
}

export interface LmdbStat {
  readonly pageSize: number
  readonly treeBranchPageCount: number
  readonly treeLeafPageCount: number
  readonly overflowPages: number
  readonly entryCount: number
}

/** The C++ environment under a store. */
export interface LmdbEnv {
  /** Runs the instructions at `address` in one transaction. Calls back with 1 (visible), then 0 (durable), or an error. */
  startWriting(address: number, callback: (status: number) => void): void
  /** Pages of the records. */
  stat(): LmdbStat
  /** Pages of the list of free pages. Needs a current read transaction. */
  freeStat(): LmdbStat
  info(): { readonly lastPageNumber: number }
  copy(path: string, compact: boolean, callback: (error?: unknown) => void): void
}

export interface LmdbRange {
  readonly start?: Uint8Array | undefined
  readonly end?: Uint8Array | undefined
  readonly exclusiveStart?: boolean
  readonly reverse?: boolean
  readonly limit?: number
  readonly transaction?: LmdbTransaction
}

export interface LmdbStore {
  readonly env: LmdbEnv
  readonly db: { readonly dbi: number }
  /** What the decoder made of the value: bytes, or a number while `readChecksum` reads. */
  get(key: Uint8Array, options?: { readonly transaction: LmdbTransaction }): Uint8Array | number | undefined
  getRange(range: LmdbRange): Iterable<{ readonly key: Uint8Array }>
  ensureReadTxn(): void
  resetReadTxn(): void
  useReadTransaction(): LmdbTransaction
  close(): Promise<void>
}

interface LmdbModule {
  open(path: string, options: object): LmdbStore
  readonly nativeAddon: { getAddress(buffer: ArrayBuffer): number }
}

const library = lmdb as unknown as LmdbModule
const supportedVersion = '3.5.6'

/** Where the bytes of `buffer` lie in memory. They stay there as long as the buffer is reachable. */
export function addressOf(buffer: ArrayBuffer): number {
  return library.nativeAddon.getAddress(buffer)
}

/** `UNSUPPORTED` if the installed `lmdb` is not the one whose instructions we write. */
export function checkLibrary(): void {
  const version = installedVersion()
  if (version !== undefined && version !== supportedVersion) {
    throw new BackendError('UNSUPPORTED', `lmdb ${version} is installed; this needs lmdb ${supportedVersion}`)
  }
  if (typeof library.nativeAddon?.getAddress !== 'function') {
    throw new BackendError('UNSUPPORTED', `the installed lmdb is not version ${supportedVersion}`)
  }
}

/** `undefined` where packages are not files (bundles). */
function installedVersion(): string | undefined {
  try {
    const entry = createRequire(import.meta.url).resolve('lmdb')
    const description: unknown = JSON.parse(readFileSync(join(dirname(entry), '..', 'package.json'), 'utf8'))
    return (description as { version?: string }).version
  } catch {
    return undefined
  }
}

/**
 * Opens or creates one LMDB file. Throws LMDB's error.
 *
 * `overlappingSync` (lmdb's default): a commit is visible first and flushed after, with a third meta record that only ever
 * points at flushed pages. `safeRestore` always goes back to that record at open. Without it lmdb would, after the death
 * of the process alone, take the newest unflushed state for flushed, and a power cut soon after could then find pages
 * of the flushed state overwritten.
 */
export function openStore(path: string, options: { readonly mapBytes: number }): LmdbStore {
  return library.open(path, {
    noSubdir: true,
    maxDbs: 1,
    mapSize: options.mapBytes,
    safeRestore: true,
    permissionsMode: 0o600,
    cache: false,
    keyEncoder: { writeKey, readKey },
    encoder: { encode: (value: Uint8Array) => value, decode: readValue },
  })
}

/** LMDB's error numbers that we tell apart, and those of the system. */
export const lmdbStatus: { readonly visible: number; readonly durable: number } = { visible: 1, durable: 0 }

/**
 * The final error for the status a commit ended with. A write that the system cuts short is EIO for LMDB, whatever the
 * reason: `isDiskFull` says what the disk says.
 */
export function commitError(
  status: number,
  options: { readonly file: string; readonly isDiskFull: boolean },
): BackendError {
  const { file, isDiskFull } = options
  if (addressSpaceStatus.includes(status)) {
    return new BackendError('NO_SPACE', `no address space for the file (LMDB status ${status})`, { file })
  }
  if (diskSpaceStatus.includes(status) || isDiskFull) {
    return new BackendError('NO_SPACE', `the disk takes no more (LMDB status ${status})`, { file, unsound: true })
  }
  const [, reason = 'unknown'] = getSystemErrorMap().get(-status) ?? []
  return new BackendError('IO', `a commit failed: ${reason} (LMDB status ${status})`, { file, unsound: true })
}

/** MDB_MAP_FULL, ENOMEM. */
const addressSpaceStatus: readonly number[] = [-30_792, 12]
/** EFBIG, ENOSPC, EDQUOT. */
const diskSpaceStatus: readonly number[] = [27, 28, 122]

/**
 * lmdb hands out key and value of a record by calling `readKey` and `readValue` with memory of its own, which the next
 * read overwrites. While a slice is being read they put both there instead of making an object of each.
 */
const sharedBytesMax = 16_777_216
let target: FileSlice | undefined
let wantsChecksum = false
let sharedBuffer: ArrayBufferLike | undefined
let sharedOffset = -1
let sharedBytes: Uint8Array = new Uint8Array(0)
let sharedWords: Uint32Array | undefined

/** Reads records into `slice` until `wanted` is false or the range ends. */
export function readInto(slice: FileSlice, store: LmdbStore, range: LmdbRange, wanted: () => boolean): void {
  target = slice
  try {
    for (const _ of store.getRange(range)) if (!wanted()) break
  } finally {
    target = undefined
  }
}

/** The four bytes at the end of a stored value, as `storedChecksum` reads them; -1 if there is no such record. */
export function readChecksum(store: LmdbStore, key: Uint8Array): number {
  wantsChecksum = true
  try {
    return (store.get(key) as number | undefined) ?? -1
  } finally {
    wantsChecksum = false
  }
}

function writeKey(key: Uint8Array, into: Uint8Array, at: number): number {
  for (let i = 0; i < key.length; i++) into[at + i] = key[i]!
  return at + key.length
}

function readKey(source: Uint8Array, start: number, end: number): Uint8Array | undefined {
  if (target === undefined) return Uint8Array.prototype.slice.call(source, start, end)
  target.addKey(source, start, end)
  return undefined
}

/** The `length` of `shared` is what was read, not that of its buffer: `subarray` and `set` would not notice. */
function readValue(shared: Uint8Array): Uint8Array | number | undefined {
  const { length } = shared
  if (length > sharedBytesMax) return readMapped(new Uint8Array(shared.buffer, shared.byteOffset, length))
  if (shared.buffer !== sharedBuffer || shared.byteOffset !== sharedOffset) {
    sharedBuffer = shared.buffer
    sharedOffset = shared.byteOffset
    const count = Math.min(sharedBuffer.byteLength - sharedOffset, sharedBytesMax)
    sharedBytes = new Uint8Array(sharedBuffer, sharedOffset, count)
    sharedWords = sharedOffset % 4 === 0 ? new Uint32Array(sharedBuffer, sharedOffset, count >> 2) : undefined
  }
  if (wantsChecksum) return storedChecksum(sharedBytes, length)
  if (target === undefined) return sharedBytes.slice(0, length)
  target.addValue(sharedBytes, sharedWords, length)
  return undefined
}

/** A value too large for lmdb's buffer comes as a piece of the map of the file itself; that must not be kept. */
function readMapped(value: Uint8Array): Uint8Array | number | undefined {
  if (wantsChecksum) return storedChecksum(value, value.length)
  if (target === undefined) return value.slice()
  target.addValue(value, undefined, value.length)
  return undefined
}
