/**
 * A byte pipe: an ordered, reliable stream of bytes in both directions, whatever carries it (TCP, TLS, a unix socket,
 * a WebSocket, memory). Machines such as `@kvs/grpc` sit on a pipe and never see a socket.
 *
 * A pipe calls back, it does not emit: one set of callbacks, given once, so that the hot path costs one call per chunk.
 * No callback runs before `start`, none during a call of a pipe's own method, and none after `close`.
 */

/** Who is at the ends. `remote` and `local` are printable addresses such as `127.0.0.1:2379` or `unix:/run/kvs.sock`. */
export interface PipeInfo {
  readonly kind: 'memory' | 'tcp' | 'tls' | 'unix' | 'websocket'
  readonly remote: string
  readonly local: string
  /** Set on encrypted pipes. */
  readonly tls?: PipeTlsInfo
}

export interface PipeTlsInfo {
  /** Protocol agreed by ALPN (`h2`, `http/1.1`), if any. */
  readonly alpn: string | undefined
  /** Subject common name of the verified peer certificate, if one was asked for and given. */
  readonly peerCommonName: string | undefined
}

export interface PipeEvents {
  /** Bytes from the other end. The chunk belongs to the receiver from now on. */
  data(chunk: Uint8Array): void
  /** The buffer of outgoing bytes fell below the low-water mark after `write` had returned false. */
  drain(): void
  /** The other end will send no more. Writing may go on. */
  end(): void
  /** The pipe is gone; the last callback. `error` is undefined after an orderly close. */
  close(error: Error | undefined): void
}

export interface Pipe {
  readonly info: PipeInfo
  /** Sets the callbacks and begins to deliver. Bytes that arrived earlier come first. Called once. */
  start(events: PipeEvents): void
  /**
   * Queues bytes; the pipe owns them from now on, the caller must not change them. Returns false when more than the
   * high-water mark is queued: the caller should wait for `drain`, but nothing is lost if it goes on.
   */
  write(bytes: Uint8Array): boolean
  /** Bytes queued and not yet taken by the system. */
  readonly queuedBytes: number
  /**
   * True: while `queuedBytes` is 0, nobody looks at bytes that were written any more, and whoever wrote them may change
   * them. Pipes that hand the very bytes on to others are silent about it.
   */
  readonly forgetsSent?: boolean
  /** Stops and restarts delivery of `data` (back-pressure towards the other end). */
  pause(): void
  resume(): void
  /** Sends what is queued, then tells the other end that no more will come. */
  end(): void
  /** Drops the pipe at once; `close` follows with `error`. Idempotent. */
  destroy(error?: Error): void
}

/** Where to listen or to dial. `port` 0 lets the system choose. */
export type PipeAddress =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'memory'; readonly name: string }

export interface Listener {
  /** Where it really listens (with the port the system chose). */
  readonly address: PipeAddress
  /** Stops accepting; pipes that are open live on. Removes a unix socket's file. Idempotent. */
  close(): Promise<void>
}

/** Accepts pipes. Rejects with `NetError` (`ADDRESS_IN_USE`, `PERMISSION`, …). */
export type Listen = (address: PipeAddress, accept: (pipe: Pipe) => void) => Promise<Listener>

/** Opens a pipe. Rejects with `NetError` (`REFUSED`, `TIMEOUT`, `ABORTED`, …). */
export type Dial = (address: PipeAddress, options?: { readonly signal?: AbortSignal }) => Promise<Pipe>
