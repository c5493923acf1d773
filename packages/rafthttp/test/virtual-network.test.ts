import { SeededRandom, VirtualClock } from '@kvs/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { streamQueueBytesMax } from '../src/limits.ts'
import { virtualNetwork } from '../src/memory/virtual-network.ts'
import { append, Cluster, heartbeat, type TestMember } from '../src/testing/world.ts'
import type { Link, LinkCall } from '../src/wire.ts'
import { VirtualWorld } from './worlds.ts'

async function pairOn(world: VirtualWorld): Promise<[TestMember, TestMember, Cluster]> {
  const cluster = new Cluster(world)
  const [a, b] = await cluster.pair()
  return [a, b, cluster]
}

const attached = (member: TestMember): boolean => member.transport.state.peers[0]?.attached.messages === true

describe('a partition', () => {
  test('one way: what is sent waits, and arrives once it is over', async () => {
    const world = new VirtualWorld()
    const [a, b] = await pairOn(world)
    world.network.block('m1', 'm2')
    a.send(heartbeat(1n, 2n, 1))
    b.send(heartbeat(2n, 1n, 1))
    await world.pass(300)
    expect([a.received.length, b.received.length]).toEqual([1, 0])
    world.network.unblock('m1', 'm2')
    await world.until('the message', () => b.received.length === 1)
  })

  test('that lasts breaks the streams, and they come back behind it', async () => {
    const world = new VirtualWorld()
    const [a, b, cluster] = await pairOn(world)
    a.send(append(1n, 2n, 1))
    world.network.partition(['m1'], ['m2'])
    await world.until('the loss on both sides', () => !attached(a) && !attached(b))
    expect(a.transport.activeSince(2n)).toBeUndefined()
    a.send(heartbeat(1n, 2n, 7))
    await world.until('the report', () => a.unreachable.includes(2n))
    await world.pass(5000)
    expect(b.received.filter(({ commit }) => commit === 7)).toEqual([])
    world.network.heal()
    await cluster.attached(a, b)
    a.send(heartbeat(1n, 2n, 8))
    await world.until('a message', () => b.commitsFrom(1n).includes(8))
    await cluster.end()
    expect(world.network.openLinks).toBeLessThanOrEqual(4)
  })

  test('a peer that takes nothing costs bounded memory, and is cut off', async () => {
    const world = new VirtualWorld()
    const [a] = await pairOn(world)
    world.network.block('m1', 'm2')
    const message = append(1n, 2n, 1, [new Uint8Array(1_000_000)])
    for (let i = 0; i < 100; i++) a.send(message)
    const { traffic } = a.transport.state.peers[0] as NonNullable<TestMember['transport']['state']['peers'][number]>
    expect(traffic.sentFailures).toBe(100 - Math.ceil(streamQueueBytesMax / 1_000_000))
    await world.until('the cut', () => a.transport.state.peers[0]?.attached.appends === false)
  })
})

describe('a bad network', () => {
  test('loses, doubles and swaps frames, and the connections stay', async () => {
    const world = new VirtualWorld(7)
    const [a, b] = await pairOn(world)
    world.network.setFaults({ dropChance: 0.2, duplicateChance: 0.2, reorderChance: 0.2 })
    for (let commit = 1; commit <= 500; commit++) a.send(heartbeat(1n, 2n, commit))
    await world.pass(500)
    const commits = b.commitsFrom(1n)
    const distinct = new Set(commits)
    expect(distinct.size).toBeGreaterThan(350)
    expect(distinct.size).toBeLessThan(450)
    expect(commits.length).toBeGreaterThan(distinct.size)
    expect(commits.some((commit, at) => at > 0 && commit < (commits[at - 1] as number))).toBe(true)
    expect(attached(a) && attached(b)).toBe(true)
  })

  test('a host that crashes resets its connections and can come back', async () => {
    const world = new VirtualWorld()
    const [a, b, cluster] = await pairOn(world)
    b.transport.stop()
    await b.place.kill()
    await world.until('the loss', () => !attached(a))
    const lines = a.log.filter(({ message }) => message === 'lost TCP streaming connection with remote peer')
    expect(lines.length).toBeGreaterThan(0)
    const again = await cluster.memberAt(b.place, 2n)
    again.transport.addPeer(1n, [a.place.url])
    await cluster.attached(a, again)
    world.network.cut('m1', 'm2')
    await world.until('the loss', () => !attached(a))
    await cluster.attached(a, again)
  })
})

describe('a dial', () => {
  const call: LinkCall = {
    url: 'http://b:1',
    path: '/',
    protocol: 'p',
    headers: [],
    frameBytesMax: 1000,
    signal: new AbortController().signal,
  }

  /** Two hosts; every link that reaches b is counted. */
  function hosts() {
    const clock = new VirtualClock()
    const network = virtualNetwork({ clock, random: new SeededRandom(1) })
    const accepted: Link[] = []
    const listen = () =>
      network.host('b').listen(call.url, {
        handle: () => Promise.reject(new Error('asked')),
        upgrade: () => ({ protocol: 'p', headers: [], frameBytesMax: 1000, accept: link => accepted.push(link) }),
      })
    return { clock, network, accepted, listen }
  }

  test('that was on its way when its process died reaches nobody', async () => {
    const { accepted, clock, listen, network } = hosts()
    listen()
    network.block('a', 'b')
    const opening = network.host('a').wire.openLink(call)
    clock.advance(100)
    network.host('a').crash()
    await expect(opening).rejects.toThrow('connection reset by peer')
    network.heal()
    clock.advance(100)
    expect([accepted, network.openLinks]).toEqual([[], 0])
  })

  test('of what nobody listens on yet is refused, though somebody does a moment later', async () => {
    const { accepted, clock, listen, network } = hosts()
    const opening = network.host('a').wire.openLink(call)
    listen()
    clock.advance(100)
    await expect(opening).rejects.toThrow('connection refused')
    expect(accepted).toEqual([])
    const again = network.host('a').wire.openLink(call)
    clock.advance(100)
    expect((await again).status).toBe(101)
    // It is b's end: when b ends, a hears of it.
    const { link } = await again
    let isClosed = false
    link?.start({ frame() {}, sent() {}, alive() {}, close: () => (isClosed = true) })
    network.host('b').crash()
    clock.advance(100)
    expect(isClosed).toBe(true)
  })
})

describe('a seed', () => {
  const story = async (seed: number): Promise<string[]> => {
    const world = new VirtualWorld(seed)
    const cluster = new Cluster(world)
    const members = [await cluster.member(1n), await cluster.member(2n), await cluster.member(3n)]
    const lines: string[] = []
    for (const member of members) {
      const { process } = member
      member.process = messages => {
        lines.push(`${world.clock.now()} ${member.id} <- ${messages.map(({ from, commit }) => `${from}:${commit}`)}`)
        process.call(member, messages)
      }
      for (const peer of members) if (peer !== member) member.transport.addPeer(peer.id, [peer.place.url])
    }
    world.network.setFaults({ dropChance: 0.05, duplicateChance: 0.05, reorderChance: 0.1 })
    for (let turn = 1; turn < 60; turn++) {
      const { random } = world
      const from = random.pick(members)
      const to = random.pick(members.filter(member => member !== from))
      if (turn === 20) world.network.partition(['m1'], ['m2', 'm3'])
      if (turn === 40) world.network.heal()
      from.send(heartbeat(from.id, to.id, turn), append(from.id, to.id, turn))
      await world.pass(random.below(400))
    }
    await cluster.end()
    const logged = members.flatMap(({ log }) =>
      log.map(({ message, fields }) => `${message} ${JSON.stringify(fields)}`),
    )
    return [...lines, ...logged]
  }

  test('tells the same story every time, and another one than the next', async () => {
    const first = await story(11)
    expect(await story(11)).toEqual(first)
    expect(await story(12)).not.toEqual(first)
    expect(first.length).toBeGreaterThan(100)
  })

  test('whatever breaks, what arrives was sent, and all is well in the end', async () => {
    const run = async (seed: number): Promise<void> => {
      const world = new VirtualWorld(seed)
      const [a, b, cluster] = await pairOn(world)
      const sent = new Set<number>()
      world.network.setFaults({ dropChance: 0.1, duplicateChance: 0.1, reorderChance: 0.1 })
      for (let turn = 0; turn < 25; turn++) {
        const { random } = world
        const what = random.below(8)
        if (what === 0) world.network.block('m1', 'm2')
        if (what === 1) world.network.block('m2', 'm1')
        if (what === 2) world.network.heal()
        if (what === 3) world.network.cut('m1', 'm2')
        sent.add(turn)
        a.send(append(1n, 2n, turn, [random.bytes(random.below(3000))]))
        await world.pass(random.below(600))
      }
      world.network.heal()
      world.network.setFaults({ dropChance: 0, duplicateChance: 0, reorderChance: 0 })
      await cluster.attached(a, b)
      await world.pass(3000)
      a.send(append(1n, 2n, 99), heartbeat(1n, 2n, 100))
      await world.until('the last messages', () => [99, 100].every(commit => b.commitsFrom(1n).includes(commit)))
      expect(b.commitsFrom(1n).every(commit => sent.has(commit) || commit >= 99)).toBe(true)
      await cluster.end()
    }
    await fc.assert(fc.asyncProperty(fc.nat(), run), { numRuns: 25 })
  })
})
