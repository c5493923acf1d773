import { SeededRandom } from '@kvs/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareBytes } from '../src/bytes.ts'
import { WordArena } from '../src/index/arena.ts'
import { History } from '../src/index/history.ts'
import { KeyIndex } from '../src/index/key-index.ts'
import { everyKey, KeyWalk } from '../src/index/key-walk.ts'
import { sortPlaces } from '../src/sort.ts'
import { bytes, text } from './sorted-state.ts'

const seeds = fc.integer()

/** Keys with long common prefixes, prefixes of each other, and all bytes. */
function randomKey(random: SeededRandom): string {
  const parts = ['/registry/pods/', 'a', '\0', '\xff', 'ab', 'abc', String(random.between(0, 9999))]
  let key = ''
  for (let left = random.between(1, 4); left > 0; left--) key += parts[random.between(0, parts.length - 1)]!
  return key
}

function walkAll(index: KeyIndex): string[] {
  const walk = new KeyWalk(index, everyKey)
  walk.resume()
  const found: string[] = []
  for (let handle = walk.next(); handle !== 0; handle = walk.next()) found.push(text(index.key(handle)))
  return found
}

function add(index: KeyIndex, key: string, main: number): void {
  const data = bytes(key)
  const handle = index.lookup(data, 0, data.length) || index.add(data, 0, data.length)
  index.advance(handle, main, 0, false)
}

describe('key index', () => {
  it('finds and walks what was added and not removed', () => {
    fc.assert(
      fc.property(seeds, seed => {
        const random = new SeededRandom(seed)
        const index = new KeyIndex(seed)
        const model = new Set<string>()
        const growing = random.between(0, 1) === 1
        for (let step = 0; step < 3000; step++) {
          const key = randomKey(random)
          const data = bytes(key)
          const handle = index.lookup(data, 0, data.length)
          expect(handle !== 0).toBe(model.has(key))
          const shrink = growing ? step % 5 === 0 : step > 1500
          if (shrink && model.size > 0) {
            const victim = shrinkVictim(model, random)
            index.remove(index.lookup(bytes(victim), 0, bytes(victim).length))
            model.delete(victim)
          } else {
            add(index, key, step + 1)
            model.add(key)
          }
        }
        expect(walkAll(index)).toEqual([...model].sort((left, right) => (left < right ? -1 : 1)))
        expect(index.keys).toBe(model.size)
        for (const key of model) index.remove(index.lookup(bytes(key), 0, bytes(key).length))
        expect(walkAll(index)).toEqual([])
        expect(index.keys).toBe(0)
        expect(index.revisions).toBe(0)
      }),
      { numRuns: 12 },
    )
  })

  it('walks intervals over changes of the index', () => {
    fc.assert(
      fc.property(seeds, seed => {
        const random = new SeededRandom(seed)
        const index = new KeyIndex(seed)
        const stable = new Set<string>()
        for (let number = 0; number < 800; number++) {
          const key = randomKey(random)
          stable.add(key)
          add(index, key, number + 1)
        }
        const [from = '', to = ''] = [randomKey(random), randomKey(random)].sort((left, right) =>
          left < right ? -1 : 1,
        )
        const walk = new KeyWalk(index, { from: bytes(from), to: bytes(to) })
        const found: string[] = []
        let added = 0
        for (let ended = false; !ended; ) {
          walk.resume()
          for (let left = random.between(1, 60); left > 0; left--) {
            const handle = walk.next()
            if (handle === 0) {
              ended = true
              break
            }
            const key = text(index.key(handle))
            if (stable.has(key)) found.push(key)
          }
          if (!ended) walk.park()
          for (let number = 0; number < 30; number++) {
            const key = `${randomKey(random)}+${added++}`
            if (!stable.has(key)) add(index, key, 1000 + added)
            const data = bytes(key)
            if (random.between(0, 1) === 0) index.remove(index.lookup(data, 0, data.length))
          }
        }
        const expected = [...stable].filter(key => key >= from && key < to)
        expect(found).toEqual(expected.sort((left, right) => (left < right ? -1 : 1)))
      }),
      { numRuns: 20 },
    )
  })

  it('is the same when it is bulk-loaded', () => {
    fc.assert(
      fc.property(seeds, fc.constantFrom(0, 1, 20, 200, 4000, 40_000), (seed, size) => {
        const random = new SeededRandom(seed)
        const index = new KeyIndex(seed)
        const model = new Set<string>()
        index.beginBulk()
        for (let number = 0; number < size; number++) {
          const key = size > 4000 ? `/registry/${random.between(0, size)}` : randomKey(random)
          model.add(key)
          add(index, key, number + 1)
        }
        for (const _ of index.build(100)) {
          // Slices.
        }
        const sorted = (): string[] => [...model].sort((left, right) => (left < right ? -1 : 1))
        expect(walkAll(index)).toEqual(sorted())
        for (let number = 0; number < 300; number++) {
          const key = randomKey(random)
          model.add(key)
          add(index, key, size + number + 1)
        }
        expect(walkAll(index)).toEqual(sorted())
      }),
      { numRuns: 25 },
    )
  })

  it('gives memory back when keys go', () => {
    const index = new KeyIndex(1)
    const key = (number: number): string => `/registry/pods/default/${number}`
    for (let number = 0; number < 60_000; number++) add(index, key(number), number + 1)
    const full = index.arena.allocatedBytes
    for (let number = 0; number < 60_000; number++) {
      const data = bytes(key(number))
      index.remove(index.lookup(data, 0, data.length))
    }
    expect(index.arena.allocatedBytes).toBeLessThan(full / 3)
    for (let number = 0; number < 60_000; number++) add(index, `${key(number)}/longer`, number + 1)
    expect(index.arena.allocatedBytes).toBeLessThan(full * 1.3)
  })
})

function shrinkVictim(model: ReadonlySet<string>, random: SeededRandom): string {
  let skip = random.between(0, Math.min(model.size - 1, 20))
  for (const key of model) if (skip-- === 0) return key
  throw new Error('unreachable')
}

describe('history', () => {
  it('is a list of revisions', () => {
    fc.assert(
      fc.property(seeds, seed => {
        const random = new SeededRandom(seed)
        const history = new History()
        let model: { main: number; sub: number; isTombstone: boolean }[] = []
        let block = 0
        let main = random.between(0, 1) * (2 ** 32 - 50)
        for (let step = 0; step < 3000; step++) {
          main += random.between(1, 3)
          const isTombstone = random.between(0, 9) === 0
          block = history.push(block, main, step, isTombstone)
          model.push({ main, sub: step, isTombstone })
          if (random.between(0, 700) === 0) {
            const revision = main - random.between(0, 3000)
            const at = model.findLastIndex(each => each.main <= revision)
            const keep = random.between(0, 1) === 1
            block = history.dropOlder(block, revision, keep)
            if (at >= 0) model = model.slice(keep ? at : at + 1)
          }
          const revision = main - random.between(-2, 2000)
          const expected = model.findLast(each => each.main <= revision)
          expect(history.find(block, revision)).toBe(expected !== undefined)
          if (expected === undefined) continue
          const { sub, isTombstone: mark, isFirst } = history
          expect({ main: history.main, sub, isTombstone: mark }).toEqual(expected)
          expect(isFirst).toBe(expected === model.at(-1))
        }
        expect(history.size).toBe(model.length)
        history.freeChain(block)
        expect(history.size).toBe(0)
      }),
      { numRuns: 6 },
    )
  })
})

describe('arena', () => {
  it('hands out items that do not overlap, large ones included', () => {
    const random = new SeededRandom(5)
    const arena = new WordArena()
    const live = new Map<number, number>()
    for (let step = 0; step < 20_000; step++) {
      if (live.size > 300 && random.between(0, 1) === 0) {
        const [handle = 0, mark = 0] = [...live][random.between(0, 200)] ?? []
        expect(arena.words[handle >>> 18]![(handle & 0x3ffff) + 1]).toBe(mark)
        arena.free(handle)
        live.delete(handle)
      } else {
        const words = random.between(0, 500) === 0 ? random.between(70_000, 300_000) : random.between(4, 60)
        const handle = arena.allocate(words)
        const chunk = arena.words[handle >>> 18]!
        chunk.fill(step, (handle & 0x3ffff) + 1, (handle & 0x3ffff) + words)
        live.set(handle, step)
      }
    }
    for (const handle of live.keys()) arena.free(handle)
    expect(arena.allocatedBytes).toBeLessThanOrEqual(2 ** 20)
  })
})

describe('sliced sort', () => {
  it('is stable and complete', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(20), { maxLength: 3000 }), values => {
        const sorting = sortPlaces(values.length, (left, right) => values[left]! - values[right]!)
        let step = sorting.next()
        while (step.done !== true) step = sorting.next()
        const expected = values.map((value, at) => ({ value, at })).sort((left, right) => left.value - right.value)
        expect([...step.value]).toEqual(expected.map(({ at }) => at))
      }),
      { numRuns: 50 },
    )
    expect(compareBytes(bytes('a'), bytes('ab'))).toBeLessThan(0)
  })
})
