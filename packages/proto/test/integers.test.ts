import { describe, expect, test } from 'vitest'
import { decodeKeyValue, encodeKeyValue } from '../src/gen/mvcc.ts'
import { decodeConfState, decodeEntry, decodeHardState, encodeConfState, encodeHardState } from '../src/gen/raft.ts'
import {
  decodeLeaseGrantRequest,
  decodeRangeRequest,
  decodeResponseHeader,
  decodeSnapshotResponse,
  encodeLeaseGrantRequest,
  encodeRangeRequest,
  encodeResponseHeader,
} from '../src/gen/rpc.ts'
import { decodeRecord } from '../src/gen/wal.ts'
import { ProtoError, Writer } from '../src/index.ts'

const safe = Number.MAX_SAFE_INTEGER

/** A field of any 64-bit value, written as ten bytes where it needs them. */
function varintField(id: number, value: bigint): Uint8Array {
  const bytes: number[] = [id << 3]
  let rest = BigInt.asUintN(64, value)
  while (rest >= 0x80n) {
    bytes.push(Number(rest & 0x7fn) | 0x80)
    rest >>= 7n
  }
  bytes.push(Number(rest))
  return new Uint8Array(bytes)
}

function failure(run: () => unknown): ProtoError {
  try {
    run()
  } catch (error) {
    if (error instanceof ProtoError) return error
    throw error
  }
  throw new Error('it did not fail')
}

describe('quantities from clients', () => {
  test.each([
    [0n, 0],
    [127n, 127],
    [128n, 128],
    [2n ** 32n - 1n, 2 ** 32 - 1],
    [2n ** 32n, 2 ** 32],
    [BigInt(safe), safe],
    [BigInt(safe) + 1n, safe],
    [2n ** 63n - 3n, safe],
    [2n ** 63n - 1n, safe],
    [-1n, -1],
    [-(2n ** 32n), -(2 ** 32)],
    [-BigInt(safe), -safe],
    [-BigInt(safe) - 1n, -safe],
    [-(2n ** 63n), -safe],
  ])('revision %s is read as %s', (sent, read) => {
    expect(decodeRangeRequest(varintField(4, sent)).revision).toBe(read)
  })

  test('an unsigned one is clamped too', () => {
    expect(decodeSnapshotResponse(varintField(2, 2n ** 64n - 1n)).remainingBytes).toBe(safe)
    expect(decodeResponseHeader(varintField(4, BigInt(safe))).raftTerm).toBe(safe)
  })

  test('what was clamped can be written again', () => {
    expect(decodeRangeRequest(encodeRangeRequest({ limit: safe, revision: -safe }))).toMatchObject({
      limit: safe,
      revision: -safe,
    })
  })
})

describe('quantities from disks and peers', () => {
  test('the largest safe one is exact', () => {
    expect(decodeEntry(varintField(3, BigInt(safe))).index).toBe(safe)
    expect(decodeKeyValue(encodeKeyValue({ modRevision: -safe })).modRevision).toBe(-safe)
  })

  test.each([
    ['raftpb.Entry.Index', () => decodeEntry(varintField(3, 2n ** 53n))],
    ['raftpb.Entry.Term', () => decodeEntry(varintField(2, 2n ** 64n - 1n))],
    ['raftpb.HardState.commit', () => decodeHardState(varintField(3, -1n))],
    ['mvccpb.KeyValue.mod_revision', () => decodeKeyValue(varintField(3, 2n ** 63n - 1n))],
    ['mvccpb.KeyValue.version', () => decodeKeyValue(varintField(4, -(2n ** 63n)))],
    ['walpb.Record.type', () => decodeRecord(varintField(1, 2n ** 53n))],
  ])('one beyond is an error that names %s', (field, decode) => {
    expect(failure(decode)).toMatchObject({ code: 'INTEGER_RANGE', message: `proto: ${field} is beyond 2^53 - 1` })
  })
})

describe('identities', () => {
  test.each([0n, 1n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 63n, 2n ** 64n - 1n])('unsigned %s is exact', id => {
    expect(decodeResponseHeader(encodeResponseHeader({ memberId: id })).memberId).toBe(id)
    expect(decodeConfState(encodeConfState({ voters: [id, 1n] })).voters).toEqual([id, 1n])
    expect(decodeHardState(encodeHardState({ vote: id })).vote).toBe(id)
  })

  test.each([-(2n ** 63n), -1n, 2n ** 63n - 1n])('lease %s is exact', id => {
    expect(decodeLeaseGrantRequest(encodeLeaseGrantRequest({ id })).id).toBe(id)
  })

  test('packed lists are read like unpacked ones', () => {
    expect(decodeConfState(new Uint8Array([0x0a, 3, 1, 0x80, 1])).voters).toEqual([1n, 128n])
    expect(decodeConfState(new Uint8Array([0x08, 1, 0x0a, 1, 2, 0x08, 3])).voters).toEqual([1n, 2n, 3n])
  })
})

describe('what cannot be written', () => {
  test.each([0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, -(2 ** 53)])('quantity %s', value => {
    expect(failure(() => encodeRangeRequest({ revision: value })).code).toBe('INTEGER_RANGE')
  })

  test.each([2n ** 64n, -(2n ** 63n) - 1n])('identity %s', id => {
    expect(failure(() => encodeLeaseGrantRequest({ id })).code).toBe('INTEGER_RANGE')
  })
})

test('a varint of more than 10 bytes, or one that ends early, is malformed', () => {
  expect(failure(() => decodeRangeRequest(new Uint8Array([0x20, ...Array(10).fill(0xff), 1]))).code).toBe('MALFORMED')
  expect(failure(() => decodeRangeRequest(new Uint8Array([0x20, 0xff]))).code).toBe('MALFORMED')
  const ends = new Writer().uint32(0x20).finish()
  expect(failure(() => decodeRangeRequest(ends)).message).toBe('proto: RangeRequest: a varint ends beyond its message')
  const followed = new Uint8Array([0x20, 0xff, 1])
  expect(failure(() => decodeRangeRequest(followed, 0, 2)).message).toMatch(/a varint ends beyond its message/)
})
