import type { KeyValue } from '@kvs/proto/mvcc'
import {
  type CompactionResponse,
  type DeleteRangeResponse,
  KV,
  type PutResponse,
  type RangeResponse,
} from '@kvs/proto/rpc'
import type { Caller, RequestOptions } from './calls.ts'
import { type Bytes, type Range, rangeOf, toBytes } from './keys.ts'
import { pageSizeDefault } from './limits.ts'
import {
  type DeleteOptions,
  deleteRequest,
  type PutOptions,
  putRequest,
  type RangeOptions,
  type ReadOptions,
  rangeRequest,
} from './operations.ts'

/** The pair at `key`, or undefined. */
export function get(
  caller: Caller,
  key: Bytes,
  options: ReadOptions & RequestOptions = {},
): Promise<KeyValue | undefined> {
  const { revision, serializable, keysOnly } = options
  return caller.unary(KV.range, { key: toBytes(key), revision, serializable, keysOnly }, options).then(firstPair)
}

const firstPair = ({ kvs }: RangeResponse): KeyValue | undefined => kvs[0]

export function range(
  caller: Caller,
  keys: Range,
  options: RangeOptions & RequestOptions = {},
): Promise<RangeResponse> {
  return caller.unary(KV.range, rangeRequest(keys, withoutRequestOptions(options)), options)
}

export function put(
  caller: Caller,
  key: Bytes,
  value: Bytes,
  options: PutOptions & RequestOptions = {},
): Promise<PutResponse> {
  return caller.unary(KV.put, putRequest(key, value, options), options)
}

export function remove(
  caller: Caller,
  keys: Range,
  options: DeleteOptions & RequestOptions = {},
): Promise<DeleteRangeResponse> {
  return caller.unary(KV.deleteRange, deleteRequest(keys, options), options)
}

export function compact(
  caller: Caller,
  revision: number,
  options: CompactOptions & RequestOptions = {},
): Promise<CompactionResponse> {
  return caller.unary(KV.compact, { revision, physical: options.physical }, options)
}

export interface CompactOptions {
  /** Answered once the old revisions are gone from the disk as well. */
  readonly physical?: boolean | undefined
}

export interface PagesOptions extends ReadOptions {
  /** Pairs asked for at a time. */
  readonly pageSize?: number | undefined
}

/** All pairs of a range in the order of keys, page by page, as of one revision: the newest when the loop began. */
export async function* pages(
  caller: Caller,
  keys: Range,
  options: PagesOptions & RequestOptions = {},
): AsyncGenerator<KeyValue, void, undefined> {
  const { pageSize = pageSizeDefault, serializable, keysOnly } = options
  const { key: first, rangeEnd } = rangeOf(keys)
  let { revision } = options
  for (let key: Uint8Array | undefined = first; key !== undefined; ) {
    const request = { key, rangeEnd, limit: pageSize, revision, serializable, keysOnly }
    const page: RangeResponse = await caller.unary(KV.range, request, options)
    revision ??= page.header?.revision
    yield* page.kvs
    const last: KeyValue | undefined = page.kvs.at(-1)
    key = page.more && last !== undefined ? after(last.key) : undefined
  }
}

/** The smallest key greater than `key`. */
function after(key: Uint8Array): Uint8Array {
  const next = new Uint8Array(key.length + 1)
  next.set(key)
  return next
}

function withoutRequestOptions(options: RangeOptions & RequestOptions): RangeOptions {
  const { signal: _signal, timeoutMs: _timeoutMs, endpoint: _endpoint, requireLeader: _leader, ...rest } = options
  return rest
}
