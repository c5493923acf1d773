import { KV } from '@kvs/proto/rpc'
import type { Wire } from '@kvs/rafthttp'
import { afterEach, describe, expect, test } from 'vitest'
import { Cluster, type Machine } from './cluster.ts'
import { bytesOf } from './messages.ts'

let cluster: Cluster
afterEach(() => cluster.close())

const key = bytesOf('k')
const logged = (message: string) => cluster.log.filter(line => line.message === message)
const put = (machine: Machine, value: string) => machine.call(KV.put, { key, value: bytesOf(value) })
const snapDirOf = async (machine: Machine) => (await machine.disk.readDir('/data/member/snap')).sort()

/** What becomes of the body of a snapshot on its way: its pieces, the head among them. */
type Spoil = (pieces: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>

/** Spoils the first snapshot that leaves a machine; whoever leads after it begins with a spoilt one, too. */
function spoilFirst(machine: Machine, spoil: Spoil): void {
  let left = 1
  machine.around = ({ fs, wire }) => {
    const spoiling: Wire = {
      openLink: call => wire.openLink(call),
      close: () => wire.close(),
      request: call => {
        const { body } = call
        if (call.path !== '/raft/snapshot' || !(body !== undefined && Symbol.asyncIterator in body) || left-- <= 0) {
          return wire.request(call)
        }
        return wire.request({ ...call, body: spoil(body) })
      },
    }
    return { fs, wire: spoiling, endpoint: endpoint => endpoint }
  }
}

/** Three members; the one that did not lead last was away while others wrote, and what it is sent first is spoilt. */
async function spoilt(seed: number, spoil: Spoil): Promise<Machine> {
  cluster = new Cluster(seed)
  for (const name of ['n1', 'n2', 'n3']) spoilFirst(cluster.machine(name), spoil)
  await cluster.found(3, { snapshotCount: 5, snapshotCatchupEntries: 0 })
  const [behind] = cluster.followers as readonly [Machine]
  behind.crash()
  for (let i = 0; i < 30; i++) await put(cluster.leader, `${i}`)
  behind.start().catch(() => {})
  return behind
}

/** The others go on, and the member gets all in the end; nothing is left of what was spoilt. */
async function comesThrough(behind: Machine): Promise<void> {
  await put(cluster.leader, 'meanwhile')
  expect(logged('applied snapshot')).toEqual([])
  await cluster.untilHolds(() => logged('applied snapshot').length === 1 && behind.isUp)
  const { kvs } = await behind.call(KV.range, { key })
  expect(new TextDecoder().decode(kvs[0]?.value)).toBe('meanwhile')
  await cluster.advance(1000)
  expect(await snapDirOf(behind)).toEqual(['db'])
  for (const { fatal } of cluster.machines.values()) expect(fatal).toEqual([])
  await cluster.stop()
}

const flip = (piece: Uint8Array, at: number): Uint8Array => piece.map((byte, i) => (i === at ? byte ^ 1 : byte))
const gather = async (pieces: AsyncIterable<Uint8Array>): Promise<readonly Uint8Array[]> => {
  const all: Uint8Array[] = []
  for await (const piece of pieces) all.push(piece)
  return all
}

const kinds: readonly { readonly name: string; readonly error: RegExp; readonly spoil: Spoil }[] = [
  {
    name: 'one that breaks off in the middle',
    error: /unexpected EOF|broke off/,
    spoil: async function* (pieces) {
      const [head, first] = await gather(pieces)
      yield head as Uint8Array
      yield (first as Uint8Array).subarray(0, 5)
      throw new Error('connection reset by peer')
    },
  },
  {
    name: 'one whose end is missing',
    error: /expected a checksum of 32|unexpected EOF|broke off/,
    spoil: async function* (pieces) {
      yield* (await gather(pieces)).slice(0, -1)
    },
  },
  {
    name: 'one with a damaged byte',
    error: /the checksum of the snapshot is wrong/,
    spoil: async function* (pieces) {
      const [head, first, ...rest] = await gather(pieces)
      yield* [head as Uint8Array, flip(first as Uint8Array, 3), ...rest]
    },
  },
  {
    name: 'one with a wrong checksum',
    error: /the checksum of the snapshot is wrong/,
    spoil: async function* (pieces) {
      const all = await gather(pieces)
      yield* [...all.slice(0, -1), flip(all.at(-1) as Uint8Array, 0)]
    },
  },
]

describe('of snapshots on their way to a member that was away', () => {
  test.each(kinds)('$name is dropped, and sent again', async ({ error, spoil }) => {
    const behind = await spoilt(81, spoil)
    await cluster.untilHolds(() => logged('failed to save incoming database snapshot').length > 0)
    expect(String(logged('failed to save incoming database snapshot')[0]?.fields['error'])).toMatch(error)
    await cluster.untilHolds(() => logged('failed to send database snapshot').length > 0)
    // Nothing of it lies there, under whatever name.
    expect(await snapDirOf(behind)).toEqual(['db'])
    await comesThrough(behind)
  })

  test('one that does not move on is given up', async () => {
    const behind = await spoilt(82, async function* (pieces) {
      const [head, first] = await gather(pieces)
      yield head as Uint8Array
      yield (first as Uint8Array).subarray(0, 5)
      await new Promise(() => {})
    })
    await cluster.untilHolds(() => logged('failed to save incoming database snapshot').length > 0)
    await comesThrough(behind)
  })

  test('one whose sender dies comes from the next leader', async () => {
    const stuck = new Set<Machine>()
    const behind = await spoilt(83, async function* (pieces) {
      const [head] = await gather(pieces)
      yield head as Uint8Array
      stuck.add(cluster.leader)
      await new Promise(() => {})
    })
    await cluster.untilHolds(() => stuck.size > 0)
    const [sender] = stuck as unknown as readonly [Machine]
    sender.crash()
    await cluster.untilHolds(() => logged('applied snapshot').length > 0, 120_000)
    await cluster.until(sender.start())
    const newest = await cluster.leader.call(KV.range, { key })
    expect((await behind.call(KV.range, { key })).kvs).toEqual(newest.kvs)
    await cluster.stop()
  })
})

describe('files of peers that lie in the snapshot folder at a start', () => {
  /** A member alone, which has ended with 30 writes. */
  async function ended(seed: number): Promise<Machine> {
    cluster = new Cluster(seed)
    const [machine] = (await cluster.found(1, { snapshotCount: 5 })) as readonly [Machine]
    for (let i = 0; i < 30; i++) await put(machine, `${i}`)
    await cluster.until(machine.stop())
    machine.disk = machine.disk.kill()
    return machine
  }

  async function leave(machine: Machine, name: string): Promise<void> {
    const file = await machine.disk.open(`/data/member/snap/${name}`, { mode: 'create' })
    await file.write(bytesOf('half of a state'), 0)
    await file.datasync()
    await file.close()
  }

  test('are removed, finished or not, and none is ever installed', async () => {
    const machine = await ended(84)
    // Older than the log's newest snapshot, of that very index, and of one that the log never heard of.
    const snapshots = 40
    for (let index = 1; index <= snapshots; index++)
      await leave(machine, `${index.toString(16).padStart(16, '0')}.snap.db`)
    await leave(machine, '00000000000f4240.snap.db')
    await leave(machine, 'tmp-0000000000000010.snap.db')
    await leave(machine, 'tmp.backup.1')
    await cluster.until(machine.start())
    const removed = logged('found orphaned .snap.db file; deleting').map(({ fields }) => fields['path'])
    expect(removed).toHaveLength(snapshots + 1)
    expect(removed[0]).toBe('0000000000000001.snap.db')
    expect(await snapDirOf(machine)).toEqual(['db'])
    const { kvs } = await machine.call(KV.range, { key })
    expect(new TextDecoder().decode(kvs[0]?.value)).toBe('29')
    await cluster.stop()
  })
})
