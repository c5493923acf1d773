import { assert } from './assert.ts'
import { CloseHook, type ClosingPipe } from './close-hook.ts'
import { NetError } from './errors.ts'
import { DEFAULT_HIGH_WATER_BYTES } from './limits.ts'
import type { PipeEvents, PipeInfo } from './pipe.ts'

/** Something on its way through the memory network. */
export interface Delivery {
  readonly kind: 'connect' | 'data' | 'end' | 'reset'
  /** Printable addresses, as in `PipeInfo`. */
  readonly from: string
  readonly to: string
  readonly sizeBytes: number
}

/**
 * Says when a delivery arrives, by calling `deliver`; never calling it is a network that loses it for ever. Deliveries of
 * one direction of one pipe take effect in the order they were sent, however they are called.
 */
export type ScheduleDelivery = (delivery: Delivery, deliver: () => void) => void

/** Chance, as `SeededRandom` of `@kvs/testing` gives it. */
export interface Random {
  /** Uniform integer in [0, bound). */
  below(bound: number): number
  /** True with `probability` (0–1). */
  chance(probability: number): boolean
}

export interface MemoryPipeOptions {
  /** Default: `setImmediate`. */
  readonly schedule?: ScheduleDelivery
  /** Default 256 KiB; see `Pipe.write`. Bytes count until the other end has received them. */
  readonly highWaterBytes?: number
  /**
   * How writes become chunks. `as-written` (default): one for one. `bytes`: every byte alone. `random`: cut at random
   * places and glued together again; needs `random`.
   */
  readonly pieces?: 'as-written' | 'bytes' | 'random'
  readonly random?: Random
}

/** The options with their defaults. */
export interface MemoryPipeSettings {
  readonly schedule: ScheduleDelivery
  readonly highWaterBytes: number
  readonly pieces: 'as-written' | 'bytes' | 'random'
  readonly random: Random | undefined
}

/** Bytes on their way, or the end of them. */
interface Item {
  readonly bytes: Uint8Array | undefined
  arrived: boolean
}

/** First in, first out; taking costs the same however long it is. */
class ItemQueue {
  #items: Item[] = []
  #head = 0

  get first(): Item | undefined {
    return this.#items[this.#head]
  }

  push(item: Item): void {
    this.#items.push(item)
  }

  shift(): Item {
    const item = this.#items[this.#head++]
    assert(item !== undefined, 'the queue of a pipe is empty')
    if (this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head)
      this.#head = 0
    }
    return item
  }

  clear(): void {
    this.#items = []
    this.#head = 0
  }
}

/** One end of a pipe in memory. What it sends lies in its own queue until the other end takes it. */
export class MemoryPipe implements ClosingPipe {
  readonly info: PipeInfo
  readonly #settings: MemoryPipeSettings
  readonly #hook = new CloseHook()
  #peer: MemoryPipe | undefined
  #events: PipeEvents | undefined
  readonly #queue = new ItemQueue()
  #queuedBytes = 0
  #full = false
  #paused = false
  #ended = false
  /** The other end has taken our end; we have taken the other's. */
  #endTaken = false
  #remoteEnded = false
  #endTold = false
  /** Nothing but `close` may be called back any more; `close` follows in a microtask. */
  #dropped = false
  #closed = false
  #error: Error | undefined

  constructor(info: PipeInfo, settings: MemoryPipeSettings) {
    this.info = info
    this.#settings = settings
  }

  /** Joins the two ends of a new pipe. */
  static join(a: MemoryPipe, b: MemoryPipe): void {
    a.#peer = b
    b.#peer = a
  }

  get queuedBytes(): number {
    return this.#queuedBytes
  }

  start(events: PipeEvents): void {
    assert(this.#events === undefined, 'a pipe is started only once')
    this.#events = events
    if (this.#closed) queueMicrotask(() => events.close(this.#error))
    else this.#takeSoon()
  }

  write(bytes: Uint8Array): boolean {
    if (this.#ended) throw new NetError('CLOSED', `write to ${this.info.remote} after end`)
    if (this.#dropped) return false
    // A copy, as the kernel makes one: the two ends may do with their bytes what they like.
    const copy = bytes.slice()
    for (let at = 0; at < copy.length; ) {
      const length = this.#pieceBytes(copy.length - at)
      this.#send(copy.subarray(at, at + length))
      at += length
    }
    if (this.#queuedBytes < this.#settings.highWaterBytes) return !this.#full
    this.#full = true
    return false
  }

  #pieceBytes(available: number): number {
    const { pieces, random } = this.#settings
    if (pieces === 'as-written') return available
    if (pieces === 'bytes') return 1
    assert(random !== undefined, `pieces '${pieces}' need a random source`)
    // Whole, a single byte, or anything between: parsers break at all three.
    const kind = random.below(4)
    if (kind === 0) return available
    return kind === 1 ? 1 : 1 + random.below(available)
  }

  #send(bytes: Uint8Array | undefined): void {
    const item: Item = { bytes, arrived: false }
    this.#queue.push(item)
    const sizeBytes = bytes?.length ?? 0
    this.#queuedBytes += sizeBytes
    const { local: from, remote: to } = this.info
    const peer = this.#peer as MemoryPipe
    let calling = true
    this.#settings.schedule({ kind: bytes === undefined ? 'end' : 'data', from, to, sizeBytes }, () => {
      item.arrived = true
      // A scheduler may deliver at once, but no callback runs during a call of ours.
      if (calling) peer.#takeSoon()
      else peer.#take()
    })
    calling = false
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    this.#takeSoon()
  }

  end(): void {
    if (this.#ended || this.#dropped) return
    this.#ended = true
    this.#send(undefined)
  }

  destroy(error?: Error): void {
    if (this.#dropped) return
    this.#drop(error)
    const { local: from, remote: to } = this.info
    this.#settings.schedule({ kind: 'reset', from, to, sizeBytes: 0 }, () => this.#peer?.breakOff())
  }

  /** The network or the other end breaks the pipe. */
  breakOff(): void {
    this.#drop(new NetError('RESET', `pipe to ${this.info.remote}: connection reset`))
  }

  whenClosed(callback: () => void): void {
    this.#hook.add(callback)
  }

  #takeSoon(): void {
    queueMicrotask(() => this.#take())
  }

  /** Hands on what has arrived from the other end. Runs from the scheduler or a microtask, never in a call of ours. */
  #take(): void {
    const peer = this.#peer as MemoryPipe
    const queue = peer.#queue
    while (queue.first?.arrived === true && this.#events !== undefined && !this.#dropped && !this.#paused) {
      const { bytes } = queue.shift()
      if (bytes === undefined) {
        this.#takeEnd(this.#events, peer)
        return
      }
      const chunk = this.#glue(bytes, queue)
      peer.#queuedBytes -= chunk.length
      this.#events.data(chunk)
    }
    peer.#drainIfLow()
  }

  /** Bytes of several writes may come as one chunk. */
  #glue(first: Uint8Array, queue: ItemQueue): Uint8Array {
    const { pieces, random } = this.#settings
    if (pieces !== 'random' || random === undefined) return first
    const parts = [first]
    for (let next = queue.first; next?.arrived === true && next.bytes !== undefined; next = queue.first) {
      if (random.chance(0.5)) break
      parts.push(next.bytes)
      queue.shift()
    }
    if (parts.length === 1) return first
    const glued = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
    let at = 0
    for (const part of parts) {
      glued.set(part, at)
      at += part.length
    }
    return glued
  }

  #takeEnd(events: PipeEvents, peer: MemoryPipe): void {
    this.#remoteEnded = true
    peer.#endTaken = true
    events.end()
    this.#endTold = true
    this.#closeIfDone()
    peer.#closeIfDone()
  }

  #drainIfLow(): void {
    if (!this.#full || this.#dropped || this.#ended || this.#queuedBytes > this.#settings.highWaterBytes / 2) return
    this.#full = false
    this.#events?.drain()
  }

  #closeIfDone(): void {
    if (this.#endTaken && this.#remoteEnded && this.#endTold) this.#drop(undefined)
  }

  #drop(error: Error | undefined): void {
    if (this.#dropped) return
    this.#dropped = true
    this.#error = error
    this.#queue.clear()
    this.#queuedBytes = 0
    queueMicrotask(() => {
      this.#closed = true
      this.#hook.run()
      this.#events?.close(this.#error)
    })
  }
}

/** Fills in the defaults. */
export function pipeSettings(options: MemoryPipeOptions): MemoryPipeSettings {
  const pieces = options.pieces ?? 'as-written'
  if (pieces === 'random') assert(options.random !== undefined, "pieces 'random' need a random source")
  return {
    schedule: options.schedule ?? ((_delivery, deliver) => setImmediate(deliver)),
    highWaterBytes: options.highWaterBytes ?? DEFAULT_HIGH_WATER_BYTES,
    pieces,
    random: options.random,
  }
}

/** Two ends of one pipe in memory. */
export function memoryPipePair(options: MemoryPipeOptions = {}): [MemoryPipe, MemoryPipe] {
  return makePair(pipeSettings(options), { a: 'memory:a', b: 'memory:b' })
}

/** A pair with these printable addresses. */
export function makePair(
  settings: MemoryPipeSettings,
  names: { readonly a: string; readonly b: string },
): [MemoryPipe, MemoryPipe] {
  const a = new MemoryPipe({ kind: 'memory', local: names.a, remote: names.b }, settings)
  const b = new MemoryPipe({ kind: 'memory', local: names.b, remote: names.a }, settings)
  MemoryPipe.join(a, b)
  return [a, b]
}
