import type { VirtualClock } from '@kvs/testing'
import { createGrpcServer, type GrpcServer, type GrpcServerOptions, StatusCode, type UnaryCall } from '../src/index.ts'
import { pipePair, settle } from './pair.ts'
import { RawPeer } from './raw-peer.ts'

export interface TestServer {
  readonly clock: VirtualClock
  readonly server: GrpcServer
  /** Calls of `/test.Test/Wait` that were neither answered nor cancelled. */
  readonly waiting: Set<UnaryCall>
  /** What handlers were told, in order. */
  readonly log: string[]
  /** A fresh connection, spoken by hand. */
  connect(): RawPeer
}

/**
 * `/test.Test/Echo` answers with the request, `Wait` never, `Big` with as many bytes as the request's four bytes say,
 * `Fail` with an error, `Chat` is a stream that echoes every message and ends when the client has ended.
 */
export function testServer(clock: VirtualClock, options: Partial<GrpcServerOptions> = {}): TestServer {
  const waiting = new Set<UnaryCall>()
  const log: string[] = []
  const server = createGrpcServer({
    clock,
    methods: [
      ['/test.Test/Echo', { kind: 'unary', handle: (call, body, start, end) => call.reply(body, start, end) }],
      [
        '/test.Test/Wait',
        {
          kind: 'unary',
          handle(call) {
            waiting.add(call)
            call.onCancel = code => {
              waiting.delete(call)
              log.push(`cancel ${code}`)
            }
          },
        },
      ],
      [
        '/test.Test/Big',
        {
          kind: 'unary',
          handle(call, body, start) {
            const length = new DataView(body.buffer, body.byteOffset + start, 4).getUint32(0)
            call.reply(new Uint8Array(length).fill(7), 0, length)
          },
        },
      ],
      [
        '/test.Test/Fail',
        { kind: 'unary', handle: call => call.fail(StatusCode.NOT_FOUND, 'etcdserver: nichts da: 100 % — ñ') },
      ],
      [
        '/test.Test/Chat',
        {
          kind: 'stream',
          open: call => ({
            message(body, start, end) {
              log.push(`message ${end - start}`)
              call.send(body, start, end)
            },
            halfClose() {
              log.push('halfClose')
              call.finish()
            },
            drain: () => void log.push('drain'),
            cancel: code => void log.push(`cancel ${code}`),
          }),
        },
      ],
    ],
    ...options,
  })
  const connect = (): RawPeer => {
    const pair = pipePair(clock)
    server.accept(pair.server)
    const peer = new RawPeer(pair.client, clock)
    settle(clock)
    return peer
  }
  return { clock, server, waiting, log, connect }
}
