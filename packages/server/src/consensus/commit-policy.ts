import type { Backend } from '@kvs/backend'
import type { Clock } from '../parts.ts'

/**
 * When the state file is committed: some time after the first change, or after so many operations. Between two commits
 * no timer runs.
 */
export class CommitPolicy {
  readonly #backend: Pick<Backend, 'pendingOperations'>
  readonly #commitState: () => Promise<void>
  readonly #clock: Clock
  readonly #intervalMs: number
  readonly #operationsMax: number
  readonly #fatal: (error: unknown) => void
  #timer: unknown
  #committing = false
  #closed = false

  constructor(parts: {
    readonly backend: Pick<Backend, 'pendingOperations'>
    readonly commit: () => Promise<void>
    readonly clock: Clock
    readonly intervalMs: number
    readonly operationsMax: number
    readonly fatal: (error: unknown) => void
  }) {
    this.#backend = parts.backend
    this.#commitState = parts.commit
    this.#clock = parts.clock
    this.#intervalMs = parts.intervalMs
    this.#operationsMax = parts.operationsMax
    this.#fatal = parts.fatal
  }

  /** To be called after every turn that may have changed the state. */
  changed(): void {
    const pending = this.#backend.pendingOperations
    if (pending === 0 || this.#committing || this.#closed) return
    if (pending >= this.#operationsMax) this.#commit()
    else this.#timer ??= this.#clock.setTimer(this.#intervalMs, () => this.#commit())
  }

  close(): void {
    this.#closed = true
    this.#disarm()
  }

  #disarm(): void {
    if (this.#timer !== undefined) this.#clock.clearTimer(this.#timer)
    this.#timer = undefined
  }

  #commit(): void {
    this.#disarm()
    this.#committing = true
    this.#commitState().then(
      () => {
        this.#committing = false
        this.changed()
      },
      error => {
        if (!this.#closed) this.#fatal(error)
      },
    )
  }
}
