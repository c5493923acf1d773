import { Cluster, KV, Lease, Maintenance, Watch } from '@kvs/proto/rpc'
import { expect, test } from 'vitest'
import { refusalOf, type TestMember, World } from './member.ts'
import { bytesOf } from './messages.ts'

/** Runs a body on a fresh member and stops it. */
function onMember(body: (member: TestMember, world: World) => Promise<void>, options = {}): () => Promise<void> {
  return async () => {
    const world = new World()
    const member = await world.start(options)
    await body(member, world)
    expect(world.fatal).toEqual([])
    await member.member.stop()
    world.close()
  }
}

const unary = [
  KV.put,
  KV.range,
  KV.deleteRange,
  KV.txn,
  KV.compact,
  Lease.leaseGrant,
  Lease.leaseRevoke,
  Lease.leaseTimeToLive,
  Cluster.memberList,
].map(({ path }) => path)

test.each(unary)(
  '%s with bytes that are no message',
  onMemberWith(async (member, path) => {
    // A field that is longer than what is there.
    const refused = await refusalOf(member.channel.call(path, Uint8Array.of(0x0a, 0x7f, 1)))
    expect(refused).toMatch(/^13 grpc: failed to unmarshal the received message: /)
    await member.call(KV.put, { key: bytesOf('k') })
  }),
)

/** `onMember` for a table of paths. */
function onMemberWith(body: (member: TestMember, path: string) => Promise<void>): (path: string) => Promise<void> {
  return path => onMember(member => body(member, path))()
}

test(
  'methods that do not exist',
  onMember(async member => {
    const call = (path: string): Promise<string> => refusalOf(member.channel.call(path, new Uint8Array(0)))
    expect(await call('/etcdserverpb.KV/Nothing')).toBe('12 unknown method Nothing for service etcdserverpb.KV')
    expect(await call('/nobody.Nothing/Nothing')).toBe('12 unknown service nobody.Nothing')
  }),
)

test(
  'a request larger than the limit is refused, one of exactly the limit is not',
  onMember(
    async member => {
      const entryOf = (valueBytes: number) => ({ key: bytesOf('k'), value: new Uint8Array(valueBytes) })
      // What the entry adds to the value: key, tags, lengths and the request's header.
      let overhead = 0
      for (let valueBytes = 2000; overhead === 0; valueBytes--) {
        const refused = await member.call(KV.put, entryOf(valueBytes)).then(
          () => undefined,
          error => `${error.code} ${error.message}`,
        )
        if (refused === undefined) overhead = 2000 - valueBytes
        else expect(refused).toBe('3 etcdserver: request is too large')
      }
      expect(overhead).toBeGreaterThan(0)
      expect(overhead).toBeLessThan(40)
      const deletion = { key: new Uint8Array(2000).fill(1) }
      expect(await member.refusal(KV.deleteRange, deletion)).toBe('3 etcdserver: request is too large')
      const txn = { success: [{ requestPut: entryOf(2000) }] }
      expect(await member.refusal(KV.txn, txn)).toBe('3 etcdserver: request is too large')
    },
    { maxRequestBytes: 2000 },
  ),
)

test(
  'beyond that and what gRPC may take the transport refuses',
  onMember(
    async member => {
      const value = new Uint8Array(2000 + 512 * 1024)
      const refused = await member.refusal(KV.put, { key: bytesOf('k'), value })
      expect(refused).toMatch(/^8 grpc: received message larger than max \(\d+ vs\. 526288\)$/)
    },
    { maxRequestBytes: 2000 },
  ),
)

test(
  'a read does not care for that limit',
  onMember(
    async member => {
      const { count } = await member.call(KV.range, { key: new Uint8Array(5000).fill(1) })
      expect(count).toBe(0)
    },
    { maxRequestBytes: 2000 },
  ),
)

test(
  'status and members',
  onMember(async member => {
    const { id, clusterId } = member.member
    const status = await member.call(Maintenance.status, {})
    expect(status).toMatchObject({
      version: '3.7.1',
      storageVersion: '3.7.0',
      leader: id,
      raftTerm: 2,
      dbSizeQuota: 2 ** 31,
      errors: [],
      isLearner: false,
    })
    expect(status.raftAppliedIndex).toBe(status.raftIndex)
    expect(status.dbSize).toBeGreaterThan(0)
    expect(status.dbSize).toBeLessThanOrEqual(20_480)
    for (const linearizable of [false, true]) {
      const { members, header } = await member.call(Cluster.memberList, { linearizable })
      expect(members).toEqual([
        {
          id,
          name: 'default',
          peerUrls: ['http://localhost:2380'],
          clientUrls: ['http://localhost:2379'],
          isLearner: false,
        },
      ])
      expect(header).toEqual({ clusterId, memberId: id, revision: 0, raftTerm: 2 })
    }
  }),
)

test(
  'plain HTTP: version and health',
  onMember(async ({ member }) => {
    const ask = async (method: string, path: string) => {
      const request = {
        method,
        path,
        query: '',
        header: () => undefined,
        headers: [],
        remote: '',
        isEncrypted: false,
        commonName: undefined,
      }
      const { status, body } = await member.handleHttp(request, (async function* () {})(), AbortSignal.timeout(5000))
      return [status, new TextDecoder().decode(body as Uint8Array)]
    }
    const versions = '{"etcdserver":"3.7.1","etcdcluster":"3.7.0","storage":"3.7.0"}'
    expect(await ask('GET', '/version')).toEqual([200, versions])
    expect(await ask('GET', '/health')).toEqual([200, '{"health":"true","reason":""}'])
    expect((await ask('POST', '/health'))[0]).toBe(405)
    expect((await ask('POST', '/version'))[0]).toBe(405)
    expect(await ask('GET', '/nothing')).toEqual([404, '404 page not found\n'])
  }),
)

test('a request that waits too long is given up with a timeout', async () => {
  const world = new World()
  const member = await world.start()
  await world.settled()
  world.holdDisk()
  let seen = ''
  const refused = member.refusal(KV.put, { key: bytesOf('k') }).then(text => {
    seen = text
  })
  await world.advance(6400)
  expect(seen).toBe('')
  await world.advance(1600)
  expect(seen).toBe('14 etcdserver: request timed out')
  await refused
  // It may have happened all the same: then it is there.
  world.releaseDisk()
  await world.settled()
  expect((await member.call(KV.range, { key: bytesOf('k') })).count).toBe(1)
  await member.member.stop()
  world.close()
})

test('a member that stops answers what waits, and then everybody else', async () => {
  const world = new World()
  const member = await world.start()
  const watching = member.stream(Watch.watch)
  watching.send({ createRequest: { key: bytesOf('k') } })
  await watching.next()
  await world.settled()
  world.holdDisk()
  const writing = member.refusal(KV.put, { key: bytesOf('k') })
  await world.settled()
  const stopping = member.member.stop()
  await world.advance(1000)
  expect(await writing).toBe('14 etcdserver: server stopped')
  expect((await watching.ended)?.code).toBe(14)
  world.releaseDisk()
  await stopping
  expect(await member.member.stop()).toBeUndefined()
  expect(await member.refusal(KV.put, { key: bytesOf('k') })).toMatch(/^14 /)
  expect(world.fatal).toEqual([])
  world.close()
})
