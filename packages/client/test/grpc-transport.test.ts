/** The client over the real engine and a network in memory: no sockets, but every byte of HTTP/2. */
import { createGrpcServer, type GrpcServer, type MethodHandler, StatusCode, type StreamCall } from '@kvs/grpc'
import { type MemoryNet, memoryNet, type PipeAddress } from '@kvs/net'
import {
  decodePutRequest,
  decodeRangeRequest,
  encodePutResponse,
  encodeRangeResponse,
  encodeSnapshotResponse,
  KV,
} from '@kvs/proto/rpc'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Client, grpcTransport, systemClock, toText } from '../src/index.ts'

const text = (key: Uint8Array): string => toText(key)
const listenAddress = (port: number): PipeAddress => ({ kind: 'tcp', host: '10.0.0.1', port })

/** A store behind one address; several may share the data, as members do. */
class Store {
  readonly pairs = new Map<string, Uint8Array>()
  /** How often each value was put. */
  readonly puts = new Map<string, number>()
  /** Messages of a snapshot that were handed to the engine. */
  sent = 0

  methods(): [string, MethodHandler][] {
    return [
      [
        '/etcdserverpb.KV/Put',
        {
          kind: 'unary',
          handle: (call, body, start, end) => {
            const { key, value } = decodePutRequest(body.slice(start, end))
            this.pairs.set(text(key), new Uint8Array(value))
            this.puts.set(text(value), (this.puts.get(text(value)) ?? 0) + 1)
            const answer = encodePutResponse({ header: { revision: this.puts.size } })
            call.reply(answer, 0, answer.length)
          },
        },
      ],
      [
        '/etcdserverpb.KV/Range',
        {
          kind: 'unary',
          handle: (call, body, start, end) => {
            const key = new Uint8Array(decodeRangeRequest(body.slice(start, end)).key)
            const value = this.pairs.get(text(key))
            if (text(key) === 'bad') call.fail(StatusCode.INVALID_ARGUMENT, 'etcdserver: key is not provided')
            else {
              const answer = encodeRangeResponse({ kvs: value === undefined ? [] : [{ key, value }] })
              call.reply(answer, 0, answer.length)
            }
          },
        },
      ],
      ['/etcdserverpb.Maintenance/Snapshot', { kind: 'stream', open: call => this.#snapshot(call) }],
    ]
  }

  #snapshot(call: StreamCall): { message(): void; halfClose(): void; drain(): void; cancel(): void } {
    const pieces = 200
    const send = (): void => {
      while (this.sent < pieces) {
        const piece = encodeSnapshotResponse({ blob: new Uint8Array(65_536), remainingBytes: this.sent++ })
        if (!call.send(piece, 0, piece.length)) return
      }
      call.finish()
    }
    return { message: send, halfClose: () => {}, drain: send, cancel: () => {} }
  }
}

let net: MemoryNet
let store: Store
let client: Client
const servers: GrpcServer[] = []

async function serve(port: number): Promise<GrpcServer> {
  const server = createGrpcServer({ clock: systemClock, methods: store.methods() })
  await net.listen(listenAddress(port), pipe => server.accept(pipe))
  servers.push(server)
  return server
}

const newClient = (ports: readonly number[]): Client => {
  const transport = grpcTransport({
    clock: systemClock,
    dial: ({ address }, signal) => net.dial(address, { signal }),
  })
  return new Client(
    { endpoints: ports.map(port => `10.0.0.1:${port}`), dialTimeoutMs: 200, timeoutMs: 5_000 },
    { transport, clock: systemClock, chance: () => 0.5 },
  )
}

beforeEach(() => {
  net = memoryNet()
  store = new Store()
})

afterEach(async () => {
  await client.close()
  await Promise.all(servers.splice(0).map(server => server.close({ timeoutMs: 0 })))
})

test.each(['as-written', 'bytes'] as const)('calls and errors, pieces %s', async pieces => {
  net = memoryNet({ pieces })
  await serve(1)
  client = newClient([1])
  await client.put('k', 'v')
  expect(text((await client.get('k'))?.value as Uint8Array)).toBe('v')
  expect(await client.get('none')).toBeUndefined()
  await expect(client.get('bad')).rejects.toMatchObject({
    code: 'INVALID_ARGUMENT',
    message: 'etcdserver: key is not provided',
    endpoint: '10.0.0.1:1',
  })
  await expect(client.compact(1)).rejects.toMatchObject({ code: 'UNIMPLEMENTED' })
})

describe('servers that go', () => {
  test('one that says goodbye costs nothing', async () => {
    const first = await serve(1)
    client = newClient([1])
    await client.put('k', '0')
    const closing = first.close({ timeoutMs: 1_000 })
    // The listener is the same, and the pipes go to a server that takes no more: the next one must be asked.
    await serve(2)
    client.endpoints = ['10.0.0.1:1', '10.0.0.1:2']
    await Promise.all(Array.from({ length: 20 }, (_, i) => client.put('k', `after-${i}`)))
    await closing
    expect([...store.puts.values()].every(count => count === 1)).toBe(true)
    expect(store.puts.size).toBe(21)
  })

  test('a lost connection never makes a write happen twice, and tells which may have happened', async () => {
    await serve(1)
    client = newClient([1])
    let unsure = 0
    let done = 0
    for (let round = 0; round < 20; round++) {
      const puts = Array.from({ length: 10 }, (_, i) =>
        client.put('k', `${round}-${i}`).then(
          () => {
            done++
          },
          error => {
            expect(error).toMatchObject({ code: 'UNAVAILABLE' })
            unsure++
          },
        ),
      )
      for (let turns = 0; turns < round % 5; turns++) await new Promise(resolve => setImmediate(resolve))
      for (const connection of net.connections()) connection.cut()
      await Promise.all(puts)
    }
    expect(unsure + done).toBe(200)
    expect(done).toBeGreaterThan(0)
    expect([...store.puts.values()].every(count => count === 1)).toBe(true)
    expect(store.puts.size).toBeGreaterThanOrEqual(done)
  })

  test('reads go on over lost connections', async () => {
    await serve(1)
    await serve(2)
    client = newClient([1, 2])
    await client.put('k', 'v')
    for (let round = 0; round < 10; round++) {
      const reads = Array.from({ length: 10 }, () => client.get('k'))
      await new Promise(resolve => setImmediate(resolve))
      for (const connection of net.connections()) connection.cut()
      for (const kv of await Promise.all(reads)) expect(kv).toBeDefined()
    }
  })

  test('a server that accepts and says nothing is passed over', async () => {
    await net.listen(listenAddress(1), () => {})
    await serve(2)
    client = newClient([1, 2])
    await client.put('k', 'v')
    expect(store.puts.size).toBe(1)
  })
})

test('a stream is read no faster than the loop takes it', async () => {
  await serve(1)
  client = newClient([1])
  let pieces = 0
  for await (const { blob } of client.maintenance.snapshot()) {
    expect(blob.length).toBe(65_536)
    pieces++
    if (pieces === 5) {
      for (let turns = 0; turns < 200; turns++) await new Promise(resolve => setImmediate(resolve))
      expect(store.sent).toBeLessThan(100)
    }
  }
  expect(pieces).toBe(200)
})

test('a stream that fails tells who said so', async () => {
  await serve(1)
  client = newClient([1])
  const first = client.stream(KV.rangeStream, {}).next()
  await expect(first).rejects.toMatchObject({ code: 'UNIMPLEMENTED', endpoint: '10.0.0.1:1' })
})

test('a stream that is left early is cancelled', async () => {
  await serve(1)
  client = newClient([1])
  for await (const _piece of client.maintenance.snapshot()) break
  await client.put('k', 'v')
  expect(store.sent).toBeLessThan(200)
})
