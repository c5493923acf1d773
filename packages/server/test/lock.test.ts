import { Lock } from '@kvs/proto/lock'
import { KV, Lease } from '@kvs/proto/rpc'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { refusalOf, type TestMember, World } from './member.ts'
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

const name = bytesOf('l')
const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)
const lease = async (id: bigint): Promise<bigint> => (await member.call(Lease.leaseGrant, { id, ttl: 60 })).id

async function keys(): Promise<readonly string[]> {
  const { kvs } = await member.call(KV.range, { key: bytesOf('l/'), rangeEnd: bytesOf('l0') })
  return kvs.map(({ key }) => textOf(key))
}

/** A lock that was asked for. */
class Locking {
  readonly key: Promise<string>
  isHeld = false
  readonly #gone = new AbortController()

  constructor(id: bigint) {
    const request = Lock.lock.encodeRequest({ name, lease: id })
    const answer = member.channel.call(Lock.lock.path, request, { signal: this.#gone.signal })
    this.key = answer.then(({ message }) => {
      this.isHeld = true
      return textOf(Lock.lock.decodeResponse(message).key)
    })
  }

  cancel(): void {
    this.#gone.abort()
  }
}

const locking = (id: bigint): Locking => new Locking(id)

test('a lock is a key of its lease, and is given in the order in which it was asked for', async () => {
  const [a, b, c] = await Promise.all([lease(10n), lease(11n), lease(-1n)])
  const first = locking(a)
  expect(await first.key).toBe('l/a')
  const second = locking(b)
  await world.settled()
  const third = locking(c)
  await world.settled()
  expect(await keys()).toEqual(['l/-1', 'l/a', 'l/b'])
  expect([second.isHeld, third.isHeld]).toEqual([false, false])
  await member.call(Lock.unlock, { key: bytesOf('l/a') })
  expect(await second.key).toBe('l/b')
  expect(third.isHeld).toBe(false)
  await member.call(Lease.leaseRevoke, { id: b })
  expect(await third.key).toBe('l/-1')
})

test('whoever holds it gets it again; the answer has a header', async () => {
  const id = await lease(10n)
  await locking(id).key
  const again = await member.call(Lock.lock, { name, lease: id })
  expect([textOf(again.key), again.header?.memberId]).toEqual(['l/a', member.member.id])
  const { header } = await member.call(Lock.unlock, { key: again.key })
  expect(header?.revision).toBe(3)
})

test('without a lease it gets one of a minute', async () => {
  const { key } = await member.call(Lock.lock, { name })
  const id = BigInt(`0x${textOf(key).slice(2)}`)
  expect((await member.call(Lease.leaseTimeToLive, { id })).grantedTtl).toBe(60)
})

test('what goes wrong is told with code Unknown', async () => {
  expect(await member.refusal(Lock.lock, { name, lease: 404n })).toBe('2 etcdserver: requested lease not found')
  expect(await member.refusal(Lock.unlock, {})).toBe('2 etcdserver: key is not provided')
  expect(await keys()).toEqual([])
})

test('a waiting client that goes away leaves no key, and those behind it move up', async () => {
  const ids = await Promise.all([lease(10n), lease(11n), lease(12n)])
  const [first, second, third] = ids.map(id => locking(id))
  await world.settled()
  second?.cancel()
  expect(await refusalOf(second?.key ?? Promise.resolve())).toMatch(/^1 /)
  await world.settled()
  expect(await keys()).toEqual(['l/a', 'l/c'])
  await first?.key
  await member.call(Lock.unlock, { key: bytesOf('l/a') })
  expect(await third?.key).toBe('l/c')
})

test('one that goes away before it stands in the queue leaves none either', async () => {
  const id = await lease(10n)
  await world.settled()
  world.holdDisk()
  const asked = locking(id)
  await world.settled()
  asked.cancel()
  await refusalOf(asked.key)
  await world.settled()
  world.releaseDisk()
  await world.settled()
  expect(await keys()).toEqual([])
})

test('a waiting key that is deleted has lost its session', async () => {
  const ids = await Promise.all([lease(10n), lease(11n)])
  const [first, second] = ids.map(id => locking(id))
  await first?.key
  await world.settled()
  await member.call(KV.deleteRange, { key: bytesOf('l/b') })
  const refused = refusalOf(second?.key ?? Promise.resolve())
  await member.call(Lock.unlock, { key: bytesOf('l/a') })
  expect(await refused).toBe('2 mutex: session is expired')
})
