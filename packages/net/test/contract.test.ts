import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  createTlsClient,
  createTlsServer,
  limitConnections,
  memoryNet,
  memoryPipePair,
  type Net,
  nodeNet,
  type Pipe,
  type PipeAddress,
  type PipeEvents,
  sniff,
  takeSocket,
  toDuplex,
  webSocketDial,
  webSocketUpgrade,
} from '@kvs/net'
import { netContract, type PipeFactory, pipeContract } from '@kvs/net/testing'
import { SeededRandom } from '@kvs/testing'
import { afterAll, describe, test } from 'vitest'
import { WatchedPipe } from '../src/close-hook.ts'
import { SocketPipe } from '../src/socket-pipe.ts'
import { tlsWorld } from './tls-world.ts'

/** A pair over a real listener; `b` is the accepted end. */
async function dialedPair(net: Net, address: PipeAddress): ReturnType<PipeFactory> {
  let accepted: (pipe: Pipe) => void = () => undefined
  const accepting = new Promise<Pipe>(resolve => {
    accepted = resolve
  })
  const listener = await net.listen(address, pipe => accepted(pipe))
  const a = await net.dial(listener.address)
  const b = await accepting
  await listener.close()
  return { a, b }
}

const loopback = { kind: 'tcp', host: '127.0.0.1', port: 0 } as const

async function withFolder(make: (folder: string) => ReturnType<PipeFactory>): ReturnType<PipeFactory> {
  const folder = await mkdtemp(join(tmpdir(), 'kvs-net-'))
  return { ...(await make(folder)), dispose: () => rm(folder, { recursive: true }) }
}

/** Takes the first bytes of a pipe away: those that sniffing looked at. */
class WithoutPrefix implements Pipe {
  readonly #pipe: Pipe
  #left: number

  constructor(pipe: Pipe, prefixBytes: number) {
    this.#pipe = pipe
    this.#left = prefixBytes
  }

  get info(): Pipe['info'] {
    return this.#pipe.info
  }

  get queuedBytes(): number {
    return this.#pipe.queuedBytes
  }

  start(events: PipeEvents): void {
    this.#pipe.start({
      data: chunk => {
        const skipped = Math.min(this.#left, chunk.length)
        this.#left -= skipped
        if (skipped < chunk.length) events.data(chunk.subarray(skipped))
      },
      drain: () => events.drain(),
      end: () => events.end(),
      close: error => events.close(error),
    })
  }

  write(bytes: Uint8Array): boolean {
    return this.#pipe.write(bytes)
  }

  pause(): void {
    this.#pipe.pause()
  }

  resume(): void {
    this.#pipe.resume()
  }

  end(): void {
    this.#pipe.end()
  }

  destroy(error?: Error): void {
    this.#pipe.destroy(error)
  }
}

async function sniffed(making: ReturnType<PipeFactory>): ReturnType<PipeFactory> {
  const { a, b, ...rest } = await making
  const prefix = new TextEncoder().encode('hello')
  a.write(prefix)
  const entry = { name: 'hello', match: (seen: Uint8Array) => (seen.length < prefix.length ? 'more' : 'yes') } as const
  const { pipe } = await sniff(b, [entry])
  return { a, b: new WithoutPrefix(pipe, prefix.length), ...rest }
}

/** A pipe over the stream over a pipe. */
function overDuplex(pipe: Pipe): Pipe {
  return new SocketPipe(toDuplex(pipe) as unknown as Socket, pipe.info)
}

const factories: Readonly<Record<string, PipeFactory>> = {
  memory: async () => {
    const [a, b] = memoryPipePair()
    return { a, b }
  },
  'memory in random pieces': async () => {
    const [a, b] = memoryPipePair({ pieces: 'random', random: new SeededRandom(5) })
    return { a, b }
  },
  'memory delivered at once': async () => {
    const [a, b] = memoryPipePair({ schedule: (_delivery, deliver) => deliver() })
    return { a, b }
  },
  'memory delivered in any order': async () => {
    const random = new SeededRandom(6)
    const held: (() => void)[] = []
    const release = (): void => {
      const deliver = held.splice(random.below(held.length), 1)[0]
      deliver?.()
    }
    const [a, b] = memoryPipePair({
      schedule: (_delivery, deliver) => {
        held.push(deliver)
        setImmediate(release)
      },
    })
    return { a, b }
  },
  'memory network': () => dialedPair(memoryNet(), { kind: 'memory', name: 'x' }),
  TCP: () => dialedPair(nodeNet(), loopback),
  'TCP with a low high-water mark': () => dialedPair(nodeNet({ highWaterBytes: 1000 }), loopback),
  unix: () => withFolder(folder => dialedPair(nodeNet(), { kind: 'unix', path: join(folder, 'socket') })),
  'sniffed TCP': () => sniffed(dialedPair(nodeNet(), loopback)),
  'sniffed memory': () => sniffed(dialedPair(memoryNet(), { kind: 'memory', name: 'x' })),
  'sniffed memory in random pieces': () => {
    const [a, b] = memoryPipePair({ pieces: 'random', random: new SeededRandom(8) })
    return sniffed(Promise.resolve({ a, b }))
  },
  'stream over memory': async () => {
    const [a, b] = memoryPipePair()
    return { a: overDuplex(a), b: overDuplex(b) }
  },
  'stream over TCP': async () => {
    const { a, b } = await dialedPair(nodeNet(), loopback)
    return { a: overDuplex(a), b: overDuplex(b) }
  },
  'limited TCP': () => {
    const net = nodeNet()
    return dialedPair({ dial: net.dial, listen: limitConnections(net.listen, 1) }, loopback)
  },
  'watched memory': async () => {
    const [a, b] = memoryPipePair()
    return { a: new WatchedPipe(a, () => undefined), b: new WatchedPipe(b, () => undefined) }
  },
}

/** A pair over TLS on what `making` gives; the worlds end with the tests. */
async function encrypted(making: ReturnType<PipeFactory>): ReturnType<PipeFactory> {
  const { a, b, dispose } = await making
  const world = await tls
  const accepting = new Promise<Pipe>(resolve => world.server.accept(b, resolve))
  const [client, server] = await Promise.all([world.client.connect(a, 'localhost'), accepting])
  return { a: client, b: server, ...(dispose === undefined ? {} : { dispose }) }
}

const tls = (async () => {
  const world = await tlsWorld()
  const certificate = { certFile: join(world.folder, 'server.crt'), keyFile: join(world.folder, 'server.key') }
  const client = await createTlsClient({ trustedCaFiles: [world.caFile] })
  return { world, client, server: await createTlsServer({ certificate }) }
})()
afterAll(async () => (await tls).world.dispose())

/** The other way round: the server's end writes first in the cases. */
async function swapped(making: ReturnType<PipeFactory>): ReturnType<PipeFactory> {
  const { a, b, ...rest } = await making
  return { a: b, b: a, ...rest }
}

const encryptedFactories: Readonly<Record<string, PipeFactory>> = {
  'TLS over TCP': () => encrypted(dialedPair(nodeNet(), loopback)),
  'TLS over TCP, the server writes': () => swapped(encrypted(dialedPair(nodeNet(), loopback))),
  'TLS over unix': () =>
    encrypted(withFolder(folder => dialedPair(nodeNet(), { kind: 'unix', path: join(folder, 'socket') }))),
  'sniffed TLS': () => sniffed(encrypted(dialedPair(nodeNet(), loopback))),
}

const upgrade = webSocketUpgrade()

/** A pair over a WebSocket on what `net` dials. */
async function overWebSocket(
  dial: Net['dial'],
  listen: Net['listen'],
  connection: (pipe: Pipe) => unknown = takeSocket,
): ReturnType<PipeFactory> {
  const http = createServer()
  let accepted: (pipe: Pipe) => void = () => undefined
  const accepting = new Promise<Pipe>(resolve => {
    accepted = resolve
  })
  http.on('upgrade', (request, socket, head) => upgrade(request, socket, head, accepted))
  const listener = await listen(loopback, pipe => http.emit('connection', connection(pipe)))
  const a = await webSocketDial(dial, { path: '/kvs/grpc' })(listener.address)
  const b = await accepting
  await listener.close()
  return { a, b }
}

const webSocketFactories: Readonly<Record<string, PipeFactory>> = {
  WebSocket: () => overWebSocket(nodeNet().dial, nodeNet().listen),
  'WebSocket, the server writes': () => swapped(overWebSocket(nodeNet().dial, nodeNet().listen)),
  'WebSocket over a stream': () => overWebSocket(nodeNet().dial, nodeNet().listen, toDuplex),
  'WebSocket over TLS': async () => {
    const { client, server } = await tls
    return overWebSocket(client.dial(nodeNet().dial), server.listen(nodeNet().listen))
  },
}

for (const [name, factory] of Object.entries({ ...factories, ...encryptedFactories, ...webSocketFactories })) {
  describe(`pipe: ${name}`, () => {
    for (const { name: title, run } of pipeContract(factory)) test(title, run)
  })
}

describe('network: node TCP', () => {
  for (const { name, run } of netContract(async () => ({ net: nodeNet(), address: () => loopback }))) test(name, run)
})

describe('network: node unix', () => {
  const factory = async () => {
    const folder = await mkdtemp(join(tmpdir(), 'kvs-net-'))
    let next = 0
    const address = (): PipeAddress => ({ kind: 'unix', path: join(folder, `socket-${next++}`) })
    return { net: nodeNet(), address, dispose: () => rm(folder, { recursive: true }) }
  }
  for (const { name, run } of netContract(factory)) test(name, run)
})

for (const address of [loopback, { kind: 'memory', name: 'x' }, { kind: 'unix', path: '/x' }] as const) {
  describe(`network: memory with ${address.kind} addresses`, () => {
    for (const { name, run } of netContract(async () => ({ net: memoryNet(), address: () => address }))) test(name, run)
  })
}
