import { createHash } from 'node:crypto'
import { MemoryStates, openMemory } from '@kvs/backend/memory'
import { type CallOptions, createGrpcChannel, type GrpcChannel } from '@kvs/grpc'
import { memoryPipePair } from '@kvs/net'
import type { Method } from '@kvs/proto'
import type { Wire } from '@kvs/rafthttp'
import { type VirtualHost, type VirtualNetwork, virtualNetwork } from '@kvs/rafthttp/memory'
import { sha256 } from '@kvs/rafthttp/node'
import { SeededRandom, VirtualClock } from '@kvs/testing'
import { type CrashMode, type Fs, type FsCall, type MemFs, memFs } from '@kvs/vfs'
import type { Failpoints } from '../src/failpoints/failpoints.ts'
import { inlineExecutor } from '../src/jobs/inline-executor.ts'
import { defaultOptions, type MemberOptions } from '../src/options.ts'
import type { Clock } from '../src/parts.ts'
import { type RunningMember, startMember } from '../src/server.ts'
import { allBuckets } from '../src/state/buckets.ts'
import type { Around } from './effects-trace.ts'
import { keepingLogger, type LogLine } from './log.ts'
import { refusalOf, TestStream } from './member.ts'

/**
 * Members of a cluster in this process: memory for disks, a virtual network between them, and one clock that stands still
 * but for `advance` and `until`.
 */
export class Cluster {
  readonly clock: VirtualClock = new VirtualClock()
  readonly random: SeededRandom
  readonly network: VirtualNetwork
  readonly machines = new Map<string, Machine>()
  readonly log: LogLine[] = []
  #open = true

  constructor(seed = 1) {
    this.random = new SeededRandom(seed)
    this.network = virtualNetwork({ clock: this.clock, random: this.random.fork() })
    this.#pump()
  }

  /** The machine of this name; `n1` at first. */
  machine(name: string): Machine {
    let machine = this.machines.get(name)
    if (machine === undefined) {
      machine = new Machine(this, name)
      this.machines.set(name, machine)
    }
    return machine
  }

  /** Founds a cluster of so many members `n1`, `n2`, …; resolves when all serve. */
  async found(count: number, options: Partial<MemberOptions> = {}): Promise<readonly Machine[]> {
    const names = Array.from({ length: count }, (_, i) => `n${i + 1}`)
    const initialCluster = names.map(name => `${name}=${peerUrlOf(name)}`).join(',')
    const machines = names.map(name => this.machine(name))
    await this.until(Promise.all(machines.map(machine => machine.start({ initialCluster, ...options }))))
    return machines
  }

  get running(): readonly Machine[] {
    return [...this.machines.values()].filter(machine => machine.isUp)
  }

  /** The machine that leads by what a majority of all says; undefined if none does. */
  get leading(): Machine | undefined {
    const { running } = this
    const votes = new Map<string, number>()
    for (const machine of running) {
      const { lead } = JSON.parse(machine.member.raftStatusJson()) as { readonly lead: string }
      votes.set(lead, (votes.get(lead) ?? 0) + 1)
    }
    const [most] = [...votes].sort((a, b) => b[1] - a[1])
    if (most === undefined || most[1] <= this.machines.size / 2) return undefined
    return running.find(({ member }) => member.id.toString(16) === most[0])
  }

  get leader(): Machine {
    const { leading } = this
    if (leading === undefined) throw new Error('nobody leads')
    return leading
  }

  /** Lets time pass until another machine leads. */
  async otherLeader(than: Machine): Promise<Machine> {
    await this.untilHolds(() => this.leading !== undefined && this.leading !== than)
    return this.leader
  }

  get followers(): readonly Machine[] {
    const { leader } = this
    return [...this.machines.values()].filter(machine => machine.isUp && machine !== leader)
  }

  /** Lets time pass until a promise is settled, at most so long. */
  async until<Result>(promise: Promise<Result>, mostMs = 60_000): Promise<Result> {
    let isSettled = false
    const settle = (): void => {
      isSettled = true
    }
    promise.then(settle, settle)
    const endMs = this.clock.now() + mostMs
    while (!isSettled) {
      await this.settled()
      if (isSettled) break
      const at = this.clock.nextAt()
      if (at === undefined || at > endMs) throw new Error(`nothing came of it in ${mostMs} ms of virtual time`)
      this.clock.step()
    }
    return promise
  }

  /** Lets time pass until something holds. */
  async untilHolds(what: () => boolean, mostMs = 60_000): Promise<void> {
    const endMs = this.clock.now() + mostMs
    for (await this.settled(); !what(); await this.settled()) {
      const at = this.clock.nextAt()
      if (at === undefined || at > endMs) throw new Error(`it does not come to hold in ${mostMs} ms of virtual time`)
      this.clock.step()
    }
  }

  async advance(durationMs: number): Promise<void> {
    const until = this.clock.now() + durationMs
    await this.settled()
    for (let at = this.clock.nextAt(); at !== undefined && at <= until; at = this.clock.nextAt()) {
      this.clock.step()
      await this.settled()
    }
    this.clock.advance(until - this.clock.now())
    await this.settled()
  }

  /** Resolves when nothing goes on by itself at this moment. */
  async settled(): Promise<void> {
    for (let idle = 0; idle < 4; idle++) {
      const at = this.clock.nextAt()
      if (at !== undefined && at <= this.clock.now()) idle = -1
      await new Promise(resolve => setImmediate(resolve))
    }
  }

  async stop(): Promise<void> {
    const running = [...this.machines.values()].filter(machine => machine.isUp)
    await this.until(Promise.all(running.map(machine => machine.stop())))
    this.#open = false
  }

  /** Ends the pump without stopping anybody. */
  close(): void {
    this.#open = false
  }

  #pump(): void {
    if (!this.#open) return
    for (let left = 1000; left > 0; left--) {
      const at = this.clock.nextAt()
      if (at === undefined || at > this.clock.now()) break
      this.clock.step()
    }
    setImmediate(() => this.#pump())
  }
}

const peerUrlOf = (name: string): string => `http://${name}:2380`

/** A machine with a disk and a place in the network, and perhaps a member. */
export class Machine {
  readonly cluster: Cluster
  readonly name: string
  readonly host: VirtualHost
  readonly fatal: Error[] = []
  removed = false
  /** For the next start. */
  failpoints: Failpoints | undefined
  disk: MemFs
  states: MemoryStates
  #member: RunningMember | undefined
  #channel: GrpcChannel | undefined
  #options: Partial<MemberOptions> = {}
  #life = 0
  #givingUp: AbortController | undefined
  #unlisten: (() => void) | undefined

  constructor(cluster: Cluster, name: string) {
    this.cluster = cluster
    this.name = name
    this.host = cluster.network.host(name)
    this.disk = this.#newDisk()
    this.states = new MemoryStates()
  }

  get isUp(): boolean {
    return this.#member !== undefined
  }

  get member(): RunningMember {
    if (this.#member === undefined) throw new Error(`${this.name} does not run`)
    return this.#member
  }

  /** Starts a member; options of the last start hold on unless they are given. */
  async start(options: Partial<MemberOptions> = {}): Promise<void> {
    this.#options = { ...this.#options, ...options }
    const life = ++this.#life
    const { cluster, disk, host, name, states } = this
    const random = cluster.random.fork()
    const { fs, wire, endpoint: trace } = this.around({ fs: disk, wire: host.wire })
    this.#givingUp = new AbortController()
    const url = this.#options.initialAdvertisePeerUrls?.[0] ?? peerUrlOf(name)
    const member = await startMember(
      {
        clock: this.#clockOf(life),
        random,
        fs,
        logger: keepingLogger(cluster.log),
        signal: this.#givingUp.signal,
        failpoints: this.failpoints,
        executor: inlineExecutor({
          openCopy: path => openMemory({ fs: disk, path, states: new MemoryStates(), buckets: allBuckets, random }),
          newSha256: () => createHash('sha256'),
        }),
        openBackend: path => openMemory({ fs, path, states, buckets: allBuckets, random }),
        onFatal: error => this.fatal.push(error),
        onRemoved: () => {
          this.removed = true
        },
        peers: {
          wire,
          makeHash: sha256,
          serve: endpoint => {
            this.#unlisten?.()
            this.#unlisten = host.listen(url, trace(endpoint))
          },
        },
      },
      {
        ...defaultOptions,
        dataDir: '/data',
        compactionSleepIntervalMs: 0,
        name,
        initialAdvertisePeerUrls: [url],
        initialCluster: `${name}=${url}`,
        advertiseClientUrls: [`http://${name}:2379`],
        ...this.#options,
      },
    )
    if (life === this.#life) this.#member = member
  }

  /** Opens the peer port before there is a member to serve it, as real ones are: whoever asks waits. */
  openPort(): void {
    this.#unlisten = this.host.listen(peerUrlOf(this.name), {
      handle: () => new Promise(() => {}),
      upgrade: () => ({ status: 503, headers: [], body: new Uint8Array() }),
    })
  }

  /** Ends the member as it wants to be ended. */
  async stop(): Promise<void> {
    const member = this.#member
    this.#member = undefined
    this.#channel?.close()
    this.#channel = undefined
    await member?.stop()
    this.#unlisten?.()
    this.#unlisten = undefined
  }

  /** Ends a start that waits for others. */
  giveUp(): void {
    this.#givingUp?.abort()
  }

  /** Ends the member as `kill -9` does, or a power cut. */
  crash(mode?: CrashMode): void {
    this.#life++
    this.#member = undefined
    this.#channel = undefined
    this.#unlisten = undefined
    this.host.crash()
    this.disk = mode === undefined ? this.disk.kill() : this.disk.crash({ mode })
  }

  /** Puts something between the member and what it does to others; to be set before it starts. */
  around: (outside: { readonly fs: Fs; readonly wire: Wire }) => Around = outside => ({
    ...outside,
    endpoint: endpoint => endpoint,
  })

  /** How long a sync of the disk takes, in ms of virtual time; 0: no time. */
  syncMs = 0

  /** While it says so, calls of the disk do not return; `letGo` returns them. */
  holds: (call: FsCall) => boolean = () => false
  #held: (() => void)[] = []

  get heldCalls(): number {
    return this.#held.length
  }

  /** Nothing is held any more. */
  letGo(): void {
    this.holds = () => false
    for (const done of this.#held.splice(0)) done()
  }

  #newDisk(): MemFs {
    return memFs({
      random: this.cluster.random.fork(),
      schedule: (call, done) => {
        if (this.holds(call)) this.#held.push(done)
        else if (this.syncMs > 0 && call.operation === 'datasync') this.cluster.clock.setTimer(this.syncMs, done)
        else queueMicrotask(done)
      },
    })
  }

  /** A new disk, and nothing on it. */
  wipe(): void {
    this.disk = this.#newDisk()
    this.states = new MemoryStates()
  }

  get channel(): GrpcChannel {
    if (this.#channel !== undefined) return this.#channel
    const { clock } = this.cluster
    const { member } = this
    const channel = createGrpcChannel({
      clock,
      authority: this.name,
      dial: () => {
        const [near, far] = memoryPipePair({ schedule: (_delivery, deliver) => clock.defer(deliver) })
        member.acceptGrpc(far)
        return near
      },
    })
    channel.connect().catch(() => {})
    this.#channel = channel
    return channel
  }

  /** Calls this member, and lets time pass until it has answered. */
  call<Init, Response>(
    method: Method<unknown, Init, Response, never>,
    request: Init,
    options: CallOptions = {},
  ): Promise<Response> {
    const called = this.channel.call(method.path, method.encodeRequest(request), options)
    return this.cluster.until(called.then(({ message }) => method.decodeResponse(message)))
  }

  /** How a call is refused, `status text`; fails if it is not. */
  refusal<Init>(method: Method<unknown, Init, unknown, never>, request: Init): Promise<string> {
    return refusalOf(this.call(method, request))
  }

  stream<Init, Response>(method: Method<unknown, Init, Response, never>): TestStream<Init, Response> {
    return new TestStream(this.channel, method)
  }

  /** The clock as one life of the member sees it: its timers die with it. */
  #clockOf(life: number): Clock {
    const { clock } = this.cluster
    const alive = (callback: () => void) => (): void => {
      if (life === this.#life) callback()
    }
    return {
      now: () => clock.now(),
      wallNow: () => clock.wallNow(),
      setTimer: (delayMs, callback) => clock.setTimer(delayMs, alive(callback)),
      clearTimer: timer => clock.clearTimer(timer),
      defer: callback => clock.defer(alive(callback)),
    }
  }
}
