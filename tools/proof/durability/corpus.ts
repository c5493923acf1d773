/**
 * What bits are flipped in: a member's files after a history of writes, and everything a client must be told of them.
 *
 * The history has short and long values, deletions, transactions, leases, alarms, a compaction and several segments of the
 * log. The member is killed while the log holds more than the state file has committed, or stopped in order.
 */
import { MemoryStates, openMemory } from '@kvs/backend/memory'
import { type Client, operation, toText } from '@kvs/client'
import { allBuckets, type ServerParts } from '@kvs/server'
import { SeededRandom } from '@kvs/testing'
import { type MemFs, memFs } from '@kvs/vfs'
import { dataDir, MemoryMember } from './memory-member.ts'

/** Short segments, and commits that leave part of the history to the log. */
export const corpusOptions = {
  walSegmentBytes: 32_768,
  backendBatchLimit: 120,
  backendBatchIntervalMs: 3_600_000,
  snapshotCount: 150,
}
const writes = 400
const compactAt = 150
const keys = 40

export type Ending = 'killed' | 'stopped'

export interface Corpus {
  /** The log, and the state if it is in memory too. */
  readonly disk: MemFs
  readonly truth: string
}

const stateFile = `${dataDir}/member/snap/db`

/** Lives through the history. `openBackend` says where the state is, if not on the disk in memory. */
export async function makeCorpus(
  seed: number,
  ending: Ending,
  openBackend?: ServerParts['openBackend'],
): Promise<Corpus> {
  const states = new MemoryStates()
  const fs = memFs({ random: new SeededRandom(seed) })
  const parts = { fs, states, seed, options: corpusOptions }
  const member = await MemoryMember.start(openBackend === undefined ? parts : { ...parts, openBackend })
  const client = member.connect()
  await write(client, new SeededRandom(seed))
  const truth = await everything(client)
  if (ending === 'stopped') await member.stop()
  else member.leave()
  if (openBackend === undefined) await freezeState(fs, states)
  return { disk: fs.kill(), truth }
}

/** Puts a copy of the state in the place of the mark that leads to it: whoever opens it changes nothing for others. */
async function freezeState(disk: MemFs, states: MemoryStates): Promise<void> {
  const image = `${stateFile}.image`
  const random = new SeededRandom(1)
  const backend = await openMemory({ fs: disk, path: stateFile, states, buckets: allBuckets, random })
  await backend.copyTo(image)
  await disk.rename(image, stateFile)
}

async function write(client: Client, random: SeededRandom): Promise<void> {
  for (let id = 1n; id <= 5n; id++) await client.lease.grant(100_000, { id })
  for (let at = 1; at <= writes; at++) {
    const key = `key/${random.below(keys)}`
    const kind = random.below(12)
    if (kind === 0) await client.delete(key)
    else if (kind === 1) {
      const puts = [0, 1, 2].map(part => operation.put(`txn/${random.below(keys)}/${part}`, valueAt(at, random)))
      await client
        .txn()
        .then(...puts)
        .commit()
    } else if (kind === 2) await client.put(key, valueAt(at, random), { lease: BigInt(1 + random.below(5)) })
    else await client.put(key, valueAt(at, random))
    if (at === compactAt) await client.compact(compactAt - 20, { physical: true })
  }
  await client.lease.revoke(5n)
}

/** Text, zeros (which a torn write looks like) and noise; some longer than a sector, a few longer than a page. */
function valueAt(at: number, random: SeededRandom): Uint8Array {
  const length = random.pick([0, 10, 100, 100, 300, 700, 1500, 6000])
  const kind = random.below(3)
  if (kind === 0) return new TextEncoder().encode(`${at} `.repeat(length).slice(0, length))
  return kind === 1 ? new Uint8Array(length) : random.bytes(length)
}

/** Everything a client can be told, as text: keys, their past, leases, hashes. */
export async function everything(client: Client): Promise<string> {
  const all = { prefix: '' } as const
  const { header, kvs } = await client.range(all)
  const revision = header?.revision ?? 0
  const compacted = compactAt - 20
  const past: string[] = []
  const watcher = client.watch(all, { startRevision: compacted + 1 })
  for await (const { events } of watcher) {
    for (const { type, kv } of events) {
      past.push(`${Number(type)} ${kv === undefined ? '' : pair(kv)}`)
    }
    if (events.some(({ kv }) => kv?.modRevision === revision)) break
  }
  const { leases } = await client.lease.list()
  const attached = await Promise.all(leases.map(({ id }) => client.lease.timeToLive(id, { keys: true })))
  const { hash } = await client.maintenance.hashKv({ revision })
  const held = attached.map(({ id, keys: on }) => `${id} ${on.map(toText).sort().join()}`)
  return [`revision ${revision} hash ${hash}`, ...kvs.map(pair), ...past, ...held.sort()].join('\n')
}

interface Pair {
  readonly key: Uint8Array
  readonly value: Uint8Array
  readonly createRevision: number
  readonly modRevision: number
  readonly version: number
  readonly lease: bigint
}

function pair({ key, value, createRevision, modRevision, version, lease }: Pair): string {
  const shown = Buffer.from(value).toString('base64')
  return `${toText(key)} ${shown} ${createRevision} ${modRevision} ${version} ${lease}`
}
