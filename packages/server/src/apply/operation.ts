import type { Waiter } from '../consensus/waiting.ts'
import type { Refusal } from '../errors.ts'
import type { ParsedEntry } from '../requests/entry.ts'
import type { State } from '../state/state.ts'

/**
 * One replicated operation: its effects on the state are a function of the state and the entry alone. Whether somebody
 * waits (`waiter`), clocks and flags may only change what is answered.
 *
 * An operation that may take long does its first slice and returns the rest; no later entry is applied before that is
 * through. A refusal is an outcome like any other: it must depend on replicated state only (`refuse`).
 */
export interface Operation {
  /** etcd's name, as in metrics and logs. */
  readonly name: string
  apply(state: State, data: Uint8Array, entry: ParsedEntry, waiter: Waiter | undefined): Continuation | undefined
}

/** Does one slice of work; true when the operation is through. */
export type Continuation = () => boolean

/** The entry has no effect: notes why, and tells who waits. */
export function refuse(entry: ParsedEntry, waiter: Waiter | undefined, refusal: Refusal): undefined {
  entry.refusal = refusal
  waiter?.refused(refusal)
}
