import { VirtualClock } from '@kvs/testing'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createLessor, type Lessor } from '../src/index.ts'

interface ModelLease {
  ttl: number
  remaining: number
  expiry: number
  retryAt: number
  keys: Set<string>
}

/** The same rules, by looking at everything every time. */
interface Model {
  leases: Map<bigint, ModelLease>
  isPrimary: boolean
}

interface Real {
  clock: VirtualClock
  lessor: Lessor
}

const floor = 2
const retryMs = 3000
const effective = (lease: ModelLease): number => Math.max(floor, lease.remaining > 0 ? lease.remaining : lease.ttl)

class Step implements fc.Command<Model, Real> {
  readonly what: string
  readonly id: bigint
  readonly number: number
  constructor([what, id, number]: [string, number, number]) {
    this.what = what
    this.id = BigInt(id)
    this.number = number
  }
  check(): boolean {
    return true
  }
  toString(): string {
    return `${this.what}(${this.id}, ${this.number})`
  }
  run(model: Model, real: Real): void {
    const { id, number } = this
    const { lessor, clock } = real
    const lease = model.leases.get(id)
    const key = Uint8Array.of(number % 7, number % 3)
    const text = `${number % 7},${number % 3}`
    switch (this.what) {
      case 'grant':
        if (lease !== undefined) expect(() => lessor.grant({ id, ttlSeconds: number })).toThrow('exists')
        else {
          lessor.grant({ id, ttlSeconds: number })
          const added = { ttl: number, remaining: 0, expiry: 0, retryAt: 0, keys: new Set<string>() }
          added.expiry = clock.now() + effective(added) * 1000
          model.leases.set(id, added)
        }
        break
      case 'revoke':
        if (lease === undefined) expect(() => lessor.revoke(id)).toThrow('not found')
        else lessor.revoke(id)
        model.leases.delete(id)
        break
      case 'renew':
        if (lease === undefined || !model.isPrimary) expect(() => lessor.renew(id)).toThrow()
        else if (lease.expiry <= clock.now()) expect(lessor.renew(id)).toEqual({ outcome: 'expiring' })
        else {
          const ttlSeconds = Math.max(floor, lease.ttl)
          expect(lessor.renew(id)).toEqual({ outcome: 'renewed', ttlSeconds, isCheckpointed: lease.remaining > 0 })
          lease.expiry = clock.now() + ttlSeconds * 1000
        }
        break
      case 'attach':
        if (lease === undefined) expect(() => lessor.attach(id, key)).toThrow('not found')
        else lessor.attach(id, key)
        lease?.keys.add(text)
        break
      case 'detach':
        expect(lessor.detach(id, key)).toBe(lease?.keys.delete(text) ?? false)
        break
      case 'checkpoint':
        lessor.checkpoint({ id, remainingTtlSeconds: number })
        if (lease !== undefined) lease.remaining = number
        break
      case 'promote':
        lessor.promote(number)
        model.isPrimary = true
        for (const each of model.leases.values()) {
          each.expiry = clock.now() + number + effective(each) * 1000
          each.retryAt = 0
        }
        break
      case 'demote':
        lessor.demote()
        model.isPrimary = false
        break
      case 'advance':
        clock.advance(number * 100)
        break
      default:
        expectSameExpired(model, real)
    }
    expectSame(model, real)
  }
}

function expectSameExpired(model: Model, { lessor, clock }: Real): void {
  const nowMs = clock.now()
  const due = [...model.leases].filter(([, lease]) => Math.max(lease.expiry, lease.retryAt) <= nowMs)
  const expected = model.isPrimary ? due : []
  expect(lessor.expired().sort()).toEqual(expected.map(([id]) => id).sort())
  for (const [, lease] of expected) lease.retryAt = nowMs + retryMs
}

function expectSame(model: Model, { lessor, clock }: Real): void {
  expect([...lessor.ids()].sort()).toEqual([...model.leases.keys()].sort())
  for (const [id, lease] of model.leases) {
    expect(lessor.record(id)).toEqual({ id, ttlSeconds: lease.ttl, remainingTtlSeconds: lease.remaining })
    expect([...lessor.keys(id)].map(key => key.join())).toEqual([...lease.keys].sort())
    expect(lessor.isExpired(id)).toBe(model.isPrimary && lease.expiry <= clock.now())
  }
  const dues = [...model.leases.values()].map(lease => Math.max(lease.expiry, lease.retryAt))
  expect(lessor.nextExpiryMs()).toBe(model.isPrimary && dues.length > 0 ? Math.min(...dues) : undefined)
}

test('any sequence of calls: what a naive lessor says', () => {
  const names = ['grant', 'revoke', 'renew', 'renew', 'attach', 'attach', 'detach', 'checkpoint', 'expired', 'advance']
  const what = fc.oneof(
    { weight: 10, arbitrary: fc.constantFrom(...names, 'advance', 'advance') },
    { weight: 1, arbitrary: fc.constantFrom('promote', 'demote', 'promote') },
  )
  const step = fc
    .tuple(
      what,
      fc.integer({ min: -3, max: 3 }).filter(id => id !== 0),
      fc.nat(60),
    )
    .map(args => new Step(args))
  fc.assert(
    fc.property(fc.commands([step], { maxCommands: 120, size: '+1' }), commands => {
      const setup = (): { model: Model; real: Real } => {
        const clock = new VirtualClock()
        const lessor = createLessor({ clock, minTtlSeconds: floor, revokeRetryMs: retryMs })
        return { model: { leases: new Map(), isPrimary: false }, real: { clock, lessor } }
      }
      fc.modelRun(setup, commands)
    }),
    { numRuns: 400 },
  )
})
