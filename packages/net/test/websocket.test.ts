import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import {
  type Listener,
  nodeNet,
  type Pipe,
  takeSocket,
  type WebSocketUpgradeOptions,
  webSocketDial,
  webSocketUpgrade,
} from '@kvs/net'
import { afterEach, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { End, pattern, settle } from '../src/contract.ts'
import { loopback, waitingList } from './tls-world.ts'

interface Serving {
  readonly listener: Listener
  readonly http: Server
  readonly refused: string[]
  readonly url: string
  next(): Promise<Pipe>
}

const servings: Serving[] = []
afterEach(async () => {
  for (const { listener } of servings.splice(0)) await listener.close()
})

async function serve(options: WebSocketUpgradeOptions = {}): Promise<Serving> {
  const http = createServer((_request, response) => response.writeHead(404).end('nothing here'))
  const pipes = waitingList<Pipe>()
  const refused: string[] = []
  const upgrade = webSocketUpgrade({ onRefused: (_remote, reason) => refused.push(reason), ...options })
  http.on('upgrade', (request, socket, head) => {
    if (request.url === '/kvs/grpc') upgrade(request, socket, head, pipe => pipes.add(pipe))
    else socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n')
  })
  const listener = await nodeNet().listen(loopback, pipe => http.emit('connection', takeSocket(pipe)))
  const port = listener.address.kind === 'tcp' ? listener.address.port : 0
  const serving = { listener, http, refused, url: `ws://127.0.0.1:${port}/kvs/grpc`, next: pipes.next }
  servings.push(serving)
  return serving
}

const dial = (serving: Serving, headers: Record<string, string> = {}, path = '/kvs/grpc'): Promise<Pipe> =>
  webSocketDial(nodeNet().dial, { path, headers, timeoutMs: 2_000 })(serving.listener.address)

describe('who may connect', () => {
  test('programs, and pages of the same host', async () => {
    const serving = await serve()
    const pipe = await dial(serving)
    expect(pipe.info.kind).toBe('websocket')
    expect((await serving.next()).info).toMatchObject({ kind: 'websocket', remote: pipe.info.local })
    pipe.destroy()
    const host = new URL(serving.url).host
    const page = await dial(serving, { origin: `http://${host}` })
    await serving.next()
    page.destroy()
  })

  test('no pages of other hosts, or of none', async () => {
    const serving = await serve()
    for (const origin of ['http://evil.example', 'null', `${new URL(serving.url).origin.replace('ws', 'http')}0`]) {
      await expect(dial(serving, { origin })).rejects.toMatchObject({
        code: 'PROTOCOL',
        message: expect.stringContaining('403'),
      })
      expect(serving.refused.at(-1)).toBe(`origin ${origin} not allowed`)
    }
  })

  test('whom the hook allows', async () => {
    const serving = await serve({ checkOrigin: (origin, host) => origin === 'https://dash.example' && host !== '' })
    const pipe = await dial(serving, { origin: 'https://dash.example' })
    pipe.destroy()
    await expect(dial(serving, { origin: 'https://dash.example:444' })).rejects.toThrow('403')
  })

  test('only who asks for the subprotocol', async () => {
    const serving = await serve()
    const socket = new WebSocket(serving.url, ['other'])
    const [error] = (await once(socket, 'error')) as [Error]
    expect(error.message).toContain('400')
    expect(serving.refused).toEqual(['subprotocol kvs.grpc.v1 not offered'])
    const both = new WebSocket(serving.url, ['other', 'kvs.grpc.v1'])
    await once(both, 'open')
    expect(both.protocol).toBe('kvs.grpc.v1')
    both.terminate()
  })

  test('a server that knows nothing of it, one that says nothing, an abort', async () => {
    const serving = await serve()
    await expect(dial(serving, {}, '/other')).rejects.toMatchObject({ code: 'PROTOCOL' })
    const silent = await nodeNet().listen(loopback, pipe => pipe.start({ data() {}, drain() {}, end() {}, close() {} }))
    const patient = webSocketDial(nodeNet().dial, { path: '/', timeoutMs: 50 })
    await expect(patient(silent.address)).rejects.toMatchObject({ code: 'TIMEOUT' })
    const abort = new AbortController()
    setTimeout(() => abort.abort(), 20)
    const aborted = webSocketDial(nodeNet().dial, { path: '/' })(silent.address, { signal: abort.signal })
    await expect(aborted).rejects.toMatchObject({ code: 'ABORTED' })
    await silent.close()
  })
})

describe('what comes over it', () => {
  /** A WebSocket spoken by hand, and the pipe at its other end. */
  async function byHand(): Promise<{ socket: WebSocket; end: End }> {
    const serving = await serve()
    const socket = new WebSocket(serving.url, ['kvs.grpc.v1'])
    socket.on('error', () => undefined)
    await once(socket, 'open')
    return { socket, end: new End(await serving.next()).start() }
  }

  test('bytes in messages, an empty one for the end, then a normal close', async () => {
    const { socket, end } = await byHand()
    const got: Buffer[] = []
    socket.on('message', data => got.push(data as Buffer))
    socket.send(Buffer.from('ab'))
    socket.send(Buffer.from('c'))
    socket.send(Buffer.alloc(0))
    await end.events.ended()
    expect(end.events.text()).toBe('abc')
    end.write(pattern(300_000))
    end.end()
    const [code] = (await once(socket, 'close')) as [number]
    expect(code).toBe(1000)
    // Long writes are cut; the last message is the empty one.
    expect(got.map(part => part.length)).toEqual([262_144, 37_856, 0])
    await end.events.closed()
    expect(end.events.log).toEqual(['data', 'end', 'close'])
    expect(end.events.error).toBeUndefined()
  })

  test.each([
    ['a text message', (socket: WebSocket) => socket.send('text'), 'PROTOCOL', 'a text message'],
    [
      'bytes after the end',
      (socket: WebSocket) => {
        socket.send(Buffer.alloc(0))
        socket.send(Buffer.from('x'))
      },
      'PROTOCOL',
      'bytes after the end',
    ],
    [
      'a message beyond the limit',
      (socket: WebSocket) => socket.send(Buffer.alloc(1_048_577)),
      'PROTOCOL',
      'Max payload',
    ],
    ['a close out of the blue', (socket: WebSocket) => socket.close(1000), 'RESET', 'closed with code 1000'],
    ['a connection that breaks', (socket: WebSocket) => socket.terminate(), 'RESET', 'closed with code 1006'],
  ])('%s closes it with an error', async (_name, send, code, text) => {
    const { socket, end } = await byHand()
    send(socket)
    await end.events.closed()
    expect(end.events.error).toMatchObject({ code, message: expect.stringContaining(text) })
    end.events.check()
    socket.terminate()
  })

  test('a reader that pauses holds the writer back', async () => {
    const serving = await serve()
    const writer = new End(await dial(serving)).start()
    const reader = new End(await serving.next()).start()
    reader.call(() => reader.pipe.pause())
    let written = 0
    // Until the buffers of the system are full as well.
    while (writer.pipe.queuedBytes < 4_000_000) {
      writer.write(pattern(100_000, written))
      written += 100_000
      await settle()
    }
    expect(reader.events.receivedBytes).toBeLessThan(1_000_000)
    reader.call(() => reader.pipe.resume())
    await reader.events.received(written)
    expect(Buffer.from(reader.events.bytes()).equals(pattern(written))).toBe(true)
    writer.destroy()
    reader.destroy()
  })
})
