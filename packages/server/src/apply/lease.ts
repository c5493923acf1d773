import { LeaseError } from '@kvs/lease'
import { decodeLeaseCheckpointRequest, decodeLeaseGrantRequest, decodeLeaseRevokeRequest } from '@kvs/proto/rpc'
import type { Waiter } from '../consensus/waiting.ts'
import { Refusal } from '../errors.ts'
import type { State } from '../state/state.ts'
import { type Operation, refuse } from './operation.ts'
import { endWriteInSlices, runSlices, SliceBudget, type Slices } from './slices.ts'

export const leaseGrant: Operation = {
  name: 'LeaseGrant',
  apply(state, data, entry, waiter) {
    const { id, ttl: ttlSeconds } = decodeLeaseGrantRequest(data, entry.start, entry.end)
    try {
      state.saveLease(state.lessor.grant({ id, ttlSeconds }))
    } catch (error) {
      return refuse(entry, waiter, refusalOf(error))
    }
    state.metrics.leasesGranted++
    state.metrics.leaseTtls.observe(ttlSeconds)
    waiter?.applied({ id, ttlSeconds, revision: state.store.revision })
    return undefined
  },
}

/** Deletes the keys of the lease in one revision, in slices if there are many, and then the lease. */
export const leaseRevoke: Operation = {
  name: 'LeaseRevoke',
  apply(state, data, entry, waiter) {
    const { id } = decodeLeaseRevokeRequest(data, entry.start, entry.end)
    if (!state.lessor.has(id)) return refuse(entry, waiter, Refusal.of('LEASE_NOT_FOUND'))
    return runSlices(state.background, revokeInSlices(state, id, waiter))
  },
}

function* revokeInSlices(state: State, id: bigint, waiter: Waiter | undefined): Slices<void> {
  const txn = state.store.write()
  const budget = new SliceBudget(state.background.isDue)
  for (const key of state.lessor.keys(id)) {
    txn.deleteRange({ key })
    yield* budget.spend(1)
  }
  state.lessor.revoke(id)
  state.forgetLease(id)
  state.metrics.leasesRevoked++
  const revision = yield* endWriteInSlices(state, txn)
  waiter?.applied({ revision })
}

export const leaseCheckpoint: Operation = {
  name: 'LeaseCheckpoint',
  apply(state, data, entry, waiter) {
    for (const { id, remainingTtl } of decodeLeaseCheckpointRequest(data, entry.start, entry.end).checkpoints) {
      const record = state.lessor.checkpoint({ id, remainingTtlSeconds: remainingTtl })
      if (record !== undefined) state.saveLease(record)
    }
    waiter?.applied({ revision: state.store.revision })
    return undefined
  },
}

const refusals = {
  NOT_FOUND: 'LEASE_NOT_FOUND',
  EXISTS: 'LEASE_EXIST',
  TTL_TOO_LARGE: 'LEASE_TTL_TOO_LARGE',
  NOT_PRIMARY: 'NOT_PRIMARY_LESSOR',
} as const

/** The refusal a lessor's error stands for; anything else is thrown on. */
function refusalOf(error: unknown): Refusal {
  if (!(error instanceof LeaseError)) throw error
  return Refusal.of(refusals[error.code])
}
