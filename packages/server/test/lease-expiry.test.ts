import { createLessor } from '@kvs/lease'
import { decodeLeaseRevokeRequest } from '@kvs/proto/rpc'
import { VirtualClock } from '@kvs/testing'
import { expect, test } from 'vitest'
import type { Waiter } from '../src/consensus/waiting.ts'
import type { Member } from '../src/edge/member.ts'
import { Refusal } from '../src/errors.ts'
import { LeaseExpiry } from '../src/leases/lease-expiry.ts'
import { Metrics } from '../src/metrics/metrics.ts'
import { OperationField } from '../src/requests/entry.ts'

interface Proposal {
  readonly id: bigint
  readonly atMs: number
  readonly waiter: Waiter
}

/** A leader whose proposals wait in a list. */
function world(revokeRetryMs = 7000) {
  const clock = new VirtualClock()
  const lessor = createLessor({ clock, minTtlSeconds: 1, revokeRetryMs })
  lessor.promote(0)
  const proposals: Proposal[] = []
  const metrics = new Metrics()
  const propose: Member['propose'] = (field, body, start, end, waiter) => {
    expect(field).toBe(OperationField.leaseRevoke)
    proposals.push({ id: decodeLeaseRevokeRequest(body, start, end).id, atMs: clock.now(), waiter })
  }
  const auth = { ownCaller: () => undefined }
  const member = { clock, propose, leadsSurely: true, state: { lessor, metrics, auth } } as unknown as Member
  const expiry = new LeaseExpiry(member)
  const grant = (id: bigint, ttlSeconds: number): void => {
    lessor.grant({ id, ttlSeconds })
    expiry.changed()
  }
  const apply = ({ id, waiter }: Proposal): void => {
    lessor.revoke(id)
    waiter.applied(undefined)
  }
  return { clock, lessor, member, metrics, proposals, expiry, grant, apply }
}

test('a lease is revoked when its time is up, and no timer remains', () => {
  const { clock, metrics, proposals, grant, apply } = world()
  grant(1n, 5)
  clock.advance(4999)
  expect(proposals).toHaveLength(0)
  clock.advance(1001)
  expect(proposals.map(({ id }) => id)).toEqual([1n])
  expect(metrics.leasesExpired).toBe(0)
  apply(proposals[0] as Proposal)
  expect(clock.nextAt()).toBeUndefined()
  expect(metrics.leasesExpired).toBe(1)
})

test('a leader that was held up asks whether it still leads before it revokes anything', () => {
  const { clock, lessor, member, proposals, grant } = world()
  const asked: Waiter<void>[] = []
  Object.assign(member, { leadsSurely: false, readLinearizable: (waiter: Waiter<void>) => asked.push(waiter) })
  grant(1n, 5)
  clock.advance(6000)
  expect([asked.length, proposals.length]).toEqual([1, 0])
  Object.assign(member, { leadsSurely: true })
  asked[0]?.applied()
  expect(proposals.map(({ id }) => id)).toEqual([1n])

  Object.assign(member, { leadsSurely: false })
  grant(2n, 5)
  clock.advance(6000)
  lessor.demote()
  asked[1]?.refused(Refusal.of('TIMEOUT'))
  expect(proposals).toHaveLength(1)
})

test('without leases nothing is armed', () => {
  const { clock, expiry } = world()
  expiry.changed()
  expect(clock.nextAt()).toBeUndefined()
})

test('a sooner lease moves the timer, a renewed one lives on', () => {
  const { clock, lessor, proposals, expiry, grant } = world()
  grant(1n, 60)
  grant(2n, 3)
  grant(3n, 3)
  clock.advance(2000)
  lessor.renew(3n)
  expiry.changed()
  clock.advance(2000)
  expect(proposals.map(({ id }) => id)).toEqual([2n])
  clock.advance(2000)
  expect(proposals.map(({ id }) => id)).toEqual([2n, 3n])
})

test('at most 16 revocations are on their way at once, and all get through', () => {
  const { clock, lessor, proposals, grant, apply } = world()
  for (let i = 1n; i <= 40n; i++) grant(i, 2)
  clock.advance(3000)
  expect(proposals).toHaveLength(16)
  clock.advance(1000)
  expect(proposals).toHaveLength(16)
  for (let done = 0; done < 40; done++) {
    apply(proposals[done] as Proposal)
    clock.advance(1000)
    expect(proposals.length - done - 1).toBeLessThanOrEqual(16)
  }
  expect([...lessor.ids()]).toEqual([])
  expect(new Set(proposals.map(({ id }) => id)).size).toBe(40)
})

test('a revocation that was refused or lost is asked for again', () => {
  const { clock, proposals, grant } = world(7000)
  grant(1n, 2)
  clock.advance(3000)
  proposals[0]?.waiter.refused(Refusal.of('TIMEOUT'))
  clock.advance(20_000)
  expect(proposals.length).toBeGreaterThan(1)
  expect((proposals[1] as Proposal).atMs - (proposals[0] as Proposal).atMs).toBeGreaterThanOrEqual(7000)
})

test('who is no leader revokes nothing, and once closed nothing is revoked', () => {
  const demoted = world()
  demoted.grant(1n, 2)
  demoted.lessor.demote()
  demoted.expiry.changed()
  demoted.clock.advance(60_000)
  expect(demoted.proposals).toHaveLength(0)
  const closed = world()
  closed.grant(1n, 2)
  closed.expiry.close()
  closed.clock.advance(60_000)
  expect(closed.proposals).toHaveLength(0)
  expect(closed.clock.nextAt()).toBeUndefined()
})
