import type { Backend, Bucket, KeyInterval } from '@kvs/backend'
import { memoryBackend } from '@kvs/backend/memory'
import { encodeRole, encodeUser } from '@kvs/proto/auth'
import { encodeLease } from '@kvs/proto/lease'
import { Auth, KV, Lease, Watch } from '@kvs/proto/rpc'
import { SeededRandom, VirtualClock } from '@kvs/testing'
import { afterEach, expect, test } from 'vitest'
import type { KvsMember } from '../src/kvs-member.ts'
import * as limits from '../src/limits.ts'
import { allBuckets, buckets } from '../src/state/buckets.ts'
import { openStoreBeside } from '../src/state/open-state.ts'
import { readKept, State } from '../src/state/state.ts'
import { Cluster, type Machine } from './cluster.ts'
import { bytesOf } from './messages.ts'

/** How much of a received state is read in one turn, and how much when it takes the place of the present one. */

const count = 5000

const numbered = (number: number): Uint8Array => {
  const key = new Uint8Array(8)
  new DataView(key.buffer).setBigUint64(0, BigInt(number))
  return key
}

/** A state with very many leases, each with a key, users and roles; `read` counts the records that are read. */
function bigState(): { readonly backend: Backend; readonly read: { count: number } } {
  const backend = memoryBackend({ buckets: allBuckets })
  for (let i = 1; i <= count; i++) {
    backend.put(buckets.lease, numbered(i), encodeLease({ id: BigInt(i), ttl: 60, remainingTtl: 0 }))
    const name = bytesOf(`name-${i}`)
    backend.put(buckets.authUsers, name, encodeUser({ name }))
    backend.put(buckets.authRoles, name, encodeRole({ name }))
  }
  const read = { count: 0 }
  const counted = new Proxy(backend, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target)
      if (name !== 'records') return typeof value === 'function' ? value.bind(target) : value
      return function* (bucket: Bucket, interval?: KeyInterval) {
        for (const record of target.records(bucket, interval)) {
          read.count++
          yield record
        }
      }
    },
  })
  return { backend: counted, read }
}

/** What a promise comes to on a clock that stands still. */
async function on<Result>(clock: VirtualClock, promise: Promise<Result>): Promise<Result> {
  let isSettled = false
  const settle = (): void => {
    isSettled = true
  }
  promise.then(settle, settle)
  while (!isSettled) {
    clock.advance(0)
    await new Promise(resolve => setImmediate(resolve))
  }
  return promise
}

test('leases, users and roles of a state are read a few at a time', async () => {
  const { backend, read } = bigState()
  const clock = new VirtualClock()
  const store = await on(clock, openStoreBeside({ backend, clock, random: new SeededRandom(1) }))
  for (let i = 1; i <= count; i++) {
    const txn = store.write()
    txn.put({ key: bytesOf(`key-${i}`), value: bytesOf('v'), lease: BigInt(i) })
    txn.end()
  }
  const keyLeases = store.keyLeases.bind(store)
  store.keyLeases = function* () {
    for (const attached of keyLeases()) {
      read.count++
      yield attached
    }
  }
  read.count = 0
  const steps = readKept(backend, store)
  for (let slices = 1; ; slices++) {
    const before = read.count
    const step = steps.next()
    // The end of one list and the beginning of the next may be in one.
    expect(read.count - before).toBeLessThanOrEqual(2 * limits.sliceRecords)
    if (step.done !== true) continue
    expect(slices).toBeGreaterThanOrEqual(4 * Math.floor(count / limits.sliceRecords))
    expect(step.value.leases.leases.size).toBe(count)
    expect(step.value.leases.attachedKeyCount).toBe(count)
    expect([step.value.auth.users.size, step.value.auth.roles.size]).toEqual([count, count])
    return
  }
})

let cluster: Cluster | undefined
afterEach(() => cluster?.close())

test('the exchange of the states reads next to nothing, whatever there is of leases, users and watchers', async () => {
  cluster = new Cluster(91)
  await cluster.found(3, { snapshotCount: 5, snapshotCatchupEntries: 0 })
  const [behind] = cluster.followers as readonly [Machine]
  const others = [...cluster.machines.keys()].filter(name => name !== behind.name)
  const streams = Array.from({ length: 2 }, () => behind.stream(Watch.watch))
  const watchers = 1500
  for (const stream of streams) {
    for (let i = 0; i < watchers; i++) stream.send({ createRequest: { key: bytesOf(`k${i % 100}`) } })
    for (let i = 0; i < watchers; i++) await cluster.until(stream.next())
  }
  cluster.network.partition([behind.name], others)
  const leases = 200
  for (let i = 1; i <= leases; i++) {
    await cluster.leader.call(Lease.leaseGrant, { id: BigInt(i), ttl: 6000 })
    await cluster.leader.call(KV.put, { key: bytesOf(`k${i}`), lease: BigInt(i) })
    await cluster.leader.call(Auth.userAdd, { name: `u${i}`, options: { noPassword: true } })
  }
  const { restore } = State.prototype
  let readRecords = 0
  let movedWatchers = 0
  State.prototype.restore = function (...args) {
    const records = this.backend.records.bind(this.backend)
    this.backend.records = function* (...interval) {
      for (const record of records(...interval)) {
        readRecords++
        yield record
      }
    }
    const before = this.store
    restore.apply(this, args)
    movedWatchers = 2 * watchers - before.watch.statistics().watchers
    this.backend.records = records
  }
  try {
    cluster.network.heal()
    await cluster.untilHolds(() => movedWatchers > 0)
  } finally {
    State.prototype.restore = restore
  }
  // Members, their ids of old, alarms and the version.
  expect(readRecords).toBeLessThan(10)
  expect(movedWatchers).toBeLessThanOrEqual(512)
  const { state } = behind.member as KvsMember
  expect(state.lessor.leaseCount).toBe(leases)
  expect(state.lessor.status().attachedKeyCount).toBe(leases)
  expect(state.auth.store.status().userCount).toBe(leases)
  // All of them come over, and are caught up.
  const events = await cluster.until(streams[0]?.next() ?? Promise.reject())
  expect(events.events.length).toBeGreaterThan(0)
  await cluster.untilHolds(() => state.store.watch.statistics().unsynced === 0)
  expect(state.store.watch.statistics().watchers).toBe(2 * watchers)
  await cluster.stop()
})
