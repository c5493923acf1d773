import type { Message } from '@kvs/proto/raft'
import { Inbox, messageTypeName, Reports, type TransportContext, type TransportTimes } from './context.ts'
import { PeerCounters, type PeerTraffic } from './counters.ts'
import { RaftHttpError, texts } from './errors.ts'
import { formatPeerId, incarnationOf, type LocalMember, ownHeaders, parseList, senderOf } from './headers.ts'
import { dialTimeoutMsDefault, probeLeadMs, readTimeoutMsMin, remotesMax, writeTimeoutMsMin } from './limits.ts'
import { MessageEncoder } from './message-encoder.ts'
import { Peer, Remote } from './peer.ts'
import type { RaftReceiver, TransportClock, TransportLogger, TransportRandom } from './ports.ts'
import type { ProbeStatus } from './prober.ts'
import { type PeerRoute, RaftRoutes } from './raft-routes.ts'
import type { MakeHash } from './snapshot-body.ts'
import { SnapshotReceiver } from './snapshot-receiver.ts'
import { type OutgoingSnapshot, SnapshotSender } from './snapshot-sender.ts'
import { parsePeerVersion } from './version.ts'
import type { LinkAcceptance, PeerRequest, PeerResponse, Wire } from './wire.ts'

export interface TransportOptions extends LocalMember {
  readonly raft: RaftReceiver
  readonly wire: Wire
  readonly clock: TransportClock
  readonly random: TransportRandom
  readonly logger: TransportLogger
  /** SHA-256, for snapshots. `@kvs/rafthttp/node` has one. */
  readonly makeHash: MakeHash
  /** Defaults are etcd's; a host raises lower values of its users to `readTimeoutMsMin` and `writeTimeoutMsMin`. */
  readonly times?: Partial<TransportTimes>
}

/** One peer as it is now, and its traffic so far. */
export interface PeerState {
  readonly id: bigint
  readonly urls: readonly string[]
  /** Monotonic time since when it has been connected without a break; undefined while it is not. */
  readonly activeSinceMs: number | undefined
  /** Which of this member's two streams the peer is reading. */
  readonly attached: { readonly messages: boolean; readonly appends: boolean }
  readonly probe: ProbeStatus
  readonly traffic: PeerTraffic
}

export interface TransportState {
  readonly id: bigint
  /** Ascending ids. */
  readonly peers: readonly PeerState[]
  /** Members known by their requests only. */
  readonly remotes: readonly bigint[]
  /** What came from nobody known. */
  readonly unknown: PeerTraffic
}

/** Carries messages and snapshots between this member and its peers. No call blocks, and none calls back before it returns. */
export interface PeerTransport {
  /** Connects to a peer. Without effect if it is there. Throws `BAD_OPTION` for what is no peer URL. */
  addPeer(id: bigint, urls: readonly string[]): void
  /** Makes a member reachable that is not known as a peer yet, by requests only. */
  addRemote(id: bigint, urls: readonly string[]): void
  updatePeer(id: bigint, urls: readonly string[]): void
  removePeer(id: bigint): void
  removeAllPeers(): void
  hasPeer(id: bigint): boolean
  /**
   * Takes messages for the frames of this turn; bytes in them must not change before `flush`. What cannot be sent is
   * dropped, and the peer reported unreachable. Messages to id 0 and to nobody known are skipped.
   */
  send(messages: readonly Message[]): void
  /** Sends what was taken since the last time. Happens by itself at the end of the turn, if it was not called. */
  flush(): void
  /** Sends a snapshot to the peer its message names; the outcome comes through `reportSnapshot`. */
  sendSnapshot(snapshot: OutgoingSnapshot): void
  /** Monotonic time since when a peer has been connected without a break; undefined if it is not, or not known. */
  activeSince(id: bigint): number | undefined
  /** How many peers are connected. */
  activePeers(): number
  /** Throws away all messages, in both directions, until `resume`: for tests. Connections stay. */
  pause(): void
  resume(): void
  /** The same for one peer. */
  cutPeer(id: bigint): void
  mendPeer(id: bigint): void
  readonly state: TransportState
  /** Rows for the table of the peer port. */
  readonly routes: readonly PeerRoute[]
  /** Answers a request for a WebSocket. */
  upgrade(request: PeerRequest, protocols: readonly string[]): LinkAcceptance | PeerResponse
  /** Closes everything. Nothing is called back afterwards. */
  stop(): void
}

/** A transport without peers. Nothing is sent or dialed before `addPeer`. Throws `BAD_OPTION`. */
export function createTransport(options: TransportOptions): PeerTransport {
  for (const version of [options.version.server, options.version.minCluster]) {
    if (parsePeerVersion(version) === undefined) throw new RaftHttpError('BAD_OPTION', `'${version}' is no version`)
  }
  return new WireTransport(options)
}

function timesOf(given: Partial<TransportTimes> = {}): TransportTimes {
  const readTimeoutMs = given.readTimeoutMs ?? readTimeoutMsMin
  return {
    readTimeoutMs,
    writeTimeoutMs: given.writeTimeoutMs ?? writeTimeoutMsMin,
    dialTimeoutMs: given.dialTimeoutMs ?? dialTimeoutMsDefault,
    probeIntervalMs: given.probeIntervalMs ?? Math.max(readTimeoutMs - probeLeadMs, readTimeoutMs / 2),
  }
}

/** 62 random bits in hex. */
function drawIncarnation(random: TransportRandom): string {
  return [0, 0]
    .map(() =>
      random
        .below(2 ** 31)
        .toString(16)
        .padStart(8, '0'),
    )
    .join('')
}

class WireTransport implements PeerTransport {
  readonly #context: TransportContext
  readonly #snapshots: SnapshotSender
  readonly #raftRoutes: RaftRoutes
  readonly #peers = new Map<bigint, Peer>()
  readonly #remotes = new Map<bigint, Remote>()
  /** Kept when a peer goes: counters only ever rise. */
  readonly #counters = new Map<bigint, PeerCounters>()
  readonly #unknown = new PeerCounters()
  readonly #raft: RaftReceiver
  readonly #stopping = new AbortController()
  #flushScheduled = false

  constructor(options: TransportOptions) {
    this.#raft = options.raft
    const { clock, id, clusterId, logger, makeHash, raft, random, snapshotFormats, urls, version, wire } = options
    this.#context = {
      local: { id, clusterId, version, urls, snapshotFormats, incarnation: drawIncarnation(random) },
      clock,
      random,
      logger,
      wire,
      times: timesOf(options.times),
      encoder: new MessageEncoder(),
      inbox: new Inbox(raft, id, logger),
      reports: new Reports(raft, clock),
    }
    const context = this.#context
    this.#snapshots = new SnapshotSender(context, makeHash)
    const countersOf = (from: bigint): PeerCounters => this.#counters.get(from) ?? this.#unknown
    const senderSeen = (request: PeerRequest): void => this.#senderSeen(request)
    const checkProcess = (from: bigint, request: PeerRequest): void => this.#checkProcess(from, request)
    this.#raftRoutes = new RaftRoutes({
      context,
      raft,
      countersOf,
      senderSeen,
      snapshots: new SnapshotReceiver({ context, raft, makeHash, countersOf, senderSeen, checkProcess }),
      isPeer: from => this.#peers.has(from),
      checkProcess,
      attach: ({ from, kind, incarnation }, link) => {
        const peer = this.#peers.get(from)
        // It was removed, or another process of it was faster, between the request and the end of the handshake.
        if (peer === undefined || !peer.admits(incarnation)) link.destroy()
        else peer.attach(kind, link, incarnation)
      },
    })
  }

  get routes(): readonly PeerRoute[] {
    return this.#raftRoutes.table
  }

  get state(): TransportState {
    const peers = [...this.#peers.values()].sort((a, b) => (a.id < b.id ? -1 : 1))
    return {
      id: this.#context.local.id,
      peers: peers.map(peer => ({
        id: peer.id,
        urls: peer.picker.urls,
        activeSinceMs: peer.activity.sinceMs,
        attached: peer.attached,
        probe: peer.probe,
        traffic: peer.counters,
      })),
      remotes: [...this.#remotes.keys()],
      unknown: this.#unknown,
    }
  }

  upgrade(request: PeerRequest, protocols: readonly string[]): LinkAcceptance | PeerResponse {
    const answer = this.#raftRoutes.upgrade(request, protocols)
    if ('accept' in answer) this.#formatsSeen(request)
    return answer
  }

  addPeer(id: bigint, urls: readonly string[]): void {
    if (this.#stopping.signal.aborted || this.#peers.has(id)) return
    const peer = new Peer(this.#context, id, urls, this.#countersFor(id))
    this.#remotes.get(id)?.stop()
    this.#remotes.delete(id)
    this.#peers.set(id, peer)
    peer.start()
    this.#context.logger.info('added remote peer', { ...this.#ids(id), 'remote-peer-urls': urls })
  }

  addRemote(id: bigint, urls: readonly string[]): void {
    if (this.#stopping.signal.aborted || id === this.#context.local.id) return
    if (this.#peers.has(id) || this.#remotes.has(id) || this.#remotes.size >= remotesMax) return
    this.#remotes.set(id, new Remote(this.#context, id, urls, this.#countersFor(id)))
    this.#context.logger.info('added new remote peer', { ...this.#ids(id), 'remote-peer-urls': urls })
  }

  updatePeer(id: bigint, urls: readonly string[]): void {
    const peer = this.#peers.get(id)
    if (peer === undefined) return
    peer.update(urls)
    const local = { 'local-member-id': formatPeerId(this.#context.local.id) }
    const updated = { 'updated-remote-peer-id': formatPeerId(id), 'updated-remote-peer-urls': urls }
    this.#context.logger.info('updated remote peer', { ...local, ...updated })
  }

  removePeer(id: bigint): void {
    const peer = this.#peers.get(id)
    const local = { 'local-member-id': formatPeerId(this.#context.local.id) }
    const fields = { ...local, 'removed-remote-peer-id': formatPeerId(id) }
    if (peer === undefined) {
      this.#context.logger.warn('skipped removing already removed peer', fields)
      return
    }
    this.#peers.delete(id)
    peer.stop()
    this.#context.logger.info('removed remote peer', fields)
  }

  removeAllPeers(): void {
    for (const id of [...this.#peers.keys()]) this.removePeer(id)
  }

  hasPeer(id: bigint): boolean {
    return this.#peers.has(id)
  }

  send(messages: readonly Message[]): void {
    if (this.#stopping.signal.aborted) return
    for (const message of messages) {
      // Whoever hands on what raft wants to send strikes a message out by taking away its addressee.
      if (message.to === 0n) continue
      const peer = this.#peers.get(message.to) ?? this.#remotes.get(message.to)
      if (peer === undefined) this.#unknownTarget(message)
      else peer.send(message)
    }
    if (this.#flushScheduled) return
    this.#flushScheduled = true
    this.#context.clock.defer(() => {
      this.#flushScheduled = false
      this.flush()
    })
  }

  flush(): void {
    for (const peer of this.#peers.values()) peer.flush()
    this.#context.encoder.forget()
  }

  sendSnapshot(snapshot: OutgoingSnapshot): void {
    const peer = this.#peers.get(snapshot.message.to)
    if (peer !== undefined && !this.#stopping.signal.aborted) return this.#snapshots.send(snapshot, peer)
    snapshot.close?.(new RaftHttpError('UNREACHABLE', 'member not found'))
    this.#context.reports.snapshot(snapshot.message.to, false)
  }

  activeSince(id: bigint): number | undefined {
    return this.#peers.get(id)?.activity.sinceMs
  }

  activePeers(): number {
    let active = 0
    for (const peer of this.#peers.values()) if (peer.activity.isActive) active++
    return active
  }

  pause(): void {
    for (const peer of this.#peers.values()) peer.isPaused = true
  }

  resume(): void {
    for (const peer of this.#peers.values()) peer.isPaused = false
  }

  cutPeer(id: bigint): void {
    this.#setPaused(id, true)
  }

  mendPeer(id: bigint): void {
    this.#setPaused(id, false)
  }

  stop(): void {
    if (this.#stopping.signal.aborted) return
    this.#stopping.abort(new RaftHttpError('STOPPED', 'stopped'))
    this.#context.reports.stop()
    this.#context.inbox.stop()
    this.#snapshots.stop()
    for (const remote of this.#remotes.values()) remote.stop()
    for (const peer of this.#peers.values()) peer.stop()
    this.#remotes.clear()
    this.#peers.clear()
    this.#context.wire.close()
  }

  #setPaused(id: bigint, isPaused: boolean): void {
    for (const peer of [this.#peers.get(id), this.#remotes.get(id)]) if (peer !== undefined) peer.isPaused = isPaused
  }

  #countersFor(id: bigint): PeerCounters {
    const known = this.#counters.get(id)
    if (known !== undefined) return known
    const made = new PeerCounters()
    this.#counters.set(id, made)
    return made
  }

  /** A request of a member that is not known yet says where it is to be found. */
  #senderSeen(request: PeerRequest): void {
    const { id, urls } = senderOf(request)
    if (id === undefined || id === 0n || urls.length === 0 || this.#raft.isRemoved(id)) return
    this.addRemote(id, urls)
    this.#formatsSeen(request)
  }

  /** Throws 409 for a process that is not the one which speaks for a peer. */
  #checkProcess(from: bigint, request: PeerRequest): void {
    if (this.#peers.get(from)?.admits(incarnationOf(request)) !== false) return
    this.#context.logger.warn('rejected a second process that runs as the same member', {
      ...this.#ids(from),
      'remote-address': request.remote,
    })
    throw new RaftHttpError('REFUSED', texts.secondProcess, { status: 409 })
  }

  #formatsSeen(request: PeerRequest): void {
    const formats = parseList(request.header(ownHeaders.formats.toLowerCase()))
    const peer = this.#peers.get(senderOf(request).id ?? 0n)
    if (peer !== undefined && formats.length > 0) peer.formats = formats
  }

  #unknownTarget(message: Message): void {
    this.#context.logger.debug('ignored message send request; unknown remote peer target', {
      type: messageTypeName(message.type),
      'unknown-target-peer-id': formatPeerId(message.to),
    })
  }

  #ids(id: bigint): Readonly<Record<string, unknown>> {
    return { 'local-member-id': formatPeerId(this.#context.local.id), 'remote-peer-id': formatPeerId(id) }
  }
}
