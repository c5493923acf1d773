import { createHash } from 'node:crypto'
import { MemoryStates, openMemory } from '@kvs/backend/memory'
import { type ClientStream, createGrpcChannel, type GrpcChannel, GrpcError } from '@kvs/grpc'
import { memoryPipePair } from '@kvs/net'
import type { Method } from '@kvs/proto'
import { SeededRandom, VirtualClock } from '@kvs/testing'
import { type CrashMode, type Fs, type MemFs, memFs, type Schedule } from '@kvs/vfs'
import { inlineExecutor } from '../src/jobs/inline-executor.ts'
import { noPeers } from '../src/no-peers.ts'
import { defaultOptions, type MemberOptions } from '../src/options.ts'
import type { Clock } from '../src/parts.ts'
import { type RunningMember, type ServerParts, startMember } from '../src/server.ts'
import { allBuckets } from '../src/state/buckets.ts'
import { keepingLogger, type LogLine } from './log.ts'

/**
 * A member in this process: memory for a disk, memory for a network, and a clock that stands still but for `advance`.
 * What is due now happens by itself, in turns of the real event loop.
 */
export class World {
  readonly clock: VirtualClock = new VirtualClock()
  readonly random: SeededRandom = new SeededRandom(1)
  readonly fatal: Error[] = []
  /** What members of this world have logged. */
  readonly log: LogLine[] = []
  readonly states: MemoryStates
  readonly disk: MemFs
  /** What each look at the clock takes: work in slices then gives way after every slice. */
  lookCostMs = 0
  readonly #gate: DiskGate
  #open = true
  #spentMs = 0

  constructor(from?: { readonly disk: MemFs; readonly states: MemoryStates; readonly gate: DiskGate }) {
    this.#gate = from?.gate ?? new DiskGate()
    const { schedule } = this.#gate
    this.disk = from?.disk ?? memFs({ random: new SeededRandom(2), schedule })
    this.states = from?.states ?? new MemoryStates()
    this.#pump()
  }

  /** Calls of the disk so far. */
  get diskCalls(): number {
    return this.#gate.calls
  }

  /** No call of the disk after this many returns. */
  holdDisk(afterCalls: number = this.#gate.calls): void {
    this.#gate.lastCall = afterCalls
  }

  releaseDisk(): void {
    this.#gate.release()
  }

  /** A call of the disk waits for `releaseDisk`. */
  get isStuck(): boolean {
    return this.#gate.isStuck
  }

  /** Ends this world as a power cut does; the next one has what it left. */
  cutPower(mode: CrashMode): World {
    return this.#successor(this.disk.crash({ mode }))
  }

  /** Ends this world as `kill -9` does. */
  kill(): World {
    return this.#successor(this.disk.kill())
  }

  #successor(disk: MemFs): World {
    this.close()
    this.#gate.forget()
    return new World({ disk, states: this.states, gate: this.#gate })
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
  async start(
    options: Partial<MemberOptions> = {},
    fs: Fs = this.disk,
    parts: Partial<ServerParts> = {},
  ): Promise<TestMember> {
    const { states, random } = this
    const member = await startMember(
      {
        clock: this.#slowClock(),
        random,
        fs,
        logger: keepingLogger(this.log),
        executor: inlineExecutor({
          openCopy: path => openMemory({ fs, path, states: new MemoryStates(), buckets: allBuckets, random }),
          newSha256: () => createHash('sha256'),
        }),
        openBackend: path => openMemory({ fs, path, states, buckets: allBuckets, random }),
        onFatal: error => this.fatal.push(error),
        onRemoved: () => {},
        peers: noPeers,
        ...parts,
      },
      // Time stands still: what rests for a while would rest for ever.
      { ...defaultOptions, dataDir: '/data', compactionSleepIntervalMs: 0, ...options },
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

/** Decides when calls of the disk return: soon, or not before `release`. */
export class DiskGate {
  calls = 0
  lastCall = Number.POSITIVE_INFINITY
  #held: (() => void)[] = []

  readonly schedule: Schedule = (_call, done) => {
    this.calls++
    if (this.calls > this.lastCall) this.#held.push(done)
    else queueMicrotask(done)
  }

  get isStuck(): boolean {
    return this.#held.length > 0
  }

  release(): void {
    this.lastCall = Number.POSITIVE_INFINITY
    for (const done of this.#held.splice(0)) done()
  }

  /** Calls that wait never return. */
  forget(): void {
    this.#held = []
    this.lastCall = Number.POSITIVE_INFINITY
    this.calls = 0
  }
}

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

  /** Another connection; `commonName`: of the certificate that the client has shown. */
  connect(commonName?: string): GrpcChannel {
    const { clock } = this.world
    const channel = createGrpcChannel({
      clock,
      authority: 'member',
      dial: () => {
        const [near, far] = memoryPipePair({ schedule: (_delivery, deliver) => clock.defer(deliver) })
        if (commonName !== undefined) {
          const tls = { alpn: 'h2', peerCommonName: commonName }
          Object.defineProperty(far, 'info', { value: { ...far.info, kind: 'tls', tls } })
        }
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
