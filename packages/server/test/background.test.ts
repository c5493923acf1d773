import { VirtualClock } from '@kvs/testing'
import { expect, test } from 'vitest'
import * as limits from '../src/limits.ts'
import { Background } from '../src/state/background.ts'
import { bytesOf } from './messages.ts'
import { openTestStore } from './store.ts'

/** Background work on virtual time, where each slice takes `sliceCostMs`. */
function world(sliceCostMs = 0, pace = { records: 1000, pauseMs: 0 }) {
  const clock = new VirtualClock()
  const store = openTestStore()
  const background = new Background({ clock, store: () => store, pace })
  const notes: string[] = []
  background.setHooks({
    afterSlices: () => notes.push('run over'),
    scrubbed: tookMs => notes.push(`scrub ${tookMs}`),
    scrubEnded: ({ revision, tookMs }) => notes.push(`scrubbed ${revision} in ${tookMs}`),
    fatal: error => notes.push(`broke: ${(error as Error).message}`),
  })
  /** A piece of so many slices. */
  const piece = (name: string, slices: number) => {
    let left = slices
    return (): boolean => {
      notes.push(name)
      clock.advance(sliceCostMs)
      return --left === 0
    }
  }
  return { clock, store, background, notes, piece }
}

/** A clock as parts take it, for a test that changes one of its answers. */
const clockOf = (clock: VirtualClock) => ({
  now: () => clock.now(),
  wallNow: () => clock.wallNow(),
  setTimer: (delayMs: number, callback: () => void) => clock.setTimer(delayMs, callback),
  clearTimer: (timer: unknown) => clock.clearTimer(timer),
  defer: (callback: () => void) => clock.defer(callback),
})

const turn = (clock: VirtualClock): boolean => clock.step()

test('pieces take turns, and nothing is armed when they are through', () => {
  const { clock, background, notes, piece } = world()
  background.add(piece('a', 2))
  background.add(piece('b', 3))
  expect(notes).toEqual([])
  turn(clock)
  expect(notes).toEqual(['a', 'b', 'a', 'b', 'b', 'run over'])
  expect(clock.nextAt()).toBeUndefined()
})

test('a run gives way after its time and goes on in a later turn', () => {
  const { clock, background, notes, piece } = world(limits.sliceMs * 0.8)
  background.add(piece('a', 4))
  turn(clock)
  expect(notes).toEqual(['a', 'a', 'run over'])
  turn(clock)
  expect(notes).toEqual(['a', 'a', 'run over', 'a', 'a', 'run over'])
  expect(turn(clock)).toBe(false)
})

test('many pieces at once do not make a run longer', () => {
  const { clock, background, notes, piece } = world(limits.sliceMs * 0.8)
  for (const name of ['a', 'b', 'c', 'd', 'e']) background.add(piece(name, 2))
  const runs: string[][] = []
  while (turn(clock)) runs.push(notes.splice(0))
  expect(runs).toEqual([
    ['a', 'b', 'run over'],
    ['c', 'd', 'run over'],
    ['e', 'a', 'run over'],
    ['b', 'c', 'run over'],
    ['d', 'e', 'run over'],
  ])
})

test('a step ends when its slice is over, whatever its budget of records', () => {
  const { clock, store, background } = world(0)
  for (let i = 0; i < 400; i++) {
    const txn = store.write()
    txn.put({ key: bytesOf(`k${i}`), value: bytesOf('v') })
    txn.end()
  }
  const all = { key: bytesOf('k'), rangeEnd: bytesOf('l') }
  let looks = 0
  const isDue = (): boolean => ++looks % 2 === 0
  const range = store.openRange(all)
  const counts: number[] = []
  do counts.push(range.take().length)
  while (!range.step({ records: 1000, isDue }))
  expect(Math.max(...counts)).toBeLessThanOrEqual(64)
  expect(counts.length).toBeGreaterThan(5)
  const txn = store.write()
  const deletion = txn.openDelete(all)
  looks = 0
  let before = 0
  while (!deletion.step({ records: 1000, isDue })) {
    expect(txn.changes - before).toBeLessThanOrEqual(64)
    before = txn.changes
  }
  expect(txn.changes).toBe(400)
  txn.end()
  const hash = store.openHash(0)
  looks = 0
  let steps = 0
  while (!hash.step({ records: 1000, isDue })) steps++
  expect(steps).toBeGreaterThan(800 / 64 - 1)
  store.compact(store.revision)
  looks = 0
  let scrubbed = store.scrubbedRecords
  while (!store.scrub({ records: 1000, isDue })) {
    expect(store.scrubbedRecords - scrubbed).toBeLessThanOrEqual(64)
    scrubbed = store.scrubbedRecords
  }
  expect(store.scrubbedRecords).toBe(800)
  background.close()
  expect(turn(clock)).toBe(false)
})

test('waking many times makes one run', () => {
  const { clock, background, notes } = world()
  background.wake()
  background.wake()
  expect([turn(clock), turn(clock)]).toEqual([true, false])
  expect(notes).toEqual(['run over'])
})

test('a compaction is scrubbed, and whoever waits for that is told afterwards', () => {
  const { clock, store, background, notes } = world()
  for (let i = 0; i < 5000; i++) {
    const txn = store.write()
    txn.put({ key: bytesOf('k'), value: bytesOf(`v${i}`) })
    txn.end()
  }
  store.compact(store.revision)
  background.whenScrubbed(() => notes.push(`scrubbed ${store.scrubbedRevision === store.revision}`))
  expect(notes).toEqual([])
  while (turn(clock));
  expect(notes.filter(note => note !== 'run over' && note !== 'scrub 0')).toEqual([
    `scrubbed ${store.revision} in 0`,
    'scrubbed true',
  ])
  expect(notes.filter(note => note === 'scrub 0').length).toBeGreaterThan(1)
})

test('memory of deleted records is given back in slices', () => {
  const { clock, store, background, notes } = world(0)
  const value = new Uint8Array(4096)
  for (let i = 0; i < 4000; i++) {
    const txn = store.write()
    txn.put({ key: bytesOf(`k${i}`), value })
    txn.end()
  }
  const txn = store.write()
  txn.deleteRange({ key: bytesOf('k'), rangeEnd: bytesOf('l') })
  txn.end()
  const before = store.statistics().slabBytes
  expect(store.reclaimPending).toBe(true)
  background.wake()
  turn(clock)
  expect(store.reclaimPending).toBe(false)
  expect(store.statistics().slabBytes).toBeLessThan(before)
  expect(notes).toEqual(['run over'])
  expect(clock.nextAt()).toBeUndefined()
})

test('a scrub rests between its batches, and nothing that happens meanwhile wakes it', () => {
  const { clock, store, background, notes } = world(0, { records: 100, pauseMs: 10 })
  for (let i = 0; i < 250; i++) {
    const txn = store.write()
    txn.put({ key: bytesOf('k'), value: bytesOf(`v${i}`) })
    txn.end()
  }
  store.compact(store.revision)
  const batches = (): number => notes.filter(note => note.startsWith('scrub ')).length
  background.wake()
  turn(clock)
  expect(batches()).toBe(1)
  background.wake()
  turn(clock)
  clock.advance(9)
  expect(batches()).toBe(1)
  clock.advance(1)
  expect(batches()).toBe(2)
  while (turn(clock));
  expect(notes.filter(note => note.startsWith('scrubbed'))).toEqual([`scrubbed ${store.revision} in 20`])
  expect(clock.nextAt()).toBeUndefined()
})

test('a scrub that waits for a reader looks again now and then, and does not spin', () => {
  const { clock, store, background, notes } = world()
  for (let i = 0; i < 10; i++) {
    const txn = store.write()
    txn.put({ key: bytesOf('k'), value: bytesOf(`v${i}`) })
    txn.end()
  }
  const reader = store.openRange({ key: bytesOf('k'), revision: 3 })
  store.compact(store.revision)
  background.wake()
  for (let turns = 0; turns < 50; turns++) turn(clock)
  expect(store.scrubPending).toBe(true)
  expect(clock.now()).toBeGreaterThan(1000)
  reader.close()
  while (turn(clock));
  expect(store.scrubPending).toBe(false)
  expect(notes.length).toBeLessThan(200)
})

test('every run does something, however slow the clock is looked at', () => {
  const { clock, store, background } = world()
  let looks = 0
  const slow = { ...clockOf(clock), now: () => 1000 * looks++ }
  const tired = new Background({ clock: slow, store: () => store, pace: { records: 1000, pauseMs: 0 } })
  let slices = 0
  tired.add(() => ++slices === 3)
  while (turn(clock));
  expect(slices).toBe(3)
  background.close()
})

test('watchers are caught up', () => {
  const { clock, store, background } = world()
  const txn = store.write()
  txn.put({ key: bytesOf('k'), value: bytesOf('v') })
  txn.end()
  let events = 0
  const stream = store.watch.openStream({
    deliver: (_watcher, batch) => {
      events += batch.events.length
      return true
    },
    compacted: () => {},
  })
  stream.watch({ key: bytesOf('k'), startRevision: 1 })
  background.wake()
  while (turn(clock));
  expect(events).toBe(1)
})

test('a piece that breaks is told, and nothing runs after it', () => {
  const { clock, background, notes, piece } = world()
  background.add(() => {
    throw new Error('bad')
  })
  background.add(piece('a', 1))
  while (turn(clock));
  expect(notes).toEqual(['broke: bad'])
})

test('once closed, nothing runs', () => {
  const { clock, background, notes, piece } = world()
  background.add(piece('a', 1))
  background.close()
  background.add(piece('b', 1))
  background.whenScrubbed(() => notes.push('scrubbed'))
  while (turn(clock));
  expect(notes).toEqual([])
})
