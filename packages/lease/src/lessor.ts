import { type DueItem, DueQueue } from './due-queue.ts'
import { LeaseError } from './errors.ts'
import {
  checkpointRoundMs,
  checkpointsPerRoundMax,
  expiredPerRoundMax,
  expiredRoundMs,
  expirySpreadPerSecond,
  foreverSeconds,
  revokeRetryMsDefault,
  ttlSecondsMax,
} from './limits.ts'
import { keyBytes, keyString, SortedKeys } from './sorted-keys.ts'

/** Monotonic milliseconds; never goes back. */
export interface LeaseClock {
  now(): number
}

export interface LessorOptions {
  readonly clock: LeaseClock
  /** Shorter leases live this long; see `minTtlSecondsOf`. Default 1. */
  readonly minTtlSeconds?: number | undefined
  /** How often the remaining time of long leases is handed out as a checkpoint; undefined: never. */
  readonly checkpointIntervalMs?: number | undefined
  /** After this an expired lease whose revoke did not come is handed out again. Default 3000. */
  readonly revokeRetryMs?: number | undefined
}

/** What is stored of a lease, leasepb.Lease. */
export interface LeaseRecord {
  readonly id: bigint
  readonly ttlSeconds: number
  /** Time left at the last checkpoint; 0: no checkpoint since the last renewal. */
  readonly remainingTtlSeconds: number
}

export interface LeaseGrantRequest {
  readonly id: bigint
  readonly ttlSeconds: number
}

/** Time left of a lease, for the primary to replicate. */
export interface LeaseCheckpoint {
  readonly id: bigint
  readonly remainingTtlSeconds: number
}

/**
 * What a renewal came to.
 * `expiring`: the lease has run out, and its revoke is under way; wait with `onGone`. `isCheckpointed`: the renewal
 * has to be told to the other members by a checkpoint with remaining time 0.
 */
export type LeaseRenewal =
  | { readonly outcome: 'renewed'; readonly ttlSeconds: number; readonly isCheckpointed: boolean }
  | { readonly outcome: 'expiring' }

export interface LeaseTimes {
  /** Whole seconds left, cut towards zero; 0 or less once it has run out. `foreverSeconds` if this is not the primary. */
  readonly remainingSeconds: number
  readonly grantedSeconds: number
  readonly keyCount: number
}

/** Where the keys of a lease lie. */
export interface KeySpread {
  readonly first: Uint8Array
  readonly last: Uint8Array
}

export interface LessorStatus {
  readonly isPrimary: boolean
  readonly leaseCount: number
  readonly attachedKeyCount: number
  readonly minTtlSeconds: number
  readonly nextExpiryMs: number | undefined
  readonly nextCheckpointMs: number | undefined
}

/** Called once: the lease was revoked, or this is no longer the primary. */
export type LeaseGoneListener = (why: 'revoked' | 'demoted') => void

/** Of the lessor and its sets. A lease; as item of the expiry queue it is due when it expires, or when its revoke is to be tried again. */
interface Lease extends DueItem {
  readonly id: bigint
  readonly ttlSeconds: number
  remainingTtlSeconds: number
  /** Meaningful on the primary only. */
  expiryMs: number
  keys: SortedKeys | undefined
  checkpoint: CheckpointItem | undefined
  isGone: boolean
}

/**
 * Leases that are gathered beside those in force, to take their place at once: `Lessor.take`. To be filled in pieces, and
 * not touched after.
 */
export class LeaseSet {
  readonly #leases = new Map<bigint, Lease>()
  #attachedKeyCount = 0

  /** For the lessor. */
  get leases(): Map<bigint, Lease> {
    return this.#leases
  }

  get attachedKeyCount(): number {
    return this.#attachedKeyCount
  }

  add(record: LeaseRecord): void {
    this.#leases.set(record.id, newLease(record))
  }

  /** Nothing if there is no such lease. */
  attach(id: bigint, key: Uint8Array): void {
    const lease = this.#leases.get(id)
    if (lease !== undefined && attachTo(lease, key)) this.#attachedKeyCount++
  }
}

interface CheckpointItem extends DueItem {
  readonly lease: Lease
}

/**
 * The smallest time to live: one and a half election timeouts, in whole seconds, so that a lease outlives the loss of
 * a leader.
 */
export function minTtlSecondsOf(ticks: { readonly electionTicks: number; readonly heartbeatMs: number }): number {
  return Math.ceil((Math.floor((3 * ticks.electionTicks) / 2) * ticks.heartbeatMs) / 1000)
}

export function createLessor(options: LessorOptions): Lessor {
  return new Lessor(options)
}

/**
 * The leases of a store. Which leases exist, their times to live, checkpoints and attached keys follow from the log alone
 * and are the same on all members; clocks only decide when the primary proposes to revoke.
 */
export class Lessor {
  readonly #clock: LeaseClock
  readonly #minTtlSeconds: number
  readonly #checkpointIntervalMs: number | undefined
  readonly #revokeRetryMs: number
  #leases = new Map<bigint, Lease>()
  readonly #expiries = new DueQueue<Lease>()
  readonly #checkpoints = new DueQueue<CheckpointItem>()
  readonly #listeners = new Map<bigint, Set<LeaseGoneListener>>()
  #isPrimary = false
  #attachedKeyCount = 0
  #expiredPauseUntilMs = 0
  #checkpointPauseUntilMs = 0

  /** Use `createLessor`. */
  constructor(options: LessorOptions) {
    this.#clock = options.clock
    this.#minTtlSeconds = options.minTtlSeconds ?? 1
    this.#checkpointIntervalMs = options.checkpointIntervalMs
    this.#revokeRetryMs = options.revokeRetryMs ?? revokeRetryMsDefault
  }

  get isPrimary(): boolean {
    return this.#isPrimary
  }

  get leaseCount(): number {
    return this.#leases.size
  }

  /** The time a lease granted with `ttlSeconds` really gets. Decide with it before proposing. */
  effectiveTtlSeconds(ttlSeconds: number): number {
    return Math.max(ttlSeconds, this.#minTtlSeconds)
  }

  /** What `grant` would refuse, for a check before proposing. */
  checkGrant(request: LeaseGrantRequest): void {
    const { id, ttlSeconds } = request
    if (ttlSeconds > ttlSecondsMax)
      throw new LeaseError('TTL_TOO_LARGE', id, `time to live ${ttlSeconds} s is too large`)
    if (id === 0n) throw new LeaseError('NOT_FOUND', id, 'id 0 means no lease')
    if (this.#leases.has(id)) throw new LeaseError('EXISTS', id, 'exists already')
  }

  /** Throws `TTL_TOO_LARGE`, `NOT_FOUND` (id 0) or `EXISTS`, in this order. Returns what is to be stored. */
  grant(request: LeaseGrantRequest): LeaseRecord {
    this.checkGrant(request)
    return recordOf(this.#add({ ...request, remainingTtlSeconds: 0 }))
  }

  /** Removes the lease and lets go of its keys, which `keys` gave before. Throws `NOT_FOUND`. */
  revoke(id: bigint): void {
    const lease = this.#find(id)
    this.#leases.delete(id)
    this.#attachedKeyCount -= lease.keys?.size ?? 0
    this.#forgetTimes(lease)
    lease.isGone = true
    this.#tellGone(id, 'revoked')
  }

  /** Gives the lease its full time again. Throws `NOT_PRIMARY`, `NOT_FOUND`. */
  renew(id: bigint): LeaseRenewal {
    if (!this.#isPrimary) throw notPrimary(id)
    const lease = this.#leases.get(id)
    if (lease === undefined) throw notFound(id)
    const nowMs = this.#clock.now()
    if (lease.expiryMs <= nowMs) return { outcome: 'expiring' }
    const isCheckpointed = lease.remainingTtlSeconds > 0
    const ttlSeconds = this.effectiveTtlSeconds(lease.ttlSeconds)
    this.#expireAt(lease, nowMs + ttlSeconds * 1000)
    this.#scheduleCheckpoint(lease, nowMs, ttlSeconds)
    return { outcome: 'renewed', ttlSeconds, isCheckpointed }
  }

  has(id: bigint): boolean {
    return this.#leases.has(id)
  }

  /** Whether the lease has run out by this primary's clock. False for unknown leases and where this is no primary. */
  isExpired(id: bigint): boolean {
    const lease = this.#leases.get(id)
    return lease !== undefined && this.#isPrimary && lease.expiryMs <= this.#clock.now()
  }

  /** Throws `NOT_FOUND`. */
  timeToLive(id: bigint): LeaseTimes {
    const lease = this.#find(id)
    const remainingSeconds = this.#isPrimary ? Math.trunc((lease.expiryMs - this.#clock.now()) / 1000) : foreverSeconds
    const grantedSeconds = this.effectiveTtlSeconds(lease.ttlSeconds)
    return { remainingSeconds, grantedSeconds, keyCount: lease.keys?.size ?? 0 }
  }

  /** Attaches a key; attaching it again changes nothing. Throws `NOT_FOUND`. */
  attach(id: bigint, key: Uint8Array): void {
    if (attachTo(this.#find(id), key)) this.#attachedKeyCount++
  }

  /** Takes a key off a lease; false if the lease is gone or has no such key. */
  detach(id: bigint, key: Uint8Array): boolean {
    const removed = this.#leases.get(id)?.keys?.delete(keyString(key)) ?? false
    if (removed) this.#attachedKeyCount--
    return removed
  }

  /**
   * The keys of a lease in byte order. The walk may be interrupted at any point and goes on correctly when keys behind
   * it were detached; it ends when the lease is revoked, or all leases are replaced. Throws `NOT_FOUND`.
   */
  keys(id: bigint): IterableIterator<Uint8Array> {
    const leases = this.#leases
    return walkKeys(this.#find(id), () => this.#leases !== leases)
  }

  /** First and last key of a lease in byte order; undefined if it has none, or is not there. */
  span(id: bigint): KeySpread | undefined {
    const keys = this.#leases.get(id)?.keys
    const first = keys?.first
    const last = keys?.last
    return first === undefined || last === undefined ? undefined : { first: keyBytes(first), last: keyBytes(last) }
  }

  /**
   * Ids of all leases, soonest expiry first; in no order among equals, nor where this is not the primary. The walk sees
   * the leases of its beginning and may be interrupted.
   */
  *ids(): IterableIterator<bigint> {
    if (!this.#isPrimary) {
      yield* [...this.#leases.keys()]
      return
    }
    const queue = new DueQueue<DueItem & { readonly id: bigint }>()
    for (const { id, expiryMs } of this.#leases.values()) queue.update({ id, dueMs: expiryMs, queuedMs: undefined })
    for (let item = queue.popDue(Infinity); item !== undefined; item = queue.popDue(Infinity)) yield item.id
  }

  /** Everything that is to be stored. Throws `NOT_FOUND`. */
  record(id: bigint): LeaseRecord {
    return recordOf(this.#find(id))
  }

  *records(): IterableIterator<LeaseRecord> {
    for (const lease of this.#leases.values()) yield recordOf(lease)
  }

  /** Replaces all leases by stored ones, without keys; the primary stays primary and gives each its time. */
  restore(records: Iterable<LeaseRecord>): void {
    const set = new LeaseSet()
    for (const record of records) set.add(record)
    this.take(set)
  }

  /**
   * Replaces all leases by these, which are the lessor's from then on. However many there are, that takes no time, unless
   * this is the primary: it stays that, and gives each its time.
   */
  take({ leases, attachedKeyCount }: LeaseSet): void {
    this.#leases = leases
    this.#expiries.clear()
    this.#checkpoints.clear()
    this.#attachedKeyCount = attachedKeyCount
    for (const id of [...this.#listeners.keys()]) this.#tellGone(id, 'revoked')
    if (this.#isPrimary) for (const lease of leases.values()) this.#giveTime(lease)
  }

  /**
   * Becomes primary: every lease gets its time again (what is left of it by the last checkpoint) plus `extendMs`, and
   * where many would expire at once they are spread out, 750 a second.
   */
  promote(extendMs: number): void {
    this.#isPrimary = true
    this.#expiries.clear()
    this.#checkpoints.clear()
    this.#expiredPauseUntilMs = 0
    this.#checkpointPauseUntilMs = 0
    const nowMs = this.#clock.now()
    const byTtl = new Map<number, Lease[]>()
    for (const lease of this.#leases.values()) {
      const ttl = this.effectiveTtlSeconds(lease.remainingTtlSeconds > 0 ? lease.remainingTtlSeconds : lease.ttlSeconds)
      const group = byTtl.get(ttl)
      if (group === undefined) byTtl.set(ttl, [lease])
      else group.push(lease)
    }
    /** When the next lease may expire at the earliest, without exceeding the rate. */
    let freeMs = 0
    let inSecond = 0
    for (const [ttl, leases] of [...byTtl].sort((a, b) => a[0] - b[0])) {
      const wantedMs = nowMs + extendMs + ttl * 1000
      for (const lease of leases) {
        if (wantedMs >= freeMs + 1000) {
          freeMs = wantedMs
          inSecond = 0
        } else if (inSecond >= expirySpreadPerSecond) {
          freeMs += 1000
          inSecond = 0
        }
        inSecond++
        this.#expireAt(lease, Math.max(wantedMs, freeMs))
        this.#scheduleCheckpoint(lease, nowMs, ttl)
      }
    }
  }

  /** Is no longer primary: nothing expires, nothing can be renewed. */
  demote(): void {
    this.#isPrimary = false
    this.#expiries.clear()
    this.#checkpoints.clear()
    for (const id of [...this.#listeners.keys()]) this.#tellGone(id, 'demoted')
  }

  /**
   * Expired leases, at most `max`, to be revoked by proposals. One that is not revoked within `revokeRetryMs` is handed
   * out again. After a full hand there is a pause, see `nextExpiryMs`.
   */
  expired(max: number = expiredPerRoundMax): bigint[] {
    const nowMs = this.#clock.now()
    const ids: bigint[] = []
    if (nowMs < this.#expiredPauseUntilMs) return ids
    while (ids.length < max) {
      const lease = this.#expiries.popDue(nowMs)
      if (lease === undefined) return ids
      ids.push(lease.id)
      lease.dueMs = nowMs + this.#revokeRetryMs
      this.#expiries.update(lease)
    }
    this.#expiredPauseUntilMs = nowMs + expiredRoundMs
    return ids
  }

  /** When to call `expired` next, on the lessor's clock; undefined: not before something changes. */
  nextExpiryMs(): number | undefined {
    const next = this.#expiries.nextMs()
    return next === undefined ? undefined : Math.max(next, this.#expiredPauseUntilMs)
  }

  /** Checkpoints that are due, at most `max`, to be proposed. Applying one schedules the next. */
  dueCheckpoints(max: number = checkpointsPerRoundMax): LeaseCheckpoint[] {
    const nowMs = this.#clock.now()
    const due: LeaseCheckpoint[] = []
    if (nowMs < this.#checkpointPauseUntilMs) return due
    while (due.length < max) {
      const item = this.#checkpoints.popDue(nowMs)
      if (item === undefined) return due
      const { lease } = item
      const remainingTtlSeconds = Math.ceil((lease.expiryMs - nowMs) / 1000)
      if (remainingTtlSeconds <= 0) continue
      due.push({ id: lease.id, remainingTtlSeconds })
      // Should the proposal be lost, the next one comes an interval later.
      this.#scheduleCheckpoint(lease, nowMs, remainingTtlSeconds)
    }
    this.#checkpointPauseUntilMs = nowMs + checkpointRoundMs
    return due
  }

  /** When to call `dueCheckpoints` next; undefined: not before something changes. */
  nextCheckpointMs(): number | undefined {
    const next = this.#checkpoints.nextMs()
    return next === undefined ? undefined : Math.max(next, this.#checkpointPauseUntilMs)
  }

  /** Applies a replicated checkpoint; one of an unknown lease is nothing. Returns what is to be stored, if known. */
  checkpoint(checkpoint: LeaseCheckpoint): LeaseRecord | undefined {
    const lease = this.#leases.get(checkpoint.id)
    if (lease === undefined) return undefined
    lease.remainingTtlSeconds = checkpoint.remainingTtlSeconds
    return recordOf(lease)
  }

  /** Calls back once when the lease is revoked or this is demoted. Returns how to take that back. Throws `NOT_FOUND`. */
  onGone(id: bigint, listener: LeaseGoneListener): () => void {
    this.#find(id)
    let listeners = this.#listeners.get(id)
    if (listeners === undefined) {
      listeners = new Set()
      this.#listeners.set(id, listeners)
    }
    listeners.add(listener)
    return () => {
      const left = this.#listeners.get(id)
      left?.delete(listener)
      if (left?.size === 0) this.#listeners.delete(id)
    }
  }

  status(): LessorStatus {
    return {
      isPrimary: this.#isPrimary,
      leaseCount: this.#leases.size,
      attachedKeyCount: this.#attachedKeyCount,
      minTtlSeconds: this.#minTtlSeconds,
      nextExpiryMs: this.nextExpiryMs(),
      nextCheckpointMs: this.nextCheckpointMs(),
    }
  }

  #find(id: bigint): Lease {
    const lease = this.#leases.get(id)
    if (lease === undefined) throw notFound(id)
    return lease
  }

  #add(record: LeaseRecord): Lease {
    const lease = newLease(record)
    this.#leases.set(lease.id, lease)
    if (this.#isPrimary) this.#giveTime(lease)
    return lease
  }

  #giveTime(lease: Lease): void {
    const { ttlSeconds, remainingTtlSeconds } = lease
    const nowMs = this.#clock.now()
    const ttl = this.effectiveTtlSeconds(remainingTtlSeconds > 0 ? remainingTtlSeconds : ttlSeconds)
    this.#expireAt(lease, nowMs + ttl * 1000)
    this.#scheduleCheckpoint(lease, nowMs, ttl)
  }

  #expireAt(lease: Lease, expiryMs: number): void {
    lease.expiryMs = expiryMs
    lease.dueMs = expiryMs
    this.#expiries.update(lease)
  }

  /** The next checkpoint is due an interval from now, if the lease has longer than that to live. */
  #scheduleCheckpoint(lease: Lease, nowMs: number, ttlSeconds: number): void {
    const interval = this.#checkpointIntervalMs
    if (interval === undefined || ttlSeconds * 1000 <= interval) return
    lease.checkpoint ??= { lease, dueMs: undefined, queuedMs: undefined }
    lease.checkpoint.dueMs = nowMs + interval
    this.#checkpoints.update(lease.checkpoint)
  }

  #forgetTimes(lease: Lease): void {
    lease.dueMs = undefined
    this.#expiries.update(lease)
    if (lease.checkpoint === undefined) return
    lease.checkpoint.dueMs = undefined
    this.#checkpoints.update(lease.checkpoint)
  }

  #tellGone(id: bigint, why: 'revoked' | 'demoted'): void {
    const listeners = this.#listeners.get(id)
    if (listeners === undefined) return
    this.#listeners.delete(id)
    for (const listener of listeners) listener(why)
  }
}

function newLease({ id, ttlSeconds, remainingTtlSeconds }: LeaseRecord): Lease {
  const times = { expiryMs: 0, dueMs: undefined, queuedMs: undefined, checkpoint: undefined }
  return { id, ttlSeconds, remainingTtlSeconds, keys: undefined, isGone: false, ...times }
}

/** False if it is attached already. */
function attachTo(lease: Lease, key: Uint8Array): boolean {
  lease.keys ??= new SortedKeys()
  return lease.keys.add(keyString(key))
}

function* walkKeys(lease: Lease, areReplaced: () => boolean): IterableIterator<Uint8Array> {
  let after: string | undefined
  while (!lease.isGone && !areReplaced() && lease.keys !== undefined) {
    const group = lease.keys.groupAfter(after)
    if (group.length === 0) return
    for (const key of group) {
      if (lease.isGone || areReplaced()) return
      yield keyBytes(key)
    }
    after = group[group.length - 1]
  }
}

function recordOf(lease: Lease): LeaseRecord {
  const { id, ttlSeconds, remainingTtlSeconds } = lease
  return { id, ttlSeconds, remainingTtlSeconds }
}

function notFound(id: bigint): LeaseError {
  return new LeaseError('NOT_FOUND', id, 'not found')
}

function notPrimary(id: bigint): LeaseError {
  return new LeaseError('NOT_PRIMARY', id, 'this is not the primary lessor')
}
