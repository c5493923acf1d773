import { once } from 'node:events'
import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { createTlsClient, nodeNet, type Pipe } from '@kvs/net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { HandshakeQueue, type PacedHandshake } from '../src/tls/handshake-queue.ts'
import { here, type Serving, type TlsWorld, tlsWorld } from './tls-world.ts'

describe('HandshakeQueue', () => {
  /** A queue whose handshakes never end, and what was done with each. */
  function build(limits: { perTurn: number; maxInFlight: number; maxWaiting: number }): {
    queue: HandshakeQueue
    log: string[]
    add(name: number): PacedHandshake
  } {
    const log: string[] = []
    const queue = new HandshakeQueue(limits, async () => {
      log.push('prepare')
    })
    const add = (name: number): PacedHandshake => {
      const handshake: PacedHandshake = {
        begin: () => log.push(`begin ${name}`),
        giveUp: () => {
          log.push(`give up ${name}`)
          queue.remove(handshake)
        },
      }
      queue.add(handshake)
      return handshake
    }
    return { queue, log, add }
  }
  const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

  test('begins so many per turn, in order, after the files were looked at', async () => {
    const { log, add } = build({ perTurn: 2, maxInFlight: 10, maxWaiting: 10 })
    for (let i = 0; i < 5; i++) add(i)
    expect(log).toEqual([])
    await turn()
    expect(log).toEqual(['prepare', 'begin 0', 'begin 1'])
    await turn()
    await turn()
    expect(log.slice(3)).toEqual(['prepare', 'begin 2', 'begin 3', 'prepare', 'begin 4'])
    await turn()
    expect(log.length).toBe(8)
  })

  test('makes room by giving up the oldest', async () => {
    const { queue, log, add } = build({ perTurn: 2, maxInFlight: 2, maxWaiting: 3 })
    for (let i = 0; i < 5; i++) add(i)
    expect(log).toEqual(['give up 0', 'give up 1'])
    await turn()
    await turn()
    expect(log.slice(2)).toEqual(['prepare', 'begin 2', 'begin 3', 'give up 2', 'prepare', 'begin 4'])
    expect([queue.waiting, queue.inFlight]).toEqual([0, 2])
  })

  test('one that leaves while the files are looked at is not begun', async () => {
    const { queue, log, add } = build({ perTurn: 2, maxInFlight: 2, maxWaiting: 3 })
    const first = add(0)
    const second = add(1)
    queue.remove(second)
    setImmediate(() => queue.remove(first))
    await turn()
    await turn()
    expect([...log, queue.waiting, queue.inFlight]).toEqual(['prepare', 'begin 0', 0, 0])
  })

  test('in a crush the newest come first', async () => {
    const { log, add } = build({ perTurn: 1, maxInFlight: 500, maxWaiting: 500 })
    for (let i = 0; i < 100; i++) add(i)
    await turn()
    expect(log).toEqual(['prepare', 'begin 99'])
  })
})

describe('crowds', () => {
  let world: TlsWorld
  beforeAll(async () => {
    world = await tlsWorld()
  })
  afterAll(() => world.dispose())

  const portOf = ({ listener }: Serving): number => (listener.address.kind === 'tcp' ? listener.address.port : 0)

  async function crowd(serving: Serving, size: number, bytes: Uint8Array): Promise<Socket[]> {
    const sockets: Socket[] = []
    for (let i = 0; i < size; i++) {
      const socket = connectTcp({ host: '127.0.0.1', port: portOf(serving) })
      socket.on('error', () => undefined)
      socket.write(bytes)
      sockets.push(socket)
    }
    await Promise.all(sockets.map(socket => once(socket, 'connect')))
    return sockets
  }

  /** So many honest handshakes, one after the other; each must come through. */
  async function honest(serving: Serving, count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      const pipe = await world.dial(serving)
      await serving.next()
      pipe.destroy()
    }
  }

  test('connections that say nothing, or half a hello, cost a socket each and hold nobody up', async () => {
    const serving = await world.serve()
    const silent = await crowd(serving, 500, new Uint8Array(0))
    const halves = await crowd(serving, 500, Uint8Array.of(0x16, 3, 1, 2, 0, 1, 0, 1))
    await expect.poll(() => serving.server.handshakes.silent).toBe(1000)
    expect(serving.server.handshakes).toEqual({ silent: 1000, waiting: 0, inFlight: 0 })
    await honest(serving, 10)
    expect(serving.server.handshakes.silent).toBe(1000)
    for (const socket of [...silent, ...halves]) socket.destroy()
    await expect.poll(() => serving.server.handshakes.silent).toBe(0)
  })

  test('hellos that nobody goes on with give way to those who do', async () => {
    const serving = await world.serve({ limits: { maxInFlight: 50 } })
    const hello = await recordedHello()
    const sockets = await crowd(serving, 600, hello)
    // The newest come first: ten more are through before the six hundred have all had their turn.
    await honest(serving, 10)
    await expect.poll(() => serving.server.handshakes.waiting).toBe(0)
    expect(serving.server.handshakes.inFlight).toBeLessThanOrEqual(50)
    expect(serving.rejections.filter(({ error }) => error === 'too many handshakes').length).toBeGreaterThanOrEqual(550)
    for (const socket of sockets) socket.destroy()
  })

  test('a certificate that changes a hundred times under load: no handshake fails', async () => {
    const certificate = await world.ca.files(world.folder, 'loaded', here)
    const serving = await world.serve({ certificate })
    const client = await createTlsClient({ trustedCaFiles: [world.caFile] })
    const dial = client.dial(nodeNet().dial)
    let running = true
    let handshakes = 0
    const load = async (): Promise<void> => {
      while (running) {
        const pipe: Pipe = await dial(serving.listener.address)
        // Leaving before the server is done would be a failure of ours.
        while (!serving.pipes.some(({ info }) => info.remote === pipe.info.local)) await serving.next()
        pipe.destroy()
        handshakes++
      }
    }
    const loads = [load(), load(), load()]
    for (let i = 0; i < 100; i++) await world.ca.files(world.folder, 'loaded', here)
    running = false
    await Promise.all(loads)
    expect(handshakes).toBeGreaterThan(10)
    expect(serving.rejections.map(({ error }) => error)).toEqual([])
  })

  /** What a client of Node says first. */
  async function recordedHello(): Promise<Buffer> {
    const { createServer } = await import('node:net')
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const client = connectTls({ port: (server.address() as { port: number }).port, host: '127.0.0.1' })
    client.on('error', () => undefined)
    const [socket] = (await once(server, 'connection')) as [Socket]
    const [hello] = (await once(socket, 'data')) as [Buffer]
    socket.destroy()
    server.close()
    return hello
  }
})
