import { MessageType } from '@kvs/proto/raft'
import { RaftHttpError } from '../errors.ts'
import { decodeFrame } from '../frame.ts'
import type { TransportClock, TransportRandom } from '../ports.ts'

/** What goes wrong on the way. Delays and chances are drawn from the network's random source. */
export interface NetworkFaults {
  /** One way, both ends included. */
  readonly delayMs: { readonly min: number; readonly max: number }
  /** Chances of a frame of a stream, from 0 to 1. A real stream loses none; raft has to bear it all the same. */
  readonly dropChance: number
  /** But proposals never come twice: raft cannot tell one that comes again from a new one, and would write it again. */
  readonly duplicateChance: number
  /** That a frame overtakes the one before it. */
  readonly reorderChance: number
}

/** What a lane asks of its network. */
export interface LaneNetwork {
  readonly clock: TransportClock
  readonly random: TransportRandom
  readonly faults: NetworkFaults
  isBlocked(from: string, to: string): boolean
}

interface Item {
  readonly sizeBytes: number
  readonly arriveAtMs: number
  readonly arrive: () => void
}

/** One direction of one connection: what is sent arrives later, in order, and waits while the way is blocked. */
export class Lane {
  readonly from: string
  readonly to: string
  readonly #network: LaneNetwork
  #items: Item[] = []
  #timer: unknown
  #lastAtMs = 0
  queuedBytes = 0

  constructor(network: LaneNetwork, from: string, to: string) {
    this.#network = network
    this.from = from
    this.to = to
  }

  /** Sends something that cannot get lost. `arrive` is called when it is there. */
  push(sizeBytes: number, arrive: () => void): void {
    const { clock, faults, random } = this.#network
    const { min, max } = faults.delayMs
    const delayMs = min + (max > min ? random.below(Math.floor((max - min) * 1000) + 1) / 1000 : 0)
    const arriveAtMs = Math.max(this.#lastAtMs, clock.now() + delayMs)
    this.#lastAtMs = arriveAtMs
    this.queuedBytes += sizeBytes
    this.#items.push({ sizeBytes, arriveAtMs, arrive })
    this.#arm()
  }

  /** Sends a frame, which may get lost, come twice, or too early; `gone` is called when it has left, lost or not. */
  pushFrame(frame: Uint8Array, arrive: () => void, gone: () => void): void {
    const { dropChance, duplicateChance, reorderChance } = this.#network.faults
    const isLost = this.#chance(dropChance)
    const times = this.#chance(duplicateChance) && !carriesProposals(frame) ? 2 : 1
    const last = this.#items.at(-1)
    this.push(frame.length, () => {
      gone()
      for (let i = 0; i < times && !isLost; i++) arrive()
    })
    if (last === undefined || !this.#chance(reorderChance)) return
    const [overtaker] = this.#items.splice(-1)
    if (overtaker !== undefined) this.#items.splice(-1, 0, { ...overtaker, arriveAtMs: last.arriveAtMs })
  }

  /** Goes on after the way was blocked. */
  resume(): void {
    this.#arm()
  }

  /** What is on its way is lost. */
  clear(): void {
    this.#items = []
    this.queuedBytes = 0
    if (this.#timer !== undefined) this.#network.clock.clearTimer(this.#timer)
    this.#timer = undefined
  }

  #chance(probability: number): boolean {
    return probability > 0 && this.#network.random.below(1_000_000) < probability * 1_000_000
  }

  #arm(): void {
    const [first] = this.#items
    if (first === undefined || this.#timer !== undefined || this.#network.isBlocked(this.from, this.to)) return
    const { clock } = this.#network
    this.#timer = clock.setTimer(Math.max(0, first.arriveAtMs - clock.now()), () => {
      this.#timer = undefined
      if (this.#network.isBlocked(this.from, this.to)) return
      const item = this.#items.shift()
      if (item !== undefined) {
        this.queuedBytes -= item.sizeBytes
        item.arrive()
      }
      this.#arm()
    })
  }
}

function carriesProposals(frame: Uint8Array): boolean {
  try {
    return decodeFrame(frame).some(({ type }) => type === MessageType.MsgProp)
  } catch (error) {
    // Not what a member sends, but it may be sent.
    if (error instanceof RaftHttpError) return false
    throw error
  }
}
