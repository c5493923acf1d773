import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  decodeEvent,
  openStore,
  type Store,
  type WatchBatch,
  type WatchConsumer,
  type Watcher,
  type WatchStream,
} from '../src/index.ts'
import { IntervalTree } from '../src/watch/interval-tree.ts'
import { buckets, bytes, SortedState, text } from './sorted-state.ts'

function put(store: Store, key: string, value = 'v'): void {
  const txn = store.write()
  txn.put({ key: bytes(key), value: bytes(value) })
  txn.end()
}

function open(limits = {}): Store {
  return openStore({ state: new SortedState(), buckets, limits })
}

/** Notes what it gets as `id:key@revision`. */
class Notes implements WatchConsumer {
  readonly lines: string[] = []
  readonly batches: WatchBatch[] = []
  onDeliver: (watcher: Watcher) => boolean = () => true
  onCompacted: (watcher: Watcher) => void = () => undefined

  deliver(watcher: Watcher, batch: WatchBatch): boolean {
    if (!this.onDeliver(watcher)) return false
    this.batches.push(batch)
    for (const event of batch.events) {
      const { kv } = decodeEvent(event.bytes)
      this.lines.push(`${watcher.id}:${text(kv.key)}@${event.revision}`)
    }
    return true
  }

  compacted(watcher: Watcher, compactRevision: number): void {
    this.lines.push(`${watcher.id} compacted ${compactRevision}`)
    this.onCompacted(watcher)
  }

  take(): string[] {
    return this.lines.splice(0)
  }
}

describe('watch hub', () => {
  it('shares the bytes of an event between watchers', () => {
    const store = open()
    const notes = new Notes()
    const stream = store.watch.openStream(notes)
    for (let number = 0; number < 3; number++) stream.watch({ key: bytes('a') })
    stream.watch({ key: bytes('a'), rangeEnd: bytes('b') })
    put(store, 'a')
    expect(store.watch.statistics().events).toBe(4)
    expect(notes.batches.length).toBe(4)
    expect(new Set(notes.batches.map(batch => batch.events[0]!.bytes)).size).toBe(1)
    expect(notes.batches[0]!.byteLength).toBe(notes.batches[0]!.events[0]!.bytes.length)
  })

  it('lets a consumer open and cancel watchers while it is being served', () => {
    const store = open()
    const notes = new Notes()
    const stream = store.watch.openStream(notes)
    for (let number = 0; number < 4; number++) stream.watch({ key: bytes('a') })
    notes.onDeliver = watcher => {
      if (watcher.id !== 0) return true
      stream.cancel(2)
      stream.watch({ key: bytes('a') })
      stream.watch({ key: bytes('a'), startRevision: 1 })
      return true
    }
    put(store, 'a')
    expect(notes.take().sort()).toEqual(['0:a@2', '1:a@2', '3:a@2'])
    notes.onDeliver = () => true
    while (!store.watch.step()) {}
    expect(notes.take()).toEqual(['5:a@2'])
    put(store, 'a')
    expect(notes.take().sort()).toEqual(['0:a@3', '1:a@3', '3:a@3', '4:a@3', '5:a@3'])
  })

  it('lets a consumer cancel the watcher it refuses', () => {
    const store = open()
    const notes = new Notes()
    const stream = store.watch.openStream(notes)
    const { id } = stream.watch({ key: bytes('a') })
    notes.onDeliver = watcher => {
      stream.cancel(watcher.id)
      return false
    }
    put(store, 'a')
    expect(store.watch.statistics()).toMatchObject({ streams: 1, watchers: 0, unsynced: 0, slow: 0 })
    stream.resume(id)
    expect(store.watch.step()).toBe(true)
    expect(notes.lines).toEqual([])
  })

  it('lets a consumer cancel others when one is compacted away', () => {
    const store = open()
    const notes = new Notes()
    const stream = store.watch.openStream(notes)
    for (let number = 0; number < 5; number++) put(store, 'a')
    store.compact(4)
    stream.watch({ key: bytes('a'), startRevision: 5 })
    stream.watch({ key: bytes('a'), startRevision: 2 })
    stream.watch({ key: bytes('a'), startRevision: 5 })
    notes.onCompacted = () => {
      stream.cancel(0)
      stream.cancel(2)
    }
    while (!store.watch.step()) {}
    expect(notes.take()).toEqual(['1 compacted 4'])
    put(store, 'a')
    expect(notes.take()).toEqual([])
  })

  it('moves streams to a store that knows less history', () => {
    const store = open()
    const notes = new Notes()
    const stream = store.watch.openStream(notes)
    stream.watch({ key: bytes('a') })
    stream.watch({ key: bytes('a'), startRevision: 6 })
    stream.watch({ key: bytes('a'), startRevision: 20 })
    put(store, 'a')
    const installed = open()
    for (let number = 0; number < 9; number++) put(installed, 'a')
    installed.compact(5)
    store.watch.moveTo(installed.watch)
    expect(store.watch.statistics()).toMatchObject({ streams: 0, watchers: 0, unsynced: 0, slow: 0 })
    expect(notes.take()).toEqual(['0:a@2'])
    while (!installed.watch.step()) {}
    expect(notes.take()).toEqual(['0 compacted 5', '1:a@6', '1:a@7', '1:a@8', '1:a@9', '1:a@10'])
    expect(stream.get(2)?.state).toBe('synced')
    put(installed, 'a')
    expect(notes.take()).toEqual(['1:a@11'])
    stream.watch({ key: bytes('b') })
    put(installed, 'b')
    expect(notes.take()).toEqual(['3:b@12'])
  })

  it('asks the state for nothing when a single key did not change since', () => {
    const state = new SortedState()
    const store = openStore({ state, buckets })
    for (let number = 0; number < 100; number++) put(store, `key-${number}`)
    let scans = 0
    const records = state.records.bind(state)
    state.records = (...args) => {
      scans++
      return records(...args)
    }
    const stream = store.watch.openStream(new Notes())
    for (let number = 0; number < 50; number++) stream.watch({ key: bytes(`key-${number}`), startRevision: 60 })
    while (!store.watch.step()) {}
    expect(scans).toBe(0)
    expect(stream.progressRevision()).toBe(store.revision)
  })

  it('keeps nothing of 100 000 watchers that come and go', () => {
    const store = open()
    const stream = store.watch.openStream(new Notes())
    for (let round = 0; round < 5; round++) {
      const ids: number[] = []
      for (let number = 0; number < 20_000; number++) {
        const key = bytes(`key-${number % 1000}`)
        ids.push(stream.watch(number % 2 === 0 ? { key } : { key, rangeEnd: bytes('l') }).id)
      }
      for (const id of ids) stream.cancel(id)
    }
    expect(stream.size).toBe(0)
    expect(store.watch.statistics()).toMatchObject({ streams: 1, watchers: 0, unsynced: 0, slow: 0 })
  })

  it('closes streams whatever state their watchers are in', () => {
    const store = open({ publishWork: 1 })
    const notes = new Notes()
    const streams: WatchStream[] = []
    for (let number = 0; number < 3; number++) streams.push(store.watch.openStream(notes))
    for (const stream of streams) {
      stream.watch({ key: bytes('a') })
      stream.watch({ key: bytes('a'), startRevision: 9 })
      stream.watch({ key: bytes('a'), rangeEnd: bytes('z') })
    }
    notes.onDeliver = () => false
    put(store, 'a')
    const txn = store.write()
    for (const key of ['a', 'b', 'c']) txn.put({ key: bytes(key), value: bytes('') })
    txn.end()
    streams[1]!.watch({ key: bytes('a'), startRevision: 1 })
    expect(store.watch.statistics()).toMatchObject({ slow: 1, parkedEvents: 1, events: 0 })
    notes.onDeliver = () => true
    store.watch.step({ records: 2 })
    for (const stream of streams) {
      stream.close()
      stream.close()
    }
    notes.take()
    while (!store.watch.step()) {}
    expect(notes.take()).toEqual([])
    expect(store.watch.statistics()).toMatchObject({ streams: 0, watchers: 0, unsynced: 0, slow: 0 })
  })
})

describe('interval tree', () => {
  it('finds what a list finds', () => {
    const key = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '\0'), maxLength: 3 })
    const step = fc.record({
      remove: fc.boolean(),
      from: key,
      to: fc.option(key, { nil: undefined }),
      member: fc.nat(3),
    })
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 120 }),
        fc.array(key, { minLength: 5, maxLength: 10 }),
        (steps, probes) => {
          const tree = new IntervalTree<string>()
          const model = new Map<string, { from: string; to: string | undefined }>()
          for (const { remove, from, to, member } of steps) {
            const name = `${from}|${to}|${member}`
            const interval = { from: bytes(from), to: to === undefined ? undefined : bytes(to) }
            if (remove) {
              tree.remove(interval, name)
              model.delete(name)
            } else {
              tree.add(interval, name)
              model.set(name, { from, to })
            }
          }
          for (const probe of probes) {
            const found: string[] = []
            tree.collect(bytes(probe), found)
            const contains = [...model].filter(([, { from, to }]) => from <= probe && (to === undefined || probe < to))
            expect(found.sort()).toEqual(contains.map(([name]) => name).sort())
          }
          expect(tree.isEmpty).toBe(model.size === 0)
        },
      ),
      { numRuns: 300 },
    )
  })
})
