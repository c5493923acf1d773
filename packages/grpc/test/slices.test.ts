/** One peer's frames are handled for a slice of time, then it is the turn of others. */
import { VirtualClock } from '@kvs/testing'
import { describe, expect, it } from 'vitest'
import { FrameFlag, FrameType } from '../src/http2/index.ts'
import { type PairEnd, pipePair, settle } from './pair.ts'
import { concat, frame, message, RawPeer } from './raw-peer.ts'
import { testServer } from './test-server.ts'

const { DATA, PING } = FrameType
const { END_STREAM } = FrameFlag

/** Each look at it takes time. */
class BusyClock extends VirtualClock {
  lookMs = 0
  #passedMs = 0

  override now(): number {
    this.#passedMs += this.lookMs
    return super.now() + this.#passedMs
  }
}

interface World {
  readonly clock: BusyClock
  readonly peer: RawPeer
  readonly server: PairEnd
  connect(): RawPeer
}

function build(options: Parameters<typeof testServer>[1] = {}): World {
  const clock = new BusyClock()
  const world = testServer(clock, options)
  const pair = pipePair(clock)
  world.server.accept(pair.server)
  const peer = new RawPeer(pair.client, clock).greet()
  return { clock, peer, server: pair.server, connect: () => world.connect().greet() }
}

/** So many calls in one chunk. */
function calls(peer: RawPeer, count: number, from = 0): Uint8Array {
  return concat(
    ...Array.from({ length: count }, (_, i) => {
      const id = 2 * (from + i) + 1
      return concat(peer.headers(id), frame(DATA, END_STREAM, id, message([i & 255])))
    }),
  )
}

const answered = (peer: RawPeer, count: number): number =>
  Array.from({ length: count }, (_, i) => peer.data(2 * i + 1).length).filter(length => length > 0).length

describe('slices', () => {
  it('many calls of one chunk take several turns; another connection has its own in between', () => {
    const { clock, peer, server, connect } = build()
    const other = connect()
    clock.lookMs = 1
    peer.pipe.write(calls(peer, 100))
    let turns = 0
    while (answered(peer, 100) === 0) clock.step()
    expect(answered(peer, 100)).toBeLessThan(20)
    expect(server.paused).toBe(true)
    other.pipe.write(concat(other.headers(1), frame(DATA, END_STREAM, 1, message([9]))))
    while (other.data(1).length === 0) {
      clock.step()
      turns++
    }
    expect(turns).toBeLessThan(20)
    expect(answered(peer, 100)).toBeLessThan(50)
    clock.lookMs = 0
    settle(clock)
    expect(answered(peer, 100)).toBe(100)
    for (let i = 0; i < 100; i++) expect(peer.data(2 * i + 1)).toEqual(message([i]))
    expect(server.paused).toBe(false)
  })

  it('others wait no longer when many have much to ask', () => {
    /** Calls that were answered to so many busy connections while one call of another waited. */
    const during = (count: number): number => {
      const { clock, connect } = build()
      const busy = Array.from({ length: count }, connect)
      const other = connect()
      clock.lookMs = 0.1
      for (const peer of busy) peer.pipe.write(calls(peer, 400))
      while (busy.some(peer => answered(peer, 1) === 0)) clock.step()
      const all = (): number => busy.reduce((sum, peer) => sum + answered(peer, 400), 0)
      const before = all()
      other.pipe.write(concat(other.headers(1), frame(DATA, END_STREAM, 1, message([9]))))
      while (other.data(1).length === 0) clock.step()
      const answeredMeanwhile = all() - before
      clock.lookMs = 0
      settle(clock)
      expect(all()).toBe(400 * count)
      return answeredMeanwhile
    }
    const beside = [1, 4, 16].map(during)
    expect(Math.max(...beside)).toBeLessThanOrEqual(2 * Math.max(1, beside[0] as number))
  })

  it('short chunks in a row are no way around it', () => {
    const { clock, peer, connect } = build()
    const other = connect()
    clock.lookMs = 0.02
    peer.pipe.chunkBytes = 100
    peer.pipe.write(calls(peer, 400))
    while (answered(peer, 400) === 0) clock.step()
    expect(answered(peer, 400)).toBeLessThan(60)
    other.pipe.write(concat(other.headers(1), frame(DATA, END_STREAM, 1, message([9]))))
    while (other.data(1).length === 0) clock.step()
    expect(answered(peer, 400)).toBeLessThan(200)
    settle(clock)
    expect(answered(peer, 400)).toBe(400)
  })

  it('a connection is heavy no longer than it has much to ask', () => {
    const { clock, peer } = build()
    const turnsOf = (number: number): number => {
      peer.pipe.write(calls(peer, 1, number))
      let turns = 0
      for (; peer.data(2 * number + 1).length === 0; turns++) clock.step()
      settle(clock)
      return turns
    }
    const usual = turnsOf(0)
    clock.lookMs = 1
    peer.pipe.write(calls(peer, 60, 1))
    settle(clock)
    clock.lookMs = 0
    // The first one waits for its turn still.
    expect([61, 62, 63].map(turnsOf)).toEqual([usual + 1, usual, usual])
  })

  it('calls that take long are looked at one by one', () => {
    const { clock, peer } = build()
    clock.lookMs = 0.3
    peer.pipe.write(calls(peer, 100))
    const turns: number[] = []
    for (let before = 0; answered(peer, 100) < 100; ) {
      clock.step()
      const now = answered(peer, 100)
      if (now > before) turns.push(now - before)
      before = now
    }
    // Two looks of 0.3 ms end a slice of its own, seven those of the shared one.
    expect(Math.max(...turns.slice(1))).toBeLessThanOrEqual(8)
  })

  it('who has much to ask has its turn as often as others that do', () => {
    const { clock, connect } = build()
    const busy = Array.from({ length: 5 }, connect)
    clock.lookMs = 0.1
    for (const peer of busy) peer.pipe.write(calls(peer, 400))
    const counts = (): number[] => busy.map(peer => answered(peer, 400))
    while (Math.max(...counts()) < 300) clock.step()
    expect(Math.min(...counts())).toBeGreaterThan(100)
  })

  it('frames that straddle chunks and slices are whole', () => {
    const { clock, peer } = build()
    clock.lookMs = 1
    peer.pipe.chunkBytes = 37
    peer.pipe.write(calls(peer, 60))
    settle(clock)
    for (let i = 0; i < 60; i++) expect(peer.data(2 * i + 1)).toEqual(message([i]))
  })

  it('the end of the peer comes after what it has sent', () => {
    const { clock, peer } = build()
    clock.lookMs = 1
    peer.pipe.write(calls(peer, 60))
    peer.pipe.end()
    settle(clock)
    expect(answered(peer, 60)).toBe(60)
    expect(peer.closed).toBe(true)
  })

  it('a peer that must read first is not read on, slice or not', () => {
    const pingPolicy = { minIntervalMs: 0, permitWithoutStreams: true }
    const { clock, peer, server } = build({ pingPolicy, http2Limits: { maxQueuedOutputBytes: 70_000 } })
    server.stuck = true
    clock.lookMs = 0.5
    const pings = concat(...Array.from({ length: 1_000 }, () => frame(PING, 0, 0, new Uint8Array(8))))
    for (let i = 0; i < 9; i++) {
      peer.pipe.write(pings)
      settle(clock)
    }
    expect(server.paused).toBe(true)
    expect(server.queuedBytes).toBeLessThan(90_000)
    clock.lookMs = 0
    server.unstick()
    settle(clock)
    expect(server.paused).toBe(false)
    expect(peer.of(PING).length).toBe(9_000)
  })

  it('nothing more is read of a connection that is over', () => {
    const { clock, peer } = build()
    clock.lookMs = 1
    peer.pipe.write(concat(calls(peer, 10), frame(PING, 0, 1, new Uint8Array(8)), calls(peer, 50, 10)))
    settle(clock)
    expect(peer.goaway).toBe('PROTOCOL_ERROR PING on a stream')
    expect(answered(peer, 60)).toBe(10)
  })
})
