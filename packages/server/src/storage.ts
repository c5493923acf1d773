import type { Entry, HardState, MemoryStorage, Message } from '@kvs/raft'
import type { Wal } from '@kvs/wal'

/**
 * The durable log and the part of it that raft still reads, joined: what is written to the one is shown to raft by the
 * other, never before it is durable.
 */
export class Storage {
  readonly #wal: Wal
  readonly #log: MemoryStorage

  constructor(parts: { readonly wal: Wal; readonly log: MemoryStorage }) {
    this.#wal = parts.wal
    this.#log = parts.log
  }

  /** Appends what these messages carry, as one durable write. Rejects if the disk fails; nothing may follow then. */
  async persist(messages: readonly Message[]): Promise<void> {
    const hardState = lastHardState(messages)
    await this.#wal.append({ entries: allEntries(messages), hardState })
    for (const { entries } of messages) if (entries.length > 0) this.#log.append(entries)
    if (hardState !== undefined) this.#log.setHardState(hardState)
  }

  /** Drops entries of the in-memory log up to `index`. */
  forget(index: number): void {
    if (index > this.#log.firstIndex()) this.#log.compact(index)
  }

  close(): Promise<void> {
    return this.#wal.close()
  }
}

function allEntries(messages: readonly Message[]): readonly Entry[] {
  return messages.length === 1 ? (messages[0] as Message).entries : messages.flatMap(message => message.entries)
}

/** The newest term, vote and commit index among the messages; a message without them carries zeros. */
function lastHardState(messages: readonly Message[]): HardState | undefined {
  for (let i = messages.length - 1; i >= 0; i--) {
    const { term, vote, commit } = messages[i] as Message
    if (term !== 0 || vote !== 0n || commit !== 0) return { term, vote, commit }
  }
  return undefined
}
