/** Servers in memory at the level of calls: what a test says is what the client hears, on virtual time. */
import type { VirtualClock } from '@kvs/testing'
import type {
  CallHandle,
  CallOutcome,
  Channel,
  StreamHandle,
  StreamReceiver,
  Transport,
  UnaryCallInit,
} from '../src/index.ts'

export const ok: CallOutcome = { code: 0, message: '', unprocessed: false }
export const unavailable = (message = 'etcdserver: request timed out'): CallOutcome => ({
  code: 14,
  message,
  unprocessed: false,
})
export const unprocessed: CallOutcome = { code: 14, message: 'the connection was refused', unprocessed: true }

export interface SeenCall {
  readonly endpoint: string
  readonly path: string
  readonly token: string | undefined
  readonly atMs: number
  readonly request: Uint8Array
}

/** One stream as the server sees it. */
export interface ServerStream {
  readonly endpoint: string
  readonly path: string
  readonly metadata: Readonly<Record<string, string>>
  readonly requests: Uint8Array[]
  readonly cancelled: () => boolean
  readonly paused: () => boolean
  reply(bytes: Uint8Array): void
  end(outcome: CallOutcome): void
}

export type UnaryAnswer = { readonly outcome: CallOutcome; readonly response?: Uint8Array } | 'never'

/** `await settle()` lets promises that are ready run on. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve()
}

export class FakeServers implements Transport {
  readonly calls: SeenCall[] = []
  readonly streams: ServerStream[] = []
  readonly dials: string[] = []
  /** Endpoints whose connections the client closed. */
  readonly closes: string[] = []
  /** Endpoints that refuse connections. */
  readonly down: Set<string> = new Set()
  answer: (call: SeenCall, number: number) => UnaryAnswer = () => ({ outcome: ok, response: new Uint8Array() })
  onRequest: (stream: ServerStream, request: Uint8Array) => void = () => {}
  readonly #clock: VirtualClock
  readonly #open = new Map<string, { live: Set<(outcome: CallOutcome) => void>; onClose: () => void }>()

  constructor(clock: VirtualClock) {
    this.#clock = clock
  }

  connect: Transport['connect'] = async ({ text }, { onClose }) => {
    this.dials.push(text)
    await Promise.resolve()
    if (this.down.has(text)) throw new Error('connection refused')
    const live = new Set<(outcome: CallOutcome) => void>()
    this.#open.set(text, { live, onClose })
    return this.#channel(text, live, onClose)
  }

  /** The connection to `endpoint` is lost; its calls end. */
  drop(endpoint: string, outcome: CallOutcome = unavailable('the connection was lost')): void {
    const open = this.#open.get(endpoint)
    this.#open.delete(endpoint)
    open?.onClose()
    for (const end of [...(open?.live ?? [])]) end(outcome)
  }

  #channel(endpoint: string, live: Set<(outcome: CallOutcome) => void>, onClose: () => void): Channel {
    return {
      unary: (call, receiver): CallHandle => {
        let cancelled = false
        const answer = this.answer(this.#note(endpoint, call), this.calls.length)
        if (answer !== 'never') {
          this.#clock.defer(() => {
            if (!cancelled) receiver.done(answer.outcome, answer.response)
          })
        }
        return {
          cancel: () => {
            cancelled = true
          },
        }
      },
      stream: ({ path, metadata }, receiver) =>
        this.#stream(endpoint, path, Object.fromEntries(metadata), receiver, live),
      close: () => {
        this.closes.push(endpoint)
        onClose()
      },
    }
  }

  #note(endpoint: string, call: UnaryCallInit): SeenCall {
    const token = call.metadata.find(([name]) => name === 'token')?.[1]
    const seen = { endpoint, path: call.path, token, atMs: this.#clock.now(), request: call.request }
    this.calls.push(seen)
    return seen
  }

  #stream(
    endpoint: string,
    path: string,
    metadata: Record<string, string>,
    receiver: StreamReceiver,
    live: Set<(outcome: CallOutcome) => void>,
  ): StreamHandle {
    let over = false
    let cancelled = false
    let paused = false
    const end = (outcome: CallOutcome): void => {
      if (over) return
      over = true
      live.delete(end)
      receiver.end(outcome)
    }
    live.add(end)
    const stream: ServerStream = {
      endpoint,
      path,
      metadata,
      requests: [],
      cancelled: () => cancelled,
      paused: () => paused,
      reply: bytes => {
        if (!over) receiver.message(bytes)
      },
      end,
    }
    this.streams.push(stream)
    return {
      send: bytes => {
        stream.requests.push(bytes)
        this.#clock.defer(() => {
          if (!over) this.onRequest(stream, bytes)
        })
        return true
      },
      halfClose: () => {},
      pause: () => {
        paused = true
      },
      resume: () => {
        paused = false
      },
      cancel: () => {
        over = true
        cancelled = true
        live.delete(end)
      },
    }
  }
}
