import { VirtualClock } from '@kvs/testing'
import { beforeEach, describe, expect, it } from 'vitest'
import {
  createGrpcChannel,
  createGrpcServer,
  forwardCalls,
  type GrpcChannel,
  type GrpcServer,
  type GrpcServerOptions,
  StatusCode,
  type StreamCall,
} from '../src/index.ts'
import { bytes, recorder, text } from './channel-world.ts'
import { type PairEnd, pipePair, settle } from './pair.ts'

/** client → proxy → backend, on pipes in memory. */
let clock: VirtualClock
let backend: GrpcServer
let proxy: GrpcServer
let client: GrpcChannel
let upstream: GrpcChannel
let streams: StreamCall[]
let log: string[]
/** Ends of the pipes: client's, proxy's towards the client, proxy's towards the backend, backend's. */
let ends: PairEnd[]
let refuse: boolean

async function rest(): Promise<void> {
  for (let i = 0; i < 8; i++) {
    await new Promise(resolve => setImmediate(resolve))
    settle(clock)
  }
}

function channelTo(server: GrpcServer): GrpcChannel {
  return createGrpcChannel({
    clock,
    authority: 'test',
    userAgent: 'client/1',
    dial() {
      const pair = pipePair(clock)
      ends.push(pair.client, pair.server)
      server.accept(pair.server)
      return pair.client
    },
  })
}

async function build(options: Partial<GrpcServerOptions> = {}): Promise<void> {
  clock = new VirtualClock()
  streams = []
  log = []
  ends = []
  refuse = false
  backend = createGrpcServer({
    clock,
    methods: [
      [
        '/b.B/Echo',
        {
          kind: 'unary',
          handle(call, body, start, end) {
            log.push(`${call.path} ${call.metadata.get('x-key')} ${call.metadata.get('user-agent')}`)
            log.push(`deadline ${call.deadlineMs}`)
            call.setHeaders([['x-answer', 'yes']])
            call.reply(body, start, end)
          },
        },
      ],
      [
        '/b.B/Chat',
        {
          kind: 'stream',
          open(call) {
            streams.push(call)
            return {
              message: (body, start, end) =>
                void log.push(end - start > 20 ? `${end - start} bytes` : text(body, start, end)),
              halfClose: () => void log.push('halfClose'),
              drain: () => void log.push('drain'),
              cancel: code => void log.push(`cancel ${code}`),
            }
          },
        },
      ],
    ],
  })
  upstream = channelTo(backend)
  const target = () => (refuse ? { code: StatusCode.UNAVAILABLE, message: 'no member is left' } : upstream)
  proxy = createGrpcServer({ clock, methods: [], otherMethods: forwardCalls({ clock, target }), ...options })
  client = channelTo(proxy)
  const connected = [upstream.connect(), client.connect()]
  await rest()
  await Promise.all(connected)
}

beforeEach(() => build())

describe('forwarded calls', () => {
  it('carry messages, metadata and deadline there, headers back', async () => {
    const done = client.call('/b.B/Echo', bytes('hello'), {
      metadata: [
        ['x-key', 'value'],
        ['x-key-bin', Uint8Array.of(1)],
      ],
      timeoutMs: 5_000,
    })
    await rest()
    const { message, headers } = await done
    expect(text(message)).toBe('hello')
    expect(headers.get('x-answer')).toBe('yes')
    expect(log).toEqual(
      ['/b.B/Echo value kvs-grpc', `deadline ${clock.now() + 5_000}`].map(line => line.replace('kvs-grpc', 'client/1')),
    )
  })

  it('carry errors with details and trailers', async () => {
    const seen = recorder()
    const stream = client.stream('/b.B/Chat', {
      ...seen,
      headers: headers => void seen.log.push(`headers ${headers.get('x-h')}`),
    })
    stream.send(bytes('one'), 0, 3)
    await rest()
    streams[0]!.setHeaders([['x-h', 'early']])
    streams[0]!.sendHeaders()
    await rest()
    expect(seen.log).toEqual(['headers early'])
    streams[0]!.send(bytes('uno'), 0, 3)
    streams[0]!.finish({
      code: StatusCode.OUT_OF_RANGE,
      message: 'etcdserver: mvcc: required revision has been compacted: 100 % ñ',
      details: Uint8Array.of(7),
      trailers: [['x-tail', 'end']],
    })
    await rest()
    expect(seen.log.slice(1)).toEqual([
      'uno',
      'OUT_OF_RANGE etcdserver: mvcc: required revision has been compacted: 100 % ñ',
    ])
    expect(stream.trailers.get('x-tail')).toBe('end')
    expect(stream.trailers.getBytes('grpc-status-details-bin')).toEqual(Uint8Array.of(7))
    expect(log).toEqual(['one'])
  })

  it('half-close, then the end', async () => {
    const seen = recorder()
    const stream = client.stream('/b.B/Chat', seen)
    stream.send(bytes('a'), 0, 1)
    stream.halfClose()
    await rest()
    expect(log).toEqual(['a', 'halfClose'])
    streams[0]!.finish()
    await rest()
    expect(seen.log).toEqual(['end'])
  })

  it('cancel, by the client and by its going away', async () => {
    const stream = client.stream('/b.B/Chat', recorder())
    client.stream('/b.B/Chat', recorder())
    await rest()
    stream.cancel()
    await rest()
    expect(log).toEqual(['cancel 1'])
    ends[2]!.destroy()
    await rest()
    expect(log).toEqual(['cancel 1', 'cancel 1'])
    expect(upstream.calls).toBe(0)
  })

  it('fail when the backend goes away, when there is none, and when it knows no such method', async () => {
    const seen = recorder()
    client.stream('/b.B/Chat', seen)
    await rest()
    ends[1]!.destroy()
    await rest()
    expect(seen.log[0]).toMatch(/^UNAVAILABLE error reading from server: /)
    const idle = recorder()
    client.stream('/b.B/Chat', idle)
    await rest()
    expect(idle.log).toEqual(['UNAVAILABLE there is no connection available'])
    refuse = true
    const refused = recorder()
    client.stream('/b.B/Chat', refused)
    await rest()
    expect(refused.log).toEqual(['UNAVAILABLE no member is left'])
  })

  it('know no method that the backend does not know, and no path that is none', async () => {
    const logs = ['/b.B/Nope', 'nope', '/nope'].map(path => {
      const seen = recorder()
      client.stream(path, seen)
      return seen.log
    })
    await rest()
    expect(logs).toEqual([
      ['UNIMPLEMENTED unknown method Nope for service b.B'],
      ['UNIMPLEMENTED malformed method name: "nope"'],
      ['UNIMPLEMENTED malformed method name: "/nope"'],
    ])
  })

  it('end at their deadline on all three', async () => {
    const seen = recorder()
    client.stream('/b.B/Chat', seen, { timeoutMs: 1_000 })
    await rest()
    clock.advance(1_000)
    await rest()
    expect(seen.log).toEqual(['DEADLINE_EXCEEDED context deadline exceeded'])
    expect(log).toEqual(['cancel 4'])
  })

  it('a slow reader holds the writer back, in both directions', async () => {
    const mebibyte = new Uint8Array(1_048_576)
    const seen = recorder()
    const stream = client.stream('/b.B/Chat', seen)
    await rest()
    // Upwards: the backend reads nothing.
    streams[0]!.pause()
    let sent = 0
    while (stream.send(mebibyte, 0, mebibyte.length)) {
      sent++
      await rest()
      expect(sent).toBeLessThan(20)
    }
    const before = upstream.calls
    await rest()
    expect(sent).toBeGreaterThan(1)
    expect(before).toBe(1)
    streams[0]!.resume()
    await rest()
    expect(log.filter(line => line === '1048576 bytes').length).toBe(sent + 1)
    // Downwards: the client reads nothing.
    stream.pause()
    let back = 0
    while (streams[0]!.send(mebibyte, 0, mebibyte.length)) {
      back++
      await rest()
      expect(back).toBeLessThan(20)
    }
    await rest()
    expect(seen.log).toEqual(['drain'])
    stream.resume()
    await rest()
    expect(seen.log).toEqual(['drain', ...new Array(back + 1).fill('1048576 bytes')])
    expect(log.at(-1)).toBe('drain')
  })

  it('metadata that gRPC cannot carry stays behind', async () => {
    const pair = pipePair(clock)
    proxy.accept(pair.server)
    const { RawPeer, requestHeaders, frame, message } = await import('./raw-peer.ts')
    const peer = new RawPeer(pair.client, clock).greet()
    const pairs = requestHeaders.map(([name, value]) =>
      name === ':path' ? ([name, '/b.B/Echo'] as const) : ([name, value] as const),
    )
    peer.send(peer.headers(1, { pairs: [...pairs, ['x-key', 'caf\u00e9'], ['x$', '1']] }), frame(0, 1, 1, message([1])))
    await rest()
    expect(peer.fields(1)['grpc-status']).toBe('0')
    expect(log[0]).toMatch(/^\/b\.B\/Echo undefined /)
  })
})
