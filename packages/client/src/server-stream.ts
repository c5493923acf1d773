import type { Method } from '@kvs/proto'
import type { Caller, RequestOptions } from './calls.ts'
import { KvsError, statusError } from './errors.ts'
import type { CallOutcome, StreamHandle, StreamReceiver } from './ports.ts'
import { Queue } from './queue.ts'

/** Messages that wait for the loop before the server is asked to pause. */
const waitingMax = 4

/** A call with one request and many answers, read no faster than the loop takes them. Not repeated after a loss. */
export async function* serverStream<Request, RequestInit, Response, ResponseInit>(
  caller: Caller,
  method: Method<Request, RequestInit, Response, ResponseInit>,
  request: RequestInit,
  options: RequestOptions = {},
): AsyncGenerator<Response, void, undefined> {
  options.signal?.throwIfAborted()
  const { connection, metadata } = await caller.prepare(options)
  const incoming = new IncomingStream(method.decodeResponse, connection.endpoint.text)
  const handle = connection.channel.stream({ path: method.path, metadata }, incoming)
  const abort = (): void => incoming.fail(new KvsError('CANCELLED', 'the call was aborted'))
  options.signal?.addEventListener('abort', abort)
  try {
    incoming.handle = handle
    handle.send(method.encodeRequest(request))
    handle.halfClose()
    yield* incoming.queue
  } finally {
    options.signal?.removeEventListener('abort', abort)
    handle.cancel()
  }
}

class IncomingStream<Response> implements StreamReceiver {
  readonly queue: Queue<Response> = new Queue({ onTaken: () => this.#taken() })
  handle: StreamHandle | undefined
  readonly #decode: (bytes: Uint8Array) => Response
  readonly #endpoint: string
  #paused = false

  constructor(decode: (bytes: Uint8Array) => Response, endpoint: string) {
    this.#decode = decode
    this.#endpoint = endpoint
  }

  message(bytes: Uint8Array): void {
    try {
      this.queue.push(this.#decode(bytes))
    } catch (cause) {
      this.fail(new KvsError('INTERNAL', 'a message of the stream cannot be read', { cause }))
      return
    }
    if (this.queue.length <= waitingMax || this.#paused) return
    this.#paused = true
    this.handle?.pause()
  }

  drain(): void {
    // One request is sent, and it is never held back.
  }

  end(outcome: CallOutcome): void {
    this.queue.end(
      outcome.code === 0 ? undefined : statusError(outcome.code, outcome.message, { endpoint: this.#endpoint }),
    )
  }

  fail(error: KvsError): void {
    this.handle?.cancel()
    this.queue.end(error)
  }

  #taken(): void {
    if (!this.#paused || this.queue.length > 0) return
    this.#paused = false
    this.handle?.resume()
  }
}
