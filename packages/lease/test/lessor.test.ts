import { VirtualClock } from '@kvs/testing'
import { expect, test } from 'vitest'
import {
  createLessor,
  describeLease,
  describeLessor,
  foreverSeconds,
  formatLeaseId,
  LeaseSet,
  type LessorOptions,
  minTtlSecondsOf,
  ttlSecondsMax,
} from '../src/index.ts'

const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1')
const texts = (keys: Iterable<Uint8Array>): string[] => [...keys].map(key => Buffer.from(key).toString('latin1'))

function primary(options: Partial<LessorOptions> = {}) {
  const clock = new VirtualClock()
  const lessor = createLessor({ clock, ...options })
  lessor.promote(0)
  return { clock, lessor }
}

test('a lease lives its time to live, then is handed out once, then again after the retry time', () => {
  const { clock, lessor } = primary({ revokeRetryMs: 7000 })
  expect(lessor.grant({ id: 1n, ttlSeconds: 10 })).toEqual({ id: 1n, ttlSeconds: 10, remainingTtlSeconds: 0 })
  expect(lessor.nextExpiryMs()).toBe(10_000)
  clock.advance(9999)
  expect(lessor.expired()).toEqual([])
  expect(lessor.timeToLive(1n)).toEqual({ remainingSeconds: 0, grantedSeconds: 10, keyCount: 0 })
  clock.advance(1)
  expect(lessor.isExpired(1n)).toBe(true)
  expect(lessor.expired()).toEqual([1n])
  expect(lessor.expired()).toEqual([])
  expect(lessor.nextExpiryMs()).toBe(17_000)
  clock.advance(7000)
  expect(lessor.timeToLive(1n).remainingSeconds).toBe(-7)
  expect(lessor.expired()).toEqual([1n])
  lessor.revoke(1n)
  expect(lessor.nextExpiryMs()).toBeUndefined()
  expect(() => lessor.revoke(1n)).toThrow('lease 0000000000000001: not found')
})

test('a renewal gives the full time again, and costs the queue nothing', () => {
  const { clock, lessor } = primary()
  lessor.grant({ id: 1n, ttlSeconds: 10 })
  for (let second = 0; second < 100; second += 5) {
    clock.advance(5000)
    expect(lessor.renew(1n)).toEqual({ outcome: 'renewed', ttlSeconds: 10, isCheckpointed: false })
  }
  expect(lessor.nextExpiryMs()).toBe(110_000)
  clock.advance(10_000)
  expect(lessor.renew(1n)).toEqual({ outcome: 'expiring' })
  expect(lessor.expired()).toEqual([1n])
})

test('refusals', () => {
  const { lessor } = primary()
  lessor.grant({ id: -5n, ttlSeconds: 10 })
  const codeOf = (call: () => unknown): unknown => {
    try {
      call()
    } catch (error) {
      return (error as { code: unknown }).code
    }
    return undefined
  }
  expect(codeOf(() => lessor.grant({ id: -5n, ttlSeconds: ttlSecondsMax + 1 }))).toBe('TTL_TOO_LARGE')
  expect(codeOf(() => lessor.grant({ id: -5n, ttlSeconds: 10 }))).toBe('EXISTS')
  expect(codeOf(() => lessor.grant({ id: 0n, ttlSeconds: 10 }))).toBe('NOT_FOUND')
  for (const call of [
    () => lessor.renew(9n),
    () => lessor.revoke(9n),
    () => lessor.attach(9n, bytes('a')),
    () => lessor.keys(9n),
    () => lessor.timeToLive(9n),
    () => lessor.record(9n),
    () => lessor.onGone(9n, () => {}),
  ]) {
    expect(codeOf(call)).toBe('NOT_FOUND')
  }
  expect(lessor.detach(9n, bytes('a'))).toBe(false)
  expect(lessor.checkpoint({ id: 9n, remainingTtlSeconds: 1 })).toBeUndefined()
  lessor.demote()
  expect(codeOf(() => lessor.renew(-5n))).toBe('NOT_PRIMARY')
  expect(formatLeaseId(-5n)).toBe('fffffffffffffffb')
})

test('the floor', () => {
  expect(minTtlSecondsOf({ electionTicks: 10, heartbeatMs: 100 })).toBe(2)
  expect(minTtlSecondsOf({ electionTicks: 5, heartbeatMs: 300 })).toBe(3)
  expect(minTtlSecondsOf({ electionTicks: 10, heartbeatMs: 1000 })).toBe(15)
  const { lessor } = primary({ minTtlSeconds: 2 })
  expect([-3, 0, 1, 2, 3].map(ttl => lessor.effectiveTtlSeconds(ttl))).toEqual([2, 2, 2, 2, 3])
  // A short lease of another member's making, or read back from disk, gets the floor as well.
  lessor.restore([{ id: 1n, ttlSeconds: 1, remainingTtlSeconds: 0 }])
  expect(lessor.nextExpiryMs()).toBe(2000)
  expect(lessor.timeToLive(1n)).toMatchObject({ remainingSeconds: 2, grantedSeconds: 2 })
  expect(lessor.record(1n).ttlSeconds).toBe(1)
})

test('keys come in byte order, attached once, and the walk survives what happens meanwhile', () => {
  const { lessor } = primary()
  lessor.grant({ id: 1n, ttlSeconds: 10 })
  lessor.grant({ id: 2n, ttlSeconds: 10 })
  for (const key of ['b', 'a', '', '\xff', 'ab', 'a', '\x80\x00', 'a\x00']) lessor.attach(1n, bytes(key))
  lessor.attach(2n, bytes('a'))
  expect(texts(lessor.keys(1n))).toEqual(['', 'a', 'a\x00', 'ab', 'b', '\x80\x00', '\xff'])
  expect(lessor.status().attachedKeyCount).toBe(8)
  expect(lessor.detach(1n, bytes('ab'))).toBe(true)
  expect(lessor.detach(1n, bytes('ab'))).toBe(false)
  expect(lessor.timeToLive(1n).keyCount).toBe(6)
  lessor.revoke(1n)
  expect(lessor.status().attachedKeyCount).toBe(1)
  expect(texts(lessor.keys(2n))).toEqual(['a'])
  lessor.grant({ id: 1n, ttlSeconds: 10 })
  expect(texts(lessor.keys(1n))).toEqual([])
})

test('a hundred thousand keys are handed out sorted while they are being detached', () => {
  const { lessor } = primary()
  lessor.grant({ id: 1n, ttlSeconds: 10 })
  const count = 100_000
  for (let at = 0; at < count; at++) lessor.attach(1n, bytes(`key/${(at * 7919) % count}`))
  let previous: Buffer | undefined
  let seen = 0
  for (const key of lessor.keys(1n)) {
    if (previous !== undefined && Buffer.compare(previous, key) >= 0) throw new Error('not sorted')
    previous = Buffer.from(key)
    expect(lessor.detach(1n, key)).toBe(true)
    seen++
  }
  expect(seen).toBe(count)
  expect(lessor.timeToLive(1n).keyCount).toBe(0)
})

test('first and last key of a lease are known without a walk', () => {
  const { lessor } = primary()
  expect(lessor.span(7n)).toBeUndefined()
  lessor.grant({ id: 7n, ttlSeconds: 10 })
  expect(lessor.span(7n)).toBeUndefined()
  for (let i = 0; i < 2000; i++) lessor.attach(7n, bytes(`k${String((i * 7) % 2000).padStart(4, '0')}`))
  const spanOf = (): string[] => {
    const { first, last } = lessor.span(7n)!
    return texts([first, last])
  }
  expect(spanOf()).toEqual(['k0000', 'k1999'])
  lessor.detach(7n, bytes('k0000'))
  lessor.detach(7n, bytes('k1999'))
  expect(spanOf()).toEqual(['k0001', 'k1998'])
})

test('a walk over the keys ends when the lease is revoked', () => {
  const { lessor } = primary()
  lessor.grant({ id: 1n, ttlSeconds: 10 })
  for (let at = 0; at < 2000; at++) lessor.attach(1n, bytes(String(at)))
  const walk = lessor.keys(1n)
  walk.next()
  lessor.revoke(1n)
  expect(walk.next().done).toBe(true)
})

test('nothing expires where this is not the primary; promotion gives full time plus the extension', () => {
  const clock = new VirtualClock()
  const lessor = createLessor({ clock })
  lessor.grant({ id: 1n, ttlSeconds: 10 })
  lessor.grant({ id: 2n, ttlSeconds: 5 })
  clock.advance(100_000)
  expect(lessor.expired()).toEqual([])
  expect(lessor.nextExpiryMs()).toBeUndefined()
  expect(lessor.timeToLive(1n).remainingSeconds).toBe(foreverSeconds)
  lessor.promote(1000)
  expect([...lessor.ids()]).toEqual([2n, 1n])
  expect(lessor.nextExpiryMs()).toBe(106_000)
  // A renewal right after it counts from now, which is earlier than what promotion gave.
  lessor.renew(2n)
  expect(lessor.nextExpiryMs()).toBe(105_000)
  clock.advance(5000)
  expect(lessor.expired()).toEqual([2n])
  lessor.demote()
  clock.advance(100_000)
  expect(lessor.expired()).toEqual([])
  expect([...lessor.ids()].sort()).toEqual([1n, 2n])
})

test('leases that would pile up after promotion are spread out', () => {
  const clock = new VirtualClock()
  const lessor = createLessor({ clock })
  for (let at = 1; at <= 5000; at++) lessor.grant({ id: BigInt(at), ttlSeconds: at <= 3000 ? 60 : 61 })
  lessor.grant({ id: 5001n, ttlSeconds: 3600 })
  lessor.promote(1000)
  const perSecond = new Map<number, number>()
  let handedOut = 0
  while (handedOut < 5000) {
    clock.advance(lessor.nextExpiryMs()! - clock.now())
    for (const id of lessor.expired()) {
      const second = Math.floor(clock.now() / 1000)
      perSecond.set(second, (perSecond.get(second) ?? 0) + 1)
      lessor.revoke(id)
      handedOut++
    }
  }
  expect(perSecond.get(60)).toBeUndefined()
  expect(perSecond.get(61)).toBe(750)
  for (const count of perSecond.values()) expect(count).toBeLessThanOrEqual(1000)
  expect(clock.now()).toBeLessThan(70_000)
  expect(lessor.nextExpiryMs()).toBe(3_601_000)
})

test('at most 500 expired leases at once, then a pause', () => {
  const { clock, lessor } = primary()
  for (let at = 1; at <= 1200; at++) lessor.grant({ id: BigInt(at), ttlSeconds: 5 })
  clock.advance(5000)
  expect(lessor.expired()).toHaveLength(500)
  expect(lessor.expired()).toHaveLength(0)
  expect(lessor.nextExpiryMs()).toBe(5500)
  clock.advance(500)
  expect(lessor.expired()).toHaveLength(500)
  clock.advance(500)
  expect(lessor.expired()).toHaveLength(200)
  expect(lessor.nextExpiryMs()).toBe(8000)
})

test('checkpoints: only long leases, every interval, what is left survives a change of primary', () => {
  const { clock, lessor } = primary({ checkpointIntervalMs: 300_000 })
  lessor.grant({ id: 1n, ttlSeconds: 1000 })
  lessor.grant({ id: 2n, ttlSeconds: 300 })
  expect(lessor.nextCheckpointMs()).toBe(300_000)
  clock.advance(300_000)
  expect(lessor.dueCheckpoints()).toEqual([{ id: 1n, remainingTtlSeconds: 700 }])
  expect(lessor.dueCheckpoints()).toEqual([])
  expect(lessor.checkpoint({ id: 1n, remainingTtlSeconds: 700 })).toEqual({
    id: 1n,
    ttlSeconds: 1000,
    remainingTtlSeconds: 700,
  })
  expect(lessor.nextCheckpointMs()).toBe(600_000)
  const other = createLessor({ clock })
  other.restore(lessor.records())
  other.promote(0)
  expect(other.timeToLive(1n).remainingSeconds).toBe(700)
  expect(other.timeToLive(2n).remainingSeconds).toBe(300)
  // The renewal has to take the checkpoint back, or the next primary would cut the lease short.
  expect(other.renew(1n)).toEqual({ outcome: 'renewed', ttlSeconds: 1000, isCheckpointed: true })
  other.checkpoint({ id: 1n, remainingTtlSeconds: 0 })
  expect(other.renew(1n)).toMatchObject({ isCheckpointed: false })
  // A renewal puts the next checkpoint off.
  lessor.renew(1n)
  clock.advance(299_999)
  expect(lessor.dueCheckpoints()).toEqual([])
})

test('checkpoints come in batches of 1000, one batch a second', () => {
  const { clock, lessor } = primary({ checkpointIntervalMs: 1000 })
  for (let at = 1; at <= 1500; at++) lessor.grant({ id: BigInt(at), ttlSeconds: 60 })
  clock.advance(1000)
  expect(lessor.dueCheckpoints()).toHaveLength(1000)
  expect(lessor.dueCheckpoints()).toHaveLength(0)
  expect(lessor.nextCheckpointMs()).toBe(2000)
  clock.advance(999)
  expect(lessor.dueCheckpoints()).toHaveLength(0)
  clock.advance(1)
  expect(lessor.dueCheckpoints()).toHaveLength(1000)
})

test('who waits for a lease to go is told why', () => {
  const { lessor } = primary()
  lessor.grant({ id: 1n, ttlSeconds: 10 })
  lessor.grant({ id: 2n, ttlSeconds: 10 })
  const told: string[] = []
  lessor.onGone(1n, why => told.push(`1 ${why}`))
  lessor.onGone(2n, why => told.push(`2 ${why}`))
  lessor.onGone(2n, why => told.push(`never ${why}`))()
  lessor.revoke(1n)
  lessor.demote()
  lessor.revoke(2n)
  expect(told).toEqual(['1 revoked', '2 demoted'])
})

test('many revoked leases do not stay in memory until they would have expired', () => {
  const { lessor } = primary()
  for (let round = 0; round < 10_000; round++) {
    lessor.grant({ id: 1n, ttlSeconds: 1_000_000 })
    lessor.revoke(1n)
  }
  lessor.grant({ id: 2n, ttlSeconds: 10 })
  expect(lessor.nextExpiryMs()).toBe(10_000)
})

test('descriptions', () => {
  const { lessor } = primary({ minTtlSeconds: 2, checkpointIntervalMs: 5000 })
  lessor.grant({ id: 0x694d81417acd4e2an, ttlSeconds: 60 })
  lessor.checkpoint({ id: 0x694d81417acd4e2an, remainingTtlSeconds: 20 })
  expect([...lessor.records()].map(describeLease)).toEqual([
    '694d81417acd4e2a ttl 60s, 20s left at the last checkpoint',
  ])
  expect(describeLessor(lessor.status())).toBe(
    'primary, 1 leases, 0 keys, at least 2s each, next expiry at 60000 ms, next checkpoint at 5000 ms',
  )
})

test('leases that were gathered beside take the place of all, without a look at any', () => {
  const { clock, lessor } = primary()
  for (const id of [1n, 2n]) lessor.grant({ id, ttlSeconds: 10 })
  for (const key of ['a', 'b', 'c']) lessor.attach(1n, bytes(key))
  const gone: string[] = []
  lessor.onGone(2n, why => gone.push(why))
  lessor.demote()
  lessor.onGone(2n, why => gone.push(why))
  const walk = lessor.keys(1n)
  expect(texts([walk.next().value as Uint8Array])).toEqual(['a'])
  const set = new LeaseSet()
  for (const id of [2n, 3n]) set.add({ id, ttlSeconds: 20, remainingTtlSeconds: 5 })
  for (const id of [2n, 3n, 9n]) set.attach(id, bytes('x'))
  set.attach(3n, bytes('x'))
  set.attach(3n, bytes('w'))
  // However many there are: nobody walks through them.
  for (const walker of ['values', 'keys', 'entries', 'forEach', Symbol.iterator] as const) {
    Object.defineProperty(set.leases, walker, {
      configurable: true,
      value: () => {
        throw new Error('walked')
      },
    })
  }
  lessor.take(set)
  for (const walker of ['values', 'keys', 'entries', 'forEach', Symbol.iterator] as const) {
    Reflect.deleteProperty(set.leases, walker)
  }
  expect(gone).toEqual(['demoted', 'revoked'])
  expect(walk.next().done).toBe(true)
  expect([...lessor.ids()]).toEqual([2n, 3n])
  expect(texts(lessor.keys(3n))).toEqual(['w', 'x'])
  expect(lessor.status()).toMatchObject({ leaseCount: 2, attachedKeyCount: 3 })
  lessor.revoke(3n)
  expect(lessor.status()).toMatchObject({ leaseCount: 1, attachedKeyCount: 1 })
  lessor.promote(0)
  expect(lessor.nextExpiryMs()).toBe(clock.now() + 5000)
  // A primary gives each its time.
  const other = new LeaseSet()
  other.add({ id: 4n, ttlSeconds: 30, remainingTtlSeconds: 0 })
  lessor.take(other)
  expect(lessor.nextExpiryMs()).toBe(clock.now() + 30_000)
})
