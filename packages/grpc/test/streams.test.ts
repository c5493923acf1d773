import { beforeEach, describe, expect, it } from 'vitest'
import { type ClientStream, type GrpcChannel, StatusCode, type StreamCall } from '../src/index.ts'
import { build, bytes, channel, connect, recorder, rest, serverLog, start, streams, text } from './channel-world.ts'

beforeEach(() => build())

describe('streams', () => {
  async function open(
    options: Parameters<GrpcChannel['stream']>[2] = {},
  ): Promise<[ClientStream, ReturnType<typeof recorder>]> {
    await connect()
    const events = recorder()
    const stream = channel.stream('/t.T/Chat', events, options)
    await rest()
    return [stream, events]
  }
  const send = (to: { send(b: Uint8Array, s: number, e: number): boolean }, message: string): boolean =>
    to.send(bytes(message), 0, message.length)

  it('messages both ways, half-close, then the end', async () => {
    const [stream, events] = await open()
    for (const word of ['a', 'b', '']) send(stream, word)
    await rest()
    send(streams[0]!, 'x')
    stream.halfClose()
    send(stream, 'too late')
    await rest()
    send(streams[0]!, 'y')
    streams[0]!.finish()
    send(streams[0]!, 'too late')
    await rest()
    expect(serverLog).toEqual(['message a', 'message b', 'message ', 'halfClose'])
    expect(events.log).toEqual(['x', 'y', 'end'])
  })

  it('a status with trailers and details, after messages', async () => {
    const [stream, events] = await open()
    send(streams[0]!, 'x')
    streams[0]!.finish({
      code: StatusCode.ABORTED,
      message: 'no',
      details: Uint8Array.of(1, 2),
      trailers: [['t', 'v']],
    })
    await rest()
    expect(events.log).toEqual(['x', 'ABORTED no'])
    expect(stream.trailers.get('t')).toBe('v')
    expect(stream.trailers.getBytes('grpc-status-details-bin')).toEqual(Uint8Array.of(1, 2))
    expect(serverLog).toEqual([])
  })

  it('a method that ends while it is opened', async () => {
    build({
      methods: [
        [
          '/t.T/Chat',
          {
            kind: 'stream',
            open(call) {
              call.fail(StatusCode.NOT_FOUND, 'gone')
              return { message() {}, halfClose() {}, drain() {}, cancel: () => serverLog.push('cancel') }
            },
          },
        ],
      ],
    })
    const [, events] = await open()
    expect(events.log).toEqual(['NOT_FOUND gone'])
    expect(serverLog).toEqual([])
  })

  it('sent before the connection stands', async () => {
    const events = recorder()
    const connected = channel.connect()
    const stream = channel.stream('/t.T/Chat', events)
    send(stream, 'early')
    stream.halfClose()
    const unary = start('/t.T/Echo', 'early too')
    await rest()
    await connected
    expect(serverLog).toEqual(['message early', 'halfClose'])
    expect(unary).toEqual(['early too'])
  })

  it('pause on the server holds messages back, and the peer when its window is full', async () => {
    build({ http2Limits: { streamWindowBytes: 70_000 } })
    const [stream] = await open()
    streams[0]!.pause()
    const block = new Uint8Array(10_000)
    for (let i = 0; i < 20; i++) stream.send(block, 0, block.length)
    stream.halfClose()
    await rest()
    expect(serverLog).toEqual([])
    expect(stream.queuedBytes).toBe(20 * 10_005 - 70_000)
    streams[0]!.resume()
    await rest()
    expect(serverLog).toEqual([...new Array(20).fill('message 10000'), 'halfClose'])
  })

  it('pause inside message', async () => {
    const seen: string[] = []
    let paused: StreamCall | undefined
    build({
      methods: [
        [
          '/t.T/Chat',
          {
            kind: 'stream',
            open: call => ({
              message: (body, from, to) => {
                seen.push(text(body, from, to))
                call.pause()
                paused = call
              },
              halfClose: () => seen.push('halfClose'),
              drain() {},
              cancel() {},
            }),
          },
        ],
      ],
    })
    const [stream] = await open()
    for (const word of ['a', 'b', 'c']) send(stream, word)
    stream.halfClose()
    await rest()
    expect(seen).toEqual(['a'])
    paused!.resume()
    expect(seen).toEqual(['a', 'b'])
    paused!.resume()
    expect(seen).toEqual(['a', 'b', 'c'])
    paused!.resume()
    expect(seen).toEqual(['a', 'b', 'c', 'halfClose'])
  })

  it('pause on the client holds messages and the end back', async () => {
    const [stream, events] = await open()
    stream.pause()
    send(streams[0]!, 'a')
    send(streams[0]!, 'b')
    streams[0]!.finish()
    await rest()
    expect(events.log).toEqual([])
    stream.resume()
    expect(events.log).toEqual(['a', 'b', 'end'])
  })

  it('send returns false above the buffer limit, and drain follows', async () => {
    build(
      { http2Limits: { streamBufferBytes: 50_000 } },
      { http2Limits: { streamWindowBytes: 65_535, streamBufferBytes: 50_000 } },
    )
    const [stream, events] = await open()
    stream.pause()
    const block = new Uint8Array(30_000)
    const results = [1, 2, 3, 4].map(() => streams[0]!.send(block, 0, block.length))
    expect(results).toEqual([true, true, true, false])
    expect(streams[0]!.queuedBytes).toBe(4 * 30_005 - 65_535)
    await rest()
    expect(serverLog).toEqual([])
    stream.resume()
    await rest()
    expect(serverLog).toEqual(['drain'])
    expect(streams[0]!.queuedBytes).toBe(0)
    expect(events.log).toEqual(new Array(4).fill('30000 bytes'))
  })

  it('all streams of a connection together are bounded as well, and each is told when there is room', async () => {
    build(
      { http2Limits: { streamBufferBytes: 50_000, maxQueuedOutputBytes: 100_000 } },
      { http2Limits: { streamWindowBytes: 65_535 } },
    )
    await connect()
    const logs = Array.from({ length: 6 }, () => recorder())
    const clients = logs.map(log => channel.stream('/t.T/Chat', log))
    await rest()
    for (const client of clients) client.pause()
    const window = new Uint8Array(65_530)
    const block = new Uint8Array(30_000)
    for (const stream of streams) {
      expect(stream.send(window, 0, window.length)).toBe(true)
      await rest()
    }
    // Each has one block to wait with, which is below the limit of a stream; from the fourth on it is too much for all.
    expect(streams.map(stream => stream.send(block, 0, block.length))).toEqual([true, true, true, false, false, false])
    await rest()
    expect(serverLog).toEqual([])
    for (const client of clients) client.resume()
    await rest()
    expect(serverLog).toEqual(['drain', 'drain', 'drain'])
    expect(streams.map(stream => stream.send(block, 0, block.length))).toEqual(new Array(6).fill(true))
  })

  it('streams that are reset make room for the others', async () => {
    build(
      { http2Limits: { streamBufferBytes: 50_000, maxQueuedOutputBytes: 50_000 } },
      { http2Limits: { streamWindowBytes: 65_535 } },
    )
    await connect()
    const clients = Array.from({ length: 3 }, () => channel.stream('/t.T/Chat', recorder()))
    await rest()
    for (const client of clients) client.pause()
    const block = new Uint8Array(65_530 + 30_000)
    expect(streams.map(stream => stream.send(block, 0, block.length))).toEqual([true, false, false])
    await rest()
    clients[2]!.resume()
    await rest()
    // Its own queue is empty; the other two are still too much.
    expect(serverLog).toEqual([])
    clients[0]!.cancel()
    clients[1]!.cancel()
    await rest()
    expect(serverLog).toEqual(['cancel 1', 'cancel 1', 'drain'])
  })

  it('a stream that waits for its connection tells its caller to wait, and when not to', async () => {
    build({}, { http2Limits: { streamBufferBytes: 10_000 } })
    const connecting = channel.connect()
    const seen = recorder()
    const stream = channel.stream('/t.T/Chat', seen)
    const block = new Uint8Array(6_000)
    expect([stream.send(block, 0, 6_000), stream.send(block, 0, 6_000)]).toEqual([true, false])
    await rest()
    await connecting
    expect(seen.log).toEqual(['drain'])
    expect(serverLog).toEqual(['message 6000', 'message 6000'])
  })

  it('trailers and headers that gRPC cannot carry are refused, and the call goes on', async () => {
    const [, events] = await open()
    expect(() => streams[0]!.setHeaders([['Bad Name', 'x']])).toThrow(RangeError)
    expect(() => streams[0]!.finish({ code: StatusCode.OK, message: '', trailers: [['x', 'ä']] })).toThrow(RangeError)
    streams[0]!.finish({ code: StatusCode.OK, message: '', trailers: [['x', 'a']] })
    await rest()
    expect(events.log).toEqual(['end'])
  })

  it('cancel by the client', async () => {
    const [stream, events] = await open()
    send(stream, 'a')
    stream.cancel()
    await rest()
    expect(events.log).toEqual(['CANCELLED context canceled'])
    expect(serverLog.at(-1)).toBe('cancel 1')
    expect(streams[0]!.ended).toBe(true)
    expect(send(streams[0]!, 'x')).toBe(true)
  })
})
