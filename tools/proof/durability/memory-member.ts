/** A member in this process on a disk in memory, in virtual time, and a client of it: thousands of lives per minute. */
import { createHash } from 'node:crypto'
import { MemoryStates, openMemory } from '@kvs/backend/memory'
import { Client, grpcTransport } from '@kvs/client'
import { memoryPipePair, type Pipe } from '@kvs/net'
import {
  allBuckets,
  defaultOptions,
  inlineExecutor,
  type Logger,
  type MemberOptions,
  noPeers,
  type RunningMember,
  type ServerParts,
  startMember,
} from '@kvs/server'
import { SeededRandom, VirtualClock } from '@kvs/testing'
import type { Fs } from '@kvs/vfs'

export const dataDir = '/data'

/**
 * Turns of the event loop without anything due, after which time goes on to the next timer. A state file on a real disk
 * takes real time, a millisecond or two.
 */
const idleTurnsMax = { memory: 6, realDisk: 500 } as const

const silent: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

export interface MemoryMemberOptions {
  readonly fs: Fs
  readonly seed: number
  readonly options?: Partial<MemberOptions>
  /** The state on the disk in memory; without it `openBackend` says where it is. */
  readonly states?: MemoryStates
  readonly openBackend?: ServerParts['openBackend']
}

export class MemoryMember {
  readonly clock: VirtualClock = new VirtualClock()
  /** What the member said when it stopped by itself. */
  readonly fatal: Error[] = []
  readonly #chance: SeededRandom
  readonly #clients: Client[] = []
  #member: RunningMember | undefined
  #open = true
  #idleTurns = 0
  readonly #idleTurnsMax: number

  private constructor(seed: number, hasRealDisk: boolean) {
    this.#chance = new SeededRandom(seed)
    this.#idleTurnsMax = hasRealDisk ? idleTurnsMax.realDisk : idleTurnsMax.memory
    this.#pump()
  }

  /** Rejects if the member refuses to start. */
  static async start(parts: MemoryMemberOptions): Promise<MemoryMember> {
    const { fs, states = new MemoryStates(), seed, options } = parts
    const world = new MemoryMember(seed, parts.openBackend !== undefined)
    const random = new SeededRandom(seed)
    const openAt = (path: string, of: MemoryStates): ReturnType<typeof openMemory> =>
      openMemory({ fs, path, states: of, buckets: allBuckets, random })
    try {
      world.#member = await startMember(
        {
          clock: world.clock,
          random,
          logger: silent,
          fs,
          executor: inlineExecutor({
            openCopy: path => openAt(path, new MemoryStates()),
            newSha256: () => createHash('sha256'),
          }),
          openBackend: parts.openBackend ?? (path => openAt(path, states)),
          peers: noPeers,
          onRemoved: () => {},
          onFatal: error => world.fatal.push(error),
        },
        { ...defaultOptions, dataDir, ...options },
      )
    } catch (error) {
      world.leave()
      throw error
    }
    return world
  }

  /** A client with a connection of its own. */
  connect(): Client {
    const { clock } = this
    const dial = (): Promise<Pipe> => {
      const [near, far] = memoryPipePair({ schedule: (_delivery, deliver) => clock.defer(deliver) })
      if (this.#member === undefined || this.fatal.length > 0) return Promise.reject(new Error('nobody listens'))
      this.#member.acceptGrpc(far)
      return Promise.resolve(near)
    }
    const transport = grpcTransport({ clock, dial })
    // Time that flies is no measure of patience.
    const options = { endpoints: ['member:2379'], timeoutMs: Number.POSITIVE_INFINITY }
    const client = new Client(options, { transport, clock, chance: () => this.#chance.float() })
    this.#clients.push(client)
    return client
  }

  /** Stops the member in order. */
  async stop(): Promise<void> {
    for (const client of this.#clients) client.close()
    await this.#member?.stop()
    this.leave()
  }

  /** Nothing of this life moves any more. */
  leave(): void {
    this.#open = false
    for (const client of this.#clients) client.close()
  }

  /** What is due now happens; when nothing is, time goes on. */
  #pump(): void {
    if (!this.#open) return
    const at = this.clock.nextAt()
    if (at !== undefined && (at <= this.clock.now() || this.#idleTurns > this.#idleTurnsMax)) {
      this.#idleTurns = 0
      this.clock.step()
      this.#stepDue()
    } else this.#idleTurns++
    setImmediate(() => this.#pump())
  }

  #stepDue(): void {
    for (let left = 1000; left > 0; left--) {
      const at = this.clock.nextAt()
      if (at === undefined || at > this.clock.now()) return
      this.clock.step()
    }
  }
}
