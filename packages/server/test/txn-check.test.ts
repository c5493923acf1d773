import {
  decodeDeleteRangeRequest,
  decodePutRequest,
  decodeRangeRequest,
  decodeTxnRequest,
  encodeDeleteRangeRequest,
  encodePutRequest,
  encodeRangeRequest,
  encodeTxnRequest,
  type PutRequestInit,
  type RangeRequestInit,
  type RequestOpInit,
  type TxnRequestInit,
} from '@kvs/proto/rpc'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkDeleteRequest, checkPutRequest, checkRangeRequest, checkTxnRequest } from '../src/edge/txn-check.ts'
import type { Refusal } from '../src/errors.ts'
import { bytesOf, compareOf, del, get, nested, put, txnOf } from './messages.ts'

const [emptyKey, keyNotFound, valueProvided, leaseProvided, tooManyOps, duplicateKey, invalidSort] = [
  'etcdserver: key is not provided',
  'etcdserver: key not found',
  'etcdserver: value is provided',
  'etcdserver: lease is provided',
  'etcdserver: too many operations in txn request',
  'etcdserver: duplicate key given in txn request',
  'etcdserver: invalid sort option',
]

const said = (refusal: Refusal | undefined): string => {
  if (refusal !== undefined) expect(refusal.status).toBe(3)
  return refusal?.message ?? 'ok'
}
const range = (init: RangeRequestInit): string => said(checkRangeRequest(decodeRangeRequest(encodeRangeRequest(init))))
const putting = (init: PutRequestInit): string => said(checkPutRequest(decodePutRequest(encodePutRequest(init))))
const txn = (init: TxnRequestInit, opsMax = 128): string =>
  said(checkTxnRequest(decodeTxnRequest(encodeTxnRequest(init)), opsMax))
const a = bytesOf('a')

test('a range needs a key and known sort options', () => {
  expect(range({ key: a })).toBe('ok')
  expect(range({})).toBe(emptyKey)
  expect(range({ key: a, sortOrder: 2, sortTarget: 4 })).toBe('ok')
  expect(range({ key: a, sortOrder: 3 as never })).toBe(invalidSort)
  expect(range({ key: a, sortOrder: -1 as never })).toBe(invalidSort)
  expect(range({ key: a, sortTarget: 5 as never })).toBe(invalidSort)
  expect(range({ key: a, sortTarget: -1 as never })).toBe(invalidSort)
  // The key is looked at first.
  expect(range({ sortTarget: 5 as never })).toBe(emptyKey)
})

test('a put needs a key, and nothing that it says to ignore', () => {
  expect(putting({ key: a })).toBe('ok')
  expect(putting({ value: a })).toBe(emptyKey)
  expect(putting({ key: a, ignoreValue: true })).toBe('ok')
  expect(putting({ key: a, value: a, ignoreValue: true })).toBe(valueProvided)
  expect(putting({ key: a, lease: 1n, ignoreLease: true })).toBe(leaseProvided)
  expect(putting({ key: a, value: a, lease: 1n, ignoreLease: true, ignoreValue: true })).toBe(valueProvided)
})

test('a deletion needs a key', () => {
  const check = (key: Uint8Array): string =>
    said(checkDeleteRequest(decodeDeleteRangeRequest(encodeDeleteRangeRequest({ key }))))
  expect([check(a), check(new Uint8Array(0))]).toEqual(['ok', emptyKey])
})

describe('every part of a transaction is checked as the single request is', () => {
  test.each<[string, TxnRequestInit, string]>([
    ['nothing at all', {}, 'ok'],
    ['a condition without a key', { compare: [compareOf('')] }, emptyKey],
    ['an operation that is none', txnOf([{}]), keyNotFound],
    ['in the other branch too', txnOf([], [{}]), keyNotFound],
    ['a range without a key', txnOf([get('')]), emptyKey],
    ['a range with an unknown order', txnOf([{ requestRange: { key: a, sortOrder: 9 as never } }]), invalidSort],
    ['a put without a key', txnOf([put('')]), emptyKey],
    ['a put with a value to ignore', txnOf([{ requestPut: { key: a, value: a, ignoreValue: true } }]), valueProvided],
    ['a put with a lease to ignore', txnOf([{ requestPut: { key: a, lease: 1n, ignoreLease: true } }]), leaseProvided],
    ['a deletion without a key', txnOf([], [del('')]), emptyKey],
    ['deep down', txnOf([nested([], [nested([put('')])])]), emptyKey],
    ['a nested condition without a key', txnOf([{ requestTxn: { compare: [compareOf('')] } }]), emptyKey],
  ])('%s', (_what, request, wanted) => {
    expect(txn(request)).toBe(wanted)
  })
})

describe('operations are counted by the largest list, nested ones against what is left', () => {
  const puts = (count: number, from = 0): RequestOpInit[] =>
    Array.from({ length: count }, (_, i) => put(`k${from + i}`))
  const compares = (count: number) => ({ compare: Array.from({ length: count }, () => compareOf('a')) })

  test.each<[string, TxnRequestInit, string]>([
    ['4 of 4', txnOf(puts(4)), 'ok'],
    ['5 of 4', txnOf(puts(5)), tooManyOps],
    ['5 in the other branch', txnOf([], puts(5)), tooManyOps],
    ['5 conditions', compares(5), tooManyOps],
    ['4 in each list', { ...compares(4), ...txnOf(puts(4), puts(4)) }, 'ok'],
    ['1, and 3 in it', txnOf([nested(puts(3))]), 'ok'],
    ['1, and 4 in it', txnOf([nested(puts(4))]), tooManyOps],
    ['2 with 2 in each', txnOf([nested(puts(2)), nested(puts(2, 2))]), 'ok'],
    ['2 with 3 in one', txnOf([nested(puts(2)), nested(puts(3, 2))]), tooManyOps],
    ['a chain of 4', txnOf([nested([nested([nested([])])])]), 'ok'],
    ['a chain of 5', txnOf([nested([nested([nested([nested([put('a')])])])])]), tooManyOps],
    ['more conditions than operations leave less', { ...compares(3), ...txnOf([nested(puts(2))]) }, tooManyOps],
    ['the count comes before the keys', txnOf([...puts(4), put('')]), tooManyOps],
  ])('%s', (_what, request, wanted) => {
    expect(txn(request, 4)).toBe(wanted)
  })
})

describe('no key twice in a branch', () => {
  const open = '\0'
  test.each<[string, TxnRequestInit, string]>([
    ['put and put', txnOf([put('a'), put('a')]), duplicateKey],
    ['put and put in the other branch', txnOf([], [put('a'), put('a')]), duplicateKey],
    ['once in each branch', txnOf([put('a')], [put('a')]), 'ok'],
    ['put and delete', txnOf([put('a'), del('a')]), duplicateKey],
    ['delete and put', txnOf([del('a'), put('a')]), duplicateKey],
    ['put in a deleted interval', txnOf([del('a', 'c'), put('b')]), duplicateKey],
    ['put at the start of it', txnOf([del('a', 'c'), put('a')]), duplicateKey],
    ['put at the end of it', txnOf([del('a', 'c'), put('c')]), 'ok'],
    ['deletions may overlap', txnOf([del('a', 'c'), del('b'), del('b')]), 'ok'],
    ['ranges are free', txnOf([put('a'), get('a'), get('a', 'z')]), 'ok'],
    ['put, and put in a nested one', txnOf([put('a'), nested([put('a')])]), duplicateKey],
    ['in either branch of the nested one', txnOf([put('a'), nested([], [put('a')])]), duplicateKey],
    ['both branches of a nested one', txnOf([nested([put('a')], [put('a')])]), 'ok'],
    ['twice in a nested branch', txnOf([nested([put('a'), put('a')])]), duplicateKey],
    ['in two nested ones', txnOf([nested([put('a')]), nested([], [put('a')])]), duplicateKey],
    ['nested put, outer deletion after it', txnOf([nested([put('b')]), del('a', 'c')]), duplicateKey],
    ['nested deletion, outer put before it', txnOf([put('b'), nested([del('a', 'c')])]), duplicateKey],
    ['nested deletion, then nested put', txnOf([nested([del('a', 'c')]), nested([put('b')])]), duplicateKey],
    ['hole 1: nested put, then nested deletion', txnOf([nested([put('b')]), nested([del('a', 'c')])]), 'ok'],
    ['hole 1 in one nested one', txnOf([nested([put('b')], [del('b')])]), 'ok'],
    ['hole 2: an open interval deletes nothing here', txnOf([del('a', open), put('b')]), 'ok'],
    ['hole 2, but its own start is inside no interval', txnOf([del('a', open), put('a')]), 'ok'],
  ])('%s', (_what, request, wanted) => {
    expect(txn(request)).toBe(wanted)
  })
})

test('keys are compared as bytes, however long they are', () => {
  const key = (last: number): Uint8Array => {
    const bytes = new Uint8Array(10_000).fill(0xff)
    bytes[9_999] = last
    return bytes
  }
  const putKey = (bytes: Uint8Array): RequestOpInit => ({ requestPut: { key: bytes } })
  const interval = { requestDeleteRange: { key: key(0x80), rangeEnd: key(0xf0) } }
  expect(txn(txnOf([putKey(key(1)), putKey(key(2))]))).toBe('ok')
  expect(txn(txnOf([putKey(key(1)), putKey(key(1))]))).toBe(duplicateKey)
  expect(txn(txnOf([interval, putKey(key(0xef))]))).toBe(duplicateKey)
  expect(txn(txnOf([interval, putKey(key(0x7f))]))).toBe('ok')
})

test('the rule for one level: every put against all others and all deletions, whatever their order', () => {
  const key = fc.constantFrom('a', 'b', 'c', 'd')
  const op = fc.oneof(
    key.map(name => ({ put: name, interval: undefined })),
    fc.tuple(key, fc.constantFrom('', 'b', 'd')).map(interval => ({ put: undefined, interval })),
  )
  fc.assert(
    fc.property(fc.array(op, { maxLength: 6 }), ops => {
      const puts = ops.flatMap(({ put: name }) => (name === undefined ? [] : [name]))
      const isDeleted = (name: string): boolean =>
        ops.some(({ interval }) => {
          if (interval === undefined) return false
          const [from, to] = interval
          return to === '' ? name === from : name >= from && name < to
        })
      const clash = new Set(puts).size < puts.length || puts.some(isDeleted)
      const request = txnOf(ops.map(({ put: name, interval }) => (interval ? del(...interval) : put(name as string))))
      expect(txn(request)).toBe(clash ? duplicateKey : 'ok')
    }),
  )
})
