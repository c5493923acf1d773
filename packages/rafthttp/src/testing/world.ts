import { type Message, MessageType } from '@kvs/proto/raft'
import { peerEndpoint } from '../endpoint.ts'
import { RaftHttpError } from '../errors.ts'
import type { IncomingSnapshot, RaftReceiver, TransportClock, TransportLogger, TransportRandom } from '../ports.ts'
import type { PeerServices } from '../service-routes.ts'
import type { MakeHash } from '../snapshot-body.ts'
import type { OutgoingSnapshot } from '../snapshot-sender.ts'
import { createTransport, type PeerTransport, type TransportOptions } from '../transport.ts'
import type { PeerEndpoint, Wire } from '../wire.ts'

/** Where one member lives: its way out, and its own URL. */
export interface MemberPlace {
  readonly url: string
  readonly wire: Wire
  /** Answers under the URL. */
  serve(endpoint: PeerEndpoint): Promise<void>
  /** The process is killed: nobody answers, connections break. The place may be served again. */
  kill(): Promise<void>
}

/** What the cases run in: time and places, real or simulated. Made for every case, and thrown away. */
export interface TransportWorld {
  readonly clock: TransportClock
  readonly random: TransportRandom
  readonly makeHash: MakeHash
  place(name: string): Promise<MemberPlace>
  /** Waits until it holds; rejects, naming `what`, if that takes too long. */
  until(what: string, holds: () => boolean): Promise<void>
  /** Lets so much time pass. */
  pass(durationMs: number): Promise<void>
  dispose(): Promise<void>
}

export type TransportWorldFactory = () => Promise<TransportWorld>

/** One test. `run` rejects if the contract is broken. */
export interface TransportCase {
  readonly name: string
  run(): Promise<void>
}

export type NamedCheck = readonly [name: string, check: (cluster: Cluster) => Promise<void>]

/** Times that let a case see a timeout without waiting for long. */
const times = { readTimeoutMs: 600, writeTimeoutMs: 600, dialTimeoutMs: 500, probeIntervalMs: 100 }

export const clusterId = 0xcdf818194e3a8c32n

/** One line that was logged. */
export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>>
}

/** A snapshot as a member has saved it, or tried to. */
export interface SavedSnapshot {
  readonly format: string
  readonly sizeBytes: number | undefined
  readonly message: Message
  readonly chunks: Uint8Array[]
  savedBytes: number
  error: unknown
  isComplete: boolean
}

/** A member of the cases: a transport, and everything it was told. */
export class TestMember implements RaftReceiver {
  readonly id: bigint
  readonly place: MemberPlace
  readonly transport: PeerTransport
  readonly endpoint: PeerEndpoint
  readonly log: LogLine[] = []
  readonly logger: TransportLogger
  /** All messages, in the order they came. */
  readonly received: Message[] = []
  /** How many came together. */
  readonly batches: number[] = []
  readonly unreachable: bigint[] = []
  readonly reported: { readonly id: bigint; readonly delivered: boolean }[] = []
  readonly saved: SavedSnapshot[] = []
  readonly banned: Set<bigint> = new Set()
  removals = 0
  /** Set while a method of the transport is called: nothing may be called back then. */
  inCall = false
  broken: string | undefined
  /** Thrown by `process`, if set. */
  refusal: Error | undefined
  /** Waited for before each chunk of a snapshot is taken. */
  takeChunk: (taken: number) => Promise<void> = () => Promise.resolve()
  services: Partial<PeerServices> = {}

  constructor(world: TransportWorld, place: MemberPlace, options: MemberOptions) {
    this.id = options.id
    this.place = place
    const line =
      (level: LogLine['level']) =>
      (message: string, fields: Readonly<Record<string, unknown>> = {}): void => {
        this.log.push({ level, message, fields })
      }
    this.logger = { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') }
    this.transport = createTransport({
      clusterId,
      version: { server: '3.7.1', minCluster: '3.0.0' },
      urls: [place.url],
      snapshotFormats: ['plain', 'odd'],
      raft: this,
      wire: place.wire,
      clock: world.clock,
      random: world.random,
      logger: this.logger,
      makeHash: world.makeHash,
      times,
      ...options,
    })
    const services = new Proxy(defaultServices(options.clusterId ?? clusterId), {
      get: (target, name: keyof PeerServices) => this.services[name] ?? target[name],
    })
    this.endpoint = peerEndpoint({ transport: this.transport, services, clock: world.clock, logger: this.logger })
  }

  process(messages: readonly Message[]): void {
    this.#calledBack('process')
    if (this.refusal !== undefined) throw this.refusal
    this.received.push(...messages)
    this.batches.push(messages.length)
  }

  isRemoved(id: bigint): boolean {
    return this.banned.has(id)
  }

  reportUnreachable(id: bigint): void {
    this.#calledBack('reportUnreachable')
    this.unreachable.push(id)
  }

  reportSnapshot(id: bigint, delivered: boolean): void {
    this.#calledBack('reportSnapshot')
    this.reported.push({ id, delivered })
  }

  async saveSnapshot({ message, format, sizeBytes, chunks }: IncomingSnapshot): Promise<void> {
    const saved: SavedSnapshot = {
      message,
      format,
      sizeBytes,
      chunks: [],
      savedBytes: 0,
      error: undefined,
      isComplete: false,
    }
    this.saved.push(saved)
    try {
      for await (const chunk of chunks) {
        await this.takeChunk(saved.savedBytes)
        saved.chunks.push(chunk)
        saved.savedBytes += chunk.length
      }
      saved.isComplete = true
    } catch (error) {
      saved.error = error
      throw error
    }
  }

  removed(): void {
    this.#calledBack('removed')
    this.removals++
  }

  send(...messages: readonly Message[]): void {
    this.inCall = true
    this.transport.send(messages)
    this.transport.flush()
    this.inCall = false
  }

  sendSnapshot(snapshot: OutgoingSnapshot): void {
    this.inCall = true
    this.transport.sendSnapshot(snapshot)
    this.inCall = false
  }

  /** The commits of what was received of `from`: the cases number their messages with them. */
  commitsFrom(from: bigint): number[] {
    return this.received.filter(message => message.from === from).map(message => message.commit)
  }

  hasLogged(message: string): boolean {
    return this.log.some(line => line.message === message)
  }

  #calledBack(what: string): void {
    if (this.inCall) this.broken ??= `${what} came during a call of the transport`
  }
}

export interface MemberOptions extends Partial<TransportOptions> {
  readonly id: bigint
}

function defaultServices(id: bigint): PeerServices {
  const none = (): never => {
    throw new RaftHttpError('REFUSED', 'not in this case', { status: 500 })
  }
  return {
    clusterId: id,
    versionJson: () => '{"etcdserver":"3.7.1","etcdcluster":"3.7.0","storage":"3.7.0"}',
    membersJson: () => '[]',
    promote: none,
    hashKv: none,
    applied: () => Promise.resolve(),
    renewLease: none,
    leaseTimes: none,
    downgradeEnabled: none,
  }
}

/** The members of one case. */
export class Cluster {
  readonly world: TransportWorld
  readonly #members: TestMember[] = []

  constructor(world: TransportWorld) {
    this.world = world
  }

  /** A member that serves its URL and has no peers yet. */
  async member(id: bigint, options: Omit<MemberOptions, 'id'> = {}): Promise<TestMember> {
    const place = await this.world.place(`m${id}`)
    return await this.memberAt(place, id, options)
  }

  async memberAt(place: MemberPlace, id: bigint, options: Omit<MemberOptions, 'id'> = {}): Promise<TestMember> {
    const member = new TestMember(this.world, place, { ...options, id })
    this.#members.push(member)
    await place.serve(member.endpoint)
    return member
  }

  /** Two members whose four streams are up. */
  async pair(): Promise<[TestMember, TestMember]> {
    const [a, b] = [await this.member(1n), await this.member(2n)]
    this.connect(a, b)
    await this.attached(a, b)
    return [a, b]
  }

  /** Makes two members peers of one another. */
  connect(a: TestMember, b: TestMember): void {
    a.transport.addPeer(b.id, [b.place.url])
    b.transport.addPeer(a.id, [a.place.url])
  }

  /** What comes of a promise, while time passes. */
  async outcome<T>(promise: Promise<T>): Promise<T> {
    let isOver = false
    const over = (): void => {
      isOver = true
    }
    promise.then(over, over)
    await this.world.until('an answer', () => isOver)
    return await promise
  }

  async attached(a: TestMember, b: TestMember): Promise<void> {
    const isUp = (from: TestMember, to: TestMember): boolean => {
      const peer = from.transport.state.peers.find(({ id }) => id === to.id)
      return peer?.attached.messages === true && peer.attached.appends
    }
    await this.world.until('streams in both directions', () => isUp(a, b) && isUp(b, a))
  }

  async end(): Promise<void> {
    for (const member of this.#members) member.transport.stop()
    await this.world.dispose()
    for (const { broken } of this.#members) if (broken !== undefined) throw new Error(broken)
  }
}

/** A message of `type`, numbered by its commit. */
export function testMessage(
  type: Message['type'],
  route: { readonly from: bigint; readonly to: bigint },
  fields: Partial<Message> = {},
): Message {
  return {
    type,
    term: 3,
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
    ...route,
    ...fields,
  }
}

export function heartbeat(from: bigint, to: bigint, commit: number): Message {
  return testMessage(MessageType.MsgHeartbeat, { from, to }, { commit })
}

export function append(from: bigint, to: bigint, commit: number, data: readonly Uint8Array[] = []): Message {
  const entries = data.map((bytes, at) => ({ type: 0 as const, term: 3, index: 100 + at, data: bytes }))
  return testMessage(MessageType.MsgApp, { from, to }, { commit, logTerm: 3, index: 99, entries })
}

export function snapshotMessage(from: bigint, to: bigint): Message {
  const confState = { voters: [1n, 2n], learners: [], votersOutgoing: [], learnersNext: [], autoLeave: false }
  const snapshot = { data: new Uint8Array([1, 2, 3]), metadata: { index: 7, term: 3, confState } }
  return testMessage(MessageType.MsgSnap, { from, to }, { snapshot })
}
