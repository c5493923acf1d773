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
  rest,
  server,
  serverLog,
  start,
} from './channel-world.ts'

beforeEach(() => build())

describe('the end of connections', () => {
  it('a server that closes lets open calls finish and takes no new ones', async () => {
    await connect()
    const log = start('/t.T/Hold', 'a')
    await rest()
    let closed = false
    const closing = server.close({ timeoutMs: 10_000 }).then(() => {
      closed = true
    })
    await rest()
    expect(channelLog).toContain('goaway NO_ERROR')
    const refused = start('/t.T/Echo', 'b')
    await rest()
    expect(refused).toEqual(['UNAVAILABLE there is no connection available (not processed)'])
    expect(closed).toBe(false)
    calls[0]!.reply(bytes('done'), 0, 4)
    await rest()
    await closing
    expect(log).toEqual(['done'])
    expect(server.connections).toBe(0)
    expect(channel.state).toBe('idle')
  })

  it('streams in flight while the first GOAWAY is on its way are still served', async () => {
    await connect()
    const held = start('/t.T/Hold', 'a')
    await rest()
    const closing = server.close({ timeoutMs: 10_000 })
    const crossing = start('/t.T/Echo', 'crossing')
    await rest()
    expect(crossing).toEqual(['crossing'])
    calls[0]!.reply(bytes('x'), 0, 1)
    await rest()
    await closing
    expect(held).toEqual(['x'])
  })

  it('after its time the server drops what is left', async () => {
    await connect()
    const log = start('/t.T/Hold', 'a')
    await rest()
    const closing = server.close({ timeoutMs: 5_000 })
    await rest()
    clock.advance(5_000)
    await rest()
    await closing
    expect(serverLog).toEqual(['request a', 'cancel 1'])
    expect(log[0]).toMatch(/^UNAVAILABLE/)
  })

  it('a channel that closes: at once, or when its calls are done', async () => {
    await connect()
    const log = start('/t.T/Hold', 'a')
    await rest()
    const closing = channel.close({ timeoutMs: 1_000 })
    expect(start('/t.T/Echo', 'x')).toEqual([])
    await rest()
    calls[0]!.reply(bytes('fine'), 0, 4)
    await rest()
    await closing
    expect(log).toEqual(['fine'])
    await expect(channel.connect()).rejects.toMatchObject({ code: StatusCode.CANCELLED })
    build()
    await connect()
    const dropped = start('/t.T/Hold', 'a')
    await rest()
    const now = channel.close()
    await rest()
    await now
    expect(dropped).toEqual(['UNAVAILABLE error reading from server: the client connection is closing'])
    expect(serverLog).toEqual(['request a', 'cancel 1'])
  })

  it('a dial that fails', async () => {
    build({}, { dial: () => Promise.reject(new Error('connection refused')) })
    const connected = channel.connect()
    const log = start('/t.T/Echo', 'a')
    await expect(connected).rejects.toMatchObject({ code: StatusCode.UNAVAILABLE, notProcessed: true })
    expect(log).toEqual(['UNAVAILABLE connection error: connection refused (not processed)'])
    expect(channel.state).toBe('idle')
  })

  it('calls beyond the server’s limit wait for their turn', async () => {
    build({ http2Limits: { maxConcurrentStreams: 3 } })
    await connect()
    const logs = Array.from({ length: 8 }, (_, i) => start('/t.T/Hold', String(i)))
    const cancelled = new AbortController()
    const never = start('/t.T/Hold', 'never', { signal: cancelled.signal })
    await rest()
    expect(calls.length).toBe(3)
    cancelled.abort()
    expect(never).toEqual(['CANCELLED context canceled (not processed)'])
    for (let i = 0; i < 8; i++) {
      calls[i]!.reply(bytes(String(i)), 0, 1)
      await rest()
    }
    expect(logs.flat()).toEqual(['0', '1', '2', '3', '4', '5', '6', '7'])
    expect(serverLog).not.toContain('request never')
  })

  it('a call made when another has ended does not overtake those that wait', async () => {
    build({ http2Limits: { maxConcurrentStreams: 1 } })
    await connect()
    channel.unary('/t.T/Hold', bytes('first'), {}, () => start('/t.T/Hold', 'late'))
    start('/t.T/Hold', 'second')
    await rest()
    calls[0]!.reply(bytes('x'), 0, 1)
    await rest()
    calls[1]!.reply(bytes('x'), 0, 1)
    await rest()
    expect(serverLog).toEqual(['request first', 'request second', 'request late'])
  })

  it('keepalive pings keep a live server and find a dead one', async () => {
    const pingPolicy = { minIntervalMs: 5_000, permitWithoutStreams: false }
    build({ pingPolicy }, { keepalive: { intervalMs: 10_000, timeoutMs: 3_000, permitWithoutStreams: false } })
    await connect()
    const log = start('/t.T/Hold', 'a')
    await rest()
    for (let i = 0; i < 50; i++) {
      clock.advance(1_000)
      await rest()
    }
    expect(log).toEqual([])
    ends[0]!.client.stuck = true
    clock.advance(14_000)
    await rest()
    expect(log).toEqual(['UNAVAILABLE error reading from server: keepalive ping was not answered'])
  })

  it('no timer runs when nothing is going on', async () => {
    build({ keepalive: { intervalMs: 1e12, timeoutMs: 1, permitWithoutStreams: false } })
    await connect()
    const log = start('/t.T/Hold', 'a', { timeoutMs: 5_000 })
    await rest()
    calls[0]!.reply(bytes('x'), 0, 1)
    await rest()
    clock.advance(60_000)
    await rest()
    expect(log).toEqual(['x'])
    expect(clock.nextAt()).toBeGreaterThan(1e9)
  })
})

describe('rules about pings', () => {
  it('a client that pings too often is sent away and told why', async () => {
    build({}, { keepalive: { intervalMs: 10_000, timeoutMs: 3_000, permitWithoutStreams: false } })
    await connect()
    const log = start('/t.T/Hold', 'a')
    await rest()
    for (let i = 0; i < 50; i++) {
      clock.advance(1_000)
      await rest()
    }
    expect(log).toEqual(['UNAVAILABLE error reading from server: GOAWAY ENHANCE_YOUR_CALM: too_many_pings'])
    expect(channelLog).toEqual(['connected', 'goaway ENHANCE_YOUR_CALM', 'closed ENHANCE_YOUR_CALM'])
  })
})

describe('writing', () => {
  it('answers to one chunk leave in one write, answers of later turns in one per turn', async () => {
    await connect()
    for (let i = 0; i < 20; i++) start('/t.T/Echo', 'x')
    const before = ends[0]!.server.writes
    await rest()
    expect(ends[0]!.server.writes - before).toBe(1)
    for (let i = 0; i < 20; i++) start('/t.T/Hold', 'x')
    await rest()
    const later = ends[0]!.server.writes
    for (const call of calls) call.reply(bytes('y'), 0, 1)
    expect(ends[0]!.server.writes).toBe(later)
    server.flush()
    expect(ends[0]!.server.writes).toBe(later + 1)
    await rest()
    expect(ends[0]!.server.writes).toBe(later + 1)
  })
})
