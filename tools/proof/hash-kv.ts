/**
 * npm run proof -- hash-kv [--seed N] [--operations N]: the real etcd and kvs are told the same random history through
 * gRPC. Every answer must be the same, and at many revisions, before and after a compaction, so must be HashKV and the
 * whole content; at the end also what watchers of everything are told, and the leases with their keys.
 */
import { existsSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import {
  encodeCompactionRequest,
  encodeDeleteRangeRequest,
  encodePutRequest,
  WatchCreateRequestFilterType as Filter,
  KV,
  type WatchCreateRequestInit,
} from '@kvs/proto/rpc'
import { SeededRandom } from '@kvs/testing'
import { startPair } from '../ci/differential/pair.mjs'
import { etcdProgram, inFolder } from '../ci/end-to-end/programs.mjs'
import { History, type Operation, type Seen } from './hash-kv/history.ts'
import { type Answer, System } from './hash-kv/system.ts'

/** Revisions compared before the last compaction, and again after it. */
const revisionsAtEnd = 24
/** And after every compaction on the way. */
const revisionsOnTheWay = 3
/** The last operations compact nothing, so that there are revisions to compare at the end. */
const operationsKept = 500
/** Longest wait for etcd to remove what it compacted. */
const scrubMsMax = 3000

const { values } = parseArgs({
  options: { seed: { type: 'string' }, operations: { type: 'string', default: '10000' } },
})
const seed = values.seed === undefined ? (Math.random() * 2 ** 32) >>> 0 : Number(values.seed)
const operationCount = Number(values.operations)

class Comparison {
  readonly #etcd: System
  readonly #kvs: System
  readonly #counts = new Map<string, number>()
  #refused = 0
  #seen: Seen = { revision: 1, compactRevision: 0 }
  hashes = 0
  ranges = 0

  constructor(etcd: System, kvs: System) {
    this.#etcd = etcd
    this.#kvs = kvs
  }

  get seen(): Seen {
    return this.#seen
  }

  /** Tells both, and compares what they answer. */
  async tell(operation: Operation, compactTo?: number): Promise<void> {
    const [etcd, kvs] = await Promise.all([this.#etcd.ask(operation), this.#kvs.ask(operation)])
    same(`the answer to ${operation.name}`, etcd, kvs)
    this.#counts.set(operation.name, (this.#counts.get(operation.name) ?? 0) + 1)
    if (etcd.refused) this.#refused++
    const revision = Math.max(this.#seen.revision, etcd.revision)
    const compactRevision = etcd.refused ? this.#seen.compactRevision : (compactTo ?? this.#seen.compactRevision)
    this.#seen = { revision, compactRevision }
  }

  async compareAt(revision: number): Promise<void> {
    const [theirs, ours] = await Promise.all([this.#etcd.rangeAll(revision), this.#kvs.rangeAll(revision)])
    same(`everything at revision ${revision}`, theirs, ours)
    this.ranges++
    await this.#compareHash(revision, theirs.content === '')
    this.hashes++
  }

  async #compareHash(revision: number, nothingThere: boolean): Promise<void> {
    const kvs = await this.#kvs.hashKv(revision)
    const until = performance.now() + scrubMsMax
    for (;;) {
      const etcd = await this.#etcd.hashKv(revision)
      same(`the compact revision of HashKV(${revision})`, etcd.compactRevision, kvs.compactRevision)
      same(`the revision in the header of HashKV(${revision})`, etcd.header?.revision, kvs.header?.revision)
      if (etcd.hash === kvs.hash) return
      // Where nothing is visible, version 3.4 hashes whatever its compaction has not removed from the disk yet.
      if (!nothingThere || performance.now() > until) throw new Different(`HashKV(${revision})`, etcd.hash, kvs.hash)
      await sleep(20)
    }
  }

  /** `count` revisions that both still have, the lowest of them right above the compact revision, and the current. */
  async compareMany(count: number): Promise<void> {
    const { revision, compactRevision } = this.#seen
    const first = compactRevision + 1
    const step = (revision - first) / (count - 1)
    const wanted = step < 0 ? [] : Array.from({ length: count }, (_, i) => first + Math.floor(step * i))
    for (const at of new Set([...wanted, 0])) await this.compareAt(at)
  }

  /**
   * What watchers of several kinds are told from the compact revision on. A key that is put and deleted behind everything
   * else tells when one has seen it all. Returns the number of events.
   */
  async compareEvents(): Promise<number> {
    const startRevision = this.#seen.compactRevision + 1
    const key = new TextEncoder().encode('\u007flast')
    await this.tell({ name: 'Put', path: KV.put.path, request: encodePutRequest({ key }) })
    const put = this.#seen.revision
    await this.tell({ name: 'DeleteRange', path: KV.deleteRange.path, request: encodeDeleteRangeRequest({ key }) })
    const all = { key: Uint8Array.of(0), rangeEnd: Uint8Array.of(0), startRevision }
    const kinds: [string, WatchCreateRequestInit, number][] = [
      ['a watcher', all, put + 1],
      ['a watcher with the pairs before', { ...all, prevKv: true }, put + 1],
      ['a watcher with fragments', { ...all, prevKv: true, fragment: true }, put + 1],
      ['a watcher without puts', { ...all, filters: [Filter.NOPUT] }, put + 1],
      ['a watcher without deletions', { ...all, filters: [Filter.NODELETE], prevKv: true }, put],
      ['a watcher of some keys', { ...all, key: new TextEncoder().encode('dir3/') }, put + 1],
    ]
    let count = 0
    for (const [what, request, last] of kinds) {
      const [etcd, kvs] = await Promise.all([this.#etcd.events(request, last), this.#kvs.events(request, last)])
      for (const [i, event] of etcd.entries()) same(`event ${i} of ${what}`, event, kvs[i])
      same(`the number of events of ${what}`, etcd.length, kvs.length)
      count += etcd.length
    }
    return count
  }

  /** Waits until what is compacted is gone from the disk. */
  compact(revision: number): Promise<void> {
    const request = encodeCompactionRequest({ revision, physical: true })
    return this.tell({ name: 'Compact', path: KV.compact.path, request }, revision)
  }

  /** Nothing is left but the tombstones of the last revision, which is compacted; then there is a key again. */
  async compareEmptied(): Promise<void> {
    const everything = { key: Uint8Array.of(0), rangeEnd: Uint8Array.of(0) }
    const { deleteRange, put } = KV
    await this.tell({ name: 'DeleteRange', path: deleteRange.path, request: deleteRange.encodeRequest(everything) })
    await this.compareAt(0)
    await this.compact(this.#seen.revision)
    await this.compareAt(0)
    const request = put.encodeRequest({ key: new TextEncoder().encode('again') })
    await this.tell({ name: 'Put', path: put.path, request })
    await this.compareAt(0)
  }

  /** Returns the number of leases. */
  async compareLeases(): Promise<number> {
    const [etcd, kvs] = await Promise.all([this.#etcd.leases(), this.#kvs.leases()])
    for (const [i, lease] of etcd.entries()) same(`lease ${i}`, lease, kvs[i])
    same('the number of leases', etcd.length, kvs.length)
    return etcd.length
  }

  describe(): string {
    const counts = [...this.#counts].map(([name, count]) => `${count} ${name}`)
    return `${counts.join(', ')}; ${this.#refused} of them refused; revision ${this.#seen.revision}`
  }
}

type Compared = Answer | string | number | undefined

class Different extends Error {
  constructor(what: string, etcd: unknown, kvs: unknown) {
    super(`${what} differs: etcd ${shown(etcd)}, kvs ${shown(kvs)}`)
  }
}

function same(what: string, etcd: Compared, kvs: Compared): void {
  if (JSON.stringify(etcd) !== JSON.stringify(kvs)) throw new Different(what, etcd, kvs)
}

function shown(value: unknown): string {
  return JSON.stringify(value).slice(0, 2000)
}

async function run(etcd: System, kvs: System): Promise<string> {
  const comparison = new Comparison(etcd, kvs)
  const history = new History(new SeededRandom(seed))
  for (let i = 0; i < operationCount; i++) {
    const operation = history.next(comparison.seen, i < operationCount - operationsKept)
    const compactTo =
      operation.path === KV.compact.path ? KV.compact.decodeRequest(operation.request).revision : undefined
    const { compactRevision } = comparison.seen
    try {
      await comparison.tell(operation, compactTo)
      if (comparison.seen.compactRevision !== compactRevision) await comparison.compareMany(revisionsOnTheWay)
    } catch (error) {
      throw new Error(`operation ${i}: ${error instanceof Error ? error.message : error}`, { cause: error })
    }
  }
  console.log(comparison.describe())
  const onTheWay = comparison.hashes
  await comparison.compareMany(revisionsAtEnd)
  const before = comparison.hashes - onTheWay
  const { revision, compactRevision } = comparison.seen
  if (before < revisionsAtEnd) throw new Error(`only ${before} revisions are left to compare`)
  await comparison.compact(Math.floor((revision + compactRevision) / 2))
  await comparison.compareMany(revisionsAtEnd)
  const after = comparison.hashes - onTheWay - before
  const events = await comparison.compareEvents()
  const leases = await comparison.compareLeases()
  await comparison.compareEmptied()
  return (
    `seed ${seed}: ${operationCount} operations, every answer equal; HashKV and everything in the store equal at ` +
    `${before} revisions before the last compaction, ${after} after it and ${onTheWay} on the way: ` +
    `${comparison.hashes} hashes, ${comparison.ranges} ranges, ${events} events and ${leases} leases compared`
  )
}

if (existsSync(etcdProgram)) {
  console.log(`seed ${seed}`)
  try {
    const result = await inFolder(async folder => {
      const pair = await startPair(folder, [])
      const systems = await Promise.all([System.connect(pair.etcd.port), System.connect(pair.kvs.port)])
      try {
        return await run(...systems)
      } finally {
        await Promise.all(systems.map(system => system.close()))
        await Promise.all([pair.etcd.stop(), pair.kvs.stop()])
      }
    })
    console.log(result)
  } catch (error) {
    console.log(`seed ${seed}: ${error instanceof Error ? error.message : error}`)
    process.exitCode = 1
  }
} else console.log(`SKIPPED: hash-kv: ${etcdProgram} is not installed`)
