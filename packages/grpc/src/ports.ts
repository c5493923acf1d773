/**
 * What the engine needs from outside. The shapes match the pipes of `@kvs/net` and the clock of the member; this package
 * imports neither.
 */

/** An ordered, reliable stream of bytes in both directions. */
export interface Pipe {
  readonly info: PipeInfo
  /** Sets the callbacks and begins to deliver. Called once. No callback may run during a call of the pipe's methods. */
  start(events: PipeEvents): void
  /** Queues bytes, which the pipe owns from now on. False: wait for `drain` before sending much more. */
  write(bytes: Uint8Array): boolean
  /** Bytes queued and not yet taken by the system. */
  readonly queuedBytes: number
  /** True: while `queuedBytes` is 0, nobody looks at bytes that were written any more, and they may be changed. */
  readonly forgetsSent?: boolean
  pause(): void
  resume(): void
  /** Sends what is queued, then tells the other end that no more will come. */
  end(): void
  /** Drops the pipe at once; `close` follows. Idempotent. */
  destroy(error?: Error): void
}

export interface PipeInfo {
  readonly remote: string
  readonly tls?: { readonly peerCommonName: string | undefined }
}

export interface PipeEvents {
  /** The chunk belongs to the receiver from now on. */
  data(chunk: Uint8Array): void
  drain(): void
  end(): void
  close(error: Error | undefined): void
}

export interface Clock {
  /** Monotonic milliseconds, from any origin. */
  now(): number
  setTimer(delayMs: number, callback: () => void): unknown
  clearTimer(timer: unknown): void
  /** Calls back once the inputs that are waiting now have been taken. */
  defer(callback: () => void): void
}
