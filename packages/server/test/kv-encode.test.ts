import { decodeRecord, type KeyValueList } from '@kvs/mvcc'
import { Writer } from '@kvs/proto'
import {
  decodeDeleteRangeResponse,
  decodePutResponse,
  decodeRangeResponse,
  decodeTxnResponse,
  encodePutResponse,
  encodeRangeResponse,
} from '@kvs/proto/rpc'
import { expect, test } from 'vitest'
import type { OpOutcome } from '../src/apply/outcome.ts'
import { HeaderWriter } from '../src/edge/header.ts'
import {
  deletePieces,
  encodePut,
  encodeRange,
  pairBytesOf,
  txnPieces,
  writeDelete,
  writeTxn,
} from '../src/edge/kv-encode.ts'
import * as limits from '../src/limits.ts'
import { bytesOf, plain } from './messages.ts'
import { openTestStore } from './store.ts'

const header = new HeaderWriter({ clusterId: 0xffff_0000_0000_0001n, memberId: 7n })
const head = { header, term: 3 }
const message = (revision: number) => ({ clusterId: header.clusterId, memberId: 7n, revision, raftTerm: 3 })

/** A store with `count` keys `k0…`, each with a value of `valueBytes`, and one lease on the first. */
function filled(count: number, valueBytes: number) {
  const store = openTestStore()
  for (let i = 0; i < count; i++) {
    const txn = store.write()
    txn.put({ key: bytesOf(`k${i}`), value: new Uint8Array(valueBytes).fill(i), lease: i === 0 ? -5n : 0n })
    txn.end()
  }
  return store
}

const pairs = (list: KeyValueList) => [...list].map(kv => ({ ...kv, key: plain(kv.key), value: plain(kv.value) }))

test.each([
  ['nothing', 0, 0],
  ['short records', 3, 5],
  ['records whose lengths take two bytes', 3, 200],
  ['records whose lengths take three bytes', 2, 20_000],
])('RangeResponse with %s is what the generic codec writes', (_what, count, valueBytes) => {
  const store = filled(count, valueBytes)
  const result = store.range({ key: bytesOf('k'), rangeEnd: bytesOf('l') })
  const { bytes, end } = encodeRange(head, store.revision, result)
  const wanted = encodeRangeResponse({ header: message(store.revision), kvs: pairs(result.kvs), count })
  expect(plain(bytes.subarray(0, end))).toEqual(plain(wanted))
})

test('RangeResponse cut by a limit says so and counts everything', () => {
  const store = filled(5, 5)
  const result = store.range({ key: bytesOf('k'), rangeEnd: bytesOf('l'), limit: 2 })
  const { bytes, end } = encodeRange(head, store.revision, result)
  const { more, count, kvs } = decodeRangeResponse(bytes, 0, end)
  expect({ more, count, keys: kvs.length }).toEqual({ more: true, count: 5, keys: 2 })
})

test('PutResponse with and without the pair before', () => {
  const store = filled(1, 300)
  const txn = store.write()
  const previous = txn.put({ key: bytesOf('k0'), value: bytesOf('new'), wantPrevious: true })
  txn.end()
  const bare = encodePut(head, { revision: 9, previous: undefined })
  expect(plain(bare.bytes.subarray(0, bare.end))).toEqual(plain(encodePutResponse({ header: message(9) })))
  const full = encodePut(head, { revision: 9, previous })
  const prevKv = decodeRecord(previous as Uint8Array)
  const wanted = encodePutResponse({ header: message(9), prevKv })
  expect(plain(full.bytes.subarray(0, full.end))).toEqual(plain(wanted))
  expect(decodePutResponse(full.bytes, 0, full.end).prevKv?.lease).toBe(-5n)
})

test('the fields of DeleteRangeResponse and TxnResponse are what the generic codec reads', () => {
  const store = filled(2, 5)
  const range = store.range({ key: bytesOf('k0') })
  range.kvs.freeze()
  const txn = store.write()
  const { deleted, previous } = txn.deleteRange({ key: bytesOf('k'), rangeEnd: bytesOf('l'), wantPrevious: true })
  const { revision } = txn.end()
  const writer = new Writer()
  writeDelete(writer, { deleted, previous })
  const deletion = decodeDeleteRangeResponse(writer.finish())
  expect(deletion.deleted).toBe(2)
  expect(deletion.prevKvs.map(kv => plain(kv.key))).toEqual([bytesOf('k0'), bytesOf('k1')])

  const ops: OpOutcome[] = [
    { kind: 'range', result: range, revision: 3 },
    { kind: 'put', previous: range.kvs.record(0), revision: 3 },
    { kind: 'delete', deleted, previous, revision },
    { kind: 'txn', succeeded: false, ops: [{ kind: 'put', previous: undefined, revision }] },
  ]
  const all = new Writer()
  writeTxn(all, { succeeded: true, ops })
  const answer = decodeTxnResponse(all.finish())
  expect(answer.succeeded).toBe(true)
  const [first, second, third, fourth] = answer.responses
  expect(first?.responseRange?.count).toBe(1)
  expect(first?.responseRange?.header).toEqual({ clusterId: 0n, memberId: 0n, revision: 3, raftTerm: 0 })
  expect(second?.responsePut?.prevKv?.lease).toBe(-5n)
  expect(third?.responseDeleteRange?.prevKvs).toHaveLength(2)
  expect(third?.responseDeleteRange?.header?.revision).toBe(revision)
  // The answer of a nested transaction has a header that is empty, not none.
  expect(fourth?.responseTxn?.header).toEqual({ clusterId: 0n, memberId: 0n, revision: 0, raftTerm: 0 })
  expect(fourth?.responseTxn?.succeeded).toBe(false)
  expect(fourth?.responseTxn?.responses).toHaveLength(1)
})

test('long answers in pieces are the same bytes', () => {
  const store = filled(300, 1000)
  const all = { key: bytesOf('k'), rangeEnd: bytesOf('l') }
  const txn = store.write()
  const range = (limit: number): OpOutcome => {
    const result = txn.range({ ...all, limit })
    return { kind: 'range', result, revision: 300 }
  }
  const ops: OpOutcome[] = [range(0), range(2), { kind: 'put', previous: bytesOf(''), revision: 302 }, range(299)]
  const { deleted, previous } = txn.deleteRange({ ...all, wantPrevious: true })
  ops.push({ kind: 'delete', deleted, previous, revision: 302 })
  txn.end()
  const outcome = {
    succeeded: true,
    ops: [...ops, { kind: 'txn', succeeded: true, ops }, { kind: 'txn', succeeded: false, ops: [] }] as OpOutcome[],
  }
  expect(pairBytesOf(outcome.ops)).toBeGreaterThan(2 * previous.byteLength)
  expect(previous.byteLength).toBeGreaterThan(limits.answerBytesAtOnce)
  const writer = new Writer()
  const pieces = Buffer.concat(txnPieces(writer, outcome))
  const deletion = Buffer.concat(deletePieces(writer, { deleted, previous }))
  writer.pos = 0
  writeTxn(writer, outcome)
  expect(pieces.equals(writer.buf.subarray(0, writer.pos))).toBe(true)
  writer.pos = 0
  writeDelete(writer, { deleted, previous })
  expect(deletion.equals(writer.buf.subarray(0, writer.pos))).toBe(true)
})
