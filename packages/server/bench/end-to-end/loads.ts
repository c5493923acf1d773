import {
  Auth,
  type CompareInit,
  encodePutRequest,
  encodeRangeRequest,
  encodeTxnRequest,
  KV,
  Lease,
  type RequestOpInit,
  Watch,
} from '@kvs/proto/rpc'

/** What to ask of a server, and how hard. */
export interface Load {
  readonly kind: 'put' | 'txn' | 'range' | 'keep-alive' | 'watch'
  readonly connections: number
  /** Calls open at once, over all connections; for `watch` puts open at once. */
  readonly clients: number
  readonly calls: number
  readonly keys: number
  readonly valueBytes: number
  /** `range`: keys in one answer; 1 asks for one key. */
  readonly pairs?: number
  /** `watch`: how many watchers there are in all, each on one of `keys` keys. */
  readonly watchers?: number
  /** Over TLS, whose certificates are not looked at. */
  readonly encrypted?: boolean
  /** Calls per second, for `watch` puts; as fast as they are answered without it. */
  readonly paced?: number
  /** Calls that are no streams carry this token (see `logIn`). */
  readonly token?: string | undefined
}

export interface LoadResult {
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** CPU of the generator, per call. */
  readonly clientUs: number
}

const text = new TextEncoder()

/** 16 bytes. */
export function keyOf(number: number): Uint8Array {
  return text.encode(`key-${String(number).padStart(12, '0')}`)
}

/** Method and requests of a load of unary calls, in an order that jumps about, the same in every run. */
export function requestsOf(load: Load): { readonly path: string; readonly requests: readonly Uint8Array[] } {
  const value = new Uint8Array(load.valueBytes).fill(0x78)
  const each = (make: (number: number) => Uint8Array): readonly Uint8Array[] =>
    Array.from({ length: load.keys }, (_, i) => make((i * 7_919) % load.keys))
  if (load.kind === 'range') {
    const { pairs = 1 } = load
    const whole = (number: number): Uint8Array => {
      const first = Math.min(number, load.keys - pairs)
      return encodeRangeRequest({ key: keyOf(first), rangeEnd: keyOf(first + pairs) })
    }
    return { path: KV.range.path, requests: each(pairs === 1 ? key => encodeRangeRequest({ key: keyOf(key) }) : whole) }
  }
  if (load.kind !== 'txn')
    return { path: KV.put.path, requests: each(key => encodePutRequest({ key: keyOf(key), value })) }
  const compare: CompareInit[] = []
  const success = (key: number): RequestOpInit[] => [{ requestPut: { key: keyOf(key), value } }]
  return { path: KV.txn.path, requests: each(key => encodeTxnRequest({ compare, success: success(key), failure: [] })) }
}

/** What `logIn` needs. */
export const auth = Auth

/** Method and requests of the streams of `keep-alive` and `watch`. */
export const streams = { keepAlive: Lease.leaseKeepAlive, grant: Lease.leaseGrant, watch: Watch.watch, put: KV.put }
