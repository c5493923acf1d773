import type { AuthInfo } from '@kvs/auth'
import type { Refusal } from '../errors.ts'
import * as limits from '../limits.ts'
import { Cursor, sizeVarint, writeVarint, writeVarint64 } from './wire.ts'

/**
 * The frame of a replicated request: an `InternalRaftRequest` with one operation member and a header that carries the
 * request's id. The bytes of the operation are those the client sent; they are neither decoded nor encoded again.
 */

/** Field numbers of the operations in `InternalRaftRequest`. */
export const OperationField = {
  v2: 2,
  range: 3,
  put: 4,
  deleteRange: 5,
  txn: 6,
  compaction: 7,
  leaseGrant: 8,
  leaseRevoke: 9,
  alarm: 10,
  leaseCheckpoint: 11,
  authEnable: 1000,
  authDisable: 1011,
  authenticate: 1012,
  authStatus: 1013,
  authUserAdd: 1100,
  authUserDelete: 1101,
  authUserGet: 1102,
  authUserChangePassword: 1103,
  authUserGrantRole: 1104,
  authUserRevokeRole: 1105,
  authUserList: 1106,
  authRoleList: 1107,
  authRoleAdd: 1200,
  authRoleDelete: 1201,
  authRoleGet: 1202,
  authRoleGrantPermission: 1203,
  authRoleRevokePermission: 1204,
  clusterVersionSet: 1300,
  clusterMemberAttrSet: 1301,
  downgradeInfoSet: 1302,
  downgradeVersionTest: 9900,
} as const
export type OperationField = (typeof OperationField)[keyof typeof OperationField]

const idField = 1
const headerField = 100
const fieldNumberMax = 2 ** 29 - 1
const headerTagBytes = [0xa2, 0x06] as const

/**
 * Entries are cut from larger pieces: a buffer of its own for each would cost more than everything else about it. A piece
 * lives as long as any entry cut from it, which is as long as the log is kept in memory.
 */
class Arena {
  #piece = new Uint8Array(0)
  #used = 0

  take(bytes: number): Uint8Array {
    if (bytes > limits.arenaEntryBytesMax) return new Uint8Array(bytes)
    if (this.#used + bytes > this.#piece.length) {
      this.#piece = new Uint8Array(limits.arenaPieceBytes)
      this.#used = 0
    }
    const start = this.#used
    this.#used += bytes
    return this.#piece.subarray(start, this.#used)
  }
}
const arena = new Arena()

/** Frames `body[start..end)` as operation `field`. Fields stand in the order of their numbers, as Go writes them. */
export function encodeEntry(
  field: OperationField,
  body: Uint8Array,
  start: number,
  end: number,
  idPrefix: number,
  idSuffix: number,
  caller?: AuthInfo | undefined,
): Uint8Array {
  if (caller !== undefined) return encodeEntryOf(caller, { field, body, start, end, idPrefix, idSuffix })
  const length = end - start
  const tag = field * 8 + 2
  const frameSize = sizeVarint(tag) + sizeVarint(length) + length
  const high = ((idPrefix << 16) | Math.floor(idSuffix / 0x1_0000_0000)) >>> 0
  const idSize = sizeOfId(high, idSuffix >>> 0)
  const data = arena.take(frameSize + 4 + idSize)
  let at = field < headerField ? 0 : 4 + idSize
  at = writeVarint(data, at, tag)
  at = writeVarint(data, at, length)
  data.set(start === 0 && end === body.length ? body : body.subarray(start, end), at)
  at = field < headerField ? at + length : 0
  data[at] = headerTagBytes[0]
  data[at + 1] = headerTagBytes[1]
  data[at + 2] = idSize + 1
  data[at + 3] = 0x08
  writeVarint64(data, at + 4, high, idSuffix >>> 0)
  return data
}

/** The same with a header that says who asks, and at which auth revision that was found out. */
function encodeEntryOf(
  { username, revision }: AuthInfo,
  request: {
    readonly field: OperationField
    readonly body: Uint8Array
    readonly start: number
    readonly end: number
    readonly idPrefix: number
    readonly idSuffix: number
  },
): Uint8Array {
  const { field, body, start, end, idPrefix, idSuffix } = request
  const name = nameBytes(username)
  const high = ((idPrefix << 16) | Math.floor(idSuffix / 0x1_0000_0000)) >>> 0
  const nameSize = name.length === 0 ? 0 : 1 + sizeVarint(name.length) + name.length
  const revisionSize = revision === 0 ? 0 : 1 + sizeVarint(revision)
  const headerSize = 1 + sizeOfId(high, idSuffix >>> 0) + nameSize + revisionSize
  const tag = field * 8 + 2
  const frameSize = sizeVarint(tag) + sizeVarint(end - start) + end - start
  const wholeHeader = headerTagBytes.length + sizeVarint(headerSize) + headerSize
  const data = arena.take(frameSize + wholeHeader)
  let at = field < headerField ? 0 : wholeHeader
  at = writeVarint(data, at, tag)
  at = writeVarint(data, at, end - start)
  data.set(start === 0 && end === body.length ? body : body.subarray(start, end), at)
  at = field < headerField ? frameSize : 0
  data.set(headerTagBytes, at)
  at = writeVarint(data, at + headerTagBytes.length, headerSize)
  data[at++] = 0x08
  at = writeVarint64(data, at, high, idSuffix >>> 0)
  if (nameSize > 0) {
    data[at++] = usernameTag
    at = writeVarint(data, at, name.length)
    data.set(name, at)
    at += name.length
  }
  if (revisionSize > 0) {
    data[at++] = authRevisionTag
    writeVarint(data, at, revision)
  }
  return data
}

const usernameTag = 0x12
const authRevisionTag = 0x18

/** The name that was encoded last: most entries are of the same few users. */
let encodedName = ''
let encodedNameBytes: Uint8Array = new Uint8Array(0)
const encoder = new TextEncoder()

function nameBytes(name: string): Uint8Array {
  if (name !== encodedName) {
    encodedNameBytes = encoder.encode(name)
    encodedName = name
  }
  return encodedNameBytes
}

function sizeOfId(high: number, low: number): number {
  let bits = high === 0 ? 32 - Math.clz32(low) : 64 - Math.clz32(high)
  if (bits === 0) bits = 1
  return Math.ceil(bits / 7)
}

/** What `parse` found; one object serves all entries, for apply handles one at a time. */
export class ParsedEntry {
  /** Index in the log, set while it is applied. */
  index = 0
  /** Field number of the operation, 0 if the entry carries none. */
  operation = 0
  /** Where the operation's message lies. */
  start = 0
  end = 0
  idPrefix = 0
  idSuffix = 0
  /** Name of the user who asked, and the auth revision the request was checked at (where authentication is on). */
  username = ''
  authRevision = 0
  /** Why it had no effect, set while it is applied. */
  refusal: Refusal | undefined = undefined
  readonly #cursor = new Cursor()

  /**
   * False if the bytes are no `InternalRaftRequest`. Up to 3.6 etcd also wrote `Request` messages of its second API, bare:
   * their method and path stand in fields 2 and 3, where no other entry has two operations.
   */
  parse(data: Uint8Array): boolean {
    const cursor = this.#cursor
    cursor.reset(data, 0, data.length)
    this.operation = 0
    this.start = 0
    this.end = 0
    this.idPrefix = 0
    this.idSuffix = 0
    this.username = ''
    this.authRevision = 0
    this.refusal = undefined
    let header = -1
    let headerEnd = -1
    let isBare = false
    while (cursor.more) {
      const tag = cursor.varint()
      const field = Math.floor(tag / 8)
      if (field === idField && (tag & 7) === 0) this.#id()
      else if ((tag & 7) !== 2 || field === 0 || field > fieldNumberMax) cursor.skip(tag)
      else {
        const start = cursor.bytesField()
        if (field === headerField) {
          header = start
          headerEnd = cursor.position
        } else {
          isBare ||= this.operation === OperationField.v2
          this.operation = field
          this.start = start
          this.end = cursor.position
        }
      }
    }
    if (cursor.failed) return false
    if (isBare) {
      this.operation = OperationField.v2
      this.start = 0
      this.end = data.length
    }
    return header < 0 || this.#header(data, header, headerEnd)
  }

  #id(): void {
    const cursor = this.#cursor
    cursor.varint64()
    if (cursor.low === 0 && cursor.high === 0) return
    this.idPrefix = cursor.high >>> 16
    this.idSuffix = (cursor.high & 0xffff) * 0x1_0000_0000 + cursor.low
  }

  #header(data: Uint8Array, start: number, end: number): boolean {
    const cursor = this.#cursor
    cursor.reset(data, start, end)
    const hasId = this.idSuffix !== 0 || this.idPrefix !== 0
    while (cursor.more) {
      const tag = cursor.varint()
      if (tag === 0x08 && !hasId) this.#id()
      else if (tag === usernameTag) this.username = nameIn(data, cursor.bytesField(), cursor.position)
      else if (tag === authRevisionTag) this.authRevision = cursor.varint()
      else cursor.skip(tag)
    }
    return !cursor.failed
  }
}

const decoder = new TextDecoder()

/** The name that was read last, and its bytes. */
let readName = ''
let readNameBytes: Uint8Array = new Uint8Array(0)

/** A user's name: most entries are of the same few, and a name that is the same string needs no hash of its own either. */
function nameIn(data: Uint8Array, start: number, end: number): string {
  const known = readNameBytes
  const length = end - start
  let same = known.length === length ? 0 : -1
  while (same >= 0 && same < length && known[same] === data[start + same]) same++
  if (same === length) return readName
  readNameBytes = new Uint8Array(data.subarray(start, end))
  readName = decoder.decode(readNameBytes)
  return readName
}
