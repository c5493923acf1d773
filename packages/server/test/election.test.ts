import { type CampaignResponse, Election, type LeaderKey } from '@kvs/proto/election'
import { KV, Lease } from '@kvs/proto/rpc'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { refusalOf, type TestMember, World } from './member.ts'
import { bytesOf } from './messages.ts'

let world: World
let member: TestMember

beforeEach(async () => {
  world = new World()
  member = await world.start()
  for (const id of [10n, 11n, 12n]) await member.call(Lease.leaseGrant, { id, ttl: 60 })
})
afterEach(async () => {
  expect(world.fatal).toEqual([])
  await member.member.stop()
  world.close()
})

const name = bytesOf('e')
const textOf = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes)
const campaign = (lease: bigint, value: string): Promise<CampaignResponse> =>
  member.call(Election.campaign, { name, lease, value: bytesOf(value) })

async function leader(): Promise<string> {
  const { kv } = await member.call(Election.leader, { name })
  return `${textOf(kv?.key)} ${textOf(kv?.value)}`
}

/** What a campaign answers with, for the next request. */
function held({ leader: key }: CampaignResponse): LeaderKey {
  if (key === undefined) throw new Error('no key')
  return { ...key, name: key.name.slice(), key: key.key.slice() }
}

test('the first candidate leads, the next one when it resigns', async () => {
  expect(await member.refusal(Election.leader, { name })).toBe('2 election: no leader')
  const first = held(await campaign(10n, 'one'))
  expect([textOf(first.key), textOf(first.name), first.lease, first.rev]).toEqual(['e/a', 'e', 10n, 2])
  let isSecond = false
  const second = campaign(11n, 'two').then(answer => {
    isSecond = true
    return held(answer)
  })
  await world.settled()
  expect([isSecond, await leader()]).toEqual([false, 'e/a one'])
  const { header } = await member.call(Election.proclaim, { leader: first, value: bytesOf('uno') })
  expect([header?.revision, await leader()]).toEqual([4, 'e/a uno'])
  await member.call(Election.resign, { leader: first })
  expect(textOf((await second).key)).toBe('e/b')
  expect(await leader()).toBe('e/b two')
  expect(await member.refusal(Election.proclaim, { leader: first, value: name })).toBe('2 election: not leader')
  expect((await member.call(Election.resign, { leader: first })).header?.revision).toBe(5)
  expect(await leader()).toBe('e/b two')
})

test('a second campaign of the same lease proclaims its value', async () => {
  const first = held(await campaign(10n, 'one'))
  const again = held(await campaign(10n, 'two'))
  expect([again.rev, await leader()]).toEqual([first.rev, 'e/a two'])
})

test('what goes wrong is told with code Unknown', async () => {
  const missing = '2 "leader" field must be provided'
  expect(await member.refusal(Election.proclaim, {})).toBe(missing)
  expect(await member.refusal(Election.resign, {})).toBe(missing)
  expect(await member.refusal(Election.campaign, { name, lease: 404n })).toBe('2 etcdserver: requested lease not found')
})

test('a candidate that goes away while it waits leaves no key', async () => {
  await campaign(10n, 'one')
  const gone = new AbortController()
  const request = Election.campaign.encodeRequest({ name, lease: 11n, value: bytesOf('two') })
  const waiting = member.channel.call(Election.campaign.path, request, { signal: gone.signal })
  await world.settled()
  gone.abort()
  expect(await refusalOf(waiting)).toMatch(/^1 /)
  await world.settled()
  const { count } = await member.call(KV.range, { key: bytesOf('e/'), rangeEnd: bytesOf('e0') })
  expect(count).toBe(1)
})

test('observers see every leader and what it proclaims, from before the first one on', async () => {
  const observed = member.stream(Election.observe)
  observed.send({ name })
  await world.settled()
  expect(observed.rest()).toEqual([])
  const next = async (): Promise<string> => {
    const { kv, header } = await observed.next()
    return `${textOf(kv?.key)} ${textOf(kv?.value)} ${header?.revision}`
  }
  const first = held(await campaign(10n, 'one'))
  expect(await next()).toBe('e/a one 2')
  await member.call(Election.proclaim, { leader: first, value: bytesOf('uno') })
  expect(await next()).toBe('e/a uno 3')
  const second = campaign(11n, 'two')
  await world.settled()
  await member.call(Lease.leaseRevoke, { id: 10n })
  await second
  expect(await next()).toBe('e/b two 5')
  await member.call(Election.resign, { leader: held(await second) })
  await campaign(12n, 'three')
  expect(await next()).toBe('e/c three 7')
  observed.cancel()
  await world.settled()
  const watchers = member.member.metricFamilies.find(({ name: one }) => one === 'etcd_debugging_mvcc_watcher_total')
  expect(watchers?.samples()[0]?.value).toBe(0)
})
