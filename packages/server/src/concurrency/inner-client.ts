import { GrpcError, StatusCode } from '@kvs/grpc'
import type { Method } from '@kvs/proto'
import type { Event, KeyValue } from '@kvs/proto/mvcc'
import {
  KV,
  Lease,
  RangeRequestSortOrder as Order,
  type RangeRequestInit,
  type RangeResponse,
  type ResponseHeader,
  RangeRequestSortTarget as Target,
  type TxnRequestInit,
  type TxnResponse,
  Watch,
  type WatchCreateRequestInit,
} from '@kvs/proto/rpc'
import { Refusal } from '../errors.ts'
import type { Caller } from '../in-process/call.ts'
import type { LocalCalls } from '../in-process/local-calls.ts'
import * as limits from '../limits.ts'

/** Events of one revision or several, and the header they came with. */
export interface SeenEvents {
  readonly header: ResponseHeader | undefined
  readonly events: readonly Event[]
}

/**
 * The member as those services use it that are made of others: on behalf of one call, with its metadata, and for as long
 * as its client waits. Rejects with `GrpcError`, whose texts are those of the services below.
 */
export class InnerClient {
  readonly #calls: LocalCalls
  readonly #caller: Caller

  constructor(calls: LocalCalls, caller: Caller) {
    this.#calls = calls
    this.#caller = caller
  }

  /** The client of the call has gone. */
  get isCancelled(): boolean {
    return this.#caller.signal?.aborted === true
  }

  /** The same for what must be done though nobody waits for it. */
  detached(): InnerClient {
    const { metadata, remote } = this.#caller
    return new InnerClient(this.#calls, { metadata, remote })
  }

  async call<Init, Response>(method: Method<unknown, Init, Response, never>, request: Init): Promise<Response> {
    const pieces = await this.#calls.unary(method.path, method.encodeRequest(request), this.#caller)
    const [first] = pieces
    return method.decodeResponse(pieces.length === 1 && first !== undefined ? first : Buffer.concat(pieces))
  }

  range(request: RangeRequestInit): Promise<RangeResponse> {
    return this.call(KV.range, request)
  }

  txn(request: TxnRequestInit): Promise<TxnResponse> {
    return this.call(KV.txn, request)
  }

  /** The lease given, or one of its own. */
  async lease(id: bigint): Promise<bigint> {
    if (id !== 0n) return id
    return (await this.call(Lease.leaseGrant, { ttl: limits.sessionTtlSeconds })).id
  }

  /** The oldest key below a prefix, if there is one. */
  async oldest(prefix: Uint8Array): Promise<{ readonly header: ResponseHeader | undefined; readonly kv?: KeyValue }> {
    const { header, kvs } = await this.range(oldestBelow(prefix))
    return kvs[0] === undefined ? { header } : { header, kv: kvs[0] }
  }

  /** Resolves when nothing is left below the prefix that was created up to this revision. */
  async whenDeleted(prefix: Uint8Array, maxCreateRevision: number): Promise<void> {
    const newest = { sortOrder: Order.DESCEND, sortTarget: Target.CREATE, limit: 1, maxCreateRevision }
    for (;;) {
      const { header, kvs } = await this.range({ key: prefix, rangeEnd: endOf(prefix), ...newest })
      const [last] = kvs
      if (last === undefined) return
      await this.#whenKeyDeleted(last.key, header?.revision ?? 0)
    }
  }

  async #whenKeyDeleted(key: Uint8Array, startRevision: number): Promise<void> {
    for await (const { events } of this.events({ key, startRevision })) {
      if (events.some(event => event.type === deletion)) return
    }
  }

  /** What happens to keys, until the caller stops looking. */
  async *events(request: WatchCreateRequestInit): AsyncGenerator<SeenEvents, void> {
    const stream = this.#calls.stream(Watch.watch.path, this.#caller)
    try {
      await stream.request(Watch.watch.encodeRequest({ createRequest: request }))
      for (let bytes = await stream.next(); bytes !== undefined; bytes = await stream.next()) {
        const { canceled, cancelReason, compactRevision, header, events } = Watch.watch.decodeResponse(bytes)
        if (compactRevision > 0) throw new GrpcError(StatusCode.OUT_OF_RANGE, Refusal.of('COMPACTED').message)
        if (canceled) throw new GrpcError(StatusCode.FAILED_PRECONDITION, cancelReason)
        if (events.length > 0) yield { header, events }
      }
    } finally {
      stream.cancel(StatusCode.CANCELLED)
    }
    throw new GrpcError(StatusCode.UNKNOWN, 'lost watcher waiting for delete')
  }
}

/** `Event.EventType.DELETE`. */
export const deletion = 1

/** A range that answers with the oldest key below a prefix. */
export function oldestBelow(prefix: Uint8Array): RangeRequestInit {
  return { key: prefix, rangeEnd: endOf(prefix), sortOrder: Order.ASCEND, sortTarget: Target.CREATE, limit: 1 }
}

const slash = 0x2f

/** `name/`: below it lie the keys of those who want the lock or the office. */
export function prefixOf(name: Uint8Array): Uint8Array {
  return Buffer.concat([name, Uint8Array.of(slash)])
}

/** The key of the holder of a lease below a prefix: the lease in hexadecimal digits. */
export function keyOf(prefix: Uint8Array, lease: bigint): Uint8Array {
  return Buffer.concat([prefix, Buffer.from(lease.toString(16))])
}

/** End of the range of keys below a prefix that ends in a slash. */
export function endOf(prefix: Uint8Array): Uint8Array {
  return Buffer.concat([prefix.subarray(0, -1), Uint8Array.of(slash + 1)])
}
