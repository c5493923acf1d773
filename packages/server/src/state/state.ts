import type { AuthContent } from '@kvs/auth'
import type { Backend, BackendView } from '@kvs/backend'
import { type LeaseRecord, LeaseSet, type Lessor } from '@kvs/lease'
import type { Store } from '@kvs/mvcc'
import { decodeLease, encodeLease } from '@kvs/proto/lease'
import type { AuthState } from '../auth/auth-state.ts'
import { readAuth } from '../auth/storage.ts'
import type { Failpoints } from '../failpoints/failpoints.ts'
import type { WaitingFailpoint } from '../failpoints/names.ts'
import * as limits from '../limits.ts'
import type { ClusterState } from '../membership/cluster-state.ts'
import type { Metrics } from '../metrics/metrics.ts'
import type { Clock } from '../parts.ts'
import { Alarms } from './alarms.ts'
import type { Background } from './background.ts'
import { buckets } from './buckets.ts'

/**
 * The replicated state of a member: everything that follows from the log, joined. Apply changes it, the edge reads it.
 */
export class State {
  readonly backend: Backend
  readonly lessor: Lessor
  readonly cluster: ClusterState
  readonly alarms: Alarms
  readonly auth: AuthState
  /** Long work on the state, in slices. */
  readonly background: Background
  readonly metrics: Metrics
  readonly #clock: Pick<Clock, 'now'>
  readonly #failpoints: Failpoints | undefined
  /** Failpoints that stand behind the commit of what has been written so far. */
  #behindCommit: WaitingFailpoint[] = []
  #store: Store

  constructor(parts: {
    readonly backend: Backend
    readonly store: Store
    readonly lessor: Lessor
    readonly cluster: ClusterState
    readonly auth: AuthState
    readonly background: Background
    readonly metrics: Metrics
    readonly clock: Pick<Clock, 'now'>
    readonly failpoints?: Failpoints | undefined
  }) {
    this.backend = parts.backend
    this.#store = parts.store
    this.lessor = parts.lessor
    this.cluster = parts.cluster
    this.alarms = new Alarms(parts.backend)
    this.auth = parts.auth
    this.background = parts.background
    this.metrics = parts.metrics
    this.#clock = parts.clock
    this.#failpoints = parts.failpoints
  }

  get store(): Store {
    return this.#store
  }

  /**
   * The state file has been exchanged for that of a snapshot, of which `store` and `kept` were read: they take their
   * places, the few other things are read again, and watchers go on in the new store. Takes no time, however much it is.
   */
  restore(store: Store, kept: Kept): void {
    const before = this.#store
    store.useState(this.backend)
    this.#store = store
    before.watch.moveTo(store.watch)
    this.cluster.restore()
    this.alarms.restore()
    this.lessor.take(kept.leases)
    this.auth.restore(kept.auth)
    this.background.wake()
  }

  /** Commits the state file. The time counts that is spent waiting for a commit under way. */
  async commit(): Promise<void> {
    const startMs = this.#clock.now()
    const reached = this.#behindCommit
    if (reached.length > 0) this.#behindCommit = []
    await this.backend.commit()
    for (const name of reached) await this.#failpoints?.wait(name)
    this.metrics.commits.observe((this.#clock.now() - startMs) / 1000)
  }

  /** The committed state as it is now; must be closed. */
  view(): BackendView {
    const view = this.backend.view()
    const { metrics } = this
    metrics.openViews++
    let isOpen = true
    return {
      consistent: view.consistent,
      get: (bucket, key) => view.get(bucket, key),
      records: (bucket, interval) => view.records(bucket, interval),
      close: () => {
        if (isOpen) metrics.openViews--
        isOpen = false
        view.close()
      },
    }
  }

  /** Begins a compaction. Throws what the store throws. */
  compact(revision: number): void {
    const startMs = this.#clock.now()
    this.store.compact(revision)
    this.metrics.indexCompactionPauses.observe(this.#clock.now() - startMs)
    this.#failpoints?.block('compactBeforeCommitScheduledCompact')
    this.behindCommit('compactAfterCommitScheduledCompact')
  }

  /** The process is at a failpoint once what has been written so far is committed. */
  behindCommit(name: WaitingFailpoint): void {
    if (this.#failpoints !== undefined) this.#behindCommit.push(name)
  }

  saveLease(record: LeaseRecord): void {
    const { id, ttlSeconds: ttl, remainingTtlSeconds: remainingTtl } = record
    this.backend.put(buckets.lease, leaseKey(id), encodeLease({ id, ttl, remainingTtl }))
  }

  forgetLease(id: bigint): void {
    this.backend.delete(buckets.lease, leaseKey(id))
  }
}

/** What is kept in memory of a state file beside its store, and grows with it. */
export interface Kept {
  readonly leases: LeaseSet
  readonly auth: AuthContent
}

/** Reads a state file, and from its store the keys of each lease, in slices. */
export function* readKept(backend: Backend, store: Store): Generator<undefined, Kept> {
  return { leases: yield* readLeases(backend, store), auth: yield* readAuth(backend) }
}

function* readLeases(backend: Backend, store: Store): Generator<undefined, LeaseSet> {
  const leases = new LeaseSet()
  let count = 0
  for (const { value } of backend.records(buckets.lease)) {
    const { id, ttl, remainingTtl } = decodeLease(value)
    leases.add({ id, ttlSeconds: ttl, remainingTtlSeconds: remainingTtl })
    if (++count % limits.sliceRecords === 0) yield
  }
  // To look through all keys takes a tenth of the start.
  if (count === 0) return leases
  count = 0
  for (const attached of store.keyLeases()) {
    if (attached !== undefined) leases.attach(attached.lease, attached.key)
    if (attached === undefined || ++count % limits.sliceRecords === 0) yield
  }
  return leases
}

/** Key of a lease in its bucket: the id, 8 bytes, big-endian. */
function leaseKey(id: bigint): Uint8Array {
  const key = new Uint8Array(8)
  new DataView(key.buffer).setBigInt64(0, BigInt.asIntN(64, id))
  return key
}
