import { type MethodHandler, StatusCode, type StreamCall, type StreamEvents } from '@kvs/grpc'
import { Election, encodeLeaderResponse, type LeaderRequest } from '@kvs/proto/election'
import type { KeyValue } from '@kvs/proto/mvcc'
import type { ResponseHeader } from '@kvs/proto/rpc'
import { failMalformed } from '../edge/answer.ts'
import type { LocalCalls } from '../in-process/local-calls.ts'
import { deletion, endOf, InnerClient, prefixOf } from './inner-client.ts'

/** `Election.Observe`: whoever holds the office, and what they proclaim, for as long as the client listens. */
export function observeMethod(calls: LocalCalls): [string, MethodHandler] {
  return [Election.observe.path, { kind: 'stream', open: call => new Observer(call, calls) }]
}

/** A leader as it is told to the client. */
interface Seen {
  readonly header: ResponseHeader | undefined
  readonly kv: KeyValue
}

class Observer implements StreamEvents {
  readonly #call: StreamCall
  readonly #calls: LocalCalls
  readonly #gone = new AbortController()
  #isAsked = false
  #drained: (() => void) | undefined

  constructor(call: StreamCall, calls: LocalCalls) {
    this.#call = call
    this.#calls = calls
  }

  message(body: Uint8Array, start: number, end: number): void {
    if (this.#isAsked) return
    this.#isAsked = true
    let request: LeaderRequest
    try {
      request = Election.observe.decodeRequest(body.slice(start, end))
    } catch (error) {
      return failMalformed(this.#call, error)
    }
    this.#observe(prefixOf(request.name)).catch(() => {
      this.#call.fail(StatusCode.UNKNOWN, 'election: observe closed early')
    })
  }

  halfClose(): void {}

  drain(): void {
    this.#drained?.()
  }

  cancel(_code: StatusCode): void {
    this.#gone.abort()
    this.#drained?.()
  }

  /** From one leader to the next. */
  async #observe(prefix: Uint8Array): Promise<void> {
    const { metadata, peer } = this.#call
    const client = new InnerClient(this.#calls, { metadata, remote: peer.remote, signal: this.#gone.signal })
    while (!this.#call.ended) {
      const { header, kv } = await client.oldest(prefix)
      const first = kv === undefined ? await nextPut(client, prefix, header?.revision ?? 0) : { header, kv }
      await this.#send(first)
      await this.#follow(client, first)
    }
  }

  /** What this leader proclaims, until its key is gone. */
  async #follow(client: InnerClient, { header, kv }: Seen): Promise<void> {
    for await (const seen of client.events({ key: kv.key, startRevision: (header?.revision ?? 0) + 1 })) {
      for (const event of seen.events) {
        if (event.type === deletion) return
        if (event.kv !== undefined) await this.#send(atItsRevision(seen.header, event.kv))
      }
    }
  }

  async #send({ header, kv }: Seen): Promise<void> {
    const bytes = encodeLeaderResponse({ header, kv })
    if (this.#call.send(bytes, 0, bytes.length) || this.#call.ended) return
    await new Promise<void>(resolve => {
      this.#drained = resolve
    })
  }
}

/** The first key that is put below a prefix from this revision on. */
async function nextPut(client: InnerClient, prefix: Uint8Array, startRevision: number): Promise<Seen> {
  for await (const { header, events } of client.events({ key: prefix, rangeEnd: endOf(prefix), startRevision })) {
    const put = events.find(event => event.type !== deletion)
    if (put?.kv !== undefined) return atItsRevision(header, put.kv)
  }
  throw new Error('nothing was put')
}

/** Several revisions may come together: the header is that of the pair. */
function atItsRevision(header: ResponseHeader | undefined, kv: KeyValue): Seen {
  return { header: header === undefined ? undefined : { ...header, revision: kv.modRevision }, kv }
}
