import { createServer, request, type Server } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { http1Request, http2Preface, memoryPipePair, nodeNet, type Pipe, sniff, takeSocket, toDuplex } from '@kvs/net'
import { describe, expect, test } from 'vitest'
import { End, encode, pattern, settle } from '../src/contract.ts'

const loopback = { kind: 'tcp', host: '127.0.0.1', port: 0 } as const

/** An HTTP/1.1 server without a port: it echoes the body with the method and path before it. */
function echoServer(): Server {
  return createServer((req, res) => {
    const chunks: Uint8Array[] = []
    req.on('data', chunk => chunks.push(chunk))
    req.on('end', () => {
      res.setHeader('x-request', `${req.method} ${req.url}`)
      res.end(Buffer.concat(chunks))
    })
  })
}

interface Answer {
  readonly status: number | undefined
  readonly request: unknown
  readonly body: Buffer
}

/** One request over `makeConnection`, or over a port. */
function ask(options: { port?: number; createConnection?: () => never }, body: Uint8Array): Promise<Answer> {
  return new Promise((resolve, reject) => {
    // An agent would not ask `createConnection`.
    const agent = options.createConnection === undefined ? { agent: false } : {}
    const req = request({ host: '127.0.0.1', method: 'POST', path: '/echo', ...agent, ...options }, res => {
      const chunks: Buffer[] = []
      res.on('data', chunk => chunks.push(chunk))
      res.on('end', () => {
        resolve({ status: res.statusCode, request: res.headers['x-request'], body: Buffer.concat(chunks) })
      })
      res.on('error', reject)
    })
    req.on('error', reject)
    req.end(body)
  })
}

describe('node:http over pipes', () => {
  test('server and client over a memory pipe', async () => {
    const [a, b] = memoryPipePair({ highWaterBytes: 10_000 })
    const server = echoServer()
    server.emit('connection', toDuplex(b))
    const body = pattern(300_000)
    const answer = await ask({ createConnection: () => toDuplex(a) as never }, body)
    expect(answer.status).toBe(200)
    expect(answer.request).toBe('POST /echo')
    expect(answer.body.equals(body)).toBe(true)
  })

  test.each([
    ['the socket itself', (server: Server, pipe: Pipe) => server.emit('connection', takeSocket(pipe))],
    ['a stream', (server: Server, pipe: Pipe) => server.emit('connection', toDuplex(pipe))],
  ])('a sniffed TCP connection is served over %s', async (_name, serve) => {
    const server = echoServer()
    const listener = await nodeNet().listen(loopback, pipe => {
      void sniff(pipe, [http2Preface, http1Request]).then(found => serve(server, found.pipe))
    })
    const port = listener.address.kind === 'tcp' ? listener.address.port : 0
    const body = pattern(200_000)
    const answer = await ask({ port }, body)
    expect(answer).toMatchObject({ status: 200, request: 'POST /echo' })
    expect(answer.body.equals(body)).toBe(true)
    await listener.close()
  })

  test('an idle connection is ended by the keep-alive limit', async () => {
    const [a, b] = memoryPipePair()
    const server = echoServer()
    server.keepAliveTimeout = 1
    server.emit('connection', toDuplex(b))
    const client = new End(a).start()
    client.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    await client.events.until(() => client.events.has('end') || client.events.has('close'))
    expect(client.events.text()).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
  })
})

describe('takeSocket', () => {
  test('puts bytes back before those that come', async () => {
    let accept: (pipe: Pipe) => void = () => undefined
    const accepting = new Promise<Pipe>(resolve => {
      accept = resolve
    })
    const net = nodeNet()
    const listener = await net.listen(loopback, pipe => accept(pipe))
    const client = new End(await net.dial(listener.address)).start()
    client.write('world')
    client.end()
    const socket = takeSocket(await accepting, encode('hello '))!
    const chunks: Buffer[] = []
    for await (const chunk of socket) chunks.push(chunk)
    expect(Buffer.concat(chunks).toString()).toBe('hello world')
    // Reading to the end closes the socket on Node 20 and 22, not on 24.
    socket.end()
    await client.events.closed()
    await listener.close()
  })

  test('gives nothing for other pipes and started ones', async () => {
    const [a] = memoryPipePair()
    expect(takeSocket(a)).toBeUndefined()
    const net = nodeNet()
    const listener = await net.listen(loopback, pipe => pipe.destroy())
    const client = new End(await net.dial(listener.address)).start()
    expect(takeSocket(client.pipe)).toBeUndefined()
    client.destroy()
    await client.events.closed()
    await listener.close()
  })
})

describe('toDuplex', () => {
  test('back-pressure reaches the writer', async () => {
    const [a, b] = memoryPipePair({ highWaterBytes: 1000 })
    const writer = new End(a).start()
    const stream = toDuplex(b)
    let written = 0
    while (writer.write(pattern(500, written))) written += 500
    written += 500
    const chunks: Buffer[] = []
    writer.end()
    for await (const chunk of stream) chunks.push(chunk)
    expect(Buffer.concat(chunks).equals(pattern(written))).toBe(true)
    stream.end()
    await writer.events.closed()
  })

  test('a stream that nobody reads holds the writer back', async () => {
    const [a, b] = memoryPipePair({ highWaterBytes: 1000 })
    const writer = new End(a).start()
    const stream = toDuplex(b)
    for (let i = 0; i < 100; i++) {
      writer.write(pattern(10_000))
      await settle()
    }
    expect(stream.readableLength).toBeLessThan(100_000)
    expect(writer.pipe.queuedBytes).toBeGreaterThan(900_000)
    stream.destroy()
    await writer.events.closed()
  })

  test('a slow pipe slows a pipeline down', async () => {
    const [a, b] = memoryPipePair({ highWaterBytes: 1000 })
    const reader = new End(b).start()
    const source = async function* (): AsyncGenerator<Uint8Array> {
      for (let i = 0; i < 100; i++) yield pattern(700, i * 700)
    }
    const sending = pipeline(source(), toDuplex(a))
    await reader.events.ended()
    reader.end()
    await sending
    expect(Buffer.from(reader.events.bytes()).equals(pattern(70_000))).toBe(true)
  })

  test('an error of the pipe is an error of the stream, and the other way round', async () => {
    const [a, b] = memoryPipePair()
    const stream = toDuplex(a)
    const failed = new Promise<Error>(resolve => stream.on('error', resolve))
    b.destroy()
    expect(await failed).toMatchObject({ code: 'RESET' })
    const [c, d] = memoryPipePair()
    const other = new End(d).start()
    const broken = toDuplex(c)
    broken.on('error', () => undefined)
    broken.destroy(new Error('no more'))
    await other.events.closed()
    expect(other.events.error).toMatchObject({ code: 'RESET' })
  })
})
