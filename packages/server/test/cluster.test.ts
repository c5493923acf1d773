import { KV } from '@kvs/proto/rpc'
import { afterEach, expect, test } from 'vitest'
import { Cluster } from './cluster.ts'
import { bytesOf } from './messages.ts'

let cluster: Cluster
afterEach(() => cluster.close())

const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes)

test('three members found a cluster, and each writes and reads for all', async () => {
  cluster = new Cluster()
  const machines = await cluster.found(3)
  for (const [i, machine] of machines.entries()) {
    await machine.call(KV.put, { key: bytesOf(`k${i}`), value: bytesOf(machine.name) })
  }
  for (const machine of machines) {
    const { kvs } = await machine.call(KV.range, { key: bytesOf('k'), rangeEnd: bytesOf('l') })
    expect(kvs.map(({ value }) => text(value))).toEqual(['n1', 'n2', 'n3'])
  }
  await cluster.stop()
  expect(machines.flatMap(({ fatal }) => fatal)).toEqual([])
})

test('founders that start at one moment, with their ports open, do not wait long for one another', async () => {
  cluster = new Cluster(22)
  for (const name of ['n1', 'n2', 'n3']) cluster.machine(name).openPort()
  const before = cluster.clock.now()
  await cluster.found(3)
  expect(cluster.clock.now() - before).toBeLessThan(4000)
  await cluster.stop()
})

test('when the leader dies another takes over, and nothing acknowledged is lost', async () => {
  cluster = new Cluster(2)
  await cluster.found(3)
  const { leader } = cluster
  await leader.call(KV.put, { key: bytesOf('a'), value: bytesOf('1') })
  leader.crash()
  const survivor = await cluster.otherLeader(leader)
  await survivor.call(KV.put, { key: bytesOf('b'), value: bytesOf('2') })
  await cluster.until(leader.start())
  const { kvs } = await leader.call(KV.range, { key: bytesOf('a'), rangeEnd: bytesOf('z') })
  expect(kvs.map(({ value }) => text(value))).toEqual(['1', '2'])
  await cluster.stop()
})

test('what a follower is asked while the leader is dead and not yet missed waits for the next leader', async () => {
  cluster = new Cluster(7)
  await cluster.found(3)
  const { leader } = cluster
  leader.crash()
  // The connections are broken; that nobody leads turns out after an election timeout.
  await cluster.advance(200)
  const before = cluster.clock.now()
  for (const follower of cluster.running) await follower.call(KV.put, { key: bytesOf('a'), value: bytesOf('1') })
  expect(cluster.clock.now() - before).toBeLessThan(3000)
  await cluster.stop()
})

test('a leader that stops hands over, and nobody waits for an election', async () => {
  cluster = new Cluster(3)
  await cluster.found(3)
  const { leader } = cluster
  const before = cluster.clock.now()
  await cluster.until(leader.stop())
  expect(cluster.leader).not.toBe(leader)
  const [follower] = cluster.followers
  await follower?.call(KV.put, { key: bytesOf('b'), value: bytesOf('2') })
  expect(cluster.clock.now() - before).toBeLessThan(1000)
  await cluster.stop()
})

test('a member that fell far behind gets the state of the leader', async () => {
  cluster = new Cluster(4)
  await cluster.found(3, { snapshotCount: 10, snapshotCatchupEntries: 5 })
  const [behind, other] = cluster.followers
  behind?.crash()
  const { leader } = cluster
  for (let i = 0; i < 60; i++) await leader.call(KV.put, { key: bytesOf(`k${i % 10}`), value: bytesOf(`${i}`) })
  await cluster.until((behind as NonNullable<typeof behind>).start())
  const { kvs } = await (behind as NonNullable<typeof behind>).call(KV.range, {
    key: bytesOf('k'),
    rangeEnd: bytesOf('l'),
  })
  const same = await (other as NonNullable<typeof other>).call(KV.range, { key: bytesOf('k'), rangeEnd: bytesOf('l') })
  expect(kvs).toEqual(same.kvs)
  expect(cluster.log.filter(({ message }) => message === 'applied snapshot')).toHaveLength(1)
  await cluster.stop()
})
