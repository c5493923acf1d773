import * as assert from 'node:assert/strict'
import type { Pipe, PipeEvents } from './pipe.ts'

/** Two ends of one fresh, open pipe, neither started. */
export interface PipesUnderTest {
  readonly a: Pipe
  readonly b: Pipe
  /** Cleans up after a case. */
  readonly dispose?: () => Promise<void>
}

export type PipeFactory = () => Promise<PipesUnderTest>

/** One test. `run` rejects if the implementation breaks the contract. */
export interface PipeCase {
  readonly name: string
  run(): Promise<void>
}

/** Callbacks that write down what happened and wake up whoever waits for it. */
export class Recorder implements PipeEvents {
  readonly chunks: Uint8Array[] = []
  /** Names of the callbacks in order, data once for a run of chunks. */
  readonly log: string[] = []
  error: Error | undefined
  receivedBytes = 0
  /** Set while a method of the pipe runs: no callback may come then. */
  inCall = false
  onData: ((chunk: Uint8Array) => void) | undefined
  #broken: string | undefined
  #waiters: { readonly holds: () => boolean; readonly resolve: () => void }[] = []

  data(chunk: Uint8Array): void {
    this.chunks.push(chunk)
    this.receivedBytes += chunk.length
    this.#happened('data')
    this.onData?.(chunk)
  }

  drain(): void {
    this.#happened('drain')
  }

  end(): void {
    this.#happened('end')
  }

  close(error: Error | undefined): void {
    this.error = error
    this.#happened('close')
  }

  #happened(what: string): void {
    if (this.inCall) this.#broken ??= `${what} came during a call of a method`
    if (this.log.includes('close')) this.#broken ??= `${what} came after close`
    if (what === 'data' && this.log.includes('end')) this.#broken ??= 'data came after end'
    if (what !== 'data' || this.log.at(-1) !== 'data') this.log.push(what)
    this.#waiters = this.#waiters.filter(waiter => {
      if (!waiter.holds()) return true
      waiter.resolve()
      return false
    })
  }

  /** Waits until `holds`; it is asked after each callback. */
  until(holds: () => boolean): Promise<void> {
    if (holds()) return Promise.resolve()
    return new Promise(resolve => {
      this.#waiters.push({ holds, resolve })
    })
  }

  has(what: string): boolean {
    return this.log.includes(what)
  }

  ended(): Promise<void> {
    return this.until(() => this.has('end'))
  }

  closed(): Promise<void> {
    return this.until(() => this.has('close'))
  }

  received(bytes: number): Promise<void> {
    return this.until(() => this.receivedBytes >= bytes)
  }

  bytes(): Uint8Array {
    const all = new Uint8Array(this.receivedBytes)
    let at = 0
    for (const chunk of this.chunks) {
      all.set(chunk, at)
      at += chunk.length
    }
    return all
  }

  text(): string {
    return new TextDecoder().decode(this.bytes())
  }

  check(): void {
    assert.equal(this.#broken, undefined)
  }
}

/** One end with its recorder; its methods watch that no callback comes while they run. */
export class End {
  readonly pipe: Pipe
  readonly events: Recorder = new Recorder()
  started = false

  constructor(pipe: Pipe) {
    this.pipe = pipe
  }

  start(): this {
    this.started = true
    this.call(() => this.pipe.start(this.events))
    return this
  }

  write(bytes: Uint8Array | string): boolean {
    return this.call(() => this.pipe.write(typeof bytes === 'string' ? encode(bytes) : bytes))
  }

  call<T>(method: () => T): T {
    this.events.inCall = true
    try {
      return method()
    } finally {
      this.events.inCall = false
    }
  }

  end(): void {
    this.call(() => this.pipe.end())
  }

  destroy(error?: Error): void {
    this.call(() => this.pipe.destroy(error))
  }
}

export interface Ends {
  readonly a: End
  readonly b: End
}

export type Check = (ends: Ends) => Promise<void>
export type NamedCheck = readonly [name: string, check: Check]

export function contractCase(factory: PipeFactory, name: string, check: Check): PipeCase {
  const run = async (): Promise<void> => {
    const pipes = await factory()
    const ends = { a: new End(pipes.a), b: new End(pipes.b) }
    try {
      await check(ends)
      ends.a.events.check()
      ends.b.events.check()
    } finally {
      await closeEnds(ends)
      await pipes.dispose?.()
    }
  }
  return { name, run }
}

async function closeEnds({ a, b }: Ends): Promise<void> {
  for (const end of [a, b]) {
    if (!end.started) end.start()
    end.destroy()
  }
  for (const end of [a, b]) {
    await end.events.closed()
    end.events.check()
  }
}

/** Lets everything happen that is already on its way inside this process. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 5; i++) await new Promise(resolve => setImmediate(resolve))
}

export function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

/** Bytes that are different everywhere, so that losing, doubling or swapping some shows. */
export function pattern(length: number, start = 0): Uint8Array {
  const bytes = new Uint8Array(length)
  for (let i = 0; i < length; i++) {
    const n = Math.imul(start + i, 0x9e3779b1)
    bytes[i] = (n >>> 13) ^ n
  }
  return bytes
}
