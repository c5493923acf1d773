import { formatLeaseId } from './errors.ts'
import type { LeaseRecord, LessorStatus } from './lessor.ts'

/** `694d81417acd4e2a ttl 60s`, with what is left by the last checkpoint, if there is one. */
export function describeLease(record: LeaseRecord): string {
  const { id, ttlSeconds, remainingTtlSeconds } = record
  const rest = remainingTtlSeconds > 0 ? `, ${remainingTtlSeconds}s left at the last checkpoint` : ''
  return `${formatLeaseId(id)} ttl ${ttlSeconds}s${rest}`
}

/** One line for logs and inspection. */
export function describeLessor(status: LessorStatus): string {
  const { isPrimary, leaseCount, attachedKeyCount, minTtlSeconds, nextExpiryMs, nextCheckpointMs } = status
  const next = nextExpiryMs === undefined ? 'nothing expires' : `next expiry at ${Math.ceil(nextExpiryMs)} ms`
  const checkpoint = nextCheckpointMs === undefined ? '' : `, next checkpoint at ${Math.ceil(nextCheckpointMs)} ms`
  return (
    `${isPrimary ? 'primary' : 'not primary'}, ${leaseCount} leases, ${attachedKeyCount} keys, ` +
    `at least ${minTtlSeconds}s each, ${next}${checkpoint}`
  )
}
