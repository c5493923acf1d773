import { assert } from '../assert.ts'
import { RaftHttpError } from '../errors.ts'
import { closeGraceMs } from '../limits.ts'
import type { TransportClock } from '../ports.ts'
import type { Link, LinkEvents } from '../wire.ts'
import type { Lane } from './lane.ts'

const controlBytes = 8

/** One end of a link in memory. What it sends travels on its own lane. */
export class MemoryLink implements Link {
  readonly remote: string
  readonly host: string
  readonly #clock: TransportClock
  readonly #out: Lane
  readonly #frameBytesMax: number
  #peer: MemoryLink | undefined
  #events: LinkEvents | undefined
  #early: Uint8Array[] = []
  #isClosing = false
  #isClosed = false
  #error: Error | undefined
  #grace: unknown
  /** Called once when the link is gone. */
  readonly #gone: () => void

  constructor(parts: {
    readonly host: string
    readonly remote: string
    readonly clock: TransportClock
    readonly out: Lane
    readonly frameBytesMax: number
    readonly gone: () => void
  }) {
    this.host = parts.host
    this.remote = parts.remote
    this.#clock = parts.clock
    this.#out = parts.out
    this.#frameBytesMax = parts.frameBytesMax
    this.#gone = parts.gone
  }

  static join(a: MemoryLink, b: MemoryLink): void {
    a.#peer = b
    b.#peer = a
  }

  get lane(): Lane {
    return this.#out
  }

  get queuedBytes(): number {
    return this.#isClosed ? 0 : this.#out.queuedBytes
  }

  start(events: LinkEvents): void {
    assert(this.#events === undefined, 'a link is started only once')
    this.#events = events
    this.#clock.defer(() => {
      if (this.#isClosed) events.close(this.#error)
      else for (const frame of this.#early.splice(0)) events.frame(frame)
    })
  }

  send(frame: Uint8Array): void {
    if (this.#isClosed || this.#isClosing) return
    // A copy: the two ends share nothing.
    const copy = frame.slice()
    const peer = this.#peer
    this.#out.pushFrame(
      copy,
      () => peer?.arrived(copy.slice()),
      () => {
        if (!this.#isClosed) this.#events?.sent()
      },
    )
  }

  ping(): void {
    if (this.#isClosed || this.#isClosing) return
    const peer = this.#peer
    this.#out.push(controlBytes, () => peer?.pinged())
  }

  close(): void {
    if (this.#isClosed || this.#isClosing) return
    this.#isClosing = true
    const peer = this.#peer
    this.#out.push(controlBytes, () => peer?.goodbye())
    this.#grace = this.#clock.setTimer(closeGraceMs, () => this.destroy())
  }

  destroy(error?: Error): void {
    if (this.#isClosed) return
    this.finish(error ?? new RaftHttpError('UNREACHABLE', 'connection lost'))
    const peer = this.#peer
    this.#out.clear()
    this.#out.push(controlBytes, () => peer?.finish(new RaftHttpError('UNREACHABLE', 'connection reset by peer')))
  }

  /** The process of this end is gone: nobody is called back, and its machine resets the connection. */
  crash(): void {
    this.#events = undefined
    this.destroy()
  }

  // What arrives from the other end

  arrived(frame: Uint8Array): void {
    if (this.#isClosed) return
    if (frame.length > this.#frameBytesMax) {
      const text = `a frame of ${frame.length} bytes, ${this.#frameBytesMax} are allowed`
      this.destroy(new RaftHttpError('TOO_LARGE', text))
      return
    }
    if (this.#events === undefined) {
      this.#early.push(frame)
      return
    }
    this.#events.alive()
    if (!this.#isClosed) this.#events.frame(frame)
  }

  pinged(): void {
    if (this.#isClosed) return
    this.#events?.alive()
    const peer = this.#peer
    this.#out.push(controlBytes, () => {
      if (peer !== undefined && !peer.#isClosed) peer.#events?.alive()
    })
  }

  goodbye(): void {
    if (this.#isClosed) return
    const peer = this.#peer
    if (!this.#isClosing) this.#out.push(controlBytes, () => peer?.finish(undefined))
    this.finish(undefined)
  }

  /** The link is gone; tells so, but never within a call of its user. */
  finish(error: Error | undefined): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#error = error
    if (this.#grace !== undefined) this.#clock.clearTimer(this.#grace)
    this.#gone()
    this.#clock.defer(() => this.#events?.close(error))
  }
}
