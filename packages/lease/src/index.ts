/**
 * Leases: keys that live as long as somebody keeps renewing. This is the lessor of a replicated store, as a machine
 * without timers: which leases exist, their checkpoints and their keys follow from the log (`grant`, `revoke`,
 * `attach`, `detach`, `checkpoint` are called when entries are applied), and are the same on every member. Time matters
 * only on the primary (the raft leader): it says which leases have run out, and the host proposes to revoke them.
 *
 * Duties of the caller: raise a time to live by `effectiveTtlSeconds` and choose an id before proposing a grant; call
 * `promote` when this member leads and has applied the first entry of its term, `demote` when it no longer does; arm one
 * timer for `nextExpiryMs` (and one for `nextCheckpointMs`) after each call that may have changed it; propose what
 * `expired` and `dueCheckpoints` hand out; when a renewal `isCheckpointed`, replicate a checkpoint with remaining time 0
 * before answering; before `revoke`, delete what `keys` gives.
 *
 * ```ts
 * import { createLessor } from '@kvs/lease'
 *
 * let nowMs = 0
 * const lessor = createLessor({ clock: { now: () => nowMs }, minTtlSeconds: 2 })
 * lessor.promote(0)
 * lessor.grant({ id: 7n, ttlSeconds: 10 })
 * lessor.attach(7n, new TextEncoder().encode('/service/a'))
 * nowMs = lessor.nextExpiryMs() ?? 0
 * lessor.expired() // [7n]
 * ```
 */
export { describeLease, describeLessor } from './describe.ts'
export { formatLeaseId, LeaseError, type LeaseErrorCode } from './errors.ts'
export {
  createLessor,
  type KeySpread,
  type LeaseCheckpoint,
  type LeaseClock,
  type LeaseGoneListener,
  type LeaseGrantRequest,
  type LeaseRecord,
  type LeaseRenewal,
  LeaseSet,
  type LeaseTimes,
  type Lessor,
  type LessorOptions,
  type LessorStatus,
  minTtlSecondsOf,
} from './lessor.ts'
export {
  checkpointRoundMs,
  checkpointsPerRoundMax,
  expiredPerRoundMax,
  expiredRoundMs,
  expirySpreadPerSecond,
  foreverSeconds,
  revokeRetryMsDefault,
  ttlSecondsMax,
} from './limits.ts'
