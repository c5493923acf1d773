/**
 * Cost of the store's operations in one thread, the state file being a log in memory: put, get, range, delete, scrub,
 * hash, and what a million keys take.
 *
 * Arguments: `keys=1000000 value=256`, and any of `load order scatter overwrite` for a part. With `--expose-gc` the pause of a full collection is printed.
 */

import { openStore, openStoreInSlices, type Store } from '../src/index.ts'
import { encodeRecord } from '../src/record.ts'
import { encodeRevisionKey } from '../src/revision.ts'
import { argument, buckets, Gaps, LogState, memory, report, timed } from './state.ts'

const keys = argument('keys', 1_000_000)
const valueBytes = argument('value', 256)
const prefix = new TextEncoder().encode('/registry/pods/default/')

/** Writes the key into `target` and returns it: the bench itself should make no garbage. */
function writeKey(target: Uint8Array, number: number): Uint8Array {
  let rest = number
  for (let at = prefix.length + 10; at >= prefix.length; at--) {
    target[at] = 0x30 + (rest % 10)
    rest = Math.floor(rest / 10)
  }
  return target
}

function keyBuffer(): Uint8Array {
  const buffer = new Uint8Array(prefix.length + 11)
  buffer.set(prefix)
  return buffer
}

const key = keyBuffer()
const rangeEnd = keyBuffer()

/** Spreads 0 … keys - 1 without order. */
function scatter(number: number): number {
  return (number * 7_368_787) % keys
}

const value = new Uint8Array(valueBytes).fill(0x76)

function put(store: Store): void {
  const txn = store.write()
  txn.put({ key, value })
  txn.end()
}

function fill(order: (number: number) => number): Store {
  const store = openStore({ state: new LogState(), buckets })
  const name = order === scatter ? 'put, new key, no order' : 'put, new key, in order'
  timed(name, keys, () => {
    for (let number = 0; number < keys; number++) {
      writeKey(key, order(number))
      put(store)
    }
  })
  return store
}

function reads(store: Store): void {
  const count = Math.min(keys, 300_000)
  const target = new Uint8Array(2 ** 20)
  for (const round of [1, 2]) {
    timed(`get, round ${round}`, count, () => {
      for (let number = 0; number < count; number++) {
        store.range({ key: writeKey(key, scatter(number)) }).kvs.writeTo(target, { at: 0, field: 2 })
      }
    })
    timed(`put, key that exists, round ${round}`, count, () => {
      for (let number = 0; number < count; number++) {
        writeKey(key, scatter(number))
        put(store)
      }
    })
  }
  timed('get of a key that does not exist', count, () => {
    for (let number = 0; number < count; number++) store.range({ key: value })
  })
  const slices = 300
  timed('range of 1 000 keys, per key', slices * 1000, () => {
    for (let at = 0; at < slices; at++) {
      const from = scatter(at) % (keys - 1000)
      const { kvs } = store.range({ key: writeKey(key, from), rangeEnd: writeKey(rangeEnd, from + 1000) })
      kvs.writeTo(target, { at: 0, field: 2 })
    }
  })
  timed('count of all keys, per key', keys, () => {
    const { count: all } = store.range({ key: Uint8Array.of(0), rangeEnd: Uint8Array.of(0), countOnly: true })
    if (all !== keys) throw new Error(`${all} of ${keys} keys`)
  })
}

function longWork(store: Store): void {
  const everything = { key: Uint8Array.of(0), rangeEnd: Uint8Array.of(0) }
  let gaps = new Gaps()
  timed('read of all keys in slices, per key', keys, () => {
    const cursor = store.openRange(everything)
    while (!cursor.step()) gaps.tick()
    gaps.tick()
  })
  console.log(`  longest slice ${gaps.longest.toFixed(1)} ms`)
  gaps = new Gaps()
  timed('hash of all keys in slices, per revision', store.revision, () => {
    const cursor = store.openHash(0)
    while (!cursor.step({ records: 5000 })) gaps.tick()
    gaps.tick()
  })
  console.log(`  longest slice ${gaps.longest.toFixed(1)} ms`)
  gaps = new Gaps()
  timed('delete of all keys in slices, per key', keys, () => {
    const txn = store.write()
    const cursor = txn.openDelete(everything)
    while (!cursor.step({ records: 2000 })) gaps.tick()
    txn.end()
    gaps.tick()
  })
  console.log(`  longest slice ${gaps.longest.toFixed(1)} ms`)
  store.compact(store.revision)
  gaps = new Gaps()
  timed('scrub of all revisions in slices, per revision', store.revision + keys, () => {
    while (!store.scrub()) gaps.tick()
  })
  console.log(`  longest slice ${gaps.longest.toFixed(1)} ms; ${JSON.stringify(store.statistics())}`)
}

/** A state that makes up its records, so that only the store takes memory. */
class MadeUpState extends LogState {
  override *records(_bucket: unknown, interval: { from?: Uint8Array } = {}): ReturnType<LogState['records']> {
    const from =
      interval.from === undefined ? 2 : new DataView(interval.from.buffer, interval.from.byteOffset).getUint32(4)
    const sub = interval.from?.[16] ?? 0
    for (let main = Math.max(2, from + (sub > 0 ? 1 : 0)); main < keys + 2; main++) {
      writeKey(key, scatter(main - 2))
      const parts = { key, keyStart: 0, keyEnd: key.length, value, valueStart: 0, valueEnd: value.length }
      const record = encodeRecord({ ...parts, createRevision: main, modRevision: main, version: 1, lease: 0n })
      yield { key: encodeRevisionKey(main, 0, false), value: record }
    }
  }
}

function load(): void {
  globalThis.gc?.()
  const before = process.memoryUsage()
  const gaps = new Gaps()
  const start = performance.now()
  const opening = openStoreInSlices({ state: new MadeUpState(), buckets })
  let step = opening.next()
  for (; step.done !== true; step = opening.next()) gaps.tick()
  gaps.tick()
  report('open, no order, per key (records made up included)', keys, (performance.now() - start) * 1000)
  console.log(`  longest slice ${gaps.longest.toFixed(1)} ms`)
  const store = step.value
  globalThis.gc?.()
  const collect = performance.now()
  globalThis.gc?.()
  console.log(`  full collection ${(performance.now() - collect).toFixed(1)} ms, ${memory()}`)
  const { indexBytes, slabBytes, slabLiveBytes } = store.statistics()
  const perKey = (bytes: number): string => (bytes / keys).toFixed(0)
  const { rss, heapUsed } = process.memoryUsage()
  console.log(`  per key: index ${perKey(indexBytes)} B (key included), slab ${perKey(slabBytes)} B`)
  console.log(`  per key: rss ${perKey(rss - before.rss)} B, heap ${perKey(heapUsed - before.heapUsed)} B`)
  console.log(`  slab: ${(slabBytes / slabLiveBytes).toFixed(3)} of live`)
}

/** A million keys overwritten ten times with sizes of 64 – 1 024 B: how much the slabs take. */
function overwrite(): void {
  const state = new LogState()
  state.put = () => undefined
  const store = openStore({ state, buckets, limits: { slabBudgetBytes: 4 * 2 ** 30 } })
  const large = new Uint8Array(1024).fill(0x76)
  const sizes = new Uint16Array(keys)
  let seed = 1
  let live = 0
  let worst = 0
  const start = process.cpuUsage()
  for (let round = 0; round < 11; round++) {
    for (let number = 0; number < keys; number++) {
      seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0
      const size = 64 + ((seed >>> 8) % 961)
      const at = scatter(number)
      live += size - sizes[at]!
      sizes[at] = size
      const txn = store.write()
      txn.put({ key: writeKey(key, at), value: large, valueEnd: size })
      txn.end()
    }
    // Key, revisions and framing belong to the record.
    const records = live + keys * (34 + 2 + 15 + 3)
    worst = Math.max(worst, store.statistics().slabBytes / records)
  }
  const { user, system } = process.cpuUsage(start)
  report('put with sizes 64 – 1 024 B, reclaiming', keys * 11, user + system)
  const { slabBytes } = store.statistics()
  const line = `slabs ${Math.round(slabBytes / 2 ** 20)} MiB, at most ${worst.toFixed(3)} of the live records`
  console.log(`  ${line}; values alone ${Math.round(live / 2 ** 20)} MiB`)
}

const parts = process.argv.slice(2).filter(word => !word.includes('='))
const wants = (part: string): boolean => parts.length === 0 || parts.includes(part)

console.log(`${keys} keys, values of ${valueBytes} bytes, ${process.version}`)
if (wants('load')) load()
if (wants('order')) {
  const store = fill(number => number)
  reads(store)
  longWork(store)
}
if (wants('scatter')) reads(fill(scatter))
if (wants('overwrite')) overwrite()
