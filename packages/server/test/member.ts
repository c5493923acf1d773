import { MemoryStates, openMemory } from '@kvs/backend/memory'
import { type ClientStream, createGrpcChannel, type GrpcChannel, GrpcError } from '@kvs/grpc'
import { memoryPipePair } from '@kvs/net'
import type { Method } from '@kvs/proto'
import { SeededRandom, VirtualClock } from '@kvs/testing'
import { type Fs, type MemFs, memFs, type Schedule } from '@kvs/vfs'
import { allBuckets } from '../src/buckets.ts'
import { defaultOptions, type MemberOptions } from '../src/options.ts'
import type { Clock, Logger } from '../src/parts.ts'
import { type RunningMember, startMember } from '../src/server.ts'

/**
 * A member in this process: memory for a disk, memory for a network, and a clock that stands still but for `advance`.
 * What is due now happens by itself, in turns of the real event loop.
 */
export class World {
  readonly clock: VirtualClock = new VirtualClock()
  readonly states: MemoryStates = new MemoryStates()
  readonly random: SeededRandom = new SeededRandom(1)
  readonly fatal: Error[] = []
  disk: MemFs
  /** What each look at the clock takes: work in slices then gives way after every slice. */
  lookCostMs = 0
  #open = true
  #spentMs = 0

  #held: (() => void)[] | undefined

  constructor() {
    const schedule: Schedule = (_call, done) => {
      if (this.#held === undefined) queueMicrotask(done)
      else this.#held.push(done)
    }
    this.disk = memFs({ random: new SeededRandom(2), schedule })
    this.#pump()
  }

  /** From now on no call of the disk returns. */
  holdDisk(): void {
    this.#held = []
  }

  releaseDisk(): void {
    const held = this.#held ?? []
    this.#held = undefined
    for (const done of held) done()
  }

  #pump(): void {
    if (!this.#open) return
    this.stepDue()
    setImmediate(() => this.#pump())
  }

  /** Fires what is due now, within bounds: work that never ends must not hold up the test that shows it. */
  stepDue(): void {
    for (let left = 1000; left > 0; left--) {
      const at = this.clock.nextAt()
      if (at === undefined || at > this.clock.now()) return
      this.clock.step()
    }
  }

  /** Resolves when nothing goes on by itself any more. */
  async settled(): Promise<void> {
    for (let idle = 0; idle < 8; idle++) {
      const at = this.clock.nextAt()
      if (at !== undefined && at <= this.clock.now()) idle = -1
      await new Promise(resolve => setImmediate(resolve))
    }
  }

  /** Lets time pass, and everything that it brings happen. */
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

  /** Starts a member on the disk. `fs` may wrap it. */
  async start(options: Partial<MemberOptions> = {}, fs: Fs = this.disk): Promise<TestMember> {
    const { states, random } = this
    const member = await startMember(
      {
        clock: this.#slowClock(),
        random,
        fs,
        logger: silent,
        openBackend: path => openMemory({ fs, path, states, buckets: allBuckets, random }),
        onFatal: error => this.fatal.push(error),
      },
      { ...defaultOptions, dataDir: '/data', ...options },
    )
    return new TestMember(this, member)
  }

  /** The clock of a member, on which work may take time. */
  #slowClock(): Clock {
    const { clock } = this
    return {
      now: () => {
        this.#spentMs += this.lookCostMs
        return clock.now() + this.#spentMs
      },
      wallNow: () => clock.wallNow(),
      setTimer: (delayMs, callback) => clock.setTimer(delayMs, callback),
      clearTimer: timer => clock.clearTimer(timer),
      defer: callback => clock.defer(callback),
    }
  }

  /** Ends the pump; nothing of this world moves any more. */
  close(): void {
    this.#open = false
  }
}

export const silent: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

/** A member, and a client connected to it. */
export class TestMember {
  readonly world: World
  readonly member: RunningMember
  readonly channel: GrpcChannel

  constructor(world: World, member: RunningMember) {
    this.world = world
    this.member = member
    this.channel = this.connect()
  }

  /** Another connection. */
  connect(): GrpcChannel {
    const { clock } = this.world
    const channel = createGrpcChannel({
      clock,
      authority: 'member',
      dial: () => {
        const [near, far] = memoryPipePair({ schedule: (_delivery, deliver) => clock.defer(deliver) })
        this.member.acceptGrpc(far)
        return near
      },
    })
    channel.connect().catch(() => {})
    return channel
  }

  async call<Init, Response>(method: Method<unknown, Init, Response, never>, request: Init): Promise<Response> {
    const { message } = await this.channel.call(method.path, method.encodeRequest(request))
    return method.decodeResponse(message)
  }

  /** How a call is refused, `status text`; fails if it is not. */
  refusal<Init>(method: Method<unknown, Init, unknown, never>, request: Init): Promise<string> {
    return refusalOf(this.call(method, request))
  }

  stream<Init, Response>(
    method: Method<unknown, Init, Response, never>,
    channel: GrpcChannel = this.channel,
  ): TestStream<Init, Response> {
    return new TestStream(channel, method)
  }
}

/** The error of a call that must fail, `status text`. */
export async function refusalOf(call: Promise<unknown>): Promise<string> {
  try {
    await call
  } catch (error) {
    if (error instanceof GrpcError) return `${error.code} ${error.message}`
    throw error
  }
  throw new Error('the call was answered')
}

/** A streaming call whose answers wait to be taken. */
export class TestStream<Init, Response> {
  readonly received: Response[] = []
  readonly ended: Promise<GrpcError | undefined>
  readonly #call: ClientStream
  readonly #method: Method<unknown, Init, Response, never>
  #taken = 0
  #wake: (() => void) | undefined

  constructor(channel: GrpcChannel, method: Method<unknown, Init, Response, never>) {
    this.#method = method
    let end: (error: GrpcError | undefined) => void
    this.ended = new Promise(resolve => {
      end = resolve
    })
    this.#call = channel.stream(method.path, {
      message: (body, from, to) => {
        this.received.push(method.decodeResponse(body.slice(from, to)))
        this.#wake?.()
      },
      end: error => end(error),
    })
  }

  send(request: Init): void {
    this.sendBytes(this.#method.encodeRequest(request))
  }

  sendBytes(bytes: Uint8Array): void {
    this.#call.send(bytes, 0, bytes.length)
  }

  halfClose(): void {
    this.#call.halfClose()
  }

  cancel(): void {
    this.#call.cancel()
  }

  pause(): void {
    this.#call.pause()
  }

  resume(): void {
    this.#call.resume()
  }

  /** The next message that was not taken yet. */
  async next(): Promise<Response> {
    while (this.received.length <= this.#taken) {
      const woken = new Promise<void>(resolve => {
        this.#wake = resolve
      })
      const ended = await Promise.race([woken.then(() => false), this.ended.then(() => true)])
      if (ended && this.received.length <= this.#taken) throw new Error('the stream has ended')
    }
    return this.received[this.#taken++] as Response
  }

  /** Messages that were not taken yet; takes them. */
  rest(): readonly Response[] {
    const rest = this.received.slice(this.#taken)
    this.#taken = this.received.length
    return rest
  }
}
