import {
  type CompareInit,
  CompareResult as Is,
  KV,
  Maintenance,
  CompareTarget as On,
  type RequestOpInit,
  type TxnRequestInit,
} from '@kvs/proto/rpc'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type TestMember, World } from './member.ts'
import { bytesOf, del, get, nested, put } from './messages.ts'

let world: World
let member: TestMember

beforeEach(async () => {
  world = new World()
  member = await world.start()
  // Revisions 2 and 3: `a` has version 2.
  await member.call(KV.put, { key: bytesOf('a'), value: bytesOf('1') })
  await member.call(KV.put, { key: bytesOf('a'), value: bytesOf('5') })
})
afterEach(async () => {
  expect(world.fatal).toEqual([])
  await member.member.stop()
  world.close()
})

const txn = (request: TxnRequestInit) => member.call(KV.txn, request)
const refused = (request: TxnRequestInit) => member.refusal(KV.txn, request)
const textOf = (bytes: Uint8Array | undefined): string | undefined =>
  bytes === undefined ? undefined : new TextDecoder().decode(bytes)
const value = async (key: string): Promise<string | undefined> =>
  textOf((await member.call(KV.range, { key: bytesOf(key) })).kvs[0]?.value)
const revision = async (): Promise<number | undefined> =>
  (await member.call(KV.range, { key: bytesOf('a') })).header?.revision

describe('conditions', () => {
  const a = bytesOf('a')
  const missing = bytesOf('x')
  test.each<[string, CompareInit, boolean]>([
    ['version equal', { key: a, target: On.VERSION, result: Is.EQUAL, version: 2 }, true],
    ['version greater', { key: a, target: On.VERSION, result: Is.GREATER, version: 1 }, true],
    ['version greater than itself', { key: a, target: On.VERSION, result: Is.GREATER, version: 2 }, false],
    ['created before', { key: a, target: On.CREATE, result: Is.LESS, createRevision: 3 }, true],
    ['created at', { key: a, target: On.CREATE, result: Is.EQUAL, createRevision: 2 }, true],
    ['modified at', { key: a, target: On.MOD, result: Is.NOT_EQUAL, modRevision: 2 }, true],
    ['value equal', { key: a, target: On.VALUE, result: Is.EQUAL, value: bytesOf('5') }, true],
    ['value less', { key: a, target: On.VALUE, result: Is.LESS, value: bytesOf('5') }, false],
    ['value greater', { key: a, target: On.VALUE, result: Is.GREATER, value: bytesOf('1') }, true],
    ['lease none', { key: a, target: On.LEASE, result: Is.EQUAL, lease: 0n }, true],
    ['missing: version 0', { key: missing, target: On.VERSION, result: Is.EQUAL, version: 0 }, true],
    ['missing: lease 0', { key: missing, target: On.LEASE, result: Is.EQUAL, lease: 0n }, true],
    ['missing: created before 1', { key: missing, target: On.CREATE, result: Is.LESS, createRevision: 1 }, true],
    ['missing: a value is false', { key: missing, target: On.VALUE, result: Is.EQUAL }, false],
    ['missing: other than a value is false', { key: missing, target: On.VALUE, result: Is.NOT_EQUAL, value: a }, false],
    ['an operand of another kind is 0', { key: a, target: On.VERSION, result: Is.EQUAL, modRevision: 2 }, false],
    ['no operand is 0', { key: a, target: On.VERSION, result: Is.GREATER }, true],
    ['an unknown result holds', { key: a, target: On.VERSION, result: 9 as never, version: 77 }, true],
    ['an unknown target compares as equal', { key: a, target: 9 as never, result: Is.EQUAL }, true],
    ['an unknown target is not unequal', { key: a, target: 9 as never, result: Is.NOT_EQUAL }, false],
    [
      'all of an interval',
      { key: a, rangeEnd: bytesOf('z'), target: On.MOD, result: Is.GREATER, modRevision: 1 },
      true,
    ],
    [
      'an empty interval is a missing key',
      { key: missing, rangeEnd: bytesOf('y'), target: On.VERSION, version: 0 },
      true,
    ],
  ])('%s', async (_what, compare, wanted) => {
    const { succeeded } = await txn({ compare: [compare], success: [get('a')], failure: [get('a')] })
    expect(succeeded).toBe(wanted)
    // The same in the log instead of read only.
    const written = await txn({ compare: [compare], success: [put('q', 'yes')], failure: [put('q', 'no')] })
    expect([written.succeeded, await value('q')]).toEqual([wanted, wanted ? 'yes' : 'no'])
  })

  test('all must hold, and none at all holds', async () => {
    const yes = { key: a, target: On.VERSION, version: 2 }
    const no = { key: a, target: On.VERSION, version: 3 }
    expect((await txn({ compare: [yes, yes] })).succeeded).toBe(true)
    expect((await txn({ compare: [yes, no] })).succeeded).toBe(false)
    expect((await txn({})).succeeded).toBe(true)
  })

  test('one key of an interval that differs is enough', async () => {
    await member.call(KV.put, { key: bytesOf('b'), value: bytesOf('2') })
    const compare = { key: a, rangeEnd: bytesOf('c'), target: On.VERSION, result: Is.EQUAL, version: 2 }
    expect((await txn({ compare: [compare] })).succeeded).toBe(false)
  })
})

describe('writes', () => {
  test('share one revision, run in order and see each other', async () => {
    const prevKv = { requestPut: { key: bytesOf('a'), value: bytesOf('6'), prevKv: true } }
    const { header, responses } = await txn({ success: [prevKv, get('a'), put('b', '7'), get('a', 'z'), del('c')] })
    expect(header?.revision).toBe(4)
    const [first, second, third, fourth, fifth] = responses
    expect(textOf(first?.responsePut?.prevKv?.value)).toBe('5')
    expect(textOf(second?.responseRange?.kvs[0]?.value)).toBe('6')
    expect(second?.responseRange?.kvs[0]?.modRevision).toBe(4)
    expect(third?.responsePut?.header).toEqual({ clusterId: 0n, memberId: 0n, revision: 4, raftTerm: 0 })
    expect(fourth?.responseRange?.count).toBe(2)
    expect(fifth?.responseDeleteRange?.deleted).toBe(0)
  })

  test('answers before the first write carry the revision before it', async () => {
    const { responses } = await txn({ success: [get('a'), put('b'), get('a')] })
    const revisions = responses.map(
      ({ responseRange, responsePut }) => (responseRange ?? responsePut)?.header?.revision,
    )
    expect(revisions).toEqual([3, 4, 4])
  })

  test('that change nothing do not move the revision', async () => {
    const { header } = await txn({ success: [del('x'), del('y', 'z')] })
    expect(header?.revision).toBe(3)
  })

  test('nested conditions see the state before the transaction', async () => {
    const compare = [{ key: bytesOf('b'), target: On.VERSION, version: 0 }]
    const inner: RequestOpInit = { requestTxn: { compare, success: [put('c', 'new')], failure: [put('c', 'old')] } }
    const { header, responses } = await txn({ success: [put('b', '1'), inner] })
    expect(header?.revision).toBe(4)
    expect(responses[1]?.responseTxn?.succeeded).toBe(true)
    expect(responses[1]?.responseTxn?.header).toEqual({ clusterId: 0n, memberId: 0n, revision: 0, raftTerm: 0 })
    expect(await value('c')).toBe('new')
  })

  test('hole 1: a nested put and a later nested deletion of its key leave nothing', async () => {
    const { header } = await txn({ success: [nested([put('n', '1')]), nested([del('n')])] })
    expect([header?.revision, await value('n')]).toEqual([4, undefined])
  })

  test('hole 2: an open deletion and a put of a key in it', async () => {
    await txn({ success: [del('a', '\0'), put('a', 'again')] })
    const { kvs } = await member.call(KV.range, { key: bytesOf('a') })
    expect(kvs.map(kv => [kv.version, kv.createRevision])).toEqual([[1, 4]])
  })
})

describe('nothing half-applies', () => {
  const lease = { requestPut: { key: bytesOf('z'), lease: 77n } }
  const at = (key: string, atRevision: number): RequestOpInit => ({
    requestRange: { key: bytesOf(key), revision: atRevision },
  })
  const future = '11 etcdserver: mvcc: required revision is a future revision'
  const compacted = '11 etcdserver: mvcc: required revision has been compacted'
  const keepValue = (key: string): RequestOpInit => ({ requestPut: { key: bytesOf(key), ignoreValue: true } })
  const keepLease = (key: string): RequestOpInit => ({ requestPut: { key: bytesOf(key), ignoreLease: true } })

  test.each<[string, RequestOpInit, string]>([
    ['an unknown lease', lease, '5 etcdserver: requested lease not found'],
    ['a value to keep that is not there', keepValue('x'), '3 etcdserver: key not found'],
    ['a lease to keep that is not there', keepLease('x'), '3 etcdserver: key not found'],
    [
      'a value to keep that is not there, under an unknown lease',
      { requestPut: { key: bytesOf('x'), ignoreValue: true, lease: 5n } },
      '3 etcdserver: key not found',
    ],
    ['a future revision', at('a', 99), future],
    ['the revision the transaction itself makes', at('a', 4), future],
    ['deep down', nested([nested([lease])]), '5 etcdserver: requested lease not found'],
  ])('%s', async (_what, op, wanted) => {
    expect(await refused({ success: [put('b', '1'), op] })).toBe(wanted)
    expect([await value('b'), await revision()]).toEqual([undefined, 3])
    // In the branch that is not taken it does no harm.
    expect((await txn({ success: [put('b', '1')], failure: [op] })).succeeded).toBe(true)
  })

  test('a compacted revision, a negative one too', async () => {
    await member.call(KV.compact, { revision: 3 })
    expect(await refused({ success: [put('b', '1'), at('a', 2)] })).toBe(compacted)
    expect(await refused({ success: [put('b', '1'), at('a', -1)] })).toBe(compacted)
    expect(await refused({ success: [at('a', -1)] })).toBe(compacted)
    expect(await value('b')).toBeUndefined()
    expect((await txn({ success: [put('b', '1'), at('a', 3)] })).succeeded).toBe(true)
  })

  test('before the first compaction −1 is the present, what is below it is not', async () => {
    expect((await txn({ success: [at('a', -1)] })).responses[0]?.responseRange?.count).toBe(1)
    expect(await refused({ success: [at('a', -2)] })).toBe(compacted)
  })

  test('a value to keep that the transaction itself deletes first', async () => {
    for (const op of [keepValue('a'), keepLease('a')]) {
      expect(await refused({ success: [del('a', '\0'), op] })).toBe('3 etcdserver: key not found')
      expect(await refused({ success: [del('a', '\0'), nested([op])] })).toBe('3 etcdserver: key not found')
    }
    expect(await value('a')).toBe('5')
    expect((await txn({ success: [nested([keepValue('a')]), nested([del('a')])] })).succeeded).toBe(true)
  })
})

describe('read-only transactions', () => {
  test('leave no entry in the log', async () => {
    const before = (await member.call(Maintenance.status, {})).raftIndex
    await txn({ success: [get('a')], failure: [get('b')] })
    await txn({ success: [{ requestRange: { key: bytesOf('a'), serializable: true } }] })
    expect((await member.call(Maintenance.status, {})).raftIndex).toBe(before)
    await txn({ success: [nested([get('a')])] })
    expect((await member.call(Maintenance.status, {})).raftIndex).toBe(before + 1)
  })

  test('answer like written ones', async () => {
    const { header, responses } = await txn({ success: [get('a'), get('a', 'z')] })
    expect([header?.revision, header?.raftTerm]).toEqual([3, 2])
    expect(responses.map(({ responseRange }) => [responseRange?.count, responseRange?.header?.revision])).toEqual([
      [1, 3],
      [1, 3],
    ])
  })
})

test('bad transactions are refused before they are proposed', async () => {
  expect(await refused({ success: [put('k'), put('k')] })).toBe('3 etcdserver: duplicate key given in txn request')
  const many = Array.from({ length: 129 }, (_, i) => put(`k${i}`))
  expect(await refused({ success: many })).toBe('3 etcdserver: too many operations in txn request')
  expect((await txn({ success: many.slice(1) })).responses).toHaveLength(128)
  expect(await refused({ success: [{}] })).toBe('3 etcdserver: key not found')
})
