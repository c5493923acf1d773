import * as limits from '../limits.ts'
import type { Clock } from '../parts.ts'

/**
 * How fast backups may go, all together: as fast as they can while nothing is written, else so that what they cost the loop,
 * the cores and the collector leaves the log alone.
 */
export class BackupPace {
  readonly #clock: Clock
  readonly #logSyncs: () => number
  #syncs: number
  #syncedMs = Number.NEGATIVE_INFINITY
  /** When what was given is paid for. */
  #paidMs = Number.NEGATIVE_INFINITY

  constructor({ clock, logSyncs }: { readonly clock: Clock; readonly logSyncs: () => number }) {
    this.#clock = clock
    this.#logSyncs = logSyncs
    this.#syncs = logSyncs()
  }

  /** Resolves when the next piece may be given. */
  async ready(): Promise<void> {
    const nowMs = this.#clock.now()
    const syncs = this.#logSyncs()
    if (syncs !== this.#syncs) this.#syncedMs = nowMs
    this.#syncs = syncs
    const isLogBusy = nowMs - this.#syncedMs < limits.logBusyMs
    if (!isLogBusy) this.#paidMs = Number.NEGATIVE_INFINITY
    const waitMs = this.#paidMs - nowMs
    if (waitMs > 0) await new Promise<void>(resolve => this.#clock.setTimer(waitMs, resolve))
  }

  /** A piece of so many bytes was given. */
  gave(bytes: number): void {
    const earliestMs = this.#clock.now() - limits.backupCatchUpMs
    this.#paidMs = Math.max(this.#paidMs, earliestMs) + bytes / limits.backupBytesPerMs
  }
}
