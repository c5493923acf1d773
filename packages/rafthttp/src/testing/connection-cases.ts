import * as assert from 'node:assert/strict'
import { append, type Cluster, heartbeat, type NamedCheck, type TestMember } from './world.ts'

/** Both add the other as a peer, but `b` is not what `a` takes it for. */
async function refused(cluster: Cluster, a: TestMember, b: TestMember, line: string): Promise<void> {
  cluster.connect(a, b)
  await cluster.world.until(line, () => b.hasLogged(line))
  a.send(heartbeat(1n, 2n, 1))
  await cluster.world.until('the loss', () => a.unreachable.includes(2n))
  assert.equal(a.transport.activePeers(), 0)
  assert.equal(b.received.length, 0)
}

export const connectionCases: readonly NamedCheck[] = [
  [
    'a peer is active since it is connected, and no longer when it is gone',
    async cluster => {
      const a = await cluster.member(1n)
      const place = await cluster.world.place('m2')
      a.transport.addPeer(2n, [place.url])
      await cluster.world.pass(100)
      assert.equal(a.transport.activeSince(2n), undefined)
      const b = await cluster.memberAt(place, 2n)
      b.transport.addPeer(1n, [a.place.url])
      await cluster.attached(a, b)
      const since = a.transport.activeSince(2n) ?? Number.NaN
      assert.ok(since <= cluster.world.clock.now() && a.transport.activePeers() === 1)
      await cluster.world.pass(200)
      assert.equal(a.transport.activeSince(2n), since)
      b.transport.stop()
      await place.kill()
      await cluster.world.until('the loss', () => a.transport.activeSince(2n) === undefined)
      assert.ok(a.hasLogged('peer became inactive (message send to peer failed)'))
    },
  ],
  [
    'a peer that is gone is reported, and found again when it comes back',
    async cluster => {
      const [a, b] = await cluster.pair()
      b.transport.stop()
      await b.place.kill()
      await cluster.world.until('the loss', () => a.transport.activeSince(2n) === undefined)
      a.send(heartbeat(1n, 2n, 1))
      await cluster.world.until('the report', () => a.unreachable.includes(2n))
      const again = await cluster.memberAt(b.place, 2n)
      again.transport.addPeer(1n, [a.place.url])
      await cluster.attached(a, again)
      a.send(append(1n, 2n, 2), heartbeat(1n, 2n, 2))
      await cluster.world.until('messages', () => again.received.length === 2)
    },
  ],
  [
    'the loss of a stream that was in use is reported',
    async cluster => {
      const [a, b] = await cluster.pair()
      a.send(append(1n, 2n, 1))
      await cluster.world.until('the message', () => b.received.length === 1)
      assert.deepEqual(a.unreachable, [])
      b.transport.stop()
      await b.place.kill()
      await cluster.world.until('the report', () => a.unreachable.includes(2n))
    },
  ],
  [
    'a peer is found under any of its URLs, and under new ones',
    async cluster => {
      const [a, b] = [await cluster.member(1n), await cluster.member(2n)]
      const nobody = await cluster.world.place('nobody')
      a.transport.addPeer(2n, [nobody.url, b.place.url])
      b.transport.addPeer(1n, [nobody.url])
      await cluster.world.pass(100)
      b.transport.updatePeer(1n, [a.place.url])
      await cluster.attached(a, b)
    },
  ],
  [
    'a removed peer is neither sent to nor heard any more',
    async cluster => {
      const [a, b] = await cluster.pair()
      a.transport.removePeer(2n)
      assert.equal(a.transport.hasPeer(2n), false)
      a.send(heartbeat(1n, 2n, 1))
      await cluster.world.until('the loss', () => !b.transport.state.peers[0]?.attached.messages)
      await cluster.world.until('its refusal', () => a.hasLogged('failed to find remote peer in cluster'))
      assert.equal(b.received.length, 0)
      a.transport.removePeer(2n)
      assert.ok(a.hasLogged('skipped removing already removed peer'))
      a.transport.addPeer(2n, [b.place.url])
      await cluster.attached(a, b)
    },
  ],
  [
    'a member of another cluster is refused on both sides',
    async cluster => {
      const [a, b] = [await cluster.member(1n), await cluster.member(2n, { clusterId: 0x77n })]
      await refused(cluster, a, b, 'request cluster ID mismatch')
      assert.ok(a.hasLogged('request sent was ignored by remote peer due to cluster ID mismatch'))
      assert.ok(a.hasLogged('request sent was ignored due to cluster ID mismatch'))
    },
  ],
  [
    'a member of a version too far away is refused',
    async cluster => {
      const [a, b] = [
        await cluster.member(1n, { version: { server: '2.3.8', minCluster: '2.1.0' } }),
        await cluster.member(2n),
      ]
      await refused(cluster, a, b, 'failed version compatibility check')
      assert.ok(a.hasLogged('request sent was ignored by remote peer due to server version incompatibility'))
    },
  ],
  [
    'a stream for another member is refused',
    async cluster => {
      const [a, b] = [await cluster.member(1n), await cluster.member(2n)]
      a.transport.addPeer(3n, [b.place.url])
      b.transport.addPeer(1n, [a.place.url])
      await cluster.world.until('the refusal', () => b.hasLogged('ignored streaming request; ID mismatch'))
      a.send(heartbeat(1n, 3n, 1))
      await cluster.world.until('the loss', () => a.unreachable.includes(3n))
      assert.ok(b.hasLogged('rejected Raft message to mismatch member'))
      assert.equal(b.received.length, 0)
      assert.equal(a.removals, 0)
    },
  ],
  [
    'a removed member learns that it was removed',
    async cluster => {
      const [a, b] = [await cluster.member(1n), await cluster.member(2n)]
      b.banned.add(1n)
      a.transport.addPeer(2n, [b.place.url])
      await cluster.world.until('the news', () => a.removals > 0)
      assert.ok(b.hasLogged('rejected stream from remote peer because it was removed'))
      const before = a.removals
      a.send(heartbeat(1n, 2n, 1))
      await cluster.world.until('the loss', () => a.unreachable.includes(2n) && a.removals > before)
      assert.equal(b.received.length, 0)
      assert.deepEqual(b.transport.state.remotes, [])
    },
  ],
  [
    'a copy of a member that runs beside it is kept out, until the first is gone',
    async cluster => {
      const [a, b] = await cluster.pair()
      const since = a.transport.activeSince(2n)
      const copy = await cluster.memberAt(await cluster.world.place('copy'), 2n)
      copy.transport.addPeer(1n, [a.place.url])
      await cluster.world.until('the refusal', () =>
        a.hasLogged('rejected a second process that runs as the same member'),
      )
      copy.send(heartbeat(2n, 1n, 66))
      await cluster.world.until('the loss', () => copy.unreachable.includes(1n))
      const failed = copy.log.find(({ fields }) => /another process runs as this member/.test(String(fields['error'])))
      assert.ok(failed !== undefined)
      await cluster.world.pass(200)
      b.send(heartbeat(2n, 1n, 5))
      await cluster.world.until('the message of the first', () => a.received.length > 0)
      assert.deepEqual(a.commitsFrom(2n), [5])
      assert.equal(a.transport.activeSince(2n), since)
      b.transport.stop()
      await b.place.kill()
      // What is sent as the first goes may still be refused.
      for (let round = 0; round < 100 && !a.commitsFrom(2n).includes(6); round++) {
        copy.send(heartbeat(2n, 1n, 6))
        await cluster.world.pass(50)
      }
      await cluster.world.until('streams to the copy', () => a.transport.state.peers[0]?.attached.messages === true)
      assert.ok(a.commitsFrom(2n).includes(6))
    },
  ],
  [
    'probing tells round trips and health',
    async cluster => {
      const [a, b] = await cluster.pair()
      const probe = (): ReturnType<() => TestMember['transport']['state']['peers'][number]> | undefined =>
        a.transport.state.peers[0]
      await cluster.world.until('three probes', () => (probe()?.traffic.roundTrips.count ?? 0) >= 3)
      const status = probe()?.probe
      assert.ok(status?.isHealthy && (status.roundTripMs ?? -1) >= 0)
      assert.ok(Math.abs(status.clockDifferenceMs ?? 1e9) < 1000)
      b.transport.stop()
      await b.place.kill()
      await cluster.world.until('a failed probe', () => probe()?.probe.isHealthy === false)
      assert.ok(probe()?.probe.error !== undefined)
    },
  ],
  [
    'streams stay while nothing is sent',
    async cluster => {
      const [a, b] = await cluster.pair()
      const since = a.transport.activeSince(2n)
      await cluster.world.pass(1500)
      assert.equal(a.transport.activeSince(2n), since)
      const lost = 'lost TCP streaming connection with remote peer'
      assert.deepEqual([a.hasLogged(lost), b.hasLogged(lost)], [false, false])
    },
  ],
  [
    'after stop nothing is called back',
    async cluster => {
      const [a, b] = await cluster.pair()
      a.send(append(1n, 2n, 1))
      a.transport.stop()
      a.transport.stop()
      const counts = (): number[] => [a.received.length, a.unreachable.length, a.reported.length, a.removals]
      const before = counts()
      b.send(heartbeat(2n, 1n, 1))
      a.send(heartbeat(1n, 2n, 1))
      a.transport.addPeer(3n, [b.place.url])
      await cluster.world.until('the loss', () => b.unreachable.includes(1n))
      await cluster.world.pass(200)
      assert.deepEqual(counts(), before)
      assert.equal(a.transport.state.peers.length, 0)
    },
  ],
]
