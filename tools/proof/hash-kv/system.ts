/** One of the two systems, over gRPC. */
import { createGrpcChannel, type GrpcChannel, GrpcError } from '@kvs/grpc'
import { nodeNet } from '@kvs/net'
import { encodeEvent } from '@kvs/proto/mvcc'
import {
  decodeResponseHeader,
  type HashKVResponse,
  KV,
  Lease,
  Maintenance,
  Watch,
  type WatchCreateRequestInit,
} from '@kvs/proto/rpc'
import type { Operation } from './history.ts'

const clock = {
  now: () => performance.now(),
  setTimer: (delayMs: number, callback: () => void) => setTimeout(callback, delayMs),
  clearTimer: (timer: unknown) => clearTimeout(timer as NodeJS.Timeout),
  defer: (callback: () => void) => {
    setImmediate(callback)
  },
}

/** A watcher that has not been told everything by then has missed something. */
const watchMsMax = 20_000

/** An answer, or a refusal, in the form in which two are compared. */
export interface Answer {
  /** Of the header; 0 if there is none. */
  readonly revision: number
  /** What stands behind the header, as bytes; of a refusal its code and text. */
  readonly content: string
  readonly refused: boolean
}

export class System {
  readonly #channel: GrpcChannel

  private constructor(channel: GrpcChannel) {
    this.#channel = channel
  }

  /** Connects to a server of this machine. */
  static async connect(port: number): Promise<System> {
    const address = { kind: 'tcp', host: '127.0.0.1', port } as const
    const channel = createGrpcChannel({ clock, dial: () => nodeNet().dial(address), authority: `127.0.0.1:${port}` })
    await channel.connect()
    return new System(channel)
  }

  async ask({ path, request }: Pick<Operation, 'path' | 'request'>): Promise<Answer> {
    try {
      const { message } = await this.#channel.call(path, request)
      const { revision, bytes } = behindHeader(message)
      return { revision, content: Buffer.from(bytes).toString('latin1'), refused: false }
    } catch (error) {
      if (!(error instanceof GrpcError)) throw error
      return { revision: 0, content: `${error.status}: ${error.message}`, refused: true }
    }
  }

  /** Every key and value there was at a revision; 0 is now. */
  rangeAll(revision: number): Promise<Answer> {
    const everything = Uint8Array.of(0)
    const request = KV.range.encodeRequest({ key: everything, rangeEnd: everything, revision })
    return this.ask({ path: KV.range.path, request })
  }

  async hashKv(revision: number): Promise<HashKVResponse> {
    const { hashKV } = Maintenance
    const { message } = await this.#channel.call(hashKV.path, hashKV.encodeRequest({ revision }))
    return hashKV.decodeResponse(message)
  }

  /** Every event a new watcher is told, up to the first of `lastRevision`: one string each. */
  events(createRequest: WatchCreateRequestInit, lastRevision: number): Promise<string[]> {
    const events: string[] = []
    return new Promise((resolve, reject) => {
      const late = setTimeout(
        () => over(new Error(`${events.length} events, and none of the last revision`)),
        watchMsMax,
      )
      const over = (error?: Error): void => {
        clearTimeout(late)
        // First of all: the cancellation ends the stream, which comes here again.
        if (error === undefined) resolve(events)
        else reject(error)
        stream.cancel()
      }
      const stream = this.#channel.stream(Watch.watch.path, {
        message: (body, start, end) => {
          const response = Watch.watch.decodeResponse(body, start, end)
          for (const event of response.events) events.push(Buffer.from(encodeEvent(event)).toString('latin1'))
          if ((response.events.at(-1)?.kv?.modRevision ?? 0) >= lastRevision) over()
          else if (response.canceled) over(new Error(`the watcher was cancelled: ${response.cancelReason}`))
        },
        end: error => over(error ?? new Error('the watch stream ended')),
      })
      const request = Watch.watch.encodeRequest({ createRequest })
      stream.send(request, 0, request.length)
    })
  }

  /** What the system says of every lease it has: granted seconds and keys, in the order of the ids. */
  async leases(): Promise<string[]> {
    const { leaseLeases, leaseTimeToLive } = Lease
    const { message } = await this.#channel.call(leaseLeases.path, leaseLeases.encodeRequest({}))
    const ids = leaseLeases.decodeResponse(message).leases.map(({ id }) => id)
    const described: string[] = []
    for (const id of ids.sort((a, b) => (a < b ? -1 : 1))) {
      const answer = await this.#channel.call(leaseTimeToLive.path, leaseTimeToLive.encodeRequest({ id, keys: true }))
      const { grantedTtl, keys } = leaseTimeToLive.decodeResponse(answer.message)
      const names = keys.map(key => Buffer.from(key).toString('hex')).sort()
      described.push(`${id}: ${grantedTtl} s, ${names.join(' ')}`)
    }
    return described
  }

  close(): Promise<void> {
    return this.#channel.close()
  }
}

/** Splits a response behind its field 1, the header, which stands first and is shorter than 128 bytes. */
function behindHeader(message: Uint8Array): { readonly revision: number; readonly bytes: Uint8Array } {
  if (message[0] !== 0x0a) return { revision: 0, bytes: message }
  const end = 2 + (message[1] as number)
  return { revision: decodeResponseHeader(message, 2, end).revision, bytes: message.subarray(end) }
}
