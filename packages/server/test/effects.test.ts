import { memoryBackend } from '@kvs/backend/memory'
import { SeededRandom } from '@kvs/testing'
import { beforeEach, expect, test } from 'vitest'
import { allBuckets, buckets } from '../src/state/buckets.ts'
import { EffectsBackend, type EffectsWindow } from '../src/state/effects.ts'
import { bytesOf } from './messages.ts'

let state: EffectsBackend

beforeEach(() => {
  state = open()
})

const open = (): EffectsBackend => new EffectsBackend(memoryBackend({ buckets: allBuckets }))

/** Applies entries, each of which puts a key; `also` happens within the entry of that index. */
function apply(target: EffectsBackend, entries: readonly number[], also: (index: number) => void = () => {}): void {
  for (const index of entries) {
    target.put(buckets.key, bytesOf(`k${index}`), bytesOf(`v${index}`))
    also(index)
    target.endEntry({ index, term: 1 })
  }
}

const upTo = (last: number, first = 1): number[] => Array.from({ length: last - first + 1 }, (_, i) => first + i)

/** The windows of a member on which something else happened in an entry. */
function windowsWith(also: (target: EffectsBackend, index: number) => void): readonly EffectsWindow[] {
  const other = open()
  apply(other, upTo(3000), index => also(other, index))
  return other.effects.windows
}

test('members that did the same have the same windows, at the same places', () => {
  apply(state, upTo(3500))
  const windows = windowsWith(() => {})
  expect(state.effects.windows).toEqual(windows)
  expect(windows.map(({ first, last }) => [first, last])).toEqual([
    [1, 1000],
    [1001, 2000],
    [2001, 3000],
  ])
  expect(new Set(windows.map(({ hash }) => hash)).size).toBe(3)
  expect(state.effects.newest).toEqual(windows[2])
})

test.each<[string, (target: EffectsBackend, index: number) => void]>([
  ['another value', (target, index) => index === 1500 && target.put(buckets.key, bytesOf('k1500'), bytesOf('other'))],
  ['another bucket', (target, index) => index === 1500 && target.put(buckets.lease, bytesOf('l'), bytesOf('1'))],
  ['a deletion', (target, index) => index === 1500 && target.delete(buckets.alarm, bytesOf('a'))],
])('%s shows in the window it happened in, and in no other', (_what, also) => {
  apply(state, upTo(3000))
  const differ = windowsWith(also).map((window, i) => window.hash !== state.effects.windows[i]?.hash)
  expect(differ).toEqual([false, true, false])
})

test('the same writes in other entries, or in another order, are another hash', () => {
  apply(state, upTo(1000))
  const late = open()
  apply(late, upTo(999))
  late.endEntry({ index: 1000, term: 1 })
  const swapped = open()
  for (const [from, index] of [1, 2].entries()) {
    const put = [2, 1][from] as number
    swapped.put(buckets.key, bytesOf(`k${put}`), bytesOf(`v${put}`))
    swapped.endEntry({ index, term: 1 })
  }
  apply(swapped, upTo(1000, 3))
  const hashes = [state, late, swapped].map(({ effects }) => effects.newest?.hash)
  expect(new Set(hashes).size).toBe(3)
})

test('what each member does in its own time is no effect', () => {
  apply(state, upTo(1000))
  const random = new SeededRandom(5)
  const windows = windowsWith((target, index) => {
    if (random.below(3) === 0) target.delete(buckets.key, bytesOf(`k${index - 1}`))
    if (random.below(3) === 0) target.put(buckets.meta, bytesOf('finishedCompactRev'), bytesOf(String(index)))
  })
  expect(windows[0]).toEqual(state.effects.newest)
})

test('a window that was begun before the start has no hash', async () => {
  const backend = memoryBackend({ buckets: allBuckets })
  apply(new EffectsBackend(backend), upTo(1500))
  const restarted = new EffectsBackend(backend)
  apply(restarted, upTo(3000, 1501))
  apply(state, upTo(3000))
  expect(restarted.effects.windows).toEqual([state.effects.windows[2]])
})

test('so many are remembered', () => {
  apply(state, upTo(70_000))
  expect(state.effects.windows).toHaveLength(64)
  expect(state.effects.windows[0]?.first).toBe(6001)
})
