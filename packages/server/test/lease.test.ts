import { KV, Lease, type LeaseKeepAliveRequestInit, type LeaseKeepAliveResponse } from '@kvs/proto/rpc'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type TestMember, type TestStream, World } from './member.ts'
import { bytesOf } from './messages.ts'

let world: World
let member: TestMember

beforeEach(async () => {
  world = new World()
  member = await world.start()
})
afterEach(async () => {
  expect(world.fatal).toEqual([])
  await member.member.stop()
  world.close()
})

const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)
const grant = (id: bigint, ttl: number) => member.call(Lease.leaseGrant, { id, ttl })
const put = (key: string, lease = 0n) => member.call(KV.put, { key: bytesOf(key), lease })
const timeToLive = (id: bigint, keys = false) => member.call(Lease.leaseTimeToLive, { id, keys })
const ids = async (): Promise<readonly bigint[]> =>
  (await member.call(Lease.leaseLeases, {})).leases.map(({ id }) => id)
const keyCount = async (): Promise<number> => {
  const everything = { key: bytesOf('\0'), rangeEnd: bytesOf('\0'), countOnly: true }
  return (await member.call(KV.range, everything)).count
}

describe('grant', () => {
  test('a time to live below the floor is raised, to two seconds here', async () => {
    const ttls = await Promise.all([0, -5, 1, 2, 3].map(async (ttl, i) => (await grant(BigInt(i + 1), ttl)).ttl))
    expect(ttls).toEqual([2, 2, 2, 2, 3])
  })

  test('an id is chosen if none is given; negative ones are legal', async () => {
    const [first, second] = [await grant(0n, 5), await grant(0n, 5)]
    expect(first.id > 0n && second.id > 0n && first.id !== second.id).toBe(true)
    expect((await grant(-7n, 5)).id).toBe(-7n)
    expect(await ids()).toContain(-7n)
    expect(first.header?.revision).toBe(1)
  })

  test('one that exists, or that would live too long, is refused', async () => {
    await grant(1n, 5)
    expect(await member.refusal(Lease.leaseGrant, { id: 1n, ttl: 9 })).toBe('9 etcdserver: lease already exists')
    const tooLong = { id: 1n, ttl: 9_000_000_001 }
    expect(await member.refusal(Lease.leaseGrant, tooLong)).toBe('11 etcdserver: too large lease TTL')
    expect((await grant(2n, 9_000_000_000)).ttl).toBe(9_000_000_000)
  })
})

describe('revoke', () => {
  test('takes the keys with it, in one revision', async () => {
    await grant(1n, 60)
    for (const key of ['c', 'a', 'b']) await put(key, 1n)
    await put('free')
    const { header } = await member.call(Lease.leaseRevoke, { id: 1n })
    expect([header?.revision, await keyCount(), await ids()]).toEqual([6, 1, []])
  })

  test('without keys it moves no revision, and a second one finds nothing', async () => {
    await grant(1n, 60)
    expect((await member.call(Lease.leaseRevoke, { id: 1n })).header?.revision).toBe(1)
    const missing = await member.refusal(Lease.leaseRevoke, { id: 1n })
    expect(missing).toBe('5 etcdserver: requested lease not found')
  })

  test('of very many keys, in slices, is one revision still', async () => {
    await grant(1n, 600)
    await Promise.all(Array.from({ length: 9000 }, (_, i) => put(`k${i}`, 1n)))
    const revoking = member.call(Lease.leaseRevoke, { id: 1n })
    const later = put('later')
    const [revoked, written] = await Promise.all([revoking, later])
    expect(revoked.header?.revision).toBe(9002)
    expect(written.header?.revision).toBe(9003)
    expect(await keyCount()).toBe(1)
  })

  test('a key that was put again without the lease stays', async () => {
    await grant(1n, 60)
    await put('k', 1n)
    await put('k')
    await put('gone', 1n)
    await member.call(KV.put, { key: bytesOf('gone'), value: bytesOf('v'), ignoreLease: true })
    await member.call(Lease.leaseRevoke, { id: 1n })
    expect(await keyCount()).toBe(1)
  })
})

describe('time to live', () => {
  test('is cut to whole seconds; keys are listed when asked for', async () => {
    await grant(1n, 5)
    await put('a', 1n)
    await put('b', 1n)
    await world.advance(100)
    const { ttl, grantedTtl, keys } = await timeToLive(1n)
    expect([ttl, grantedTtl, keys.length]).toEqual([4, 5, 0])
    expect((await timeToLive(1n, true)).keys.map(textOf).sort()).toEqual(['a', 'b'])
  })

  test('of a lease that is not there', async () => {
    const { id, ttl, grantedTtl, header } = await timeToLive(9n)
    expect([id, ttl, grantedTtl, header?.revision]).toEqual([9n, -1, 0, 1])
  })

  test('the list begins with the lease that ends first', async () => {
    await grant(1n, 60)
    await grant(2n, 20)
    await grant(3n, 40)
    expect(await ids()).toEqual([2n, 3n, 1n])
  })
})

describe('expiry', () => {
  test('comes on time, and takes the keys with it', async () => {
    await grant(1n, 5)
    await grant(2n, 60)
    await put('a', 1n)
    await put('b', 2n)
    await world.advance(4900)
    expect(await ids()).toEqual([1n, 2n])
    await world.advance(1200)
    expect([await ids(), await keyCount()]).toEqual([[2n], 1])
  })

  test('many at once all go', async () => {
    await Promise.all(Array.from({ length: 100 }, (_, i) => grant(BigInt(i + 1), 3)))
    await world.advance(10_000)
    expect(await ids()).toEqual([])
  })

  test('a restart keeps leases and gives them their whole time again', async () => {
    await grant(1n, 5)
    await put('a', 1n)
    await world.advance(3000)
    await member.member.stop()
    member = await world.start()
    expect([await ids(), (await timeToLive(1n, true)).keys.map(textOf)]).toEqual([[1n], ['a']])
    await world.advance(4900)
    expect(await keyCount()).toBe(1)
    await world.advance(3000)
    expect([await ids(), await keyCount()]).toEqual([[], 0])
  })
})

describe('keep alive', () => {
  let stream: TestStream<LeaseKeepAliveRequestInit, LeaseKeepAliveResponse>
  beforeEach(() => {
    stream = member.stream(Lease.leaseKeepAlive)
  })
  afterEach(() => stream.cancel())
  const answer = async (): Promise<string> => {
    const { id, ttl } = await stream.next()
    return `${id} ${ttl}`
  }
  /** Lets the member believe that the time of its leases is up, with their revocations still on their way. */
  async function expireUnrevoked(): Promise<void> {
    await world.settled()
    world.holdDisk()
    await world.advance(6000)
  }

  test('renews to the time that was granted', async () => {
    await grant(1n, 5)
    await world.advance(3000)
    stream.send({ id: 1n })
    expect(await answer()).toBe('1 5')
    await world.advance(4000)
    expect(await ids()).toEqual([1n])
    await world.advance(3000)
    expect(await ids()).toEqual([])
  })

  test('answers every request in order; of unknown leases with 0', async () => {
    await grant(1n, 5)
    await grant(2n, 7)
    for (const id of [1n, 9n, 2n, 1n]) stream.send({ id })
    expect([await answer(), await answer(), await answer(), await answer()]).toEqual(['1 5', '9 0', '2 7', '1 5'])
  })

  test('of a lease that has run out waits for its revocation, and so does everything behind it', async () => {
    await grant(1n, 5)
    await grant(2n, 60)
    await expireUnrevoked()
    for (const id of [1n, 2n, 1n]) stream.send({ id })
    await world.settled()
    expect(stream.received).toEqual([])
    world.releaseDisk()
    expect([await answer(), await answer(), await answer()]).toEqual(['1 0', '2 60', '1 0'])
  })

  test('ends with OK when the client sends no more', async () => {
    stream.send({ id: 9n })
    stream.halfClose()
    expect(await answer()).toBe('9 0')
    expect(await stream.ended).toBeUndefined()
  })

  test('what was asked is answered before that end, even if it has to wait', async () => {
    await grant(1n, 5)
    await expireUnrevoked()
    stream.send({ id: 1n })
    stream.send({ id: 9n })
    stream.halfClose()
    await world.settled()
    world.releaseDisk()
    expect([await answer(), await answer()]).toEqual(['1 0', '9 0'])
    expect(await stream.ended).toBeUndefined()
  })

  test('malformed bytes end the stream', async () => {
    stream.sendBytes(Uint8Array.of(0x08))
    expect((await stream.ended)?.code).toBe(13)
  })
})
