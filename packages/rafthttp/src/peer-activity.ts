import type { PeerCounters } from './counters.ts'
import { formatPeerId } from './headers.ts'
import type { TransportClock, TransportLogger } from './ports.ts'

/** What was being done when a peer turned out to be out of reach. */
export interface PeerFailure {
  /** `stream Message`, `stream MsgApp v2`, `pipeline`, `sendMsgSnap` */
  readonly source: string
  readonly action: 'dial' | 'read' | 'write' | 'heartbeat' | 'post'
}

/** Whether a peer is connected, and since when without a break. */
export class PeerActivity {
  readonly #id: bigint
  readonly #clock: TransportClock
  readonly #logger: TransportLogger
  readonly #counters: PeerCounters
  #sinceMs: number | undefined

  constructor(id: bigint, parts: { clock: TransportClock; logger: TransportLogger; counters: PeerCounters }) {
    this.#id = id
    this.#clock = parts.clock
    this.#logger = parts.logger
    this.#counters = parts.counters
  }

  /** Monotonic time at which it became active; undefined while it is not. */
  get sinceMs(): number | undefined {
    return this.#sinceMs
  }

  get isActive(): boolean {
    return this.#sinceMs !== undefined
  }

  activate(): void {
    if (this.#sinceMs !== undefined) return
    this.#sinceMs = this.#clock.now()
    this.#logger.info('peer became active', { 'peer-id': formatPeerId(this.#id) })
  }

  deactivate({ source, action }: PeerFailure, reason: string): void {
    const id = formatPeerId(this.#id)
    const fields = { 'peer-id': id, error: `failed to ${action} ${id} on ${source} (${reason})` }
    if (this.#sinceMs === undefined) {
      this.#logger.debug('peer deactivated again', fields)
      return
    }
    this.#sinceMs = undefined
    this.#counters.disconnects++
    this.#logger.warn('peer became inactive (message send to peer failed)', fields)
  }
}
