import type { HandshakeLimits } from './options.ts'

/** A handshake that waits for its turn and then for the other end. */
export interface PacedHandshake {
  begin(): void
  /** There are too many: this one must go. */
  giveUp(): void
}

/** While this many wait, the first to come is the first to be served; beyond it the last. */
const CALM_QUEUE = 64

/**
 * Handshakes in small portions per turn of the loop, so that a crowd of new connections does not hold up those that are
 * open. In a crush the newest are served first: their clients still wait, those of the oldest have likely given up.
 */
export class HandshakeQueue {
  readonly #limits: HandshakeLimits
  /** Runs before each portion. */
  readonly #prepare: () => Promise<void>
  #waiting: PacedHandshake[] = []
  /** In the order they began. */
  readonly #inFlight = new Set<PacedHandshake>()
  #running = false

  constructor(limits: HandshakeLimits, prepare: () => Promise<void>) {
    this.#limits = limits
    this.#prepare = prepare
  }

  get waiting(): number {
    return this.#waiting.length
  }

  get inFlight(): number {
    return this.#inFlight.size
  }

  add(handshake: PacedHandshake): void {
    if (this.#waiting.length >= this.#limits.maxWaiting) this.#waiting.shift()?.giveUp()
    this.#waiting.push(handshake)
    if (this.#running) return
    this.#running = true
    setImmediate(() => void this.#turn())
  }

  /** It is over, however it ended. */
  remove(handshake: PacedHandshake): void {
    if (this.#inFlight.delete(handshake)) return
    const at = this.#waiting.indexOf(handshake)
    if (at >= 0) this.#waiting.splice(at, 1)
  }

  /** What is begun in a turn is chosen before `prepare`: it sees every change that came before its connection. */
  async #turn(): Promise<void> {
    const chosen: PacedHandshake[] = []
    while (chosen.length < this.#limits.perTurn) {
      const next = this.#waiting.length > CALM_QUEUE ? this.#waiting.pop() : this.#waiting.shift()
      if (next === undefined) break
      this.#makeRoom()
      this.#inFlight.add(next)
      chosen.push(next)
    }
    await this.#prepare()
    for (const handshake of chosen) if (this.#inFlight.has(handshake)) handshake.begin()
    if (this.#waiting.length > 0) setImmediate(() => void this.#turn())
    else this.#running = false
  }

  #makeRoom(): void {
    if (this.#inFlight.size < this.#limits.maxInFlight) return
    const [oldest] = this.#inFlight
    oldest?.giveUp()
  }
}
