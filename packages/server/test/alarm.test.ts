import {
  AlarmRequestAlarmAction as Action,
  type AlarmMemberInit,
  AlarmType,
  KV,
  Lease,
  Maintenance,
} from '@kvs/proto/rpc'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { HttpRequest } from '../src/edge/http.ts'
import { type TestMember, World } from './member.ts'
import { bytesOf, del, get, nested, put as putOp, txnOf } from './messages.ts'

let world: World
let member: TestMember

beforeEach(async () => {
  world = new World()
  member = await world.start()
})
afterEach(async () => {
  expect(world.fatal).toEqual([])
  await member.member.stop()
  world.close()
})

const noSpace = '8 etcdserver: mvcc: database space exceeded'
const corrupt = '15 etcdserver: corrupt cluster'
const { NONE, NOSPACE, CORRUPT } = AlarmType

const alarm = async (action: Action, subject: AlarmMemberInit = {}): Promise<readonly AlarmMemberInit[]> =>
  (await member.call(Maintenance.alarm, { action, ...subject })).alarms
const activate = (subject: AlarmMemberInit) => alarm(Action.ACTIVATE, subject)
const deactivate = (subject: AlarmMemberInit) => alarm(Action.DEACTIVATE, subject)
const list = (type: AlarmType = NONE) => alarm(Action.GET, { alarm: type })
const put = { key: bytesOf('a'), value: bytesOf('1') }

async function health(query = ''): Promise<string> {
  const request: HttpRequest = {
    method: 'GET',
    path: '/health',
    query,
    header: () => undefined,
    headers: [],
    remote: '',
    isEncrypted: false,
    commonName: undefined,
  }
  const { status, body } = await member.member.handleHttp(
    request,
    (async function* () {})(),
    new AbortController().signal,
  )
  return `${status} ${new TextDecoder().decode(body as Uint8Array)}`
}

test('alarms are raised once, listed by type, and ended one by one', async () => {
  const [a, b, c] = [
    { memberId: 7n, alarm: NOSPACE },
    { memberId: 3n, alarm: NOSPACE },
    { memberId: 2n ** 64n - 1n, alarm: CORRUPT },
  ] as const
  expect(await activate({ memberId: 7n, alarm: NONE })).toEqual([])
  for (const subject of [a, a, b, c]) expect(await activate(subject)).toEqual([subject])
  expect(await list()).toEqual([b, a, c])
  expect(await list(NOSPACE)).toEqual([b, a])
  expect(await list(CORRUPT)).toEqual([c])
  expect(await deactivate({ memberId: 8n, alarm: NOSPACE })).toEqual([])
  expect(await deactivate({ memberId: 7n, alarm: CORRUPT })).toEqual([])
  expect(await deactivate(a)).toEqual([a])
  expect(await deactivate(a)).toEqual([])
  expect(await list()).toEqual([b, c])
})

test('an alarm changes no revision, and its answer carries the current one', async () => {
  await member.call(KV.put, put)
  const { header } = await member.call(Maintenance.alarm, { action: Action.ACTIVATE, alarm: NOSPACE })
  expect(header?.revision).toBe(2)
})

test('an action that does not exist is refused', async () => {
  expect(await member.refusal(Maintenance.alarm, { action: 9 as Action })).toBe('2 etcdserver: unknown method')
})

test('alarms outlive a restart, from the state file and from the log', async () => {
  await activate({ memberId: 7n, alarm: NOSPACE })
  await activate({ memberId: 8n, alarm: NOSPACE })
  await deactivate({ memberId: 7n, alarm: NOSPACE })
  await world.advance(1000)
  await activate({ memberId: 9n, alarm: CORRUPT })
  await member.member.stop()
  member = await world.start()
  expect(await list()).toEqual([
    { memberId: 8n, alarm: NOSPACE },
    { memberId: 9n, alarm: CORRUPT },
  ])
})

test('without space only what makes the state grow is refused', async () => {
  await member.call(KV.put, put)
  await member.call(Lease.leaseGrant, { id: 5n, ttl: 60 })
  await activate({ memberId: 7n, alarm: NOSPACE })
  expect(await member.refusal(KV.put, put)).toBe(noSpace)
  expect(await member.refusal(Lease.leaseGrant, { ttl: 60 })).toBe(noSpace)
  expect(await member.refusal(KV.txn, txnOf([putOp('b')]))).toBe(noSpace)
  // The branch that is not taken counts, and so do nested ones.
  expect(await member.refusal(KV.txn, txnOf([del('b')], [putOp('b')]))).toBe(noSpace)
  expect(await member.refusal(KV.txn, txnOf([nested([nested([putOp('b')])])]))).toBe(noSpace)
  expect((await member.call(KV.range, { key: bytesOf('a') })).count).toBe(1)
  expect((await member.call(KV.txn, txnOf([get('a'), nested([del('b')])]))).succeeded).toBe(true)
  expect((await member.call(KV.deleteRange, { key: bytesOf('a') })).deleted).toBe(1)
  await member.call(Lease.leaseRevoke, { id: 5n })
  await member.call(KV.compact, { revision: 3 })
  await deactivate({ memberId: 7n, alarm: NOSPACE })
  expect((await member.call(KV.put, put)).header?.revision).toBe(4)
})

test('while corrupt nothing is applied to keys and leases, reads are served', async () => {
  await member.call(KV.put, put)
  await member.call(Lease.leaseGrant, { id: 5n, ttl: 60 })
  await activate({ memberId: 7n, alarm: CORRUPT })
  await activate({ memberId: 7n, alarm: NOSPACE })
  expect(await member.refusal(KV.put, put)).toBe(corrupt)
  expect(await member.refusal(KV.deleteRange, { key: bytesOf('a') })).toBe(corrupt)
  expect(await member.refusal(KV.txn, txnOf([del('a')]))).toBe(corrupt)
  expect(await member.refusal(KV.compact, { revision: 1 })).toBe(corrupt)
  expect(await member.refusal(Lease.leaseGrant, { ttl: 60 })).toBe(corrupt)
  expect(await member.refusal(Lease.leaseRevoke, { id: 5n })).toBe(corrupt)
  expect((await member.call(KV.range, { key: bytesOf('a') })).count).toBe(1)
  expect((await member.call(KV.txn, txnOf([get('a')]))).succeeded).toBe(true)
})

test('status and health tell which alarms are active', async () => {
  const errors = async (): Promise<readonly string[]> => (await member.call(Maintenance.status, {})).errors
  expect(await errors()).toEqual([])
  expect(await health()).toBe('200 {"health":"true","reason":""}')
  await activate({ memberId: 2n ** 64n - 1n, alarm: CORRUPT })
  expect(await health()).toBe('503 {"health":"false","reason":"ALARM CORRUPT"}\n')
  await activate({ memberId: 0n, alarm: NOSPACE })
  expect(await errors()).toEqual(['alarm:NOSPACE', 'memberID:18446744073709551615 alarm:CORRUPT'])
  expect(await health()).toBe('503 {"health":"false","reason":"ALARM NOSPACE"}\n')
  expect(await health('serializable=true&exclude=NOSPACE')).toBe('503 {"health":"false","reason":"ALARM CORRUPT"}\n')
  expect(await health('exclude=CORRUPT&exclude=NOSPACE')).toBe('200 {"health":"true","reason":""}')
  await activate({ memberId: 1n, alarm: 9 as AlarmType })
  expect(await health('exclude=CORRUPT&exclude=NOSPACE')).toBe('503 {"health":"false","reason":"ALARM UNKNOWN"}\n')
  expect((await errors())[2]).toBe('memberID:1 alarm:9')
})
