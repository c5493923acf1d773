import { beforeEach, describe, expect, it } from 'vitest'
import { StatusCode } from '../src/index.ts'
import {
  build,
  bytes,
  calls,
  channel,
  channelLog,
  clock,
  connect,
  ends,
  recorder,
  rest,
  server,
  serverLog,
  start,
  text,
} from './channel-world.ts'

beforeEach(() => build())

describe('unary calls', () => {
  it('answer with the message, headers and trailers', async () => {
    await connect()
    const answer = channel.call('/t.T/Hold', bytes('hi'), {
      metadata: [
        ['x-a', '1'],
        ['x-b-bin', Uint8Array.of(0, 255)],
      ],
    })
    await rest()
    expect(calls[0]?.metadata.get('x-a')).toBe('1')
    expect(calls[0]?.metadata.getBytes('x-b-bin')).toEqual(Uint8Array.of(0, 255))
    expect(calls[0]?.metadata.entries()).toEqual([
      ['user-agent', 'kvs-grpc'],
      ['x-a', '1'],
      ['x-b-bin', Uint8Array.of(0, 255)],
    ])
    expect(calls[0]?.path).toBe('/t.T/Hold')
    expect(calls[0]?.peer).toEqual({ remote: 'server', isEncrypted: false, commonName: undefined })
    calls[0]!.setHeaders([
      ['x-h', 'v'],
      ['x-h-bin', Uint8Array.of(9)],
    ])
    calls[0]!.reply(bytes('ho'), 0, 2)
    await rest()
    const { message, headers, trailers } = await answer
    expect(text(message)).toBe('ho')
    expect(headers.get('x-h')).toBe('v')
    expect(headers.getBytes('x-h-bin')).toEqual(Uint8Array.of(9))
    expect(trailers.entries()).toEqual([])
  })

  it('answer with a message in pieces, larger than windows and frames, before and behind others', async () => {
    await connect()
    const answers = [0, 1, 2].map(() => channel.call('/t.T/Hold', bytes('hi')))
    await rest()
    const pieces = [1, 70_000, 0, 300_000, 3].map((length, number) => new Uint8Array(length).fill(number + 1))
    calls[1]!.replyPieces(pieces)
    calls[0]!.reply(bytes('small'), 0, 5)
    calls[2]!.replyPieces([])
    calls[1]!.replyPieces(pieces)
    await rest()
    const [first, second, third] = await Promise.all(answers)
    expect(text(first!.message)).toBe('small')
    expect(Buffer.compare(second!.message, Buffer.concat(pieces))).toBe(0)
    expect(third!.message.length).toBe(0)
  })

  it('fail with code, text in any language, and details', async () => {
    await connect()
    const message = 'größer als 100 %: ключ, 鍵\u0000\n'
    const failed = start('/t.T/Hold', 'a')
    await rest()
    calls[0]!.fail(StatusCode.OUT_OF_RANGE, message)
    calls[0]!.fail(StatusCode.INTERNAL, 'second answer')
    calls[0]!.reply(bytes('x'), 0, 1)
    await rest()
    expect(failed).toEqual([`OUT_OF_RANGE ${message}`])
    expect(calls[0]!.ended).toBe(true)
    expect(server.counters.failedCalls).toBe(1)
  })

  it('many at once, answered in any order', async () => {
    await connect()
    const logs = Array.from({ length: 50 }, (_, i) => start('/t.T/Hold', String(i)))
    await rest()
    expect(calls.length).toBe(50)
    for (let i = 49; i >= 0; i--) calls[i]!.reply(bytes(`re ${i}`), 0, `re ${i}`.length)
    server.flush()
    await rest()
    expect(logs).toEqual(Array.from({ length: 50 }, (_, i) => [`re ${i}`]))
  })

  it('an unknown method, an unknown service, a path that is none', async () => {
    await connect()
    const logs = ['/t.T/Nope', '/u.U/Nope', '/nope', 'nope'].map(path => start(path, ''))
    await rest()
    expect(logs).toEqual([
      ['UNIMPLEMENTED unknown method Nope for service t.T'],
      ['UNIMPLEMENTED unknown service u.U'],
      ['UNIMPLEMENTED malformed method name: "/nope"'],
      ['UNIMPLEMENTED malformed method name: "nope"'],
    ])
  })

  it('an empty message and one at the receive limit; one byte more is refused', async () => {
    build({ limits: { maxReceiveBytes: 100_000 } })
    await connect()
    const logs = [0, 100_000, 100_001].map(length => {
      const log: number[] = []
      channel.unary('/t.T/Echo', new Uint8Array(length), {}, (error, _body, from, to) => {
        log.push(error === undefined ? to - from : -error.code)
        if (error !== undefined)
          expect(error.message).toBe('grpc: received message larger than max (100001 vs. 100000)')
      })
      return log
    })
    await rest()
    expect(logs).toEqual([[0], [100_000], [-StatusCode.RESOURCE_EXHAUSTED]])
  })

  it('the client refuses an answer above its own limit', async () => {
    build({}, { limits: { maxReceiveBytes: 10 } })
    await connect()
    const log = start('/t.T/Echo', '12345678901')
    await rest()
    expect(log).toEqual(['RESOURCE_EXHAUSTED grpc: received message larger than max (11 vs. 10)'])
  })

  it('metadata of each call is its own, also when it is the object of an earlier one', async () => {
    await connect()
    const bytesOf = Uint8Array.of(1)
    const shared: [string, string | Uint8Array][] = [['token', 'first']]
    const seen = async (metadata: [string, string | Uint8Array][]): Promise<unknown> => {
      start('/t.T/Hold', '', { metadata })
      await rest()
      const found = calls.at(-1)!.metadata
      return [found.get('token'), found.get('x'), found.getBytes('x-bin')]
    }
    for (let i = 0; i < 3; i++) expect(await seen(shared)).toEqual(['first', undefined, undefined])
    shared[0] = ['token', 'second']
    for (let i = 0; i < 3; i++) expect(await seen(shared)).toEqual(['second', undefined, undefined])
    shared.push(['x', '1'])
    for (let i = 0; i < 3; i++) expect(await seen(shared)).toEqual(['second', '1', undefined])
    shared.push(['x-bin', bytesOf])
    for (let i = 0; i < 3; i++) {
      bytesOf[0] = i
      expect(await seen(shared)).toEqual(['second', '1', Uint8Array.of(i)])
    }
    expect(await seen([])).toEqual([undefined, undefined, undefined])
    expect(await seen([['token', 'third']])).toEqual(['third', undefined, undefined])
  })

  it('metadata that gRPC cannot carry is refused before anything is sent', async () => {
    await connect()
    const bad: [string, string | Uint8Array][] = [
      ['X', '1'],
      ['a b', '1'],
      ['x', 'ä'],
      ['x-bin', '1'],
      ['x', Uint8Array.of(1)],
      ['grpc-timeout', '1S'],
      ['te', 'x'],
    ]
    for (const pair of bad) expect(() => start('/t.T/Echo', '', { metadata: [pair] })).toThrow(RangeError)
  })

  it('a handler that throws', async () => {
    const heard: unknown[] = []
    const boom = new Error('boom')
    build({
      methods: [
        [
          '/t.T/Boom',
          {
            kind: 'unary',
            handle: () => {
              throw boom
            },
          },
        ],
      ],
      onHandlerError: (error, path) => heard.push(error, path),
    })
    await connect()
    const log = start('/t.T/Boom', '')
    await rest()
    expect(log).toEqual(['INTERNAL internal error'])
    expect(heard).toEqual([boom, '/t.T/Boom'])
  })
})

describe('deadlines and cancellation', () => {
  it('both sides give up at the deadline', async () => {
    await connect()
    const log = start('/t.T/Hold', 'a', { timeoutMs: 1_000 })
    await rest()
    expect(calls[0]!.deadlineMs).toBe(1_000)
    clock.advance(999)
    await rest()
    expect([log, serverLog]).toEqual([[], ['request a']])
    clock.advance(1)
    await rest()
    expect(log).toEqual(['DEADLINE_EXCEEDED context deadline exceeded'])
    expect(serverLog).toEqual(['request a', 'cancel 4'])
    calls[0]!.reply(bytes('late'), 0, 4)
    await rest()
    expect(log.length).toBe(1)
    expect(clock.nextAt()).not.toBe(clock.now())
  })

  it('an answer in time takes the deadline away', async () => {
    await connect()
    const logs = [5, 3, 9, 1, 7].map(s => start('/t.T/Hold', String(s), { timeoutMs: s * 1_000 }))
    await rest()
    for (const call of [calls[1]!, calls[4]!]) call.reply(bytes('ok'), 0, 2)
    await rest()
    clock.advance(100_000)
    await rest()
    const late = ['DEADLINE_EXCEEDED context deadline exceeded']
    expect(logs).toEqual([late, ['ok'], late, late, ['ok']])
  })

  it('cancel reaches the handler, and an answer that crosses it is dropped', async () => {
    await connect()
    const log: string[] = []
    const call = channel.unary('/t.T/Hold', bytes('a'), {}, error => log.push(String(error?.status)))
    await rest()
    calls[0]!.reply(bytes('x'), 0, 1)
    call.cancel()
    call.cancel()
    await rest()
    expect(log).toEqual(['CANCELLED'])
    const second = channel.unary('/t.T/Hold', bytes('b'), {}, error => log.push(String(error?.status)))
    await rest()
    second.cancel()
    await rest()
    expect(serverLog).toEqual(['request a', 'request b', 'cancel 1'])
    expect(channel.calls).toBe(0)
  })

  it('an AbortSignal, also one that was aborted before', async () => {
    await connect()
    const aborter = new AbortController()
    const log = start('/t.T/Hold', 'a', { signal: aborter.signal })
    await rest()
    aborter.abort()
    const early = start('/t.T/Hold', 'b', { signal: aborter.signal })
    expect(early).toEqual([])
    await rest()
    expect(log).toEqual(['CANCELLED context canceled'])
    expect(early).toEqual(['CANCELLED context canceled (not processed)'])
    expect(serverLog).toEqual(['request a', 'cancel 1'])
  })

  it('a lost connection cancels the handlers and fails the calls', async () => {
    await connect()
    const log = start('/t.T/Hold', 'a')
    const events = recorder()
    channel.stream('/t.T/Chat', events)
    await rest()
    ends[0]!.client.destroy()
    await rest()
    expect(serverLog).toEqual(['request a', 'cancel 1', 'cancel 1'])
    expect(log).toEqual(['UNAVAILABLE error reading from server: the connection was closed'])
    expect(events.log).toEqual(['UNAVAILABLE error reading from server: the connection was closed'])
    expect(channel.state).toBe('idle')
    expect(server.connections).toBe(0)
    expect(start('/t.T/Echo', 'x') && channelLog).toEqual(['connected', 'closed CANCEL'])
    await connect()
    const again = start('/t.T/Echo', 'again')
    await rest()
    expect(again).toEqual(['again'])
  })
})
