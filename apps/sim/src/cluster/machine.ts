import { createHash } from 'node:crypto'
import { MemoryStates, openMemory } from '@kvs/backend/memory'
import type { Listener, MemoryNet, Pipe } from '@kvs/net'
import type { VirtualHost, VirtualNetwork } from '@kvs/rafthttp/memory'
import { sha256 } from '@kvs/rafthttp/node'
import {
  allBuckets,
  defaultOptions,
  inlineExecutor,
  type Logger,
  type MemberOptions,
  type PeerParts,
  type RunningMember,
  type ServerParts,
  startMember,
} from '@kvs/server'
import type { SeededRandom, VirtualClock } from '@kvs/testing'
import { type CrashMode, type MemFs, memFs } from '@kvs/vfs'
import { lifeClock } from '../life-clock.ts'
import type { Trace } from '../trace.ts'
import type { EffectsWatch } from './effects.ts'

/** Something wrong with every member of a cluster, on purpose: a run must find it. */
export interface ClusterFault {
  readonly parts?: (parts: ServerParts) => ServerParts
  readonly options?: Partial<MemberOptions>
  /** What clients ask for when they want to read what is true now. */
  readonly readsSerializable?: boolean
}

/** What machines share. */
export interface Surroundings {
  readonly clock: VirtualClock
  readonly trace: Trace
  readonly random: SeededRandom
  /** Between members. */
  readonly network: VirtualNetwork
  /** Between clients and members. */
  readonly net: MemoryNet
  readonly options: Partial<MemberOptions>
  readonly planted: ClusterFault
  /** A member says that it leads. */
  readonly leads: (machine: Machine, term: number) => void
  /** A member took over a state that another one sent. */
  readonly installed: () => void
  readonly effects: EffectsWatch
  /** Something happened that must not. */
  readonly problem: (text: string) => void
}

/** How a member ends. `power`: the disk loses what was not synced; `kill`: only the process ends; `stop`: as it wants. */
export type End = 'power' | 'kill' | 'stop'

const crashModes = ['lose-all', 'keep-all', 'prefix', 'keep-random', 'torn'] as const satisfies CrashMode[]

/** A machine of a cluster: a disk, a place in both networks, and perhaps a member. */
export class Machine {
  readonly name: string
  readonly host: string
  readonly #around: Surroundings
  readonly #random: SeededRandom
  readonly #peers: VirtualHost
  #states = new MemoryStates()
  #disk: MemFs
  #member: RunningMember | undefined
  #listener: Promise<Listener> | undefined
  /** Lives of members so far: what an earlier life left on its way is dropped. */
  #life = 0
  /** How it begins: as a founder, or told of the cluster that it joins. */
  #joining: Partial<MemberOptions> | undefined
  #isFull = false
  /** The disk was full in this life. */
  #lackedSpace = false
  #isStarting = false
  #stopping: Promise<void> | undefined
  #unlisten: (() => void) | undefined
  /** There is a member of the cluster for this machine, as far as anybody knows. */
  isMember: boolean
  /** Lives of disks: a member that comes back with an empty one is another. */
  incarnation = 1
  /** It has served clients since its disk was empty. */
  hasServed = false
  /** Somebody asked to remove it: it may find out at any time that it is none. */
  mayBeRemoved = false
  /** The disk takes so many times longer than it should. */
  slowness = 1

  constructor(number: number, around: Surroundings, isMember: boolean) {
    this.isMember = isMember
    this.name = `m${number}`
    this.host = `10.0.0.${number}`
    this.#around = around
    this.#random = around.random.fork()
    this.#peers = around.network.host(this.name)
    this.#disk = memFs({ random: this.#random, schedule: (call, done) => this.#onDisk(call, done) })
  }

  /** Where clients find the member. */
  get endpoint(): string {
    return `${this.host}:2379`
  }

  get peerUrl(): string {
    return `http://${this.name}:2380`
  }

  /** Where other members find it, whichever of these they are told. */
  get peerUrls(): readonly [string, string] {
    return [this.peerUrl, `http://${this.name}-other:2380`]
  }

  /** This member, and not one that was in its place before. */
  get identity(): string {
    return this.incarnation === 1 ? this.name : `${this.name}#${this.incarnation}`
  }

  /** It serves clients. */
  get isUp(): boolean {
    return this.#member !== undefined
  }

  /** Neither a member nor the beginning or end of one. */
  get isDown(): boolean {
    return this.#member === undefined && !this.#isStarting && this.#stopping === undefined
  }

  /** Consensus as the member sees it; undefined while it serves nobody. */
  get raft(): { readonly lead: string; readonly commit: number; readonly applied: number } | undefined {
    return this.#member === undefined ? undefined : JSON.parse(this.#member.raftStatusJson())
  }

  /** Starts the member on whatever the disk holds. */
  start(): void {
    if (!this.isDown || !this.isMember) return
    const life = ++this.#life
    this.#lackedSpace = this.#isFull
    this.#isStarting = true
    this.#tell(`starts, life ${life}`)
    this.#start(life).then(
      member => {
        if (life !== this.#life) return
        this.#isStarting = false
        this.#member = member
        this.hasServed = true
        this.#tell('serves')
      },
      error => {
        if (life !== this.#life) return
        this.#isStarting = false
        const { message } = error as Error
        // Who joins may have been told what is not so any more; who was removed, or has no room, does not start.
        if (this.hasServed && !this.mayBeRemoved && !this.#lackedSpace) {
          this.#around.problem(`${this.name} does not start: ${message}`)
        }
        this.#tell(`does not start: ${message}`)
        this.#die('kill')
      },
    )
  }

  async #start(life: number): Promise<RunningMember> {
    this.#listener ??= this.#around.net
      .host(this.host)
      .listen({ kind: 'tcp', host: this.host, port: 2379 }, pipe => this.#accept(pipe))
    await this.#listener
    const parts = this.#parts(life)
    return startMember(this.#around.planted.parts?.(parts) ?? parts, {
      ...defaultOptions,
      dataDir: '/data',
      name: this.name,
      initialAdvertisePeerUrls: [this.peerUrl],
      advertiseClientUrls: [`http://${this.endpoint}`],
      compactionSleepIntervalMs: 1,
      ...this.#around.options,
      ...this.#joining,
      ...this.#around.planted.options,
    })
  }

  #parts(life: number): ServerParts {
    const disk = this.#disk
    const random = this.#random
    const isAlive = (): boolean => life === this.#life
    return {
      clock: lifeClock(this.#around.clock, isAlive),
      random: random.fork(),
      logger: this.#logger(life),
      fs: disk,
      executor: inlineExecutor({
        openCopy: path => openMemory({ fs: disk, path, states: new MemoryStates(), buckets: allBuckets, random }),
        newSha256: () => createHash('sha256'),
      }),
      openBackend: path => {
        // A state that is opened again after a crash keeps its schedule: it belongs to whichever life is on.
        const schedule = (done: () => void): void =>
          this.#later(this.#life, (0.1 + random.float() * 5) * this.slowness, done)
        const states = this.#states
        const opening = openMemory({ fs: disk, path, states, buckets: allBuckets, random, schedule })
        return opening.then(backend => this.#around.effects.around(this.name, backend))
      },
      peers: this.#peerParts(life),
      onRemoved: () => {
        if (!isAlive()) return
        this.#tell('was removed')
        if (!this.mayBeRemoved) this.#around.problem(`${this.name} was removed, which nobody asked for`)
        this.empty()
      },
      onFatal: error => {
        if (!isAlive()) return
        this.#tell(`stops by itself: ${error.message}`)
        if (!this.#lackedSpace) this.#around.problem(`${this.name} stopped by itself: ${error.message}`)
        this.#die('kill')
      },
    }
  }

  /** Who is dead says nothing any more, though its promises may still settle. */
  #peerParts(life: number): PeerParts {
    const { wire, listen } = this.#peers
    const never = (): Promise<never> => new Promise(() => {})
    return {
      wire: {
        openLink: call => (life === this.#life ? wire.openLink(call) : never()),
        request: call => (life === this.#life ? wire.request(call) : never()),
        close: () => wire.close(),
      },
      makeHash: sha256,
      serve: endpoint => {
        this.#unlisten?.()
        const unlisten = this.peerUrls.map(url => listen(url, endpoint))
        this.#unlisten = () => {
          for (const each of unlisten) each()
        }
      },
    }
  }

  /** Ends whatever is here, and leaves an empty disk: there is no member for this machine. */
  empty(): void {
    this.#die('kill')
    this.#disk = memFs({ random: this.#random, schedule: (call, done) => this.#onDisk(call, done) })
    this.#states = new MemoryStates()
    this.isMember = this.hasServed = this.mayBeRemoved = this.#isFull = false
    this.incarnation++
    this.#tell('is empty')
  }

  /** There is a member for this machine: it begins with what it is told of the others. */
  join(options: Partial<MemberOptions>): void {
    this.isMember = true
    this.#joining = options
    this.start()
  }

  /** From now on the disk takes no more than so many bytes; undefined: it has room again. */
  fill(freeBytes: number | undefined): void {
    this.#isFull = freeBytes !== undefined
    this.#lackedSpace ||= this.#isFull
    this.#disk.setCapacity(freeBytes === undefined ? 2 ** 40 : this.#disk.usedBytes + freeBytes)
    this.#tell(freeBytes === undefined ? 'has room' : `has room for ${freeBytes} bytes`)
  }

  end(how: End): void {
    if (how === 'stop') this.#stop()
    else this.#die(how)
  }

  /** Resolves when a member that was told to stop has done so. */
  async stopped(): Promise<void> {
    await this.#stopping
  }

  #stop(): void {
    const member = this.#member
    if (member === undefined) return
    const life = this.#life
    this.#member = undefined
    this.#tell('stops')
    this.#stopping = member.stop().then(
      () => {
        if (life !== this.#life) return
        this.#stopping = undefined
        this.#unlisten?.()
        this.#unlisten = undefined
        this.#tell('has stopped')
      },
      error => {
        if (life === this.#life) this.#around.problem(`${this.name} does not stop: ${(error as Error).message}`)
      },
    )
  }

  /** As a power cut or `kill -9` ends it: now, and leaves the disk as the next start finds it. */
  #die(how: 'power' | 'kill'): void {
    this.#life++
    this.#member = undefined
    this.#isStarting = false
    this.#stopping = undefined
    this.#unlisten = undefined
    this.#peers.crash()
    this.#disk = how === 'kill' ? this.#disk.kill() : this.#disk.crash({ mode: this.#random.pick(crashModes) })
    this.cutClients()
    this.#tell(`dies: ${how}`)
  }

  /** Breaks the connections of its clients. */
  cutClients(): void {
    for (const connection of this.#around.net.connections()) {
      if (connection.to.startsWith(`${this.host}:`)) connection.cut()
    }
  }

  #accept(pipe: Pipe): void {
    if (this.#member === undefined) pipe.destroy()
    else this.#member.acceptGrpc(pipe)
  }

  #onDisk(
    call: { readonly operation: string; readonly path: string; readonly sizeBytes?: number },
    done: () => void,
  ): void {
    this.#tell(`${call.operation} ${call.path} ${call.sizeBytes ?? ''}`)
    const isSync = call.operation === 'datasync' || call.operation === 'syncDir'
    const delayMs = isSync ? 0.1 + this.#random.float() * 3 : this.#random.float() * 0.2
    this.#later(this.#life, delayMs * this.slowness, done)
  }

  /** What was under way when a member died never comes back to it. */
  #later(life: number, delayMs: number, done: () => void): void {
    this.#around.clock.setTimer(delayMs, () => {
      if (life === this.#life) done()
    })
  }

  #tell(what: string): void {
    this.#around.trace.add(this.#around.clock.now(), this.name, what)
  }

  /** Members tell in their logs who leads; lines that warn are a part of the story. */
  #logger(life: number): Logger {
    const line = (message: string): void => {
      if (life !== this.#life) return
      const term = /became leader at term (\d+)/.exec(message)?.[1]
      if (term !== undefined) this.#around.leads(this, Number(term))
      if (message === 'applied snapshot') this.#around.installed()
      this.#tell(`says ${message}`)
    }
    return { debug: line, info: line, warn: line, error: line }
  }
}
