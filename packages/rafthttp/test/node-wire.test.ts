import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { nodeNet, parseAddress } from '@kvs/net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createPeerClient, type PeerResponse, type WireCall } from '../src/index.ts'
import { nodeWire, servePeers } from '../src/node.ts'
import { append, clusterId, heartbeat } from '../src/testing/world.ts'
import { Bench } from './raw-peer.ts'
import { silentLogger, systemClock } from './worlds.ts'

const net = nodeNet()
const wire = nodeWire({ dial: (url, options) => net.dial(parseAddress(url).address, options) })
let closers: (() => Promise<void> | void)[] = []
let bench: Bench

beforeEach(() => {
  bench = new Bench()
})

afterEach(async () => {
  for (const close of closers) await close()
  closers = []
  wire.close()
  await bench.end()
})

/** A TCP server that does with each connection what it likes. */
async function server(use: (socket: Socket, count: number) => void): Promise<string> {
  let count = 0
  const sockets = new Set<Socket>()
  const made = createServer(socket => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    use(socket, count++)
  })
  made.listen(0, '127.0.0.1')
  await once(made, 'listening')
  closers.push(() => {
    for (const socket of sockets) socket.destroy()
    made.close()
  })
  return `http://127.0.0.1:${(made.address() as AddressInfo).port}`
}

const call = (url: string, change: Partial<WireCall> = {}): WireCall => ({
  url,
  method: 'GET',
  path: '/x',
  headers: [],
  replyBytesMax: 1000,
  signal: new AbortController().signal,
  ...change,
})
const answer = (text: string): string => `HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n${text}`
const text = (reply: { readonly body: Uint8Array }): string => new TextDecoder().decode(reply.body)

describe('requests', () => {
  test('use a connection again, and a new one if it has gone meanwhile', async () => {
    let connections = 0
    const url = await server((socket, count) => {
      connections++
      let requests = 0
      // The first connection answers twice, then breaks when it is asked again.
      socket.on('data', () => {
        if (count === 0 && ++requests > 2) socket.destroy()
        else socket.write(answer(`${count}`))
      })
    })
    const repeatable = { isRepeatable: true }
    expect(text(await wire.request(call(url, repeatable)))).toBe('0')
    expect(text(await wire.request(call(url, repeatable)))).toBe('0')
    expect(connections).toBe(1)
    expect(text(await wire.request(call(url, repeatable)))).toBe('1')
    expect(connections).toBe(2)
  })

  test('that must not be repeated are not', async () => {
    const url = await server(socket => {
      let requests = 0
      socket.on('data', () => (++requests > 1 ? socket.destroy() : socket.write(answer('x'))))
    })
    await wire.request(call(url))
    await expect(wire.request(call(url))).rejects.toMatchObject({ code: 'UNREACHABLE' })
  })

  test('to nobody, or to who does not answer, or answers nonsense, fail', async () => {
    await expect(wire.request(call('http://127.0.0.1:1'))).rejects.toMatchObject({
      code: 'UNREACHABLE',
      message: expect.stringContaining('ECONNREFUSED'),
    })
    const silent = await server(() => undefined)
    const aborting = new AbortController()
    const waiting = wire.request(call(silent, { signal: aborting.signal }))
    setTimeout(() => aborting.abort(new Error('enough')), 20)
    await expect(waiting).rejects.toThrow('enough')
    await expect(wire.request(call(silent, { signal: aborting.signal }))).rejects.toThrow('enough')
    const nonsense = await server(socket => socket.end('nonsense'))
    await expect(wire.request(call(nonsense))).rejects.toMatchObject({ code: 'UNREACHABLE' })
    const closing = await server(socket => socket.on('data', () => socket.destroy()))
    await expect(wire.request(call(closing))).rejects.toMatchObject({ code: 'UNREACHABLE' })
    const half = await server(socket => socket.on('data', () => socket.end(answer('abc').slice(0, -1))))
    await expect(wire.request(call(half))).rejects.toMatchObject({ code: 'UNREACHABLE' })
  })

  test('take an answer of limited length', async () => {
    const url = await server(socket => socket.on('data', () => socket.write(answer('x'.repeat(1001)))))
    await expect(wire.request(call(url))).rejects.toMatchObject({ code: 'TOO_LARGE' })
    expect((await wire.request(call(url, { replyBytesMax: 1001 }))).body.length).toBe(1001)
  })

  test('an answer ends a body that is still being sent', async () => {
    let asked = 0
    let isReturned = false
    async function* endless(): AsyncGenerator<Uint8Array, void, undefined> {
      try {
        for (;;) {
          asked++
          yield new Uint8Array(100_000)
        }
      } finally {
        isReturned = true
      }
    }
    const url = await server(socket => {
      socket.once('data', () => {
        socket.pause()
        socket.write('HTTP/1.1 412 Precondition Failed\r\nContent-Length: 2\r\n\r\nno')
      })
    })
    const reply = await wire.request(call(url, { method: 'POST', body: endless() }))
    expect([reply.status, text(reply)]).toEqual([412, 'no'])
    await sleep(20)
    expect(isReturned).toBe(true)
    expect(asked).toBeLessThan(200)
  })

  test('a body that fails fails the request', async () => {
    const url = await server(() => undefined)
    async function* failing(): AsyncGenerator<Uint8Array, void, undefined> {
      yield new Uint8Array(10)
      throw new Error('the disk is gone')
    }
    await expect(wire.request(call(url, { method: 'POST', body: failing() }))).rejects.toThrow('the disk is gone')
  })
})

describe('links', () => {
  const linkCall = (url: string) => ({
    ...{ url, path: '/raft/stream/message/1', protocol: 'kvs.raft.v1', headers: [], frameBytesMax: 1000 },
    signal: new AbortController().signal,
  })

  test('a frame larger than agreed breaks a link', async () => {
    const page: PeerResponse = { status: 404, headers: [], body: new Uint8Array(0) }
    const events: string[] = []
    const { url } = await bench.fakePeer({
      handle: () => page,
      upgrade: () => ({
        ...{ protocol: 'kvs.raft.v1', headers: [['X-A', 'b']], frameBytesMax: 10 },
        accept: link => {
          link.start({ frame: () => undefined, sent: () => undefined, alive: () => undefined, close: () => undefined })
          link.send(new Uint8Array(1000).fill(1))
          link.send(new Uint8Array(1001).fill(2))
        },
      }),
    })
    const reply = await wire.openLink(linkCall(url))
    expect([reply.status, reply.header('x-a')]).toEqual([101, 'b'])
    await sleep(20)
    const closed = new Promise<Error | undefined>(resolve => {
      reply.link?.start({
        frame: bytes => events.push(`${bytes.length} of ${bytes[0]}`),
        sent: () => undefined,
        alive: () => undefined,
        close: resolve,
      })
    })
    expect((await closed)?.message).toBe('Max payload size exceeded')
    expect(events).toEqual(['1000 of 1'])
  })

  test('to nobody, to who refuses, answers nonsense or another protocol, or not at all, are none', async () => {
    await expect(wire.openLink(linkCall('http://127.0.0.1:1'))).rejects.toMatchObject({ code: 'UNREACHABLE' })
    const refusing = await server(socket =>
      socket.on('data', () => socket.write('HTTP/1.1 410 Gone\r\nContent-Length: 5\r\n\r\ngone\n')),
    )
    expect(await wire.openLink(linkCall(refusing))).toMatchObject({ status: 410, text: 'gone\n', link: undefined })
    const nonsense = await server(socket => socket.on('data', () => socket.end('nonsense')))
    await expect(wire.openLink(linkCall(nonsense))).rejects.toMatchObject({ code: 'UNREACHABLE' })
    const switched = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'
    const wrong = await server(socket => socket.on('data', () => socket.write(switched)))
    await expect(wire.openLink(linkCall(wrong))).rejects.toMatchObject({ code: 'UNREACHABLE' })
    const silent = await server(() => undefined)
    const aborting = new AbortController()
    const waiting = wire.openLink({ ...linkCall(silent), signal: aborting.signal })
    setTimeout(() => aborting.abort(new Error('enough')), 20)
    await expect(waiting).rejects.toThrow('enough')
  })
})

describe('between two members', () => {
  /** Passes bytes on slowly, from the second end to the first. */
  async function slowWay(target: string, bytesPerSecond: number): Promise<string> {
    const { port } = new URL(target)
    return await server(socket => {
      const far = connect({ host: '127.0.0.1', port: Number(port), noDelay: true })
      far.on('error', () => socket.destroy())
      far.on('close', () => socket.destroy())
      socket.on('close', () => far.destroy())
      socket.pipe(far)
      far.on('data', chunk => {
        socket.write(chunk)
        far.pause()
        setTimeout(() => far.resume(), (chunk.length / bytesPerSecond) * 1000)
      })
    })
  }

  test('a message that takes longer than every timeout arrives, as long as it moves', async () => {
    const [a, b] = [await bench.cluster.member(1n), await bench.cluster.member(2n)]
    b.transport.addPeer(1n, [await slowWay(a.place.url, 8_000_000)])
    a.transport.addPeer(2n, [b.place.url])
    await bench.cluster.attached(a, b)
    const start = performance.now()
    a.send(append(1n, 2n, 1, [new Uint8Array(16_000_000)]))
    await bench.cluster.world.until('the message', () => b.received.length === 1)
    expect(performance.now() - start).toBeGreaterThan(1000)
    expect(b.received[0]?.entries[0]?.data.length).toBe(16_000_000)
    expect([a, b].some(member => member.hasLogged('lost TCP streaming connection with remote peer'))).toBe(false)
  })

  test('over socket files', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'kvs-rafthttp-'))
    closers.push(() => rmSync(folder, { recursive: true }))
    const member = await bench.cluster.member(2n)
    const url = `unix://${join(folder, 'peer')}`
    const port = servePeers({ endpoint: member.endpoint, logger: silentLogger })
    const listener = await net.listen(parseAddress(url).address, pipe => port.accept(pipe))
    closers.push(
      () => listener.close(),
      () => port.close(),
    )
    const client = createPeerClient({ wire, clock: systemClock, clusterId })
    expect((await client.members([url])).clusterId).toBe(clusterId)
    const other = await bench.cluster.member(1n)
    member.transport.addPeer(1n, [other.place.url])
    other.transport.addPeer(2n, [url])
    await bench.cluster.attached(member, other)
    other.send(heartbeat(1n, 2n, 5))
    await bench.cluster.world.until('the message', () => member.received.length === 1)
  })
})
