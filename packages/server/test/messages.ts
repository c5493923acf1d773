import type { CompareInit, PutRequestInit, RequestOpInit, TxnRequestInit } from '@kvs/proto/rpc'
import fc from 'fast-check'

/** Messages of clients, at random: what the hand-written codecs are compared on. */

const safe = Number.MAX_SAFE_INTEGER
const text = new TextEncoder()

export const bytesOf = (value: string): Uint8Array => text.encode(value)

/** Bytes as the plain kind, whatever buffer they lie in, for comparisons. */
export const plain = (bytes: Uint8Array): Uint8Array => new Uint8Array(bytes)

export const someBytes: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc.uint8Array({ maxLength: 12 }),
  fc.uint8Array({ minLength: 120, maxLength: 140 }),
)
/** Revisions and other numbers whose varints have every length. */
export const someNumber: fc.Arbitrary<number> = fc.oneof(
  fc.integer({ min: 0, max: 300 }),
  fc.nat(),
  fc.integer({ min: -safe, max: safe }),
  fc.integer({ min: 0, max: 53 }).map(bits => Math.min(2 ** bits, safe)),
)
const someId: fc.Arbitrary<bigint> = fc.oneof(
  fc.bigInt({ min: 0n, max: 300n }),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
)

export const putRequest: fc.Arbitrary<PutRequestInit> = fc.record(
  {
    key: someBytes,
    value: someBytes,
    lease: someId,
    prevKv: fc.boolean(),
    ignoreValue: fc.boolean(),
    ignoreLease: fc.boolean(),
  },
  { requiredKeys: [] },
)

export const put = (key: string, value = ''): RequestOpInit => ({
  requestPut: { key: bytesOf(key), value: bytesOf(value) },
})
export const get = (key: string, rangeEnd = ''): RequestOpInit => ({
  requestRange: { key: bytesOf(key), rangeEnd: bytesOf(rangeEnd) },
})
export const del = (key: string, rangeEnd = ''): RequestOpInit => ({
  requestDeleteRange: { key: bytesOf(key), rangeEnd: bytesOf(rangeEnd) },
})
export const nested = (success: RequestOpInit[], failure: RequestOpInit[] = []): RequestOpInit => ({
  requestTxn: { success, failure },
})
/** A transaction without conditions. */
export const txnOf = (success: RequestOpInit[], failure: RequestOpInit[] = []): TxnRequestInit => ({ success, failure })
export const compareOf = (key: string): CompareInit => ({ key: bytesOf(key) })
