import { SeededRandom, VirtualClock } from '@kvs/testing'
import { describe, expect, test } from 'vitest'
import { createTransport, RaftHttpError, readTimeoutMsMin, type TransportOptions } from '../src/index.ts'
import { virtualNetwork } from '../src/memory.ts'
import { sha256 } from '../src/node.ts'
import { Cluster, clusterId, heartbeat, type LogLine, type TestMember } from '../src/testing/world.ts'
import { settle, silentLogger, VirtualWorld } from './worlds.ts'

/** Two connected members, and the wall clock of the second one ahead. */
async function withClocksApart(aheadMs: number): Promise<{ a: TestMember; world: VirtualWorld }> {
  const world = new VirtualWorld()
  const cluster = new Cluster(world)
  const a = await cluster.member(1n)
  const { clock } = world
  const ahead = {
    now: () => clock.now(),
    wallNow: () => clock.wallNow() + aheadMs,
    setTimer: (delayMs: number, callback: () => void) => clock.setTimer(delayMs, callback),
    clearTimer: (timer: unknown) => clock.clearTimer(timer),
    defer: (callback: () => void) => clock.defer(callback),
  }
  const b = await cluster.member(2n, { clock: ahead })
  cluster.connect(a, b)
  return { a, world }
}

const messages = (log: readonly LogLine[], from = 0): string[] => log.slice(from).map(({ message }) => message)

function countsOf(lines: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const line of lines) counts[line] = (counts[line] ?? 0) + 1
  return counts
}

describe('dialing', () => {
  test('a peer that is not there is dialed at growing intervals', async () => {
    const world = new VirtualWorld()
    const cluster = new Cluster(world)
    const a = await cluster.member(1n)
    const nobody = await world.place('nobody')
    a.transport.addPeer(2n, [nobody.url])
    const dials = (): number => messages(a.log).filter(message => message === 'dial stream reader').length
    await world.pass(1000)
    // Two streams: at 0, then pauses of up to 100, 200, 400 ms.
    expect(dials()).toBeGreaterThanOrEqual(6)
    const early = dials()
    await world.pass(20_000)
    expect(dials() - early).toBeGreaterThanOrEqual(2 * 19)
    expect(dials() - early).toBeLessThanOrEqual(2 * 41)
  })

  test('a peer that comes is dialed at once', async () => {
    const world = new VirtualWorld()
    const cluster = new Cluster(world)
    const a = await cluster.member(1n)
    const place = await world.place('m2')
    a.transport.addPeer(2n, [place.url])
    await world.pass(10_000)
    const b = await cluster.memberAt(place, 2n)
    b.transport.addPeer(1n, [a.place.url])
    const before = world.clock.now()
    await cluster.attached(a, b)
    // One dial of theirs, and the shortest pause between two of ours.
    expect(world.clock.now() - before).toBeLessThan(120)
  })

  test('nothing is dialed and no timer is armed without peers, or after stop', async () => {
    const world = new VirtualWorld()
    const cluster = new Cluster(world)
    const [a, b] = await cluster.pair()
    const alone = await cluster.member(3n)
    alone.transport.flush()
    await cluster.end()
    await world.pass(2000)
    expect([a, b].map(({ log }) => messages(log).at(-1))).toEqual(['stopped remote peer', 'stopped remote peer'])
    expect(world.clock.nextAt()).toBeUndefined()
  })
})

describe('probing', () => {
  test('warns of clocks that are apart, in both directions', async () => {
    for (const aheadMs of [5000, -5000]) {
      const { a, world } = await withClocksApart(aheadMs)
      await world.pass(6000)
      const line = a.log.find(({ message }) => message === 'prober found high clock drift')
      expect(line?.fields['remote-peer-id']).toBe('2')
      expect(Number.parseFloat(line?.fields['clock-drift'] as string)).toBeCloseTo(-aheadMs, -2)
      expect(a.transport.state.peers[0]?.probe.isHealthy).toBe(true)
    }
    const { a, world } = await withClocksApart(900)
    await world.pass(6000)
    expect(a.hasLogged('prober found high clock drift')).toBe(false)
  })

  test('looks every 5 s at a peer that fails, every 30 s at one that does not', async () => {
    const world = new VirtualWorld()
    const cluster = new Cluster(world)
    const [a, b] = await cluster.pair()
    const warnings = (): number =>
      messages(a.log).filter(message => message === 'prober detected unhealthy status').length
    b.transport.stop()
    await b.place.kill()
    await world.pass(14_000)
    expect(warnings()).toBe(2)
    const again = await cluster.memberAt(b.place, 2n)
    again.transport.addPeer(1n, [a.place.url])
    await world.pass(2000)
    again.transport.stop()
    await b.place.kill()
    // Looked at 15 s: all was well. The next look is at 45 s.
    await world.pass(28_000)
    expect(warnings()).toBe(2)
    await world.pass(2000)
    expect(warnings()).toBe(3)
  })
})

describe('log lines', () => {
  test('of a connection, its loss and its removal are those of etcd', async () => {
    const world = new VirtualWorld()
    const cluster = new Cluster(world)
    const [a, b] = [await cluster.member(1n), await cluster.member(2n)]
    cluster.connect(a, b)
    await cluster.attached(a, b)
    await world.pass(10)
    const connected = a.log.length
    expect(countsOf(messages(a.log))).toEqual({
      'starting remote peer': 1,
      'started HTTP pipelining with remote peer': 1,
      'started stream writer with remote peer': 2,
      'started stream reader with remote peer': 2,
      'dial stream reader': 2,
      'started remote peer': 1,
      'added remote peer': 1,
      'peer became active': 1,
      'set message encoder': 2,
      'established TCP streaming connection with remote peer': 4,
    })
    b.transport.stop()
    await b.place.kill()
    await world.until('the loss', () => a.transport.activeSince(2n) === undefined)
    await world.pass(50)
    const lost = messages(a.log, connected)
    expect(lost).toContain('lost TCP streaming connection with remote peer')
    expect(lost).toContain('peer became inactive (message send to peer failed)')
    const removedAt = a.log.length
    a.transport.removePeer(2n)
    expect(messages(a.log, removedAt)).toEqual([
      'stopping remote peer',
      'stopped TCP streaming connection with remote peer',
      'stopped TCP streaming connection with remote peer',
      'stopped HTTP pipelining with remote peer',
      'stopped stream reader with remote peer',
      'stopped stream reader with remote peer',
      'stopped remote peer',
      'removed remote peer',
    ])
  })
})

describe('options', () => {
  const clock = new VirtualClock()
  const random = new SeededRandom(1)
  const options = (change: Partial<TransportOptions> = {}): TransportOptions => ({
    id: 1n,
    clusterId,
    version: { server: '3.7.1', minCluster: '3.0.0' },
    urls: ['http://a:1'],
    snapshotFormats: [],
    raft: {
      process: () => undefined,
      isRemoved: () => false,
      reportUnreachable: () => undefined,
      reportSnapshot: () => undefined,
      saveSnapshot: () => Promise.resolve(),
      removed: () => undefined,
    },
    wire: virtualNetwork({ clock, random }).host('a').wire,
    clock,
    random,
    logger: silentLogger,
    makeHash: sha256,
    ...change,
  })

  test('that make no sense are refused', () => {
    const refused = (run: () => unknown): void => {
      expect(run).toThrow(RaftHttpError)
      expect(run).toThrow(expect.objectContaining({ code: 'BAD_OPTION' }))
    }
    refused(() => createTransport(options({ version: { server: '3.7', minCluster: '3.0.0' } })))
    const transport = createTransport(options())
    refused(() => transport.addPeer(2n, []))
    refused(() => transport.addPeer(2n, ['a:1']))
    refused(() => transport.addRemote(2n, ['ftp://a']))
    expect(transport.hasPeer(2n)).toBe(false)
    transport.addPeer(2n, ['http://b:1'])
    refused(() => transport.updatePeer(2n, []))
    transport.updatePeer(9n, [])
    transport.stop()
  })

  test('defaults are those of etcd', async () => {
    expect(readTimeoutMsMin).toBe(5000)
    const lines: string[] = []
    const logger = { ...silentLogger, debug: (message: string) => void lines.push(message) }
    const transport = createTransport(options({ logger }))
    transport.addPeer(2n, ['http://b:1'])
    transport.send([heartbeat(1n, 2n, 1)])
    await settle()
    expect(lines.filter(line => line === 'dial stream reader').length).toBe(2)
    transport.stop()
  })
})
