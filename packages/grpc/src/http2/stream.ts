import type { ByteQueue } from './byte-queue.ts'
import type { HeaderPair } from './header-field.ts'
import type { PreparedBlock } from './hpack-encoder.ts'

/** A header block to send: pairs, or a block whose bytes are likely known already. */
export type SendBlock = readonly HeaderPair[] | PreparedBlock

/** One stream. The connection owns the fields; its owner may use `context` and read the rest. */
export class Http2Stream {
  readonly id: number
  /** Place for the owner's call. */
  context: unknown = undefined

  /** Bytes the peer may still send. */
  receiveWindow: number
  /** Bytes taken and not yet given back by WINDOW_UPDATE. */
  unreturned = 0
  /** While true, what arrives is not given back: the peer stops when its window is used up. */
  paused = false
  /** Bytes that arrived while paused. */
  withheld = 0
  /** Bytes of DATA that arrived, and what content-length promised (-1: nothing). */
  received = 0
  promised = -1
  /** The first header block has arrived (for a client: the final one). */
  opened = false
  /** END_STREAM has arrived. */
  remoteClosed = false

  /** Bytes we may still send; negative after a SETTINGS that shrank windows. */
  sendWindow: number
  /** END_STREAM was sent. */
  localClosed = false
  /** END_STREAM follows what is queued. */
  ending = false
  /** To be sent behind the queue, with END_STREAM. */
  trailers: SendBlock | undefined = undefined
  queue: ByteQueue | undefined = undefined
  /** It waits in the ring of streams that have something to send. */
  inRing = false
  /** The owner wants to hear of a drained queue. */
  wantsDrain = false

  /** Over, however it ended. */
  closed = false

  constructor(id: number, receiveWindow: number, sendWindow: number) {
    this.id = id
    this.receiveWindow = receiveWindow
    this.sendWindow = sendWindow
  }

  /** Bytes of DATA that wait for flow control or for the pipe. */
  get queuedBytes(): number {
    return this.queue === undefined ? 0 : this.queue.length
  }
}
