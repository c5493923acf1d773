/** What the client itself costs per call: over a transport that answers at once, and over the engine in memory. */
import { createGrpcServer } from '@kvs/grpc'
import { memoryNet } from '@kvs/net'
import { encodePutResponse, encodeRangeResponse } from '@kvs/proto/rpc'
import { bench, describe } from 'vitest'
import { type Channel, Client, grpcTransport, systemChance, systemClock } from '../src/index.ts'

const concurrency = 100
const header = { clusterId: 6001611773266757492n, memberId: 13049071153751544597n, revision: 123_456, raftTerm: 7 }
const value = new Uint8Array(256).fill(120)
const putAnswer = encodePutResponse({ header })
const key = new TextEncoder().encode('bench/key')
const rangeAnswer = encodeRangeResponse({ header, kvs: [{ key, value }], count: 1 })
const success = { code: 0, message: '', unprocessed: false }
const endpoints = ['10.0.0.1:2379']

const handle = { cancel: () => {} }
const instant: Channel = {
  unary: ({ path }, receiver) => {
    queueMicrotask(() => receiver.done(success, path.endsWith('Put') ? putAnswer : rangeAnswer))
    return handle
  },
  stream: () => {
    throw new Error('no streams here')
  },
  close: () => {},
}
const overNothing = new Client(
  { endpoints },
  { transport: { connect: () => Promise.resolve(instant) }, clock: systemClock, chance: systemChance },
)

const net = memoryNet()
const server = createGrpcServer({
  clock: systemClock,
  methods: [
    ['/etcdserverpb.KV/Put', { kind: 'unary', handle: call => call.reply(putAnswer, 0, putAnswer.length) }],
    ['/etcdserverpb.KV/Range', { kind: 'unary', handle: call => call.reply(rangeAnswer, 0, rangeAnswer.length) }],
  ],
})
await net.listen({ kind: 'tcp', host: '10.0.0.1', port: 2379 }, pipe => server.accept(pipe))
const transport = grpcTransport({ clock: systemClock, dial: ({ address }, signal) => net.dial(address, { signal }) })
const overEngine = new Client({ endpoints }, { transport, clock: systemClock, chance: systemChance })

async function many(call: () => Promise<unknown>): Promise<void> {
  await Promise.all(Array.from({ length: concurrency }, call))
}

describe(`${concurrency} calls at once`, () => {
  bench('put, no transport', () => many(() => overNothing.put(key, value)))
  bench('get, no transport', () => many(() => overNothing.get(key)))
  bench('put, engine and server in memory', () => many(() => overEngine.put(key, value)))
  bench('get, engine and server in memory', () => many(() => overEngine.get(key)))
})
