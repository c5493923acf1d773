import { expect, test } from 'vitest'
import { FAST_SYNC_MS, INLINE_SYNC_BYTES, POOL_HOP_MS, SLOW_SYNC_PAUSE } from '../src/limits.ts'
import { DiskUse, SyncPace } from '../src/sync-pace.ts'

const few = 100

/** Syncs of a few bytes that go to the thread pool, and are fast there, until one may be waited for; at most `most`. */
function pooledUntilWaiting(pace: SyncPace, most = 10_000): number {
  let count = 0
  while (count < most && !pace.mayWait(few)) {
    pace.pooled(FAST_SYNC_MS)
    count++
  }
  return count
}

function steady(use: DiskUse = new DiskUse()): SyncPace {
  const pace = new SyncPace(use)
  pooledUntilWaiting(pace)
  return pace
}

test('the first syncs go to the thread pool until enough were fast in a row', () => {
  expect(pooledUntilWaiting(new SyncPace(new DiskUse()))).toBe(SLOW_SYNC_PAUSE)
})

test('what the way to the thread pool and back takes does not make a sync slow', () => {
  const pace = new SyncPace(new DiskUse())
  for (let i = 0; i < SLOW_SYNC_PAUSE; i++) pace.pooled(FAST_SYNC_MS + POOL_HOP_MS)
  expect(pace.mayWait(few)).toBe(true)
})

test('fast syncs on the spot go on', () => {
  const pace = steady()
  for (let i = 0; i < 100; i++) {
    expect(pace.mayWait(few)).toBe(true)
    pace.waited(FAST_SYNC_MS)
  }
})

test('the slower a sync on the spot was, the longer none is tried again', () => {
  const waits = [0.6, 2, 20, 200].map(durationMs => {
    const pace = steady()
    pace.waited(durationMs)
    return pooledUntilWaiting(pace)
  })
  expect(waits).toEqual([10, 32, 320, 3200])
})

test('a slow sync in the thread pool starts the pause again, and never shortens a longer one', () => {
  const pace = steady()
  pace.waited(20)
  pace.pooled(2)
  expect(pooledUntilWaiting(pace)).toBe(320)
  pace.pooled(FAST_SYNC_MS + POOL_HOP_MS + 0.01)
  expect(pooledUntilWaiting(pace)).toBeGreaterThanOrEqual(SLOW_SYNC_PAUSE)
})

test('nobody waits for a sync of many bytes, nor for those that follow it', () => {
  const pace = steady()
  expect(pace.mayWait(INLINE_SYNC_BYTES + 1)).toBe(false)
  expect(pooledUntilWaiting(pace)).toBe(SLOW_SYNC_PAUSE)
})

test('nobody waits while something else uses the disk', () => {
  const use = new DiskUse()
  const pace = steady(use)
  use.begin()
  expect(pace.mayWait(few)).toBe(false)
  use.end()
  expect(pace.mayWait(few)).toBe(true)
})
