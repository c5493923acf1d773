import { decodeMessage, encodeMessage, type Message, MessageType } from '@kvs/proto/raft'
import { RaftHttpError, reasonOf } from './errors.ts'
import { snapshotMessageBytesMax } from './limits.ts'

/**
 * The body of a snapshot request: the length of the message (eight bytes, most significant first), the message (a MsgSnap),
 * the snapshot. That is etcd's; our own formats end with the SHA-256 of everything before it.
 */
const lengthBytes = 8

/** SHA-256 as it is needed here; the driver has it. */
export interface RunningHash {
  update(bytes: Uint8Array): void
  digest(): Uint8Array
}
export type MakeHash = () => RunningHash

export const hashBytes = 32

export interface SnapshotContent {
  /** Length of all chunks together. */
  readonly sizeBytes: number
  readonly chunks: AsyncIterable<Uint8Array>
}

/** The head of a body: length and message. */
export function encodeSnapshotHead(message: Message): Uint8Array {
  const encoded = encodeMessage(message)
  const head = new Uint8Array(lengthBytes + encoded.length)
  new DataView(head.buffer).setBigUint64(0, BigInt(encoded.length))
  head.set(encoded, lengthBytes)
  return head
}

/**
 * All of a body, piece by piece as it is asked for; `progress` is called with every piece. Throws `SNAPSHOT_BROKEN` if the
 * content does not have the length that was announced.
 */
export async function* encodeSnapshotBody(
  head: Uint8Array,
  content: SnapshotContent,
  hash: RunningHash,
  progress: (sentBytes: number) => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  hash.update(head)
  progress(0)
  yield head
  let sent = 0
  for await (const chunk of content.chunks) {
    if (chunk.length === 0) continue
    sent += chunk.length
    if (sent > content.sizeBytes) break
    hash.update(chunk)
    progress(sent)
    yield chunk
  }
  if (sent !== content.sizeBytes) {
    const message = `snapshot: ${sent} bytes came, ${content.sizeBytes} were announced`
    throw new RaftHttpError('SNAPSHOT_BROKEN', message)
  }
  progress(sent)
  yield hash.digest()
}

/** A stream of bytes that is read in pieces of one's own choice. */
export class BodyReader {
  readonly #chunks: AsyncIterator<Uint8Array>
  #rest: Uint8Array = nothing

  constructor(body: AsyncIterable<Uint8Array>) {
    this.#chunks = body[Symbol.asyncIterator]()
  }

  /** What comes next, at most `most` bytes; undefined at the end. */
  async some(most: number): Promise<Uint8Array | undefined> {
    while (this.#rest.length === 0) {
      const next = await this.#chunks.next()
      if (next.done === true) return undefined
      this.#rest = next.value
    }
    const piece = this.#rest.subarray(0, most)
    this.#rest = this.#rest.subarray(piece.length)
    return piece
  }

  /** Exactly so many bytes, gathered; fewer at the end. */
  async gather(length: number): Promise<Uint8Array> {
    const parts: Uint8Array[] = []
    let gathered = 0
    while (gathered < length) {
      const piece = await this.some(length - gathered)
      if (piece === undefined) break
      parts.push(piece)
      gathered += piece.length
    }
    return joined(parts, gathered)
  }

  /** Nobody wants the rest. */
  async close(): Promise<void> {
    await this.#chunks.return?.()
  }
}

const nothing = new Uint8Array(0)

export function joined(parts: readonly Uint8Array[], length: number): Uint8Array {
  if (parts.length === 1) return parts[0] as Uint8Array
  const all = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

/** Reads the head of a body. Throws `BAD_REQUEST` with etcd's texts; `from` of the error's message may be unknown. */
export async function readSnapshotHead(body: BodyReader): Promise<{ message: Message; head: Uint8Array }> {
  const refuse = (reason: string, cause?: unknown): RaftHttpError =>
    new RaftHttpError('BAD_REQUEST', `failed to decode raft message (${reason})`, { status: 400, cause })
  const prefix = await body.gather(lengthBytes)
  if (prefix.length < lengthBytes) throw refuse(prefix.length === 0 ? 'EOF' : 'unexpected EOF')
  const length = new DataView(prefix.buffer, prefix.byteOffset).getBigUint64(0)
  if (length > BigInt(snapshotMessageBytesMax)) throw refuse('error:read limit exceeded')
  const encoded = await body.gather(Number(length))
  if (encoded.length < Number(length)) throw refuse('unexpected EOF')
  try {
    const message = decodeMessage(encoded.slice())
    return { message, head: joined([prefix, encoded], prefix.length + encoded.length) }
  } catch (cause) {
    throw refuse(reasonOf(cause), cause)
  }
}

/** Throws `BAD_REQUEST` unless the message brings a snapshot. */
export function checkSnapshotMessage(message: Message): void {
  if (message.type === MessageType.MsgSnap && message.snapshot !== undefined) return
  throw new RaftHttpError('BAD_REQUEST', 'wrong raft message type', { status: 400 })
}
