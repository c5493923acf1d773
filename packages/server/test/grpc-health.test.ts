import { Health } from '@kvs/proto/health'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type TestMember, World } from './member.ts'

let world: World
let member: TestMember

beforeEach(async () => {
  world = new World()
  member = await world.start()
})
afterEach(async () => {
  await member.member.stop()
  world.close()
})

test('the server as a whole serves, and nothing else is known', async () => {
  expect(await member.call(Health.check, {})).toEqual({ status: 1 })
  expect(await member.refusal(Health.check, { service: 'etcdserverpb.KV' })).toBe('5 unknown service')
  expect((await member.call(Health.list, {})).statuses).toEqual(new Map([['', { status: 1 }]]))
})

test('watching says it once and stays open', async () => {
  for (const [service, status] of [
    ['', 1],
    ['nobody', 3],
  ] as const) {
    const watched = member.stream(Health.watch)
    watched.send({ service })
    expect(await watched.next()).toEqual({ status })
    await world.settled()
    expect(watched.rest()).toEqual([])
    watched.cancel()
  }
})
