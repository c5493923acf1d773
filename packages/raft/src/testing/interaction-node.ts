import type { RaftConfig } from '../config.ts'
import { localAppendThread, localApplyThread } from '../config.ts'
import { describeMessage, describeReady } from '../describe.ts'
import { RaftNode } from '../raft-node.ts'
import { type Entry, EntryType, type HardState, type Message, MessageType, type Snapshot } from '../types.ts'
import { decodeConfChange, decodeConfChangeV2 } from '../wire.ts'
import type { ScriptOutput } from './interaction-output.ts'
import { ScriptStorage } from './interaction-storage.ts'

/** Ticks of a scripted node. */
export const electionTick = 3
export const heartbeatTick = 1

/** What a script may set. */
export type ScriptNodeOptions = Omit<
  RaftConfig,
  'id' | 'storage' | 'logger' | 'electionTick' | 'heartbeatTick' | 'random' | 'applied'
>

/** A node of a script with its disk, its two local threads and what they have to do. */
export class ScriptNode {
  readonly id: bigint
  readonly storage: ScriptStorage = new ScriptStorage()
  readonly #options: ScriptNodeOptions
  readonly #output: ScriptOutput
  readonly #appendWork: Message[] = []
  readonly #applyWork: Message[] = []
  raft: RaftNode

  constructor(init: {
    readonly id: bigint
    readonly options: ScriptNodeOptions
    readonly output: ScriptOutput
    /** State to start from; undefined: nothing. */
    readonly snapshot: Snapshot | undefined
  }) {
    this.id = init.id
    this.#options = init.options
    this.#output = init.output
    if (init.snapshot !== undefined) this.storage.startFrom(init.snapshot)
    this.raft = this.#start(init.snapshot?.metadata.index ?? 0)
  }

  #start(applied: number): RaftNode {
    return new RaftNode({
      ...this.#options,
      id: this.id,
      storage: this.storage,
      logger: this.#output,
      electionTick,
      heartbeatTick,
      // The longest timeout, so that no election starts in a script by chance.
      random: bound => bound - 1,
      applied,
    })
  }

  /** The process ends and starts again: what was not durable is gone. */
  restart(): void {
    this.#appendWork.length = 0
    this.#applyWork.length = 0
    this.raft = this.#start(this.storage.rewind())
  }

  get hasAppendWork(): boolean {
    return this.#appendWork.length > 0
  }

  get hasApplyWork(): boolean {
    return this.#applyWork.length > 0
  }

  /** Serves one Ready and returns the messages for the network. */
  processReady(): readonly Message[] {
    const ready = this.raft.ready()
    this.#output.print(describeReady(ready))
    if (this.#options.asyncStorageWrites) return ready.messages.filter(message => !this.#takeWork(message))
    this.#write(ready)
    this.#apply(ready.committedEntries)
    this.raft.advance()
    return ready.messages
  }

  #takeWork(message: Message): boolean {
    if (message.to === localAppendThread) this.#appendWork.push(message)
    else if (message.to === localApplyThread) this.#applyWork.push(message)
    else return false
    return true
  }

  /** Does the oldest work of a thread and returns its responses. */
  processThread(thread: 'append' | 'apply'): readonly Message[] {
    const message = (thread === 'append' ? this.#appendWork : this.#applyWork).shift()
    if (message === undefined) {
      this.#output.print(`no ${thread} work to perform`)
      return []
    }
    this.#output.print(`Processing:\n${describeMessage({ ...message, responses: [] })}\n`)
    if (message.type === MessageType.MsgStorageAppend) this.#write({ ...message, hardState: message })
    else this.#apply(message.entries)
    const lines = message.responses.map(response => `${describeMessage(response)}\n`)
    this.#output.print(`Responses:\n${lines.join('')}`)
    return message.responses
  }

  #write(what: {
    readonly hardState: HardState | undefined
    readonly entries: readonly Entry[]
    readonly snapshot: Snapshot | undefined
  }): void {
    const { term, vote, commit } = what.hardState ?? { term: 0, vote: 0n, commit: 0 }
    if (term !== 0 || vote !== 0n || commit !== 0) this.storage.setHardState({ term, vote, commit })
    if (what.snapshot !== undefined) {
      if (what.entries.length > 0) throw new Error("can't apply snapshot and entries at the same time")
      this.storage.applySnapshot(what.snapshot)
    } else this.storage.append(what.entries)
  }

  #apply(entries: readonly Entry[]): void {
    for (const entry of entries) {
      if (entry.type === EntryType.EntryNormal) {
        this.storage.applied(entry, entry.data)
        continue
      }
      const decode = entry.type === EntryType.EntryConfChange ? decodeConfChange : decodeConfChangeV2
      const change = decode(entry.data)
      this.storage.applied(entry, change.context, this.raft.applyConfChange(change))
    }
  }
}
