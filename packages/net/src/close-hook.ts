import type { Pipe, PipeEvents } from './pipe.ts'

/** Pipes of this package tell others than their user that they are gone, started or not. */
export interface ClosingPipe extends Pipe {
  /** Calls back once when the pipe is gone; at once if it is. */
  whenClosed(callback: () => void): void
}

function isClosingPipe(pipe: Pipe): pipe is ClosingPipe {
  return 'whenClosed' in pipe && typeof pipe.whenClosed === 'function'
}

/** The callbacks that wait for one pipe to be gone. */
export class CloseHook {
  #callbacks: (() => void)[] | undefined = []

  add(callback: () => void): void {
    if (this.#callbacks === undefined) callback()
    else this.#callbacks.push(callback)
  }

  run(): void {
    const callbacks = this.#callbacks ?? []
    this.#callbacks = undefined
    for (const callback of callbacks) callback()
  }
}

/** `pipe` with a callback when it is gone. A pipe of another maker is watched through its events. */
export function watchClose(pipe: Pipe, callback: () => void): Pipe {
  if (!isClosingPipe(pipe)) return new WatchedPipe(pipe, callback)
  pipe.whenClosed(callback)
  return pipe
}

export class WatchedPipe implements Pipe {
  readonly #pipe: Pipe
  readonly #callback: () => void
  #started = false

  constructor(pipe: Pipe, callback: () => void) {
    this.#pipe = pipe
    this.#callback = callback
  }

  get info(): Pipe['info'] {
    return this.#pipe.info
  }

  get queuedBytes(): number {
    return this.#pipe.queuedBytes
  }

  start(events: PipeEvents): void {
    this.#started = true
    this.#pipe.start({
      data: chunk => events.data(chunk),
      drain: () => events.drain(),
      end: () => events.end(),
      close: error => {
        this.#callback()
        events.close(error)
      },
    })
  }

  write(bytes: Uint8Array): boolean {
    return this.#pipe.write(bytes)
  }

  pause(): void {
    this.#pipe.pause()
  }

  resume(): void {
    this.#pipe.resume()
  }

  end(): void {
    this.#pipe.end()
  }

  /** A pipe that was never started tells nobody that it closed. */
  destroy(error?: Error): void {
    this.#pipe.destroy(error)
    if (this.#started) return
    this.#started = true
    this.#callback()
  }
}
