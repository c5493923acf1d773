import type { Backend } from '@kvs/backend'
import type { LeaseRecord, Lessor } from '@kvs/lease'
import type { Store } from '@kvs/mvcc'
import { encodeLease } from '@kvs/proto/lease'
import { Alarms } from './alarms.ts'
import type { Background } from './background.ts'
import { buckets } from './buckets.ts'
import type { ClusterState } from './cluster-state.ts'

/**
 * The replicated state of a member: everything that follows from the log, joined. Apply changes it, the edge reads it.
 */
export class State {
  readonly backend: Backend
  readonly store: Store
  readonly lessor: Lessor
  readonly cluster: ClusterState
  readonly alarms: Alarms
  /** Long work on the state, in slices. */
  readonly background: Background

  constructor(parts: {
    readonly backend: Backend
    readonly store: Store
    readonly lessor: Lessor
    readonly cluster: ClusterState
    readonly background: Background
  }) {
    this.backend = parts.backend
    this.store = parts.store
    this.lessor = parts.lessor
    this.cluster = parts.cluster
    this.alarms = new Alarms(parts.backend)
    this.background = parts.background
  }

  saveLease(record: LeaseRecord): void {
    const { id, ttlSeconds: ttl, remainingTtlSeconds: remainingTtl } = record
    this.backend.put(buckets.lease, leaseKey(id), encodeLease({ id, ttl, remainingTtl }))
  }

  forgetLease(id: bigint): void {
    this.backend.delete(buckets.lease, leaseKey(id))
  }
}

/** Key of a lease in its bucket: the id, 8 bytes, big-endian. */
function leaseKey(id: bigint): Uint8Array {
  const key = new Uint8Array(8)
  new DataView(key.buffer).setBigInt64(0, BigInt.asIntN(64, id))
  return key
}
