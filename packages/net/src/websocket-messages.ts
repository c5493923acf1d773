import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type WebSocket, WebSocketServer } from 'ws'
import { DEFAULT_HIGH_WATER_BYTES } from './limits.ts'

/** An open WebSocket that carries messages of their own, one by one. */
export interface MessageSocket {
  /** What the other end sends, text or binary; ends when it goes away. To be read once; what is not read is held up. */
  readonly messages: AsyncIterable<Uint8Array>
  /** Sends a text; resolves when another one may follow. What is sent after the end is dropped. */
  send(text: string): Promise<void>
  /** Ends it in order. */
  close(): void
  /** Aborted when it has ended, however. */
  readonly gone: AbortSignal
}

export interface WebSocketMessagesOptions {
  /** Chosen if the client offers it. */
  readonly subprotocol?: string
  /** Longer messages end the connection. */
  readonly maxMessageBytes: number
}

/** Takes over a request from `node:http`'s event `upgrade`. What is no WebSocket gets an HTTP error. */
export type UpgradeToMessages = (
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  accept: (socket: MessageSocket) => void,
) => void

/** Makes message sockets of WebSocket requests. Whether somebody may connect is for the caller to ask first. */
export function webSocketMessages(options: WebSocketMessagesOptions): UpgradeToMessages {
  const { subprotocol } = options
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: options.maxMessageBytes,
    handleProtocols: offered => (subprotocol !== undefined && offered.has(subprotocol) ? subprotocol : false),
  })
  return (request, socket, head, accept) => {
    server.handleUpgrade(request, socket, head, webSocket => accept(new Messages(webSocket)))
  }
}

class Messages implements MessageSocket {
  readonly #socket: WebSocket
  readonly #gone = new AbortController()
  readonly #inbox: Uint8Array[] = []
  #wakeReader: (() => void) | undefined
  #wakeWriters: (() => void)[] = []

  constructor(socket: WebSocket) {
    this.#socket = socket
    socket.binaryType = 'nodebuffer'
    socket.on('message', data => this.#arrived(data as Buffer))
    // `close` follows.
    socket.on('error', () => undefined)
    socket.on('close', () => this.#closed())
  }

  get gone(): AbortSignal {
    return this.#gone.signal
  }

  get messages(): AsyncIterable<Uint8Array> {
    return this.#read()
  }

  send(text: string): Promise<void> {
    if (this.#gone.signal.aborted) return Promise.resolve()
    this.#socket.send(text, () => {
      if (this.#socket.bufferedAmount <= DEFAULT_HIGH_WATER_BYTES / 2) this.#wakeAll()
    })
    if (this.#socket.bufferedAmount < DEFAULT_HIGH_WATER_BYTES) return Promise.resolve()
    return new Promise(resolve => this.#wakeWriters.push(resolve))
  }

  close(): void {
    this.#socket.close()
  }

  #arrived(data: Buffer): void {
    this.#inbox.push(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    this.#socket.pause()
    this.#wakeReader?.()
  }

  #closed(): void {
    this.#gone.abort()
    this.#wakeReader?.()
    this.#wakeAll()
  }

  #wakeAll(): void {
    for (const wake of this.#wakeWriters.splice(0)) wake()
  }

  async *#read(): AsyncGenerator<Uint8Array, void> {
    for (;;) {
      yield* this.#inbox.splice(0)
      if (this.#inbox.length > 0) continue
      if (this.#gone.signal.aborted) return
      this.#socket.resume()
      await new Promise<void>(resolve => {
        this.#wakeReader = resolve
      })
    }
  }
}
