import type { Server as TcpServer } from 'node:net'
import { connect } from 'node:net'
import * as grpc from '@grpc/grpc-js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createGrpcChannel, type GrpcChannel, type GrpcError, type GrpcServer, StatusCode } from '../src/index.ts'
import { INTEROP_LIMIT_BYTES, interopServer } from './interop-service.ts'
import { listen, nodeClock, socketPipe } from './node-world.ts'

const identity = (bytes: Buffer): Buffer => bytes
const big = Buffer.from(Uint8Array.from({ length: 4_000_000 }, (_, i) => (i * 31) ^ (i >> 8)))
const unlimited = { 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1 }

function method(name: string, requestStream: boolean, responseStream: boolean): grpc.MethodDefinition<Buffer, Buffer> {
  return {
    path: `/interop.Test/${name}`,
    requestStream,
    responseStream,
    requestSerialize: identity,
    requestDeserialize: identity,
    responseSerialize: identity,
    responseDeserialize: identity,
  }
}

const definition = {
  Echo: method('Echo', false, false),
  Fail: method('Fail', false, false),
  Collect: method('Collect', true, false),
  Count: method('Count', false, true),
  Chat: method('Chat', true, true),
  Hang: method('Hang', false, false),
}

async function readAll(stream: grpc.ClientReadableStream<Buffer>): Promise<string[]> {
  const messages: string[] = []
  for await (const message of stream) messages.push(String(message))
  return messages
}

describe('a client of grpc-js and our server', () => {
  const log = { cancelled: [] as number[], halfClosed: 0 }
  let ours: GrpcServer
  let tcp: TcpServer
  let client: grpc.Client

  beforeAll(async () => {
    ours = interopServer(log)
    const listening = await listen(pipe => ours.accept(pipe))
    tcp = listening.server
    client = new grpc.Client(`127.0.0.1:${listening.port}`, grpc.credentials.createInsecure(), unlimited)
  })
  afterAll(async () => {
    client.close()
    tcp.close()
    await ours.close({ timeoutMs: 1_000 })
  })

  const unary = (
    name: keyof typeof definition,
    request: Buffer,
    metadata = new grpc.Metadata(),
    options: grpc.CallOptions = {},
  ): { call: grpc.ClientUnaryCall; headers: Promise<grpc.Metadata>; answer: Promise<Buffer> } => {
    let call!: grpc.ClientUnaryCall
    const answer = new Promise<Buffer>((resolve, reject) => {
      call = client.makeUnaryRequest(
        definition[name].path,
        identity,
        identity,
        request,
        metadata,
        options,
        (error, value) => (error === null ? resolve(value!) : reject(error)),
      )
    })
    return { call, answer, headers: new Promise(resolve => call.on('metadata', resolve)) }
  }

  it('unary, with metadata', async () => {
    const metadata = new grpc.Metadata()
    metadata.set('x-echo', 'text')
    metadata.set('x-echo-bin', Buffer.from([0, 1, 255]))
    const { answer, headers } = unary('Echo', Buffer.from('hello'), metadata)
    expect(String(await answer)).toBe('hello')
    expect((await headers).get('x-echo')).toEqual(['text'])
    expect((await headers).get('x-echo-bin')).toEqual([Buffer.from([0, 1, 255])])
  })

  it('an empty message, many at once, and 4 MB both ways', async () => {
    expect((await unary('Echo', Buffer.alloc(0)).answer).length).toBe(0)
    const many = Array.from({ length: 300 }, (_, i) => unary('Echo', Buffer.from(String(i))).answer)
    expect((await Promise.all(many)).map(String)).toEqual(Array.from({ length: 300 }, (_, i) => String(i)))
    expect(Buffer.compare(await unary('Echo', big).answer, big)).toBe(0)
  })

  it('errors with text, details and trailers', async () => {
    const error = (await unary('Fail', Buffer.alloc(0)).answer.catch(caught => caught)) as grpc.ServiceError
    expect([error.code, error.details]).toEqual([grpc.status.NOT_FOUND, 'nichts: 100 % ñ 鍵'])
    expect(error.metadata.get('x-trailer')).toEqual(['tail'])
    expect(error.metadata.get('x-trailer-bin')).toEqual([Buffer.from([0, 255])])
    expect(error.metadata.get('grpc-status-details-bin')).toEqual([Buffer.from([1, 2, 3])])
  })

  it('what the server does not have, and messages it does not take', async () => {
    const call = (path: string, request: Buffer): Promise<grpc.ServiceError> =>
      new Promise(resolve => client.makeUnaryRequest(path, identity, identity, request, error => resolve(error!)))
    expect(await call('/interop.Test/Nope', big)).toMatchObject({
      code: 12,
      details: 'unknown method Nope for service interop.Test',
    })
    expect(await call('/other.Test/Nope', big)).toMatchObject({ code: 12, details: 'unknown service other.Test' })
    const tooBig = Buffer.alloc(INTEROP_LIMIT_BYTES + 1)
    expect(await call('/interop.Test/Echo', tooBig)).toMatchObject({
      code: 8,
      details: 'grpc: received message larger than max (8000001 vs. 8000000)',
    })
    expect(String(await unary('Echo', Buffer.from('still')).answer)).toBe('still')
  })

  it('a deadline, kept by both', async () => {
    log.cancelled.length = 0
    const { answer } = unary('Hang', Buffer.alloc(0), undefined, { deadline: Date.now() + 100 })
    await expect(answer).rejects.toMatchObject({ code: grpc.status.DEADLINE_EXCEEDED })
    await expect.poll(() => log.cancelled.length).toBe(1)
  })

  it('cancel', async () => {
    log.cancelled.length = 0
    const { answer, call } = unary('Hang', Buffer.alloc(0))
    setTimeout(() => call.cancel(), 20)
    await expect(answer).rejects.toMatchObject({ code: grpc.status.CANCELLED })
    await expect.poll(() => log.cancelled).toEqual([StatusCode.CANCELLED])
  })

  it('a client stream', async () => {
    const answer = new Promise<Buffer>((resolve, reject) => {
      const stream = client.makeClientStreamRequest(definition.Collect.path, identity, identity, (error, value) =>
        error === null ? resolve(value!) : reject(error),
      )
      for (let i = 0; i < 100; i++) stream.write(Buffer.alloc(i * 100))
      stream.write(big)
      stream.end()
    })
    expect(Number(await answer)).toBe(99 * 50 * 100 + big.length)
  })

  it('a server stream', async () => {
    const stream = client.makeServerStreamRequest(definition.Count.path, identity, identity, Buffer.alloc(20_000))
    expect(await readAll(stream)).toEqual(Array.from({ length: 20_000 }, (_, i) => String(i)))
  })

  it('a stream both ways, ended by either', async () => {
    const stream = client.makeBidiStreamRequest(definition.Chat.path, identity, identity)
    for (const word of ['a', 'b', 'c']) stream.write(Buffer.from(word))
    stream.end()
    expect(await readAll(stream as unknown as grpc.ClientReadableStream<Buffer>)).toEqual(['a', 'b', 'c'])
    log.cancelled.length = 0
    log.halfClosed = 0
    const second = client.makeBidiStreamRequest(definition.Chat.path, identity, identity)
    second.on('error', () => {})
    second.on('data', () => second.cancel())
    second.write(Buffer.from('x'))
    // grpc-js ends its side of the stream before it resets it: whichever the handler hears first.
    await expect.poll(() => log.cancelled.length + log.halfClosed).toBe(1)
  })
})

describe('our client and a server of grpc-js', () => {
  const cancelled: string[] = []
  let theirs: grpc.Server
  let channel: GrpcChannel

  beforeAll(async () => {
    theirs = new grpc.Server(unlimited)
    theirs.addService(definition as unknown as grpc.ServiceDefinition, {
      Echo(call: grpc.ServerUnaryCall<Buffer, Buffer>, callback: grpc.sendUnaryData<Buffer>) {
        const headers = new grpc.Metadata()
        for (const name of ['x-echo', 'x-echo-bin'])
          for (const value of call.metadata.get(name)) headers.add(name, value)
        call.sendMetadata(headers)
        callback(null, call.request, headers)
      },
      Fail(_call: grpc.ServerUnaryCall<Buffer, Buffer>, callback: grpc.sendUnaryData<Buffer>) {
        const metadata = new grpc.Metadata()
        metadata.set('x-trailer', 'tail')
        callback({ code: grpc.status.NOT_FOUND, details: 'nichts: 100 % ñ 鍵', metadata })
      },
      Collect(call: grpc.ServerReadableStream<Buffer, Buffer>, callback: grpc.sendUnaryData<Buffer>) {
        let total = 0
        call.on('data', (message: Buffer) => {
          total += message.length
        })
        call.on('end', () => callback(null, Buffer.from(String(total))))
      },
      Count(call: grpc.ServerWritableStream<Buffer, Buffer>) {
        for (let i = 0; i < call.request.length; i++) call.write(Buffer.from(String(i)))
        call.end()
      },
      Chat(call: grpc.ServerDuplexStream<Buffer, Buffer>) {
        call.on('data', message => call.write(message))
        call.on('end', () => call.end())
        call.on('cancelled', () => cancelled.push('chat'))
      },
      Hang(call: grpc.ServerUnaryCall<Buffer, Buffer>) {
        call.on('cancelled', () => cancelled.push('hang'))
      },
    })
    const port = await new Promise<number>((resolve, reject) =>
      theirs.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      ),
    )
    channel = createGrpcChannel({
      clock: nodeClock,
      authority: `127.0.0.1:${port}`,
      limits: { maxReceiveBytes: INTEROP_LIMIT_BYTES },
      dial: () => socketPipe(connect({ host: '127.0.0.1', port, allowHalfOpen: true })),
    })
    await channel.connect()
  })
  afterAll(async () => {
    await channel.close({ timeoutMs: 1_000 })
    theirs.forceShutdown()
  })

  /** A stream whose messages are collected. */
  function collect(name: string): {
    stream: ReturnType<GrpcChannel['stream']>
    messages: string[]
    end: Promise<GrpcError | undefined>
  } {
    const messages: string[] = []
    let stream!: ReturnType<GrpcChannel['stream']>
    const end = new Promise<GrpcError | undefined>(resolve => {
      stream = channel.stream(`/interop.Test/${name}`, {
        message: (body, from, to) => void messages.push(Buffer.from(body.subarray(from, to)).toString()),
        end: resolve,
      })
    })
    return { stream, messages, end }
  }
  const send = (stream: ReturnType<GrpcChannel['stream']>, bytes: Uint8Array): void =>
    void stream.send(bytes, 0, bytes.length)

  it('unary, with metadata', async () => {
    const { message, headers, trailers } = await channel.call('/interop.Test/Echo', Buffer.from('hello'), {
      metadata: [
        ['x-echo', 'text'],
        ['x-echo-bin', Uint8Array.of(0, 1, 255)],
      ],
    })
    expect(Buffer.from(message).toString()).toBe('hello')
    expect(headers.get('x-echo')).toBe('text')
    expect(headers.getBytes('x-echo-bin')).toEqual(Uint8Array.of(0, 1, 255))
    expect(trailers.get('x-echo')).toBe('text')
  })

  it('an empty message, many at once, and 4 MB both ways', async () => {
    expect((await channel.call('/interop.Test/Echo', new Uint8Array(0))).message.length).toBe(0)
    const many = Array.from({ length: 300 }, (_, i) => channel.call('/interop.Test/Echo', Buffer.from(String(i))))
    expect((await Promise.all(many)).map(({ message }) => Buffer.from(message).toString())).toEqual(
      Array.from({ length: 300 }, (_, i) => String(i)),
    )
    expect(Buffer.compare((await channel.call('/interop.Test/Echo', big)).message, big)).toBe(0)
  })

  it('errors', async () => {
    const error = (await channel.call('/interop.Test/Fail', new Uint8Array(0)).catch(caught => caught)) as GrpcError
    expect([error.code, error.message, error.metadata.get('x-trailer')]).toEqual([5, 'nichts: 100 % ñ 鍵', 'tail'])
    await expect(channel.call('/interop.Test/Nope', new Uint8Array(0))).rejects.toMatchObject({
      code: StatusCode.UNIMPLEMENTED,
    })
  })

  it('a deadline and cancel', async () => {
    cancelled.length = 0
    await expect(channel.call('/interop.Test/Hang', new Uint8Array(0), { timeoutMs: 100 })).rejects.toMatchObject({
      code: StatusCode.DEADLINE_EXCEEDED,
    })
    const aborter = new AbortController()
    const call = channel.call('/interop.Test/Hang', new Uint8Array(0), { signal: aborter.signal })
    setTimeout(() => aborter.abort(), 20)
    await expect(call).rejects.toMatchObject({ code: StatusCode.CANCELLED })
    await expect.poll(() => cancelled).toEqual(['hang', 'hang'])
  })

  it('all kinds of streams', async () => {
    const up = collect('Collect')
    for (let i = 0; i < 100; i++) send(up.stream, Buffer.alloc(i * 100))
    send(up.stream, big)
    up.stream.halfClose()
    expect([await up.end, up.messages]).toEqual([undefined, [String(99 * 50 * 100 + big.length)]])

    const down = collect('Count')
    send(down.stream, Buffer.alloc(20_000))
    down.stream.halfClose()
    expect([await down.end, down.messages]).toEqual([undefined, Array.from({ length: 20_000 }, (_, i) => String(i))])

    const both = collect('Chat')
    for (const word of ['a', 'b', 'c']) send(both.stream, Buffer.from(word))
    await expect.poll(() => both.messages).toEqual(['a', 'b', 'c'])
    both.stream.halfClose()
    expect(await both.end).toBeUndefined()

    cancelled.length = 0
    const broken = collect('Chat')
    send(broken.stream, Buffer.from('x'))
    await expect.poll(() => broken.messages).toEqual(['x'])
    broken.stream.cancel()
    expect(await broken.end).toMatchObject({ code: StatusCode.CANCELLED })
    await expect.poll(() => cancelled).toEqual(['chat'])
  })
})
