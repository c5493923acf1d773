import { bench, describe } from 'vitest'
import { decodeMessage, encodeMessage, writeMessage } from '../src/gen/raft.ts'
import {
  decodePutRequest,
  decodeRangeRequest,
  decodeRangeResponse,
  decodeTxnRequest,
  decodeWatchResponse,
  encodePutRequest,
  encodePutResponse,
  encodeRangeRequest,
  encodeRangeResponse,
  encodeTxnRequest,
  encodeWatchResponse,
  writePutRequest,
  writePutResponse,
  writeRangeResponse,
} from '../src/gen/rpc.ts'
import { Writer } from '../src/index.ts'

const text = (value: string): Uint8Array => new TextEncoder().encode(value)
const key = text('/registry/pods/default/web-7c5ddbdf54-x2x4v')
const value = new Uint8Array(256).fill(120)
const header = { clusterId: 6001611773266757492n, memberId: 13049071153751544597n, revision: 123_456, raftTerm: 7 }
const kv = { key, value, createRevision: 100_000, modRevision: 123_456, version: 12 }

const put = { key, value, lease: 7587862094102030353n }
const putResponse = { header }
const range = { key }
const rangeResponse = { header, kvs: [kv], count: 1 }
const page = { header, kvs: Array.from({ length: 500 }, () => kv), count: 500 }
const txn = {
  compare: [{ key, target: 2 as const, modRevision: 123_456 }],
  success: [{ requestPut: put }],
  failure: [{ requestRange: range }],
}
const watch = { header, watchId: 1, events: [{ kv }] }
const append = {
  type: 3 as const,
  to: 13049071153751544597n,
  from: 9372538179322589801n,
  term: 7,
  logTerm: 7,
  index: 123_455,
  commit: 123_455,
  entries: [{ term: 7, index: 123_456, data: encodePutRequest(put) }],
}

const writer = new Writer()
const encoded = {
  put: encodePutRequest(put),
  range: encodeRangeRequest(range),
  rangeResponse: encodeRangeResponse(rangeResponse),
  page: encodeRangeResponse(page),
  txn: encodeTxnRequest(txn),
  watch: encodeWatchResponse(watch),
  append: encodeMessage(append),
}

describe('decode', () => {
  bench('PutRequest, 256 B', () => void decodePutRequest(encoded.put))
  bench('RangeRequest', () => void decodeRangeRequest(encoded.range))
  bench('RangeResponse, 1 pair', () => void decodeRangeResponse(encoded.rangeResponse))
  bench('RangeResponse, 500 pairs', () => void decodeRangeResponse(encoded.page))
  bench('TxnRequest, 1 compare, 2 ops', () => void decodeTxnRequest(encoded.txn))
  bench('WatchResponse, 1 event', () => void decodeWatchResponse(encoded.watch))
  bench('raft MsgApp, 1 entry', () => void decodeMessage(encoded.append))
})

describe('encode', () => {
  bench('PutRequest, 256 B', () => void encodePutRequest(put))
  bench('PutResponse', () => void encodePutResponse(putResponse))
  bench('RangeRequest', () => void encodeRangeRequest(range))
  bench('RangeResponse, 1 pair', () => void encodeRangeResponse(rangeResponse))
  bench('RangeResponse, 500 pairs', () => void encodeRangeResponse(page))
  bench('TxnRequest, 1 compare, 2 ops', () => void encodeTxnRequest(txn))
  bench('WatchResponse, 1 event', () => void encodeWatchResponse(watch))
  bench('raft MsgApp, 1 entry', () => void encodeMessage(append))
})

describe('encode into a writer that is kept', () => {
  bench('PutRequest, 256 B', () => void writePutRequest(writer.reset(), put))
  bench('PutResponse', () => void writePutResponse(writer.reset(), putResponse))
  bench('RangeResponse, 1 pair', () => void writeRangeResponse(writer.reset(), rangeResponse))
  bench('raft MsgApp, 1 entry', () => void writeMessage(writer.reset(), append))
})
