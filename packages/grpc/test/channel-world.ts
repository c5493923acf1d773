/** A server and a channel joined by pipes in memory, on virtual time. `build` makes them anew. */
import { VirtualClock } from '@kvs/testing'
import {
  createGrpcChannel,
  createGrpcServer,
  type GrpcChannel,
  type GrpcChannelOptions,
  type GrpcError,
  type GrpcServer,
  type GrpcServerOptions,
  type Metadata,
  type MethodHandler,
  type StreamCall,
  type UnaryCall,
} from '../src/index.ts'
import { type PairEnd, pipePair, settle } from './pair.ts'

export const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text))
export const text = (body: Uint8Array, start = 0, end = body.length): string =>
  Buffer.from(body.subarray(start, end)).toString()

/** Everything a stream told its caller, in order. */
export function recorder(): {
  log: string[]
  message: (b: Uint8Array, s: number, e: number) => void
  end: (e: GrpcError | undefined, t: Metadata) => void
  drain: () => void
} {
  const log: string[] = []
  return {
    log,
    message: (body, start, end) => void log.push(end - start > 20 ? `${end - start} bytes` : text(body, start, end)),
    end: error => void log.push(error === undefined ? 'end' : `${error.status} ${error.message}`),
    drain: () => void log.push('drain'),
  }
}

export let clock: VirtualClock
export let server: GrpcServer
export let channel: GrpcChannel
export let calls: UnaryCall[]
export let streams: StreamCall[]
export let serverLog: string[]
export let ends: { client: PairEnd; server: PairEnd }[]
export let channelLog: string[]

function handlers(): [string, MethodHandler][] {
  return [
    ['/t.T/Echo', { kind: 'unary', handle: (call, body, start, end) => call.reply(body, start, end) }],
    [
      '/t.T/Hold',
      {
        kind: 'unary',
        handle(call, body, start, end) {
          calls.push(call)
          serverLog.push(`request ${text(body, start, end)}`)
          call.onCancel = code => serverLog.push(`cancel ${code}`)
        },
      },
    ],
    [
      '/t.T/Chat',
      {
        kind: 'stream',
        open(call) {
          streams.push(call)
          return {
            message: (body, start, end) =>
              void serverLog.push(`message ${end - start > 20 ? end - start : text(body, start, end)}`),
            halfClose: () => void serverLog.push('halfClose'),
            drain: () => void serverLog.push('drain'),
            cancel: code => void serverLog.push(`cancel ${code}`),
          }
        },
      },
    ],
  ]
}

export function build(
  serverOptions: Partial<GrpcServerOptions> = {},
  channelOptions: Partial<GrpcChannelOptions> = {},
): void {
  clock = new VirtualClock()
  calls = []
  streams = []
  serverLog = []
  channelLog = []
  ends = []
  server = createGrpcServer({ clock, methods: handlers(), ...serverOptions })
  channel = createGrpcChannel({
    clock,
    authority: 'test',
    dial: () => {
      const pair = pipePair(clock)
      ends.push(pair)
      server.accept(pair.server)
      return pair.client
    },
    events: {
      connected: () => channelLog.push('connected'),
      goaway: error => channelLog.push(`goaway ${error.code}`),
      closed: error => channelLog.push(`closed ${error?.code}`),
    },
    ...channelOptions,
  })
}

/** Lets promises and the clock's due callbacks run until nothing is left; time does not move. */
export async function rest(): Promise<void> {
  for (let i = 0; i < 5; i++) {
    await new Promise(resolve => setImmediate(resolve))
    settle(clock)
  }
}

export async function connect(): Promise<void> {
  const connected = channel.connect()
  await rest()
  await connected
}

/** Makes a unary call and returns how it ended, later. */
export function start(path: string, request: string, options: Parameters<GrpcChannel['unary']>[2] = {}): string[] {
  const log: string[] = []
  channel.unary(path, bytes(request), options, (error, body, from, to) => {
    log.push(
      error === undefined
        ? text(body, from, to)
        : `${error.status} ${error.message}${error.notProcessed ? ' (not processed)' : ''}`,
    )
  })
  return log
}
