import { type Message, MessageType } from '@kvs/proto/raft'
import type { PeerCounters } from './counters.ts'
import { RaftHttpError, reasonOf, texts } from './errors.ts'
import { formatPeerId, type LocalProcess } from './headers.ts'
import type { MessageEncoder } from './message-encoder.ts'
import type { RaftReceiver, TransportClock, TransportLogger, TransportRandom } from './ports.ts'
import type { Wire } from './wire.ts'

/** Durations that a host may set; tests set them short. */
export interface TransportTimes {
  readonly readTimeoutMs: number
  readonly writeTimeoutMs: number
  readonly dialTimeoutMs: number
  readonly probeIntervalMs: number
}

/** What all rooms of a transport work with. */
export interface TransportContext {
  readonly local: LocalProcess
  readonly clock: TransportClock
  readonly random: TransportRandom
  readonly logger: TransportLogger
  readonly wire: Wire
  readonly times: TransportTimes
  readonly encoder: MessageEncoder
  readonly inbox: Inbox
  readonly reports: Reports
}

/** Tells the member what went wrong, after the call in which it did. */
export class Reports {
  readonly #raft: RaftReceiver
  readonly #clock: TransportClock
  readonly #unreachable = new Set<bigint>()
  #snapshots: { readonly id: bigint; readonly delivered: boolean }[] = []
  #removed = false
  #scheduled = false
  #stopped = false

  constructor(raft: RaftReceiver, clock: TransportClock) {
    this.#raft = raft
    this.#clock = clock
  }

  unreachable(id: bigint): void {
    this.#unreachable.add(id)
    this.#schedule()
  }

  snapshot(id: bigint, delivered: boolean): void {
    this.#snapshots.push({ id, delivered })
    this.#schedule()
  }

  removed(): void {
    this.#removed = true
    this.#schedule()
  }

  stop(): void {
    this.#stopped = true
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    this.#clock.defer(() => this.#tell())
  }

  #tell(): void {
    this.#scheduled = false
    if (this.#stopped) return
    const unreachable = [...this.#unreachable]
    this.#unreachable.clear()
    const snapshots = this.#snapshots
    this.#snapshots = []
    for (const id of unreachable) this.#raft.reportUnreachable(id)
    for (const { id, delivered } of snapshots) this.#raft.reportSnapshot(id, delivered)
    if (this.#removed) this.#raft.removed()
    this.#removed = false
  }
}

/** Why a message cannot be taken. */
export type Rejection = 'removed member' | 'mismatch member' | 'unknown type'

/** The types that travel between members; all others a node only says to itself. */
const travelling: ReadonlySet<number> = new Set<number>([
  MessageType.MsgProp,
  MessageType.MsgApp,
  MessageType.MsgAppResp,
  MessageType.MsgVote,
  MessageType.MsgVoteResp,
  MessageType.MsgSnap,
  MessageType.MsgHeartbeat,
  MessageType.MsgHeartbeatResp,
  MessageType.MsgTransferLeader,
  MessageType.MsgTimeoutNow,
  MessageType.MsgReadIndex,
  MessageType.MsgReadIndexResp,
  MessageType.MsgPreVote,
  MessageType.MsgPreVoteResp,
])

const typeNames = new Map<number, string>(Object.entries(MessageType).map(([name, type]) => [type, name]))

/** `MsgApp`, or the number of a type nobody knows. */
export function messageTypeName(type: number): string {
  return typeNames.get(type) ?? String(type)
}

/** The door to the member: what is not for it, or not from a member, does not pass. */
export class Inbox {
  readonly #raft: RaftReceiver
  readonly #localId: bigint
  readonly #logger: TransportLogger
  #isStopped = false

  constructor(raft: RaftReceiver, localId: bigint, logger: TransportLogger) {
    this.#raft = raft
    this.#localId = localId
    this.#logger = logger
  }

  /** Hands messages of a stream to the member. */
  take(messages: readonly Message[], counters: PeerCounters): void {
    const accepted = messages.every(message => this.#rejectionOf(message) === undefined)
      ? messages
      : messages.filter(message => this.rejection(message) === undefined)
    counters.receivedFailures += messages.length - accepted.length
    if (accepted.length === 0) return
    try {
      this.deliver(accepted)
    } catch (error) {
      counters.receivedFailures += accepted.length
      this.#logger.warn('failed to process Raft message', {
        'local-member-id': formatPeerId(this.#localId),
        error: reasonOf(error),
      })
    }
  }

  /** Hands messages to the member, whose refusal it throws, or `STOPPED`. */
  deliver(messages: readonly Message[]): void {
    this.checkRunning()
    this.#raft.process(messages)
  }

  /** Throws `STOPPED` once the transport has stopped: the member must not be called any more. */
  checkRunning(): void {
    if (this.#isStopped) throw new RaftHttpError('STOPPED', texts.stopped)
  }

  stop(): void {
    this.#isStopped = true
  }

  /** Why a message cannot be taken, logged; undefined if it can. */
  rejection(message: Message): Rejection | undefined {
    const rejection = this.#rejectionOf(message)
    const local = { 'local-member-id': formatPeerId(this.#localId) }
    if (rejection === 'removed member') {
      const fields = { ...local, 'removed-member-id': formatPeerId(message.from) }
      this.#logger.warn('rejected Raft message from removed member', fields)
    } else if (rejection === 'mismatch member') {
      const fields = { ...local, 'mismatch-member-id': formatPeerId(message.to) }
      this.#logger.warn('rejected Raft message to mismatch member', fields)
    } else if (rejection === 'unknown type') {
      const fields = { ...local, from: formatPeerId(message.from), 'message-type': messageTypeName(message.type) }
      this.#logger.warn('rejected Raft message of a type that does not travel', fields)
    }
    return rejection
  }

  #rejectionOf(message: Message): Rejection | undefined {
    if (this.#raft.isRemoved(message.from)) return 'removed member'
    if (message.to !== this.#localId) return 'mismatch member'
    return travelling.has(message.type) ? undefined : 'unknown type'
  }
}
