import { createHash } from 'node:crypto'
import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocket } from 'ws'
import { RaftHttpError, reasonOf } from '../errors.ts'
import { refusalBytesMax } from '../limits.ts'
import type { RunningHash } from '../snapshot-body.ts'
import type { HeaderFields, Link, LinkCall, LinkReply, Wire, WireCall, WireReply } from '../wire.ts'
import { type DialPeer, openStream, PipeAgent, type PipeRequestArgs } from './pipe-agent.ts'
import { WsLink } from './ws-link.ts'

/** The way out over real connections: `ws` for links, node:http for requests, both on pipes that `dial` opens. */
export function nodeWire(options: { readonly dial: DialPeer }): Wire {
  return new NodeWire(options.dial)
}

/** SHA-256 by Node, for `makeHash` of the transport. */
export function sha256(): RunningHash {
  const hash = createHash('sha256')
  return { update: bytes => void hash.update(bytes), digest: () => new Uint8Array(hash.digest()) }
}

class NodeWire implements Wire {
  readonly #dial: DialPeer
  readonly #agent: PipeAgent

  constructor(dial: DialPeer) {
    this.#dial = dial
    this.#agent = new PipeAgent(dial)
  }

  async openLink(call: LinkCall): Promise<LinkReply> {
    const stream = await openStream(this.#dial, call.url, call.signal)
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(`ws://${authorityOf(call.url)}${call.path}`, [call.protocol], {
        createConnection: () => stream as never,
        headers: Object.fromEntries(call.headers),
        maxPayload: call.frameBytesMax,
        perMessageDeflate: false,
        followRedirects: false,
      })
      new Upgrade(socket, stream, call, { resolve, reject })
    })
  }

  request(call: WireCall): Promise<WireReply> {
    return this.#request(call, call.isRepeatable === true)
  }

  close(): void {
    this.#agent.destroy()
  }

  #request(call: WireCall, mayRepeat: boolean): Promise<WireReply> {
    return new Promise((resolve, reject) => {
      if (call.signal.aborted) throw call.signal.reason
      const args: PipeRequestArgs = {
        agent: this.#agent,
        method: call.method,
        path: call.path,
        headers: headersOf(call),
        peerUrl: call.url,
        dialSignal: call.signal,
      }
      const sent = request(args)
      new Exchange(sent, call, {
        resolve,
        reject: error => {
          // A kept connection may have been closed by the other end just when it was taken up again.
          const isStale = sent.reusedSocket && isConnectionLoss(error)
          if (isStale && mayRepeat && !call.signal.aborted) this.#request(call, false).then(resolve, reject)
          else reject(error)
        },
      }).run()
    })
  }
}

function headersOf(call: WireCall): Record<string, string> {
  const length = call.body instanceof Uint8Array ? { 'Content-Length': String(call.body.length) } : {}
  return { Host: authorityOf(call.url), ...Object.fromEntries(call.headers), ...length }
}

/** What stands in the Host field: host and port, or a name for a socket file, which has none. */
function authorityOf(url: string): string {
  const match = /^https?:\/\/([^/?#]+)/.exec(url)
  return match?.[1] ?? 'localhost'
}

function isConnectionLoss(error: Error): boolean {
  const cause = error.cause
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  return code === 'ECONNRESET' || code === 'EPIPE' || code === 'RESET'
}

interface Outcome<T> {
  resolve(value: T): void
  reject(error: Error): void
}

function headerOf(response: IncomingMessage | undefined): (name: string) => string | undefined {
  return name => {
    const value = response?.headers[name]
    return Array.isArray(value) ? value[0] : value
  }
}

function unreachable(cause: unknown): RaftHttpError {
  return cause instanceof RaftHttpError ? cause : new RaftHttpError('UNREACHABLE', reasonOf(cause), { cause })
}

/** The handshake of one WebSocket. */
class Upgrade {
  readonly #outcome: Outcome<LinkReply>
  readonly #call: LinkCall
  readonly #socket: WebSocket
  #response: IncomingMessage | undefined
  #isOver = false

  constructor(socket: WebSocket, stream: Duplex, call: LinkCall, outcome: Outcome<LinkReply>) {
    this.#socket = socket
    this.#call = call
    this.#outcome = outcome
    call.signal.addEventListener('abort', this.#aborted)
    socket.on('upgrade', response => {
      this.#response = response
    })
    socket.on('open', () => {
      const link: Link = new WsLink(socket, stream, call.url)
      this.#settle({ status: 101, header: headerOf(this.#response), text: '', link })
    })
    socket.on('unexpected-response', (sent, response) => {
      this.#response = response
      // A member of Go's etcd ignores the upgrade and begins a body without an end.
      if (response.statusCode === 200) {
        this.#settle({ status: 200, header: headerOf(response), text: '', link: undefined })
        sent.destroy()
        return
      }
      readReply(response, refusalBytesMax)
        .then(
          body => {
            const text = new TextDecoder().decode(body)
            this.#settle({ status: response.statusCode ?? 0, header: headerOf(response), text, link: undefined })
          },
          (error: unknown) => this.#fail(unreachable(error)),
        )
        .finally(() => sent.destroy())
    })
    socket.on('error', error => this.#fail(unreachable(error)))
  }

  readonly #aborted = (): void => {
    if (this.#isOver) return
    this.#fail(this.#call.signal.reason)
    this.#socket.terminate()
  }

  #settle(reply: LinkReply): void {
    if (this.#isOver) return
    this.#end()
    this.#outcome.resolve(reply)
  }

  #fail(error: Error): void {
    if (this.#isOver) return
    this.#end()
    this.#outcome.reject(error)
  }

  #end(): void {
    this.#isOver = true
    this.#call.signal.removeEventListener('abort', this.#aborted)
  }
}

/** One HTTP request and its answer. */
class Exchange {
  readonly #request: ClientRequest
  readonly #call: WireCall
  readonly #outcome: Outcome<WireReply>
  #isAnswered = false
  #isOver = false
  /** Wakes up who waits for room in the connection. */
  #goOn: () => void = () => undefined

  constructor(sent: ClientRequest, call: WireCall, outcome: Outcome<WireReply>) {
    this.#request = sent
    this.#call = call
    this.#outcome = outcome
  }

  run(): void {
    const { signal } = this.#call
    signal.addEventListener('abort', this.#aborted)
    this.#request.on('response', response => this.#answered(response))
    this.#request.on('error', error => this.#end(() => this.#outcome.reject(unreachable(error))))
    this.#request.on('close', () => {
      const lost = new RaftHttpError('UNREACHABLE', 'the connection was closed before the answer came')
      if (!this.#isAnswered) this.#end(() => this.#outcome.reject(lost))
      this.#goOn()
    })
    this.#sendBody().catch((error: unknown) => {
      this.#end(() => this.#outcome.reject(unreachable(error)))
      this.#request.destroy()
    })
  }

  readonly #aborted = (): void => {
    this.#end(() => this.#outcome.reject(this.#call.signal.reason))
    this.#request.destroy()
  }

  async #sendBody(): Promise<void> {
    const { body } = this.#call
    if (body === undefined || body instanceof Uint8Array) {
      this.#request.end(body)
      return
    }
    for await (const piece of body) {
      // An answer that comes before the end of the body is the last word.
      if (this.#isAnswered || this.#isOver) return
      if (!this.#request.write(piece)) await this.#drained()
      if (this.#isAnswered || this.#isOver) return
    }
    this.#request.end()
  }

  #drained(): Promise<void> {
    return new Promise(resolve => {
      this.#goOn = resolve
      this.#request.once('drain', resolve)
    })
  }

  #answered(response: IncomingMessage): void {
    this.#isAnswered = true
    this.#goOn()
    readReply(response, this.#call.replyBytesMax).then(
      body => {
        this.#end(() => this.#outcome.resolve({ status: response.statusCode ?? 0, header: headerOf(response), body }))
        // Half a body stands between this answer and the next request.
        if (!this.#request.writableEnded) this.#request.destroy()
      },
      (error: unknown) => {
        this.#end(() => this.#outcome.reject(unreachable(error)))
        this.#request.destroy()
      },
    )
  }

  #end(tell: () => void): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#goOn()
    this.#call.signal.removeEventListener('abort', this.#aborted)
    tell()
  }
}

/** All of an answer's body. Throws `TOO_LARGE`, and what the connection throws. */
async function readReply(response: IncomingMessage, bytesMax: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let length = 0
  for await (const chunk of response) {
    const bytes = chunk as Uint8Array
    length += bytes.length
    if (length > bytesMax) throw new RaftHttpError('TOO_LARGE', `an answer has more than ${bytesMax} bytes`)
    parts.push(bytes)
  }
  return new Uint8Array(Buffer.concat(parts, length))
}

/** Keeps the order and spelling of header fields for `writeHead`. */
export function flatHeaders(fields: HeaderFields): string[] {
  return fields.flat()
}
