import type { LeaseChange, WriteTxn } from '@kvs/mvcc'
import * as limits from '../limits.ts'
import type { Background } from '../state/background.ts'
import type { State } from '../state/state.ts'
import type { Continuation } from './operation.ts'

/** Long work on the loop: it gives way at every `yield`. */
export type Slices<Result> = Generator<undefined, Result, undefined>

/** Does the first slice at once, which is all for nearly every request, and hands out the rest. */
export function runSlices(background: Background, work: Slices<void>): Continuation | undefined {
  const next = (): boolean => {
    background.beginSlice()
    return work.next().done === true
  }
  return next() ? undefined : next
}

/** Does all of it in one go. */
export function atOnce<Result>(work: Slices<Result>): Result {
  for (;;) {
    const step = work.next()
    if (step.done === true) return step.value
  }
}

/** The time is looked at before every so many records. */
const recordsPerLook = 32

/** How many records the slice under way may still look at. Steps that belong together share one. */
export class SliceBudget {
  readonly isDue: () => boolean

  /** `isDue`: whether the slice under way has taken its time. */
  constructor(isDue: () => boolean = () => false) {
    this.isDue = isDue
  }

  /** So many were looked at; gives way if that was the last of the slice. */
  *spend(records: number): Slices<void> {
    this.records -= records
    if (this.records > 0 && (this.records % recordsPerLook > 0 || !this.isDue())) return
    yield
    this.records = limits.sliceRecords
  }

  records: number = limits.sliceRecords
}

/** Ends the transaction and tells the leases which keys came and went. Returns the store's revision. */
export function endWrite(state: State, txn: WriteTxn): number {
  const { revision, changes } = txn.end()
  const { leases } = changes
  for (let i = 0; i < leases.length; i++) moveKey(state, leases[i] as LeaseChange)
  wakeBackground(state)
  return revision
}

/** The same for a transaction that may have changed many keys. */
export function* endWriteInSlices(state: State, txn: WriteTxn): Slices<number> {
  const { revision, changes } = txn.end()
  const { leases } = changes
  for (let i = 0; i < leases.length; i++) {
    if (i > 0 && i % limits.sliceRecords === 0) yield
    moveKey(state, leases[i] as LeaseChange)
  }
  wakeBackground(state)
  return revision
}

function moveKey(state: State, { key, oldLease, newLease }: LeaseChange): void {
  if (oldLease === newLease) return
  if (oldLease !== 0n) state.lessor.detach(oldLease, key)
  if (newLease !== 0n) state.lessor.attach(newLease, key)
}

function wakeBackground(state: State): void {
  if (state.store.watch.pending || state.store.reclaimPending) state.background.wake()
}
