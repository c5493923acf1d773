/**
 * Watching: a put with watchers elsewhere, fan-out of one put, catching up.
 *
 * Arguments: `watchers=100000 puts=20000`.
 */

import { openStore, type Store, type WatchBatch, type WatchConsumer } from '../src/index.ts'
import { argument, buckets, Gaps, LogState, memory, timed } from './state.ts'

const watchers = argument('watchers', 100_000)
const puts = argument('puts', 20_000)
const encoder = new TextEncoder()
const value = new Uint8Array(256).fill(0x76)

class Counter implements WatchConsumer {
  events = 0
  bytes = 0

  deliver(_watcher: unknown, batch: WatchBatch): boolean {
    this.events += batch.events.length
    this.bytes += batch.byteLength
    return true
  }

  compacted(): void {}
}

function put(store: Store, key: Uint8Array): void {
  const txn = store.write()
  txn.put({ key, value })
  txn.end()
}

function measure(name: string, prepare: (store: Store, consumer: Counter) => void): void {
  const store = openStore({ state: new LogState(), buckets })
  const key = encoder.encode('/watched/key')
  const consumer = new Counter()
  for (let number = 0; number < 5000; number++) put(store, key)
  globalThis.gc?.()
  const before = process.memoryUsage().heapUsed
  prepare(store, consumer)
  globalThis.gc?.()
  const after = process.memoryUsage().heapUsed
  const { watchers: count } = store.watch.statistics()
  const perWatcher = count > 0 ? `, ${((after - before) / count).toFixed(0)} B of heap per watcher` : ''
  timed(name, puts, () => {
    for (let number = 0; number < puts; number++) put(store, key)
  })
  console.log(`  ${consumer.events} events${perWatcher}`)
}

measure('put, no watcher', () => {})
measure(`put, ${watchers} single-key watchers elsewhere`, (store, consumer) => {
  const stream = store.watch.openStream(consumer)
  for (let number = 0; number < watchers; number++) stream.watch({ key: encoder.encode(`/elsewhere/${number}`) })
})
measure(`put, ${watchers} prefix watchers elsewhere`, (store, consumer) => {
  const stream = store.watch.openStream(consumer)
  for (let number = 0; number < watchers; number++) {
    const name = `/elsewhere/${String(number).padStart(7, '0')}/`
    stream.watch({ key: encoder.encode(name), rangeEnd: encoder.encode(`${name.slice(0, -1)}0`) })
  }
})
measure('put, 1 watcher of the key', (store, consumer) => {
  store.watch.openStream(consumer).watch({ key: encoder.encode('/watched/key') })
})
measure('put, 1 watcher of a prefix with previous pairs', (store, consumer) => {
  const range = { key: encoder.encode('/watched/'), rangeEnd: encoder.encode('/watched0') }
  store.watch.openStream(consumer).watch({ ...range, previous: true })
})
measure('put, 1 000 watchers of the key (all of them)', (store, consumer) => {
  const stream = store.watch.openStream(consumer)
  for (let number = 0; number < 1000; number++) stream.watch({ key: encoder.encode('/watched/key') })
})

function catchUp(): void {
  const store = openStore({ state: new LogState(), buckets })
  const revisions = 200_000
  for (let number = 0; number < revisions; number++) put(store, encoder.encode(`/watched/${number % 1000}`))
  const consumer = new Counter()
  const stream = store.watch.openStream(consumer)
  const range = { key: encoder.encode('/watched/'), rangeEnd: encoder.encode('/watched0') }
  for (let number = 0; number < 10; number++) stream.watch({ ...range, startRevision: 1 })
  const gaps = new Gaps()
  timed('catching up 10 watchers, per record', revisions, () => {
    while (!store.watch.step()) gaps.tick()
    gaps.tick()
  })
  console.log(`  ${consumer.events} events, longest slice ${gaps.longest.toFixed(1)} ms; ${memory()}`)
}

catchUp()
