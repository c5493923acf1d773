import { RaftHttpError } from '../errors.ts'
import type { PeerEndpoint, PeerRequest, PeerResponse, WireCall, WireReply } from '../wire.ts'
import type { Lane } from './lane.ts'

export interface MemoryExchangeParts {
  readonly there: Lane
  readonly back: Lane
  readonly call: WireCall
  readonly request: PeerRequest
  /** Who listens when the request arrives. */
  readonly endpoint: () => PeerEndpoint | undefined
}

/** One request and its answer over a virtual network. The body goes piece by piece, as the other end reads it. */
export class MemoryExchange {
  readonly #parts: MemoryExchangeParts
  readonly #gone = new AbortController()
  #fail: (error: Error) => void = () => undefined
  /** Rejects everything that is on its way. */
  readonly #failed: Promise<never>

  constructor(parts: MemoryExchangeParts) {
    this.#parts = parts
    this.#failed = new Promise((_resolve, reject) => {
      this.#fail = reject
    })
    this.#failed.catch(() => undefined)
  }

  async run(): Promise<WireReply> {
    const { call } = this.#parts
    const aborted = (): void => this.#break(call.signal.reason)
    if (call.signal.aborted) throw call.signal.reason
    call.signal.addEventListener('abort', aborted)
    try {
      return await Promise.race([this.#failed, this.#answered()])
    } finally {
      call.signal.removeEventListener('abort', aborted)
      this.#gone.abort()
    }
  }

  /** The process of a host is gone, and with it this exchange, if it was part of it. */
  crashed(host: string): void {
    const { there } = this.#parts
    if (there.from !== host && there.to !== host) return
    this.#break(new RaftHttpError('UNREACHABLE', 'connection reset by peer'))
  }

  #break(error: Error): void {
    this.#fail(error)
    this.#gone.abort()
  }

  async #answered(): Promise<WireReply> {
    const { back, call, endpoint, request, there } = this.#parts
    await this.#travel(there, 0)
    const answering = endpoint()
    if (answering === undefined) {
      await this.#travel(back, 0)
      throw new RaftHttpError('UNREACHABLE', `dial ${call.url}: connection refused`)
    }
    const body = this.#body()
    const response = await answering.handle(request, body, this.#gone.signal)
    // What was not read of the body nobody sends any more.
    body.return(undefined).catch(() => undefined)
    await this.#travel(back, response.body.length)
    return this.#replyOf(response)
  }

  #replyOf(response: PeerResponse): WireReply {
    const { replyBytesMax } = this.#parts.call
    if (response.body.length > replyBytesMax) {
      throw new RaftHttpError('TOO_LARGE', `an answer has more than ${replyBytesMax} bytes`)
    }
    return {
      status: response.status,
      header: name => response.headers.find(([field]) => field.toLowerCase() === name)?.[1],
      body: response.body.slice(),
    }
  }

  /** The body as it arrives. */
  async *#body(): AsyncGenerator<Uint8Array, void, undefined> {
    const { body } = this.#parts.call
    if (body === undefined) return
    const pieces = body instanceof Uint8Array ? [body] : body
    try {
      for await (const piece of pieces) {
        await this.#travel(this.#parts.there, piece.length)
        yield piece.slice()
      }
    } catch (error) {
      // Either end may be the one that failed; to the one that sends it is the reason.
      this.#break(error instanceof Error ? error : new RaftHttpError('UNREACHABLE', 'the body failed'))
      throw new RaftHttpError('UNREACHABLE', 'connection reset by peer')
    }
  }

  #travel(lane: Lane, sizeBytes: number): Promise<void> {
    return Promise.race([this.#failed, new Promise<void>(resolve => lane.push(sizeBytes, resolve))])
  }
}
