import { SeededRandom } from '@kvs/testing'
import { expect, test } from 'vitest'
import {
  decodeEvent,
  openStore,
  type Store,
  type WatchBatch,
  type WatchConsumer,
  type Watcher,
  type WatchStream,
} from '../src/index.ts'
import { buckets, bytes, SortedState, text } from './sorted-state.ts'

/** Watchers go over to the store of a snapshot some at a time. */

function put(store: Store, key: string): void {
  const txn = store.write()
  txn.put({ key: bytes(key), value: bytes('v') })
  txn.end()
}

const open = (): Store => openStore({ state: new SortedState(), buckets })

/** Notes `key@revision` by watcher; has no room while it is told so. */
class Notes implements WatchConsumer {
  readonly seen = new Map<Watcher, string[]>()
  isFull = false

  deliver(watcher: Watcher, { events }: WatchBatch): boolean {
    if (this.isFull) return false
    const lines = this.seen.get(watcher) ?? []
    this.seen.set(watcher, lines)
    for (const event of events) lines.push(`${text(decodeEvent(event.bytes).kv.key)}@${event.revision}`)
    return true
  }

  compacted(watcher: Watcher): void {
    this.seen.set(watcher, ['compacted'])
  }
}

/** Watchers that belong to this store, by what the store they came from has left. */
const leftIn = (store: Store): number => store.watch.statistics().watchers

test('however many there are, one turn moves few of them, and a step as many as it may', () => {
  const [store, installed] = [open(), open()]
  const streams = Array.from({ length: 1000 }, () => store.watch.openStream(new Notes()))
  for (const stream of streams) for (let i = 0; i < 10; i++) stream.watch({ key: bytes(`key-${i}`) })
  const wide = store.watch.openStream(new Notes())
  for (let i = 0; i < 10_000; i++) wide.watch({ key: bytes(`key-${i}`), rangeEnd: bytes('z') })
  const all = leftIn(store)
  for (let i = 0; i < 5; i++) put(installed, 'other')
  store.watch.moveTo(installed.watch)
  let left = leftIn(store)
  expect(all - left).toBeLessThanOrEqual(512)
  expect(installed.watch.statistics()).toMatchObject({ streams: 1001, watchers: all, unsynced: all })
  let steps = 0
  for (; left > 0; steps++) {
    expect(installed.watch.pending).toBe(true)
    installed.watch.step({ records: 200 })
    expect(left - leftIn(store)).toBeLessThanOrEqual(200)
    left = leftIn(store)
    expect(installed.watch.statistics().watchers).toBe(all)
  }
  expect(steps).toBeGreaterThan(90)
  while (!installed.watch.step()) {}
  expect(installed.watch.statistics()).toMatchObject({ streams: 1001, watchers: all, unsynced: 0 })
  expect(store.watch.statistics()).toMatchObject({ streams: 0, watchers: 0 })
})

test('the clock is asked between them', () => {
  const [store, installed] = [open(), open()]
  const stream = store.watch.openStream(new Notes())
  for (let i = 0; i < 5000; i++) stream.watch({ key: bytes(`key-${i}`) })
  store.watch.moveTo(installed.watch)
  const before = leftIn(store)
  installed.watch.step({ records: 4000, isDue: () => true })
  expect(before - leftIn(store)).toBeLessThanOrEqual(64)
})

test('who has room again just before the move gets what was kept for him', () => {
  const [store, installed] = [open(), open()]
  const notes = new Notes()
  const stream = store.watch.openStream(notes)
  const watcher = stream.watch({ key: bytes('a') })
  notes.isFull = true
  put(store, 'a')
  notes.isFull = false
  stream.resume()
  for (let i = 0; i < 3; i++) put(installed, 'a')
  store.watch.moveTo(installed.watch)
  while (!installed.watch.step()) {}
  expect(notes.seen.get(watcher)).toEqual(['a@2', 'a@3', 'a@4'])
})

/** A store with these puts: as a member that installs a snapshot has it. */
function storeOf(history: readonly string[]): Store {
  const store = open()
  for (const key of history) put(store, key)
  return store
}

const seeds =
  process.env['KVS_SEED'] === undefined
    ? Array.from({ length: 60 }, (_, i) => i + 1)
    : [Number(process.env['KVS_SEED'])]

test.each(seeds)('whatever happens meanwhile, every watcher gets every event once and in order (seed %i)', seed => {
  const random = new SeededRandom(seed)
  const history: string[] = []
  const anyKey = (): string => `k${random.below(6)}`
  let store = open()
  const streams: {
    stream: WatchStream
    notes: Notes
    watchers: Map<Watcher, { key: string; from: number; to?: number }>
  }[] = []
  const write = (to: Store | undefined): void => {
    const key = anyKey()
    history.push(key)
    if (to !== undefined) put(to, key)
  }
  const openOne = (): void => {
    const notes = new Notes()
    streams.push({ stream: store.watch.openStream(notes), notes, watchers: new Map() })
  }
  const watch = (): void => {
    if (streams.length === 0) openOne()
    const { stream, watchers } = random.pick(streams)
    const key = anyKey()
    const startRevision = random.pick([0, 0, 2, 1 + random.below(history.length + 5)])
    watchers.set(stream.watch({ key: bytes(key), startRevision }), {
      key,
      from: startRevision === 0 ? store.revision + 1 : startRevision,
    })
  }
  for (let i = 0; i < 700; i++) watch()
  for (let i = 0; i < 400; i++) {
    const one = random.pick(streams)
    const kind = random.below(20)
    if (kind < 6) write(store)
    else if (kind < 9) watch()
    else if (kind < 10) openOne()
    else if (kind < 12) {
      const [watcher, wish] = random.pick([...one.watchers, [undefined, undefined]] as const)
      if (watcher !== undefined && wish !== undefined && one.stream.cancel(watcher.id)) wish.to ??= store.revision
    } else if (kind < 14) one.notes.isFull = !one.notes.isFull
    else if (kind < 16) {
      if (!one.notes.isFull) one.stream.resume()
    } else if (kind < 19) store.watch.step({ records: 1 + random.below(60) })
    else {
      for (let more = random.below(10); more > 0; more--) write(undefined)
      const next = storeOf(history)
      store.watch.moveTo(next.watch)
      store = next
    }
  }
  for (const { notes, stream } of streams) {
    notes.isFull = false
    stream.resume()
  }
  while (!store.watch.step()) {}
  for (const { notes, watchers } of streams) {
    for (const [watcher, { key, from, to }] of watchers) {
      const wanted = history.flatMap((each, at) => (each === key && at + 2 >= from ? [`${key}@${at + 2}`] : []))
      const seen = notes.seen.get(watcher) ?? []
      // Who was cancelled may not have had all of it by then.
      expect(seen, `seed ${seed}`).toEqual(to === undefined ? wanted : wanted.slice(0, seen.length))
    }
  }
  expect(store.watch.statistics().unsynced).toBe(0)
  for (const { stream } of streams) stream.close()
  expect(store.watch.statistics()).toMatchObject({ streams: 0, watchers: 0, slow: 0 })
})
