import { memoryBackend } from '@kvs/backend/memory'
import { KV, Maintenance } from '@kvs/proto/rpc'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ServingState } from '../src/edge/grpc-health.ts'
import type { Member } from '../src/edge/member.ts'
import { upkeepMethods } from '../src/edge/upkeep.ts'
import { Metrics } from '../src/metrics/metrics.ts'
import { defaultOptions } from '../src/options.ts'
import { allBuckets, buckets } from '../src/state/buckets.ts'
import { StateHash } from '../src/state/state-hash.ts'
import { type TestMember, World } from './member.ts'
import { bytesOf } from './messages.ts'

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

const put = (key: string, value = '') => member.call(KV.put, { key: bytesOf(key), value: bytesOf(value) })
const hashKv = (revision = 0) => member.call(Maintenance.hashKV, { revision })
const hash = async (): Promise<number> => (await member.call(Maintenance.hash, {})).hash

/** CRC-32C bit by bit. */
function crc(text: string): number {
  let state = 0xffff_ffff
  for (const byte of Buffer.from(text, 'latin1')) {
    state ^= byte
    for (let bit = 0; bit < 8; bit++) state = state & 1 ? (state >>> 1) ^ 0x82f6_3b78 : state >>> 1
  }
  return ~state >>> 0
}

describe('HashKV', () => {
  test('an empty store hashes to the name of its bucket', async () => {
    expect(await hashKv()).toMatchObject({
      hash: crc('key'),
      compactRevision: -1,
      hashRevision: 1,
      header: { revision: 1 },
    })
  })

  test('a revision keeps its hash; the header shows the newest', async () => {
    for (const value of ['1', '2', '3']) await put('a', value)
    const at3 = await hashKv(3)
    await put('b')
    const later = await hashKv(3)
    expect(later).toMatchObject({ hash: at3.hash, hashRevision: 3, header: { revision: 5 } })
    expect((await hashKv()).hash).not.toBe(at3.hash)
    expect(await hashKv(5)).toEqual(await hashKv())
  })

  test('revisions that are compacted or not there yet, and the compaction that is remembered', async () => {
    for (const value of ['1', '2', '3']) await put('a', value)
    const before = await hashKv(3)
    await member.call(KV.compact, { revision: 3, physical: true })
    expect(await hashKv(3)).toMatchObject({ hash: before.hash, compactRevision: -1, hashRevision: 3 })
    expect(await hashKv(4)).toMatchObject({ compactRevision: 3 })
    const refused = (revision: number): Promise<string> => member.refusal(Maintenance.hashKV, { revision })
    expect(await refused(2)).toBe('11 etcdserver: mvcc: required revision has been compacted')
    expect(await refused(5)).toBe('11 etcdserver: mvcc: required revision is a future revision')
  })

  test('a caller who goes away at any moment holds no compaction back', async () => {
    for (let i = 0; i < 200; i++) {
      const success = Array.from({ length: 100 }, (_, j) => ({ requestPut: { key: bytesOf(`${i}.${j}`) } }))
      await member.call(KV.txn, { success })
    }
    world.lookCostMs = 3
    let answered = 0
    for (let steps = 0; answered < 3; steps++) {
      const request = Maintenance.hashKV.encodeRequest({})
      const call = member.channel.unary(Maintenance.hashKV.path, request, {}, error => {
        if (error === undefined) answered++
      })
      member.channel.flush()
      for (let i = 0; i < steps; i++) world.clock.step()
      call.cancel()
      await world.settled()
    }
    world.lookCostMs = 0
    await member.call(KV.compact, { revision: 201, physical: true })
  })
})

describe('Hash', () => {
  test('is over every bucket by name, without what is local to a member, however it is sliced', async () => {
    const backend = memoryBackend({ buckets: allBuckets })
    backend.put(buckets.meta, bytesOf('consistent_index'), bytesOf('1'))
    backend.put(buckets.meta, bytesOf('term'), bytesOf('2'))
    backend.put(buckets.meta, bytesOf('storageVersion'), bytesOf('3'))
    backend.put(buckets.meta, bytesOf('confState'), bytesOf('4'))
    backend.put(buckets.key, bytesOf('term'), bytesOf('5'))
    backend.put(buckets.key, bytesOf('k'), bytesOf('6'))
    backend.put(buckets.alarm, bytesOf('a'), bytesOf(''))
    backend.endEntry({ index: 1, term: 1 })
    await backend.commit()
    const wanted = crc('alarmaauthauthRolesauthUsersclusterkeyk6term5leasemembersmembers_removedmetaconfState4')
    for (const records of [1, 2, 100]) {
      const state = new StateHash(backend.view(), backend.buckets)
      while (!state.step(records)) {}
      expect(state.hash).toBe(wanted)
    }
    await backend.close()
  })

  test('has what was just written, and changes with nothing else', async () => {
    const empty = await hash()
    expect(await hash()).toBe(empty)
    await put('a')
    expect(await hash()).not.toBe(empty)
    expect((await member.call(Maintenance.hash, {})).header?.revision).toBe(2)
  })
})

describe('Defragment', () => {
  test('gives room back, without a header, while requests go on', async () => {
    await put('a', 'x'.repeat(500_000))
    await world.advance(1000)
    await member.call(KV.deleteRange, { key: bytesOf('a') })
    await member.call(KV.compact, { revision: 3, physical: true })
    // What a compaction removes is committed with the next entry.
    await put('b')
    const sizeOf = async (): Promise<number> => (await member.call(Maintenance.status, {})).dbSize
    expect(await sizeOf()).toBeGreaterThan(500_000)
    const [answer] = await Promise.all([member.call(Maintenance.defragment, {}), put('b', '1')])
    expect(answer.header).toBeUndefined()
    expect(await sizeOf()).toBeLessThan(100_000)
    expect((await member.call(KV.range, { key: bytesOf('b') })).count).toBe(1)
  })

  test('that fails is told, and harms nothing', async () => {
    const failed: unknown[] = []
    const background: (() => boolean)[] = []
    const backend = { sizes: () => ({}), defragment: () => Promise.reject(new Error('no room on the disk')) }
    const metrics = new Metrics()
    const state = { backend, metrics, background: { add: (piece: () => boolean) => background.push(piece) } }
    const logger = { info: () => {}, error: () => {} }
    const methods = upkeepMethods(
      { state, logger, clock: { now: () => 0 }, options: defaultOptions } as unknown as Member,
      new ServingState(),
    )
    const method = methods.get(Maintenance.defragment.path)
    if (method?.kind !== 'unary') throw new Error('Defragment is unary')
    const call = { path: '', fail: (...args: unknown[]) => failed.push(args) }
    method.handle(call as unknown as Parameters<typeof method.handle>[0], new Uint8Array(0), 0, 0)
    await new Promise(resolve => setImmediate(resolve))
    expect(background.map(piece => piece())).toEqual([true])
    expect(failed).toEqual([[2, 'no room on the disk']])
    expect([metrics.defragmentationsUnderWay, metrics.defragmentations.count]).toEqual([0, 0])
  })
})

describe('MoveLeader', () => {
  test('to the leader itself is done at once; to anybody else it cannot go', async () => {
    expect((await member.call(Maintenance.moveLeader, { targetId: member.member.id })).header).toBeUndefined()
    const bad = '9 etcdserver: bad leader transferee'
    expect(await member.refusal(Maintenance.moveLeader, { targetId: 7n })).toBe(bad)
    expect(await member.refusal(Maintenance.moveLeader, {})).toBe(bad)
  })

  test('is the business of the leader', () => {
    const methods = upkeepMethods({ id: 1n, consensus: { isLeader: false } } as unknown as Member, new ServingState())
    const method = methods.get(Maintenance.moveLeader.path)
    if (method?.kind !== 'unary') throw new Error('MoveLeader is unary')
    const failed: unknown[] = []
    const call = { fail: (...args: unknown[]) => failed.push(args) }
    method.handle(call as unknown as Parameters<typeof method.handle>[0], new Uint8Array(0), 0, 0)
    expect(failed).toEqual([[9, 'etcdserver: not leader']])
  })
})
