import type { VirtualClock } from '@kvs/testing'

interface Events {
  data(chunk: Uint8Array): void
  drain(): void
  end(): void
  close(error: Error | undefined): void
}

/** A pipe whose other end is the fuzzer: what is written is kept, bytes are fed by hand. The shape of `@kvs/grpc`'s pipes. */
export class DirectPipe {
  readonly info = { remote: 'fuzzer' }
  readonly queuedBytes = 0
  readonly written: Uint8Array[] = []
  writtenBytes = 0
  ended = false
  destroyed = false
  #events: Events | undefined
  #paused: Uint8Array[] | undefined
  readonly #clock: VirtualClock

  constructor(clock: VirtualClock) {
    this.#clock = clock
  }

  start(events: Events): void {
    this.#events = events
  }

  write(bytes: Uint8Array): boolean {
    if (this.ended) throw new Error('write after end')
    this.written.push(bytes)
    this.writtenBytes += bytes.length
    return true
  }

  pause(): void {
    this.#paused ??= []
  }

  resume(): void {
    const held = this.#paused
    this.#paused = undefined
    for (const bytes of held ?? []) this.feed(bytes)
  }

  end(): void {
    this.ended = true
  }

  destroy(): void {
    if (this.destroyed) return
    this.destroyed = true
    this.#clock.defer(() => this.#events?.close(undefined))
  }

  /** Bytes arrive. */
  feed(bytes: Uint8Array): void {
    if (this.destroyed) return
    if (this.#paused !== undefined) this.#paused.push(bytes)
    else this.#events?.data(bytes)
  }

  /** The other end has ended. */
  finish(): void {
    if (!this.destroyed) this.#events?.end()
  }
}

/** Runs everything that is due; time does not move. */
export function settle(clock: VirtualClock): void {
  for (let steps = 0; clock.nextAt() !== undefined && (clock.nextAt() as number) <= clock.now(); steps++) {
    if (steps > 100_000) throw new Error('the machine does not come to rest')
    clock.step()
  }
}

/** Cuts bytes into chunks of the lengths that `seed` gives, 0 for one chunk. */
export function* chunked(bytes: Uint8Array, seed: number): Generator<Uint8Array, void> {
  if (seed === 0) {
    yield bytes.slice()
    return
  }
  let state = seed
  for (let at = 0; at < bytes.length; ) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    const length = 1 + ((state >>> 16) % (seed * 8))
    yield bytes.slice(at, at + length)
    at += length
  }
}
