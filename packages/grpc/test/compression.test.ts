import { connect as connectTcp } from 'node:net'
import * as grpc from '@grpc/grpc-js'
import { afterEach, describe, expect, it } from 'vitest'
import {
  createGrpcChannel,
  createGrpcServer,
  type GrpcChannel,
  type GrpcError,
  type GrpcServerOptions,
} from '../src/index.ts'
import { build, bytes, channel, connect, ends, recorder, rest, streams, text } from './channel-world.ts'
import { gzip } from './gzip.ts'
import { listen, nodeClock, socketPipe } from './node-world.ts'

const closers: (() => void)[] = []
afterEach(() => {
  for (const close of closers.splice(0)) close()
})

const long = 'again and '.repeat(5_000)

async function serve(options: Partial<GrpcServerOptions>): Promise<number> {
  const methods: GrpcServerOptions['methods'] = [
    ['/a.A/Echo', { kind: 'unary', handle: (call, body, start, end) => call.reply(body, start, end) }],
  ]
  const server = createGrpcServer({ clock: nodeClock, methods, ...options })
  const { server: tcp, port } = await listen(pipe => server.accept(pipe))
  closers.push(() => {
    tcp.close()
    void server.close({ timeoutMs: 0 })
  })
  return port
}

describe('a server and clients of grpc-js', () => {
  function call(port: number, message: Buffer): Promise<Buffer | grpc.ServiceError> {
    const client = new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure(), {
      'grpc.default_compression_algorithm': grpc.compressionAlgorithms.gzip,
    })
    closers.push(() => client.close())
    const same = (value: Buffer): Buffer => value
    return new Promise(resolve =>
      client.makeUnaryRequest('/a.A/Echo', same, same, message, (error, answer) => resolve(error ?? answer!)),
    )
  }

  it('compressed messages are understood with a compressor, and answered in kind', async () => {
    const port = await serve({ compressors: [gzip] })
    expect(String(await call(port, Buffer.from(long)))).toBe(long)
  })

  it('are refused without one', async () => {
    expect(await call(await serve({}), Buffer.from('x'))).toMatchObject({
      code: grpc.status.UNIMPLEMENTED,
      details: 'grpc: Decompressor is not installed for grpc-encoding "gzip"',
    })
  })

  it('do not grow beyond the receive limit', async () => {
    const port = await serve({ compressors: [gzip], limits: { maxReceiveBytes: 10_000 } })
    expect(await call(port, Buffer.alloc(1_000_000))).toMatchObject({
      code: grpc.status.RESOURCE_EXHAUSTED,
      details: 'grpc: received message after decompression larger than max 10000',
    })
  })
})

describe('a client', () => {
  /** A server of grpc-js that answers with what it got, and our channel to it. */
  async function theirs(): Promise<GrpcChannel> {
    const server = new grpc.Server({ 'grpc.default_compression_algorithm': grpc.compressionAlgorithms.gzip })
    const same = (value: Buffer): Buffer => value
    server.addService(
      {
        Echo: {
          path: '/a.A/Echo',
          requestStream: false,
          responseStream: false,
          requestSerialize: same,
          requestDeserialize: same,
          responseSerialize: same,
          responseDeserialize: same,
        },
      },
      {
        Echo: (call: grpc.ServerUnaryCall<Buffer, Buffer>, done: grpc.sendUnaryData<Buffer>) =>
          done(null, call.request),
      },
    )
    const port = await new Promise<number>((resolve, reject) =>
      server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      ),
    )
    closers.push(() => server.forceShutdown())
    const made = createGrpcChannel({
      clock: nodeClock,
      authority: 'x',
      compressors: [gzip],
      dial: () => socketPipe(connectTcp({ host: '127.0.0.1', port, allowHalfOpen: true })),
    })
    closers.push(() => void made.close())
    await made.connect()
    return made
  }

  it('compresses what it sends so that grpc-js understands', async () => {
    const made = await theirs()
    const { message } = await made.call('/a.A/Echo', Buffer.from(long), { compression: 'gzip' })
    expect(Buffer.from(message).toString()).toBe(long)
    const plain = await made.call('/a.A/Echo', Buffer.from(long))
    expect(Buffer.from(plain.message).toString()).toBe(long)
  })

  it('the same in memory: fewer bytes on the wire, in both directions, on streams too', async () => {
    build({ compressors: [gzip] }, { compressors: [gzip] })
    await connect()
    const done = channel.call('/t.T/Echo', bytes(long), { compression: 'gzip' })
    await rest()
    expect(text((await done).message)).toBe(long)
    const { client, server } = ends[0]!
    expect([client.writtenBytes < 1_000, server.writtenBytes < 1_000]).toEqual([true, true])
    const seen = recorder()
    const stream = channel.stream('/t.T/Chat', seen, { compression: 'gzip' })
    await rest()
    for (let i = 0; i < 3; i++) stream.send(bytes(long), 0, long.length)
    await rest()
    for (let i = 0; i < 3; i++) streams[0]!.send(bytes(long), 0, long.length)
    streams[0]!.finish()
    await rest()
    expect(seen.log).toEqual(['50000 bytes', '50000 bytes', '50000 bytes', 'end'])
    expect([client.writtenBytes < 2_000, server.writtenBytes < 2_000]).toEqual([true, true])
  })

  it('a server without the encoding refuses; encodings that the channel does not have are refused at once', async () => {
    build({}, { compressors: [gzip] })
    await connect()
    const done = channel.call('/t.T/Echo', bytes('x'), { compression: 'gzip' }).catch((error: GrpcError) => error)
    await rest()
    expect(await done).toMatchObject({
      status: 'UNIMPLEMENTED',
      message: 'grpc: Decompressor is not installed for grpc-encoding "gzip"',
    })
    expect(() => channel.stream('/t.T/Chat', recorder(), { compression: 'zstd' })).toThrow(
      new RangeError('compression "zstd" is not one of the channel\'s'),
    )
  })

  it('does not let an answer grow beyond its limit', async () => {
    build({ compressors: [gzip] }, { compressors: [gzip], limits: { maxReceiveBytes: 10_000 } })
    await connect()
    const done = channel.call('/t.T/Echo', bytes(long), { compression: 'gzip' }).catch((error: GrpcError) => error)
    await rest()
    expect(await done).toMatchObject({
      status: 'RESOURCE_EXHAUSTED',
      message: 'grpc: received message after decompression larger than max 10000',
    })
  })
})

describe('messages that are too long to send', () => {
  const limits = { maxSendBytes: 10 }
  const text11 = 'trying to send message larger than max (11 vs. 10)'

  it('by a client', async () => {
    build({}, { limits })
    await connect()
    const ten = channel.call('/t.T/Echo', new Uint8Array(10))
    const eleven = channel.call('/t.T/Echo', new Uint8Array(11)).catch((error: GrpcError) => error)
    const seen = recorder()
    channel.stream('/t.T/Chat', seen).send(new Uint8Array(11), 0, 11)
    await rest()
    expect((await ten).message.length).toBe(10)
    expect(await eleven).toMatchObject({ status: 'RESOURCE_EXHAUSTED', message: text11, notProcessed: true })
    expect(seen.log).toEqual([`RESOURCE_EXHAUSTED ${text11}`])
    expect(channel.calls).toBe(0)
  })

  it('by a server', async () => {
    build({ limits })
    await connect()
    const eleven = channel.call('/t.T/Echo', new Uint8Array(11)).catch((error: GrpcError) => error)
    const seen = recorder()
    channel.stream('/t.T/Chat', seen)
    await rest()
    streams[0]!.send(new Uint8Array(10), 0, 10)
    streams[0]!.send(new Uint8Array(11), 0, 11)
    await rest()
    expect(await eleven).toMatchObject({ status: 'RESOURCE_EXHAUSTED', message: `grpc: ${text11}` })
    expect(seen.log).toEqual(['\0'.repeat(10), `RESOURCE_EXHAUSTED grpc: ${text11}`])
  })
})
