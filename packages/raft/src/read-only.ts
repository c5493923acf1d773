import type { ReadOnlyOption } from './config.ts'
import type { Message } from './types.ts'

/** A read that waits for the leader to prove that it still leads. */
export interface PendingRead {
  readonly request: Message
  /** Commit index when the read came: what it must see. */
  readonly index: number
}

interface QueuedRead extends PendingRead {
  readonly position: number
  readonly acks: Set<bigint>
}

/**
 * Reads of a leader that wait for a round of heartbeats (thesis 6.4), in the order they came. A heartbeat carries the
 * position of the newest read; who answers it confirms that read and all before it.
 */
export class ReadOnlyQueue {
  readonly option: ReadOnlyOption
  readonly #queue: QueuedRead[] = []
  #nextPosition = 1

  constructor(option: ReadOnlyOption) {
    this.option = option
  }

  /** Queues a read, and returns the context of the heartbeats that will confirm it. */
  add(request: Message, committed: number, self: bigint): Uint8Array {
    const position = this.#nextPosition++
    this.#queue.push({ request, index: committed, position, acks: new Set([self]) })
    return contextOf(position)
  }

  /** Notes an answer, and returns who has confirmed that position so far; undefined if nobody waits there. */
  acknowledge(from: bigint, context: Uint8Array): ReadonlySet<bigint> | undefined {
    const read = this.#find(context)
    read?.acks.add(from)
    return read?.acks
  }

  /** Takes out the confirmed read and all before it. */
  advance(context: Uint8Array): readonly PendingRead[] {
    const read = this.#find(context)
    return read === undefined ? [] : this.#queue.splice(0, this.#queue.indexOf(read) + 1)
  }

  /** Context for the periodic heartbeat: that of the newest read, or nothing. */
  lastContext(): Uint8Array | undefined {
    const last = this.#queue.at(-1)
    return last === undefined ? undefined : contextOf(last.position)
  }

  #find(context: Uint8Array): QueuedRead | undefined {
    const first = this.#queue[0]
    if (first === undefined || context.length !== 8) return undefined
    const position = Number(view(context).getBigUint64(0, true))
    return this.#queue[position - first.position]
  }
}

function contextOf(position: number): Uint8Array {
  const context = new Uint8Array(8)
  view(context).setBigUint64(0, BigInt(position), true)
  return context
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
