import { expect, test } from 'vitest'
import { decodeRequest } from '../src/gen/etcdserver.ts'
import { decodeInternalRaftRequest } from '../src/gen/internal.ts'
import { decodeMessage } from '../src/gen/raft.ts'
import {
  decodeAuthUserGetRequest,
  decodePutRequest,
  decodeTxnRequest,
  encodeAuthUserGetRequest,
  encodeTxnRequest,
  type TxnRequest,
  type TxnRequestInit,
} from '../src/gen/rpc.ts'
import { nestedLevelsMax, ProtoError, Writer } from '../src/index.ts'

/** Message within message: from the inside out, each level in the fields `ids`. Not our encoder, for that has the bound too. */
function nest(levels: number, ids: readonly number[]): Uint8Array {
  const heads: Uint8Array[] = []
  let length = 0
  for (let i = 0; i < levels; i++) {
    for (const id of ids) {
      const head = new Writer()
        .uint32((id << 3) | 2)
        .uint32(length)
        .finish()
      heads.push(head)
      length += head.length
    }
  }
  const bytes = new Uint8Array(length)
  let at = 0
  for (const head of heads.reverse()) {
    bytes.set(head, at)
    at += head.length
  }
  return bytes
}

/** A Txn whose first success operation is a Txn, and so on. */
const nestedTxn = (levels: number): Uint8Array => nest(levels, [4, 2])

function depthOf(txn: TxnRequest): number {
  let depth = 0
  for (let at: TxnRequest | undefined = txn; at !== undefined; at = at.success[0]?.requestTxn) depth++
  return depth
}

const refusal = (name: string): object =>
  expect.objectContaining({
    name: 'ProtoError',
    code: 'MALFORMED',
    message: expect.stringMatching(new RegExp(`^proto: (${name}).*nested deeper than ${nestedLevelsMax} levels$`)),
  })

test('a Txn may nest as deep as --max-txn-ops of any sane size, and no deeper', () => {
  expect(depthOf(decodeTxnRequest(nestedTxn(nestedLevelsMax / 2)))).toBe(nestedLevelsMax / 2 + 1)
  expect(() => decodeTxnRequest(nestedTxn(nestedLevelsMax / 2 + 1))).toThrow(refusal('TxnRequest'))
  expect(() => decodeTxnRequest(nestedTxn(60_000))).toThrow(refusal('TxnRequest'))
})

test('the bound holds for what is written, and in log entries and raft messages', () => {
  let txn: TxnRequestInit = {}
  for (let i = 0; i < 50_000; i++) txn = { success: [{ requestTxn: txn }] }
  expect(() => encodeTxnRequest(txn)).toThrow(refusal('TxnRequest|RequestOp'))

  const entry = new Writer()
    .uint32((6 << 3) | 2)
    .bytes(nestedTxn(60_000))
    .finish()
  expect(() => decodeInternalRaftRequest(entry)).toThrow(refusal('InternalRaftRequest'))

  expect(() => decodeMessage(nest(5_000, [14]))).toThrow(refusal('Message'))
  expect(() => decodeMessage(nest(nestedLevelsMax + 1, [14]))).toThrow(refusal('Message'))
  expect(decodeMessage(nest(nestedLevelsMax, [14])).responses).toHaveLength(1)
})

test('groups nested without end are refused', () => {
  expect(() => decodePutRequest(new Uint8Array(100_000).fill((9 << 3) | 3))).toThrow(ProtoError)
})

test.each([
  ['an end of group without its start', [(9 << 3) | 4]],
  ['a group that ends with another number', [(9 << 3) | 3, (8 << 3) | 4]],
  ['wire type 6', [(9 << 3) | 6]],
  ['field number 0', [0, 1]],
  ['a length beyond the message', [0x0a, 5, 1]],
  ['a length of 4 GiB', [0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f]],
  ['a tag of more than 32 bits', [0x8a, 0x80, 0x80, 0x80, 0x10, 1, 1]],
])('%s is malformed', (_what, bytes) => {
  expect(() => decodePutRequest(new Uint8Array(bytes))).toThrow(
    expect.objectContaining({ code: 'MALFORMED', message: expect.stringMatching(/^proto: PutRequest: /) }),
  )
})

test('text that is no UTF-8 is refused, but read as well as can be in records older than that rule', () => {
  const bad = new Uint8Array([0x0a, 2, 0xc3, 0x28])
  expect(() => decodeAuthUserGetRequest(bad)).toThrow(expect.objectContaining({ code: 'MALFORMED' }))
  expect(() => encodeAuthUserGetRequest({ name: 'half \ud800' })).toThrow(
    expect.objectContaining({ code: 'MALFORMED' }),
  )
  expect(decodeRequest(new Uint8Array([0x12, 2, 0xc3, 0x28])).method).toBe('\ufffd(')
})

test('bytes are views of the input', () => {
  const bytes = new Uint8Array([0x0a, 2, 7, 8])
  const { key } = decodePutRequest(bytes)
  bytes[2] = 9
  expect(key).toEqual(new Uint8Array([9, 8]))
})

test('the last member of a oneof wins', () => {
  const bytes = new Uint8Array([0x12, 6, 0x0a, 0, 0x12, 2, 0x0a, 0])
  const [op] = decodeTxnRequest(bytes).success
  expect(op?.requestRange).toBeUndefined()
  expect(op?.requestPut).toBeDefined()
})
