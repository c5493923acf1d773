import { VirtualClock } from '@kvs/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CLIENT_PREFACE, FrameFlag, FrameType } from '../src/http2/index.ts'
import { createGrpcChannel, GrpcError } from '../src/index.ts'
import { pipePair, settle } from './pair.ts'
import { concat, frame, message, RawPeer, requestHeaders, setting, word } from './raw-peer.ts'
import { testServer } from './test-server.ts'

const { DATA, HEADERS, SETTINGS, PING, WINDOW_UPDATE, CONTINUATION, RST_STREAM, GOAWAY } = FrameType
const { END_STREAM, END_HEADERS, ACK, PADDED } = FrameFlag

/** A conversation with everything that can be cut in two: padding, continuation, messages over frames, frames of many messages. */
function conversation(): Uint8Array {
  const peer = new RawPeer(pipePair().client, new VirtualClock())
  const to = (method: string) =>
    requestHeaders.map(pair => (pair[0] === ':path' ? ([':path', `/test.Test/${method}`] as const) : pair))
  const first = peer.block(to('Echo'))
  const chat = peer.block(to('Chat'))
  const wait = peer.block(to('Wait'))
  const big = message(new Uint8Array(300).fill(9))
  return concat(
    CLIENT_PREFACE,
    frame(SETTINGS, 0, 0, setting(4, 100_000)),
    frame(SETTINGS, ACK, 0),
    frame(HEADERS, 0, 1, first.subarray(0, 5)),
    frame(CONTINUATION, END_HEADERS, 1, first.subarray(5)),
    frame(HEADERS, END_HEADERS, 3, chat),
    frame(DATA, PADDED, 1, concat([4], message([1, 2, 3]).subarray(0, 3), [0, 0, 0, 0])),
    frame(DATA, 0, 3, concat(message([1]), message([]), message([2, 2]), big.subarray(0, 100))),
    frame(PING, 0, 0, [1, 2, 3, 4, 5, 6, 7, 8]),
    frame(DATA, END_STREAM, 1, message([1, 2, 3]).subarray(3)),
    frame(HEADERS, END_HEADERS, 5, wait),
    frame(DATA, END_STREAM, 5, message([7])),
    frame(WINDOW_UPDATE, 0, 3, word(1_000)),
    frame(DATA, 0, 3, big.subarray(100, 304)),
    frame(DATA, END_STREAM, 3, big.subarray(304)),
    frame(RST_STREAM, 0, 5, word(8)),
    frame(0x77, 0, 0, [1, 2, 3]),
    frame(HEADERS, END_HEADERS | END_STREAM, 7, peer.block(to('Nope'))),
  )
}

/** Everything that can be seen from outside when the bytes arrive in pieces that end at `cuts`. */
function outcome(bytes: Uint8Array, cuts: readonly number[]): unknown {
  const clock = new VirtualClock()
  const world = testServer(clock)
  const pair = pipePair(clock)
  world.server.accept(pair.server)
  const peer = new RawPeer(pair.client, clock)
  let from = 0
  for (const cut of [...cuts, bytes.length]) {
    peer.send(bytes.slice(from, cut))
    from = cut
  }
  const ids = [1, 3, 5, 7]
  return {
    log: world.log,
    waiting: world.waiting.size,
    fields: ids.map(id => peer.fields(id)),
    data: ids.map(id => Buffer.from(peer.data(id)).toString('hex')),
    pings: peer.of(PING).length,
    goaway: peer.goaway,
    resets: peer.of(RST_STREAM).length,
  }
}

describe('any chunking of the byte stream gives the same events', () => {
  const bytes = conversation()
  const whole = outcome(bytes, [])

  it('is a conversation worth cutting', () => {
    expect(whole).toMatchObject({
      log: ['message 1', 'message 0', 'message 2', 'message 300', 'halfClose', 'cancel 1'],
      pings: 1,
      resets: 0,
      goaway: undefined,
    })
  })

  it('every split point', () => {
    for (let cut = 1; cut < bytes.length; cut++) expect([cut, outcome(bytes, [cut])]).toEqual([cut, whole])
  })

  it('byte by byte', () => {
    expect(
      outcome(
        bytes,
        Array.from({ length: bytes.length - 1 }, (_, i) => i + 1),
      ),
    ).toEqual(whole)
  })

  it('at random', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 1, max: bytes.length - 1 }), { maxLength: 40 }), cuts => {
        expect(
          outcome(
            bytes,
            cuts.sort((a, b) => a - b),
          ),
        ).toEqual(whole)
      }),
      { numRuns: 200 },
    )
  })
})

const anyFrame = fc
  .tuple(
    fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 0, max: 9 }) }, fc.integer({ min: 10, max: 255 })),
    fc.constantFrom(0, 1, 4, 5, 8, 9, 0x20, 0x2d, 0xff),
    fc.constantFrom(0, 0, 1, 1, 2, 3, 5, 7, 0x7fff_ffff, 0x8000_0001),
    fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.constantFrom(new Uint8Array(4), Uint8Array.from(word(1)), new Uint8Array(8), message([1, 2])),
      fc.constantFrom(...[0x1_0001, 5, 0xffff_ffff].map(value => Uint8Array.from(setting(4, value)))),
      fc.constantFrom(
        Uint8Array.of(0x88, 0x5f, 0x10, ...Buffer.from('application/grpc')),
        Uint8Array.of(0x83, 0x86, 0x84),
      ),
    ),
  )
  .map(([type, flags, streamId, payload]) => frame(type, flags, streamId, payload))

describe('random frames never throw out of the machine', () => {
  it('of a server', () => {
    const peer = new RawPeer(pipePair().client, new VirtualClock())
    const valid = peer.block(requestHeaders)
    const orValid = fc.oneof(
      { weight: 5, arbitrary: anyFrame },
      fc.constantFrom(1, 3, 5, 7).map(id => frame(HEADERS, END_HEADERS, id, valid)),
      fc.constantFrom(1, 3, 5, 7).map(id => frame(DATA, END_STREAM, id, message([1]))),
    )
    fc.assert(
      fc.property(fc.array(orValid, { maxLength: 30 }), frames => {
        const clock = new VirtualClock()
        const world = testServer(clock)
        const attacker = world.connect().greet()
        for (const one of frames) attacker.send(one)
        clock.advance(100_000)
        const honest = world.connect().greet()
        honest.send(honest.headers(1), frame(DATA, END_STREAM, 1, message([1])))
        expect(honest.data(1)).toEqual(message([1]))
      }),
      { numRuns: 1_000 },
    )
  })

  it('of a server that gets any bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 100 }), { maxLength: 10 }), fc.boolean(), (chunks, greet) => {
        const clock = new VirtualClock()
        const attacker = testServer(clock).connect()
        if (greet) attacker.greet()
        for (const chunk of chunks) attacker.send(chunk)
        clock.advance(100_000)
      }),
      { numRuns: 1_000 },
    )
  })

  it('of a client; each of its calls ends exactly once', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyFrame, { maxLength: 30 }), async frames => {
        const clock = new VirtualClock()
        const pair = pipePair(clock)
        const channel = createGrpcChannel({ clock, authority: 't', dial: () => pair.client })
        channel.connect().catch((error: unknown) => expect(error).toBeInstanceOf(GrpcError))
        const ends = [0, 0, 0]
        channel.unary('/a/b', Uint8Array.of(1), { timeoutMs: 50_000 }, () => void ends[0]!++)
        channel.stream('/a/c', { message() {}, end: () => void ends[1]!++ }, { timeoutMs: 50_000 })
        channel.unary('/a/d', Uint8Array.of(1), { timeoutMs: 50_000 }, () => void ends[2]!++)
        await Promise.resolve().then(() => {})
        await Promise.resolve().then(() => {})
        const server = new RawPeer(pair.server, clock)
        server.send(frame(SETTINGS, 0, 0))
        for (const one of frames) server.send(one)
        clock.advance(100_000)
        settle(clock)
        expect(ends).toEqual([1, 1, 1])
      }),
      { numRuns: 300 },
    )
  })
})

describe('what a server may do to a client', () => {
  async function broken(frames: (peer: RawPeer) => readonly Uint8Array[]): Promise<string[]> {
    const clock = new VirtualClock()
    const pair = pipePair(clock)
    const log: string[] = []
    const events = {
      goaway: (error: Error) => log.push(error.message),
      closed: (error: Error | undefined) => log.push(`closed ${error?.message}`),
    }
    const channel = createGrpcChannel({ clock, authority: 't', dial: () => pair.client, events })
    const connected = channel.connect()
    await Promise.resolve().then(() => {})
    await Promise.resolve().then(() => {})
    const peer = new RawPeer(pair.server, clock)
    peer.send(frame(SETTINGS, 0, 0), frame(SETTINGS, ACK, 0))
    await connected
    for (let i = 0; i < 2; i++) {
      channel.unary('/a/b', Uint8Array.of(1), {}, (error, body, start, end) => {
        log.push(
          error === undefined
            ? `ok ${end - start} ${body[start]}`
            : `${error.status} ${error.message} ${error.notProcessed}`,
        )
      })
    }
    settle(clock)
    peer.send(...frames(peer))
    return log
  }
  const ok = [
    [':status', '200'],
    ['content-type', 'application/grpc'],
  ] as const
  const status = (code: string) => [['grpc-status', code]] as const

  it('answer', async () => {
    expect(
      await broken(peer => [
        peer.headers(1, { pairs: ok }),
        frame(DATA, 0, 1, message([42])),
        peer.headers(1, { pairs: status('0'), end: true }),
        peer.headers(3, { pairs: [...ok, ...status('5'), ['grpc-message', 'a%20b%']], end: true }),
      ]),
    ).toEqual(['ok 1 42', 'NOT_FOUND a b% false'])
  })

  it('GOAWAY: calls above its last stream can be repeated, the others go on', async () => {
    expect(
      await broken(peer => [
        frame(GOAWAY, 0, 0, [...word(1), ...word(0), ...Buffer.from('bye')]),
        peer.headers(1, { pairs: [...ok, ...status('7')], end: true }),
      ]),
    ).toEqual([
      'GOAWAY NO_ERROR: bye',
      'UNAVAILABLE the server refused the stream true',
      'PERMISSION_DENIED  false',
      'closed undefined',
    ])
  })

  it('RST_STREAM', async () => {
    expect(await broken(() => [frame(RST_STREAM, 0, 1, word(7)), frame(RST_STREAM, 0, 3, word(11))])).toEqual([
      'UNAVAILABLE the server refused the stream true',
      'RESOURCE_EXHAUSTED stream terminated by RST_STREAM with error code: ENHANCE_YOUR_CALM false',
    ])
  })

  it('answer like a web server', async () => {
    expect(
      await broken(peer => [
        peer.headers(1, {
          pairs: [
            [':status', '503'],
            ['content-type', 'text/html'],
          ],
          end: true,
        }),
        peer.headers(3, {
          pairs: [
            [':status', '200'],
            ['content-type', 'text/html'],
          ],
        }),
        frame(DATA, END_STREAM, 3, Buffer.from('<html>')),
      ]),
    ).toEqual([
      'UNAVAILABLE unexpected HTTP status code received from server: 503 false',
      'UNKNOWN received unexpected content-type "text/html" false',
    ])
  })

  it('forget things', async () => {
    expect(
      await broken(peer => [
        peer.headers(1, { pairs: ok }),
        peer.headers(1, { pairs: status('0'), end: true }),
        peer.headers(3, { pairs: ok }),
        frame(DATA, END_STREAM, 3, message([1])),
      ]),
    ).toEqual([
      'INTERNAL cardinality violation: received no response message from non-server-streaming RPC false',
      'INTERNAL server closed the stream without sending trailers false',
    ])
  })

  it('send informational headers first, push, or speak on streams that do not exist', async () => {
    expect(
      await broken(peer => [
        peer.headers(1, { pairs: [[':status', '103']] }),
        peer.headers(1, { pairs: [...ok, ...status('0')], end: true }),
        frame(FrameType.PUSH_PROMISE, END_HEADERS, 3, [0, 0, 0, 2]),
      ]),
    ).toEqual([
      'INTERNAL cardinality violation: received no response message from non-server-streaming RPC false',
      'UNAVAILABLE error reading from server: PUSH_PROMISE false',
      'closed PUSH_PROMISE',
    ])
    expect((await broken(peer => [peer.headers(9, { pairs: ok })])).at(-1)).toBe('closed HEADERS on an idle stream')
  })
})
