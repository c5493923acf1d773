import http2 from 'node:http2'
import { afterEach, describe, expect, it } from 'vitest'
import { createGrpcServer, type GrpcServer, type GrpcServerOptions, type HttpExchange } from '../src/index.ts'
import { listen, nodeClock } from './node-world.ts'

const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0)) close()
})

async function serve(options: Partial<GrpcServerOptions>): Promise<{ server: GrpcServer; port: number }> {
  const server = createGrpcServer({ clock: nodeClock, methods: [], ...options })
  const { server: tcp, port } = await listen(pipe => server.accept(pipe))
  closers.push(() => {
    tcp.close()
    void server.close({ timeoutMs: 0 })
  })
  return { server, port }
}

interface HttpAnswer {
  readonly headers: Record<string, unknown>
  readonly trailers: Record<string, unknown>
  readonly body: Buffer
}

/** A request of Node's own HTTP/2 client. */
function request(
  session: http2.ClientHttp2Session,
  headers: http2.OutgoingHttpHeaders,
  body: Buffer = Buffer.alloc(0),
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const stream = session.request(headers, { endStream: body.length === 0 })
    const parts: Buffer[] = []
    let answer: Record<string, unknown> = {}
    let trailers: Record<string, unknown> = {}
    stream.on('response', got => {
      answer = { ...got }
    })
    stream.on('trailers', got => {
      trailers = { ...got }
    })
    stream.on('data', part => parts.push(part))
    stream.on('error', reject)
    stream.on('end', () => resolve({ headers: answer, trailers, body: Buffer.concat(parts) }))
    if (body.length > 0) stream.end(body)
  })
}

function session(port: number): http2.ClientHttp2Session {
  const one = http2.connect(`http://127.0.0.1:${port}`)
  closers.push(() => one.destroy())
  return one
}

describe('HTTP/2 requests that are not gRPC', () => {
  it('are refused with 415, also in POST with a body', async () => {
    const { port } = await serve({})
    const client = session(port)
    const { headers } = await request(client, { ':path': '/version' })
    expect(headers).toMatchObject({
      ':status': 415,
      'grpc-status': '3',
      'grpc-message': 'invalid gRPC request content-type ""',
    })
    const html = await request(client, { ':path': '/', 'content-type': 'application/grpcx' })
    expect(html.headers[':status']).toBe(415)
    const get = await request(client, { ':path': '/a/b', ':method': 'GET', 'content-type': 'application/grpc' })
    expect(get.headers).toMatchObject({ ':status': 405, 'grpc-status': '13' })
    const timeout = {
      ':path': '/a/b',
      ':method': 'POST',
      'content-type': 'application/grpc+proto',
      'grpc-timeout': '1x',
    }
    const bad = await request(client, timeout)
    expect(bad.headers).toMatchObject({ ':status': 400, 'grpc-status': '13' })
    const binary = await request(client, {
      ':path': '/a/b',
      ':method': 'POST',
      'content-type': 'application/grpc',
      'x-bin': '*',
    })
    expect(binary.headers).toMatchObject({
      ':status': 400,
      'grpc-message': 'malformed binary metadata "*" in header "x-bin"',
    })
  })

  it('reach their handler: bodies of megabytes both ways, trailers', async () => {
    const { port } = await serve({
      onOtherRequest(exchange: HttpExchange) {
        const parts: Buffer[] = []
        exchange.events = {
          data: (bytes, start, end) => void parts.push(Buffer.from(bytes.subarray(start, end))),
          end() {
            exchange.respond(200, [
              ['x-method', exchange.method],
              ['x-path', exchange.path],
              ['x-agent', exchange.headers.get('user-agent') ?? ''],
            ])
            exchange.write(Uint8Array.from(Buffer.concat(parts)))
            exchange.end([['x-tail', 'end']])
          },
        }
      },
    })
    const client = session(port)
    const body = Buffer.from(Uint8Array.from({ length: 3_000_000 }, (_, i) => i * 13))
    const answer = await request(client, { ':path': '/v3/kv/put?x=1', ':method': 'POST', 'user-agent': 'me' }, body)
    expect(answer.headers).toMatchObject({
      ':status': 200,
      'x-method': 'POST',
      'x-path': '/v3/kv/put?x=1',
      'x-agent': 'me',
    })
    expect(Buffer.compare(answer.body, body)).toBe(0)
    expect(answer.trailers).toMatchObject({ 'x-tail': 'end' })
  })

  it('hear of a client that goes away; answers without a body; abort', async () => {
    const log: string[] = []
    const { port } = await serve({
      onOtherRequest(exchange) {
        exchange.events = { cancel: () => void log.push(`cancel ${exchange.path}`) }
        if (exchange.path === '/empty') exchange.respond(204, [], { end: true })
        if (exchange.path === '/abort') exchange.abort()
      },
    })
    const client = session(port)
    expect((await request(client, { ':path': '/empty' })).headers[':status']).toBe(204)
    await expect(request(client, { ':path': '/abort' })).rejects.toThrow('NGHTTP2_INTERNAL_ERROR')
    const stream = client.request({ ':path': '/hang', ':method': 'POST' })
    stream.on('error', () => {})
    stream.write('x')
    setTimeout(() => stream.close(http2.constants.NGHTTP2_CANCEL), 20)
    await expect.poll(() => log).toEqual(['cancel /hang'])
  })
})
