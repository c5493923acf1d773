import { memoryBackend } from '@kvs/backend/memory'
import {
  AlarmRequestAlarmAction as Action,
  AlarmType,
  decodeAlarmRequest,
  encodePutRequest,
  encodeTxnRequest,
  KV,
  Lease,
  Maintenance,
} from '@kvs/proto/rpc'
import { EntryType } from '@kvs/raft'
import { SeededRandom, VirtualClock } from '@kvs/testing'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Applier } from '../src/apply/applier.ts'
import { isOverQuota } from '../src/apply/quota.ts'
import { OwnProposal, type Waiter, WaitingTable } from '../src/consensus/waiting.ts'
import type { Member } from '../src/edge/member.ts'
import { Refusal } from '../src/errors.ts'
import { Metrics } from '../src/metrics/metrics.ts'
import { defaultOptions } from '../src/options.ts'
import type { Clock } from '../src/parts.ts'
import { costBytesMax, putCostBytes, txnCostBytes } from '../src/requests/cost.ts'
import { encodeEntry, OperationField, ParsedEntry } from '../src/requests/entry.ts'
import { SlowRequests } from '../src/slow-requests.ts'
import { allBuckets } from '../src/state/buckets.ts'
import { openState } from '../src/state/open-state.ts'
import { Quota } from '../src/state/quota.ts'
import { keepingLogger, type LogLine } from './log.ts'
import { type TestMember, World } from './member.ts'
import { bytesOf, compareOf, del, get, nested, put as putOp, putRequest, txnOf } from './messages.ts'

const noSpace = '8 etcdserver: mvcc: database space exceeded'

describe('the cost of a transaction', () => {
  const cost = (...branches: Parameters<typeof txnOf>): number =>
    txnCostBytes(KV.txn.decodeRequest(encodeTxnRequest({ ...txnOf(...branches), compare: [compareOf('long key')] })))

  test('is that of the dearer branch, nested ones counted the same way', () => {
    expect(cost([])).toBe(0)
    expect(cost([get('a'), del('a')], [nested([get('a')])])).toBe(0)
    expect(cost([putOp('ab', 'cde')])).toBe(261)
    expect(cost([putOp('a')], [putOp('a'), putOp('b')])).toBe(514)
    expect(cost([putOp('a'), nested([putOp('b')], [putOp('b'), putOp('c', '1')])])).toBe(257 + 257 + 258)
  })

  test('is within the bound that its length gives, as is that of a put', () => {
    fc.assert(
      fc.property(fc.array(putRequest, { maxLength: 5 }), puts => {
        const bytes = encodeTxnRequest({ success: puts.map(requestPut => ({ requestPut })) })
        expect(txnCostBytes(KV.txn.decodeRequest(bytes))).toBeLessThanOrEqual(costBytesMax(bytes.length))
        for (const put of puts) {
          const most = costBytesMax(encodePutRequest(put).length)
          expect(putCostBytes(put.key?.length ?? 0, put.value?.length ?? 0)).toBeLessThanOrEqual(most)
        }
      }),
    )
  })
})

test('entries are measured exactly where the bound is not enough', () => {
  const isOver = (limitBytes: number, field: OperationField, body: Uint8Array): boolean => {
    const backend = { sizes: () => ({ allocatedBytes: 1000, inUseBytes: 1000, fileBytes: 1000 }) }
    const quota = new Quota({ member: { id: 1n, clock: new VirtualClock(), propose: () => {} }, backend, limitBytes })
    const data = encodeEntry(field, body, 0, body.length, 1, 1)
    const entry = new ParsedEntry()
    entry.parse(data)
    return isOverQuota(quota, data, entry)
  }
  const put = encodePutRequest({ key: bytesOf('ab'), value: bytesOf('cde') })
  const txn = encodeTxnRequest(txnOf([putOp('ab', 'cde'), del('x')]))
  for (const [field, body] of [
    [OperationField.put, put],
    [OperationField.txn, txn],
  ] as const) {
    expect(isOver(1261, field, body)).toBe(true)
    expect(isOver(1262, field, body)).toBe(false)
    expect(isOver(0, field, body)).toBe(false)
  }
  expect(isOver(1064, OperationField.leaseGrant, new Uint8Array(0))).toBe(true)
  expect(isOver(1065, OperationField.leaseGrant, new Uint8Array(0))).toBe(false)
  expect(isOver(10, OperationField.txn, encodeTxnRequest(txnOf([del('x'), get('y')])))).toBe(false)
  expect(isOver(10, OperationField.deleteRange, put)).toBe(false)
})

describe('an entry beyond the quota when it is applied', () => {
  /** A member that is full, and what it proposes. */
  async function world() {
    const clock = new VirtualClock()
    const backend = memoryBackend({ buckets: allBuckets })
    const options = { ...defaultOptions, dataDir: '/data' }
    const metrics = new Metrics()
    const log: LogLine[] = []
    const nothing = (): Promise<never> => Promise.reject(new Error('there is nothing to do beside the loop'))
    const parts = { logger: keepingLogger(log), executor: { open: nothing, run: nothing }, options, metrics }
    const state = await openState({ ...parts, backend, clock: realTurns(clock), random: new SeededRandom(1) })
    const proposals: { readonly body: Uint8Array; readonly waiter: Waiter }[] = []
    const propose: Member['propose'] = (field, body, _start, _end, waiter) => {
      expect(field).toBe(OperationField.alarm)
      proposals.push({ body, waiter })
    }
    const quota = new Quota({ member: { id: 9n, clock, propose }, backend, limitBytes: 1 })
    const waiting = new WaitingTable(() => Refusal.of('TIMEOUT'))
    const applier = new Applier({
      state,
      clock,
      slow: new SlowRequests({ clock, logger: keepingLogger(log), metrics, expectedMs: 100 }),
      slowMs: 100,
      quota,
      applied: 0,
      waiting,
      idPrefix: 1,
      configurationChanged: () => {},
      termStarted: () => {},
    })
    const apply = (field: OperationField, body: Uint8Array, idSuffix: number): void => {
      const data = encodeEntry(field, body, 0, body.length, 1, idSuffix)
      applier.apply({ type: EntryType.EntryNormal, term: 1, index: applier.applied + 1, data })
    }
    return { state, metrics, log, proposals, waiting, apply }
  }
  const realTurns = (clock: VirtualClock): Clock => ({
    now: () => clock.now(),
    wallNow: () => clock.wallNow(),
    setTimer: (delayMs, callback) => clock.setTimer(delayMs, callback),
    clearTimer: timer => clock.clearTimer(timer),
    defer: callback => void setImmediate(callback),
  })
  const body = encodePutRequest({ key: bytesOf('a') })

  test('is carried out, and answered with no space once the alarm is through', async () => {
    const { state, metrics, log, proposals, waiting, apply } = await world()
    const answers: string[] = []
    const waiter = new OwnProposal(0, {
      applied: () => answers.push('applied'),
      refused: ({ code }: Refusal) => answers.push(code),
    })
    waiting.add(1, waiter)
    waiting.add(2, waiter)
    apply(OperationField.put, body, 1)
    apply(OperationField.put, body, 2)
    expect([state.store.revision, proposals.length, answers]).toEqual([3, 1, []])
    const proposal = decodeAlarmRequest(proposals[0]?.body as Uint8Array)
    expect(proposal).toEqual({ action: Action.ACTIVATE, memberId: 9n, alarm: AlarmType.NOSPACE })
    proposals[0]?.waiter.applied(undefined)
    expect(answers).toEqual(['NO_SPACE', 'NO_SPACE'])
    apply(OperationField.put, body, 3)
    expect(proposals).toHaveLength(2)
    const { apply: applied, request } = metrics.operation('Put')
    expect([applied.succeeded.count, applied.failed.count, request.failed.count]).toEqual([0, 3, 2])
    expect(log[0]).toMatchObject({
      level: 'warn',
      message: 'failed to apply request',
      fields: {
        request: 'header:<ID:281474976710657 > put:<key:"a" >',
        error: 'etcdserver: mvcc: database space exceeded',
      },
    })
  })

  test('raises the alarm where nobody waits, and keeps its own refusal where it has one', async () => {
    const { state, proposals, waiting, apply } = await world()
    apply(OperationField.put, body, 1)
    expect([state.store.revision, proposals.length]).toEqual([2, 1])
    const codes: string[] = []
    waiting.add(2, new OwnProposal(0, { applied: () => {}, refused: ({ code }) => codes.push(code) }))
    apply(OperationField.put, encodePutRequest({ key: bytesOf('a'), lease: 4n }), 2)
    expect([codes, proposals.length]).toEqual([['LEASE_NOT_FOUND'], 1])
    // An active alarm refuses before anything is done.
    state.alarms.activate({ memberId: 4n, alarm: AlarmType.NOSPACE })
    apply(OperationField.put, body, 3)
    expect([state.store.revision, proposals.length]).toEqual([2, 1])
  })
})

describe('a member with a quota', () => {
  let world: World
  let member: TestMember

  beforeEach(async () => {
    world = new World()
    member = await world.start({ quotaBackendBytes: 100_000 })
  })
  afterEach(async () => {
    expect(world.fatal).toEqual([])
    await member.member.stop()
    world.close()
  })

  const put = (key: string, bytes = 0) => ({ key: bytesOf(key), value: new Uint8Array(bytes) })
  const alarms = async () => (await member.call(Maintenance.alarm, { action: Action.GET })).alarms
  const own = () => ({ memberId: member.member.id, alarm: AlarmType.NOSPACE })

  test('refuses at the edge what has no room, before anything else is looked at, and raises its alarm', async () => {
    expect(await member.refusal(KV.put, put('', 100_000))).toBe(noSpace)
    expect(await alarms()).toEqual([own()])
    expect((await member.call(KV.range, { key: bytesOf('a') })).header?.revision).toBe(1)
    // From here on the alarm refuses even what has room.
    expect(await member.refusal(KV.put, put('a'))).toBe(noSpace)
    await member.call(Maintenance.alarm, { action: Action.DEACTIVATE, ...own() })
    await member.call(KV.put, put('a'))
    expect(await member.refusal(KV.txn, txnOf([{ requestPut: put('', 100_000) }]))).toBe(noSpace)
    expect(await alarms()).toEqual([own()])
  })

  test('counts what its file has allocated, to the byte', async () => {
    await member.call(KV.put, put('a', 40_000))
    await world.advance(1000)
    const { dbSize } = await member.call(Maintenance.status, {})
    expect(dbSize).toBeGreaterThan(40_000)
    const room = 100_000 - dbSize - putCostBytes(1, 0)
    await member.call(KV.put, put('b', room - 1))
    expect(await member.refusal(KV.put, put('b', room))).toBe(noSpace)
    expect((await member.call(Maintenance.status, {})).errors).toEqual([`memberID:${member.member.id} alarm:NOSPACE`])
    // What costs nothing passes.
    await member.call(KV.deleteRange, { key: bytesOf('a') })
    await member.call(KV.txn, txnOf([del('a')]))
  })

  test('refuses leases when it is full', async () => {
    await member.member.stop()
    member = await world.start({ quotaBackendBytes: 1 })
    expect(await member.refusal(Lease.leaseGrant, { ttl: 60 })).toBe(noSpace)
    expect(await alarms()).toEqual([own()])
  })

  test('without a quota takes everything', async () => {
    await member.member.stop()
    member = await world.start({ quotaBackendBytes: -1 })
    for (let i = 0; i < 3; i++) await member.call(KV.put, put(`k${i}`, 1_000_000))
    await world.advance(1000)
    await member.call(KV.put, put('last', 1_000_000))
    expect(await alarms()).toEqual([])
  })
})
