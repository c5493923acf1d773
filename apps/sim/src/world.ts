import { createHash } from 'node:crypto'
import { MemoryStates, openMemory } from '@kvs/backend/memory'
import { Client, grpcTransport } from '@kvs/client'
import { type Listener, type MemoryNet, memoryNet, type Pipe } from '@kvs/net'
import {
  allBuckets,
  defaultOptions,
  inlineExecutor,
  type Logger,
  type MemberOptions,
  noPeers,
  type RunningMember,
  startMember,
} from '@kvs/server'
import { SeededRandom, VirtualClock } from '@kvs/testing'
import { type CrashMode, type Fs, type MemFs, memFs } from '@kvs/vfs'
import { lifeClock } from './life-clock.ts'
import { Trace } from './trace.ts'

const address = { kind: 'tcp', host: '10.0.0.1', port: 2379 } as const
const dataDir = '/data'

/** How a member ends without being asked. `power`: the disk loses what was not synced. `kill`: only the process ends. */
export type Death = 'power' | 'kill'

/** A fault of the member or its disk that a run must find. */
export interface PlantedFault {
  /** What the member has instead of its disk. */
  readonly disk?: (fs: Fs) => Fs
  readonly options?: Partial<MemberOptions>
}

/** Small numbers instead of large ones, so that a short run meets what otherwise happens once a day. */
interface Knobs {
  readonly walSegmentBytes: number
  readonly snapshotCount: number
  readonly backendBatchIntervalMs: number
  readonly backendBatchLimit: number
}

/**
 * One machine with a disk, a network with a client at its other end, and time, all drawn from one seed. What runs in it is
 * the real code: only the drivers of disk, state file and sockets are their twins in memory.
 */
export class World {
  readonly clock: VirtualClock = new VirtualClock()
  readonly trace: Trace = new Trace()
  readonly random: SeededRandom
  readonly knobs: Knobs
  readonly client: Client
  readonly #diskRandom: SeededRandom
  readonly #netRandom: SeededRandom
  readonly #memberRandom: SeededRandom
  readonly #states = new MemoryStates()
  readonly #net: MemoryNet
  readonly #planted: PlantedFault
  #disk: MemFs
  #member: RunningMember | undefined
  #listener: Listener | undefined
  /** Lives of members so far: what an earlier life left on its way is dropped. */
  #life = 0
  /** Set when a member stopped by itself, which no fault of this world justifies. */
  fatal: Error | undefined

  constructor(seed: number, planted: PlantedFault = {}) {
    this.#planted = planted
    this.random = new SeededRandom(seed)
    this.#diskRandom = this.random.fork()
    this.#netRandom = this.random.fork()
    this.#memberRandom = this.random.fork()
    const clientRandom = this.random.fork()
    this.knobs = {
      walSegmentBytes: this.random.pick([4096, 16_384, 65_536]),
      snapshotCount: this.random.pick([3, 10, 50, 10_000]),
      backendBatchIntervalMs: this.random.pick([1, 20, 100]),
      backendBatchLimit: this.random.pick([1, 5, 10_000]),
    }
    this.#disk = memFs({ random: this.#diskRandom, schedule: (call, done) => this.#onDisk(call, done) })
    this.#net = memoryNet({
      random: this.#netRandom,
      pieces: this.random.pick(['as-written', 'random']),
      schedule: (delivery, deliver) => {
        this.trace.add(
          this.clock.now(),
          'net',
          `${delivery.kind} ${delivery.from} ${delivery.to} ${delivery.sizeBytes}`,
        )
        this.clock.setTimer(0.05 + this.#netRandom.float() * 2, deliver)
      },
    })
    const clock = this.clock
    const transport = grpcTransport({ clock, dial: (_endpoint, signal) => this.#net.dial(address, { signal }) })
    const options = { endpoints: ['10.0.0.1:2379'], timeoutMs: 5000 }
    this.client = new Client(options, { transport, clock, chance: () => clientRandom.float() })
  }

  get isUp(): boolean {
    return this.#member !== undefined
  }

  /** Starts the member on whatever the disk holds, and serves the client port. */
  async start(): Promise<void> {
    const life = ++this.#life
    const disk = this.#disk
    const member = await startMember(
      {
        clock: lifeClock(this.clock, () => life === this.#life),
        random: this.#memberRandom.fork(),
        logger: silent,
        fs: this.#planted.disk?.(disk) ?? disk,
        executor: inlineExecutor({
          openCopy: path =>
            openMemory({ fs: disk, path, states: new MemoryStates(), buckets: allBuckets, random: this.#diskRandom }),
          newSha256: () => createHash('sha256'),
        }),
        openBackend: path => {
          const random = this.#diskRandom
          // A state that is opened again after a crash keeps its schedule: it belongs to whichever life is on.
          const schedule = (done: () => void): void => this.#later(this.#life, 0.1 + random.float() * 5, done)
          return openMemory({ fs: disk, path, states: this.#states, buckets: allBuckets, random, schedule })
        },
        peers: noPeers,
        onRemoved: () => {},
        onFatal: error => {
          if (life === this.#life) this.fatal = error
        },
      },
      {
        ...defaultOptions,
        ...this.knobs,
        dataDir,
        advertiseClientUrls: ['http://10.0.0.1:2379'],
        ...this.#planted.options,
      },
    )
    if (life !== this.#life) return
    this.#listener ??= await this.#net.host('10.0.0.1').listen(address, pipe => this.#accept(pipe))
    this.#member = member
    this.trace.add(this.clock.now(), 'world', `member serves, life ${life}`)
  }

  /** Ends the member as a power cut or a kill does, and leaves the disk as the next start finds it. */
  die(how: Death): void {
    this.#life++
    this.#member = undefined
    this.#disk = how === 'kill' ? this.#disk.kill() : this.#disk.crash({ mode: this.#crashMode() })
    for (const connection of this.#net.connections()) connection.cut()
    this.trace.add(this.clock.now(), 'world', `member dies: ${how}`)
  }

  async stop(): Promise<void> {
    await this.client.close()
    await this.#member?.stop()
  }

  #crashMode(): CrashMode {
    return this.#diskRandom.pick(['lose-all', 'keep-all', 'prefix', 'keep-random', 'torn'] as const)
  }

  #accept(pipe: Pipe): void {
    if (this.#member === undefined) pipe.destroy()
    else this.#member.acceptGrpc(pipe)
  }

  #onDisk(
    call: { readonly operation: string; readonly path: string; readonly sizeBytes?: number },
    done: () => void,
  ): void {
    const life = this.#life
    this.trace.add(this.clock.now(), 'disk', `${call.operation} ${call.path} ${call.sizeBytes ?? ''}`)
    const isSync = call.operation === 'datasync' || call.operation === 'syncDir'
    const delayMs = isSync ? 0.1 + this.#diskRandom.float() * 3 : this.#diskRandom.float() * 0.2
    this.#later(life, delayMs, done)
  }

  /** What was under way when a member died never comes back to it. */
  #later(life: number, delayMs: number, done: () => void): void {
    this.clock.setTimer(delayMs, () => {
      if (life === this.#life) done()
    })
  }
}

const silent: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
