import { type Member as ClusterMember, formatId } from '@kvs/membership'
import { type Message, MessageType, RaftError } from '@kvs/raft'
import {
  createTransport,
  type IncomingSnapshot,
  type PeerTransport,
  RaftHttpError,
  type RaftReceiver,
  type TransportState,
} from '@kvs/rafthttp'
import type { Fs } from '@kvs/vfs'
import type { Loop } from '../consensus/loop.ts'
import * as limits from '../limits.ts'
import type { ClusterState } from '../membership/cluster-state.ts'
import type { Metrics } from '../metrics/metrics.ts'
import type { MemberOptions } from '../options.ts'
import type { Clock, Logger, PeerParts, Random } from '../parts.ts'
import type { ReceivedSnapshots } from '../snapshots/received-snapshots.ts'
import type { StateCopies } from '../snapshots/state-copies.ts'
import { minClusterVersion, version } from '../version.ts'
import { HeartbeatWatch } from './heartbeat-watch.ts'
import { outgoingSnapshot, stateFormat } from './snapshot-sending.ts'

export interface PeersParts {
  readonly id: bigint
  readonly clusterId: bigint
  readonly options: MemberOptions
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly metrics: Metrics
  readonly fs: Fs
  readonly peers: PeerParts
  readonly cluster: ClusterState
  readonly received: ReceivedSnapshots
  readonly copies: StateCopies
  readonly loop: Pick<Loop, 'step' | 'reportUnreachable' | 'reportSnapshot'>
  /** A message came that raft has taken. */
  readonly heard: (message: Message) => void
  /** The cluster has removed this member for good. */
  readonly removed: () => void
}

/**
 * The other members, as raft sees them: what it says goes out together at the end of a turn, what they say comes in as
 * input of a later one. Snapshots take a way of their own, beside the loop.
 */
export class Peers implements RaftReceiver {
  readonly transport: PeerTransport
  readonly #parts: PeersParts
  readonly #heartbeats: HeartbeatWatch
  #outbox: Message[] = []
  /** Where in the outbox an acknowledgement stands, by addressee: a newer one makes it superfluous. */
  readonly #acknowledgements = new Map<bigint, number>()
  /** What was last acknowledged, by addressee. */
  readonly #acknowledged = new Map<bigint, { readonly term: number; readonly index: number }>()
  /** Acknowledgements of what was acknowledged already, by addressee: they go with the next message, or after a moment. */
  readonly #late = new Map<bigint, Message>()
  #lateTimer: unknown
  #snapshotsUnderWay = 0
  #isRemoved = false
  #keepLogUntilMs = Number.NEGATIVE_INFINITY

  constructor(parts: PeersParts) {
    const { id, clusterId, options, clock, random, logger, peers } = parts
    this.#parts = parts
    this.#heartbeats = new HeartbeatWatch({ ...parts, intervalMs: options.heartbeatIntervalMs })
    this.transport = createTransport({
      id,
      clusterId,
      version: { server: version, minCluster: minClusterVersion },
      urls: options.initialAdvertisePeerUrls,
      snapshotFormats: [stateFormat],
      raft: this,
      wire: peers.wire,
      clock,
      random,
      logger,
      makeHash: peers.makeHash,
      times: { readTimeoutMs: options.raftReadTimeoutMs, writeTimeoutMs: options.raftWriteTimeoutMs },
    })
  }

  get state(): TransportState {
    return this.transport.state
  }

  /** A member gets, or got a moment ago, a snapshot: it will ask for the entries behind that. */
  get holdBackLog(): boolean {
    return this.#snapshotsUnderWay > 0 || this.#parts.clock.now() < this.#keepLogUntilMs
  }

  /** Knows the members of the cluster, and no others. */
  reset(members: readonly ClusterMember[]): void {
    const { id } = this.#parts
    for (const peer of this.state.peers) {
      if (!members.some(member => member.id === peer.id)) this.transport.removePeer(peer.id)
    }
    for (const member of members) if (member.id !== id) this.add(member)
  }

  add({ id, peerUrls }: ClusterMember): void {
    if (id === this.#parts.id) return
    try {
      if (this.transport.hasPeer(id)) this.transport.updatePeer(id, peerUrls)
      else this.transport.addPeer(id, peerUrls)
    } catch (error) {
      // A member of etcd's proposes whatever it is told: that one cannot be reached then, and the others go on.
      if (!(error instanceof RaftHttpError)) throw error
      this.#parts.logger.error('a member has peer URLs that are none', {
        'remote-peer-id': formatId(id),
        'remote-peer-urls': peerUrls,
        error: error.message,
      })
    }
  }

  remove(id: bigint): void {
    if (this.transport.hasPeer(id)) this.transport.removePeer(id)
  }

  /** Takes a message of raft's for the end of the turn. */
  send(message: Message): void {
    const { cluster } = this.#parts
    if (cluster.memberSet.isRemoved(message.to)) return
    if (message.type === MessageType.MsgSnap) return this.#sendSnapshot(message)
    if (message.type === MessageType.MsgHeartbeat) this.#heartbeats.sent(message.to)
    if (message.type === MessageType.MsgAppResp && !this.#isWorthTelling(message)) return
    this.#outbox.push(message)
  }

  /**
   * Of the acknowledgements of one turn the last one says it all. One of an index that was acknowledged before tells
   * something only to a leader that lost track of this member: it need not wake him up.
   */
  #isWorthTelling(message: Message): boolean {
    const { to, term, index, reject } = message
    const earlier = this.#acknowledgements.get(to)
    const known = this.#acknowledged.get(to)
    if (earlier === undefined && !reject && known?.index === index && known.term === term) {
      this.#late.set(to, message)
      this.#lateTimer ??= this.#parts.clock.setTimer(limits.lateAcknowledgementMs, () => this.#sendLate())
      return false
    }
    if (earlier !== undefined) this.#outbox[earlier] = struckOut
    this.#late.delete(to)
    this.#acknowledgements.set(to, this.#outbox.length)
    this.#acknowledged.set(to, { term, index: reject ? 0 : index })
    return true
  }

  #sendLate(): void {
    this.#lateTimer = undefined
    if (this.#late.size === 0) return
    this.#outbox.push(...this.#late.values())
    this.#late.clear()
    this.sendOut()
  }

  /** Lets what was taken go. */
  sendOut(): void {
    if (this.#outbox.length === 0) return
    if (this.#late.size > 0) this.#addLate()
    const messages = this.#outbox
    this.#outbox = []
    this.#acknowledgements.clear()
    this.transport.send(messages)
    this.transport.flush()
  }

  #addLate(): void {
    for (const [to, message] of this.#late) {
      if (!this.#outbox.some(other => other.to === to)) continue
      this.#outbox.push(message)
      this.#late.delete(to)
    }
  }

  leadershipChanged(): void {
    this.#heartbeats.reset()
    this.#acknowledged.clear()
  }

  stop(): void {
    if (this.#lateTimer !== undefined) this.#parts.clock.clearTimer(this.#lateTimer)
    this.#lateTimer = undefined
    this.transport.stop()
  }

  process(messages: readonly Message[]): void {
    let refusal: RaftError | undefined
    for (const message of messages) {
      try {
        this.#parts.loop.step(message)
        this.#parts.heard(message)
      } catch (error) {
        if (!(error instanceof RaftError)) throw error
        refusal = error
      }
    }
    if (refusal !== undefined) throw refusal
  }

  isRemoved(id: bigint): boolean {
    return this.#parts.cluster.memberSet.isRemoved(id)
  }

  reportUnreachable(id: bigint): void {
    this.#parts.loop.reportUnreachable(id)
  }

  reportSnapshot(id: bigint, delivered: boolean): void {
    if (delivered) this.#keepLogUntilMs = this.#parts.clock.now() + limits.keepLogAfterSnapshotMs
    this.#parts.loop.reportSnapshot(id, delivered ? 'finished' : 'failed')
  }

  saveSnapshot(snapshot: IncomingSnapshot): Promise<void> {
    return this.#save(snapshot)
  }

  /** Every peer says so, and again at each attempt to reach it. */
  removed(): void {
    if (this.#isRemoved) return
    this.#isRemoved = true
    this.#parts.logger.error('the member has been permanently removed from the cluster', {
      'local-member-id': formatId(this.#parts.id),
    })
    this.#parts.removed()
  }

  /** What is left to be done behind the last piece is the sync. */
  async #save(snapshot: IncomingSnapshot): Promise<void> {
    const { clock, metrics, received } = this.#parts
    const startMs = clock.now()
    let readMs = startMs
    const chunks = async function* (): AsyncGenerator<Uint8Array> {
      yield* snapshot.chunks
      readMs = clock.now()
    }
    await received.save({ ...snapshot, chunks: chunks() })
    metrics.receivedStates.observe((clock.now() - startMs) / 1000)
    metrics.receivedStateSyncs.observe((clock.now() - readMs) / 1000)
  }

  #sendSnapshot(message: Message): void {
    const snapshot = outgoingSnapshot(message, this.#parts)
    this.#snapshotsUnderWay++
    this.transport.sendSnapshot({
      ...snapshot,
      // Called whatever happens; of a peer that is removed meanwhile nothing is reported.
      close: error => {
        this.#snapshotsUnderWay--
        snapshot.close?.(error)
      },
    })
  }
}

/** A message to nobody. */
const struckOut: Message = {
  type: MessageType.MsgAppResp,
  to: 0n,
  from: 0n,
  term: 0,
  logTerm: 0,
  index: 0,
  entries: [],
  commit: 0,
  snapshot: undefined,
  reject: false,
  rejectHint: 0,
  context: new Uint8Array(0),
  vote: 0n,
  responses: [],
}
