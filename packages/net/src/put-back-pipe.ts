import { assert } from './assert.ts'
import { type ClosingPipe, watchClose } from './close-hook.ts'
import type { Pipe, PipeEvents, PipeInfo } from './pipe.ts'

/** A started pipe that looks as if it were not: what came so far is kept and told again after `start`. */
export class PutBackPipe implements ClosingPipe {
  readonly #pipe: Pipe
  readonly #watched: Pipe
  readonly #closeCallbacks: (() => void)[] = []
  #judge: ((prefix: Uint8Array) => boolean) | undefined
  #lost: ((error: Error | undefined) => void) | undefined
  #events: PipeEvents | undefined
  /** The kept bytes have been told: events go straight on. */
  #open = false
  #seen: Uint8Array = new Uint8Array(0)
  #paused = false
  #ended = false
  #dropped = false
  #closed = false
  #error: Error | undefined

  constructor(pipe: Pipe) {
    this.#pipe = pipe
    this.#watched = watchClose(pipe, () => {
      for (const callback of this.#closeCallbacks.splice(0)) callback()
    })
  }

  get info(): PipeInfo {
    return this.#pipe.info
  }

  get queuedBytes(): number {
    return this.#pipe.queuedBytes
  }

  get forgetsSent(): boolean {
    return this.#pipe.forgetsSent === true
  }

  look(judge: (prefix: Uint8Array) => boolean, lost: (error: Error | undefined) => void): void {
    this.#judge = judge
    this.#lost = lost
    this.#watched.start({
      data: chunk => {
        if (this.#open) this.#events?.data(chunk)
        else this.#keep(chunk)
      },
      drain: () => this.#events?.drain(),
      end: () => {
        this.#ended = true
        if (this.#open) this.#events?.end()
        else this.#lose(undefined)
      },
      close: error => {
        this.#closed = true
        this.#error = error
        if (this.#open) this.#events?.close(error)
        else if (this.#events !== undefined) this.#tellSoon(this.#events)
        else this.#lose(error)
      },
    })
  }

  #keep(chunk: Uint8Array): void {
    this.#seen = this.#seen.length === 0 ? chunk : concat(this.#seen, chunk)
    const judge = this.#judge
    if (judge?.(this.#seen) !== true) return
    this.#judge = undefined
    this.#lost = undefined
    this.#pipe.pause()
  }

  #lose(error: Error | undefined): void {
    const lost = this.#lost
    this.#judge = undefined
    this.#lost = undefined
    lost?.(error)
  }

  start(events: PipeEvents): void {
    assert(this.#events === undefined, 'a pipe is started only once')
    this.#events = events
    this.#tellSoon(events)
  }

  #tellSoon(events: PipeEvents): void {
    queueMicrotask(() => this.#tellPast(events))
  }

  /** Tells what came before `start`; waits for `resume` if the user paused at once. */
  #tellPast(events: PipeEvents): void {
    if (this.#open || (this.#paused && !this.#closed)) return
    this.#open = true
    const seen = this.#seen
    this.#seen = new Uint8Array(0)
    if (!this.#dropped && this.#error === undefined && seen.length > 0) events.data(seen)
    if (!this.#dropped && this.#error === undefined && this.#ended) events.end()
    if (this.#closed) events.close(this.#error)
    else if (!this.#paused) this.#pipe.resume()
  }

  write(bytes: Uint8Array): boolean {
    return this.#pipe.write(bytes)
  }

  pause(): void {
    this.#paused = true
    if (this.#open) this.#pipe.pause()
  }

  resume(): void {
    this.#paused = false
    if (this.#open) this.#pipe.resume()
    else if (this.#events !== undefined) this.#tellSoon(this.#events)
  }

  end(): void {
    this.#pipe.end()
  }

  destroy(error?: Error): void {
    this.#dropped = true
    this.#pipe.destroy(error)
  }

  whenClosed(callback: () => void): void {
    if (this.#closed) callback()
    else this.#closeCallbacks.push(callback)
  }
}

export function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  const both = new Uint8Array(a.length + b.length)
  both.set(a)
  both.set(b, a.length)
  return both
}
