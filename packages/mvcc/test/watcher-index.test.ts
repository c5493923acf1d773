import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Stream } from '../src/watch/stream.ts'
import { HubWatcher } from '../src/watch/watcher.ts'
import { WatcherIndex } from '../src/watch/watcher-index.ts'

/** Nobody asks it for anything. */
const noStream = {} as unknown as Stream

function watcherOf(key: number): HubWatcher {
  return new HubWatcher(noStream, 0, { key: Uint8Array.of(key) })
}

it('finds the watchers of a key, alone or several, whatever keys share their hash', () => {
  const step = fc.record({ key: fc.integer({ min: 0, max: 5 }), which: fc.nat(), adds: fc.boolean() })
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 6 }), fc.array(step, { maxLength: 40 }), (hashes, steps) => {
      const hashOf = (key: Uint8Array): number => (key[0] as number) % hashes
      const index = new WatcherIndex(hashOf)
      const model: HubWatcher[] = []
      for (const { key, which, adds } of steps) {
        if (adds || model.length === 0) {
          const watcher = watcherOf(key)
          model.push(watcher)
          index.add(watcher)
        } else index.remove(model.splice(which % model.length, 1)[0] as HubWatcher)
        expect(index.size).toBe(model.length)
        for (let one = 0; one < 6; one++) {
          const found: HubWatcher[] = []
          index.collect(Uint8Array.of(one), hashOf(Uint8Array.of(one)), found)
          expect(new Set(found)).toEqual(new Set(model.filter(watcher => watcher.key[0] === one)))
          expect(found.length).toBe(new Set(found).size)
        }
      }
    }),
  )
})

it('a watcher keeps its key, however long, when the bytes it was asked with change', () => {
  const lengths = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constantFrom(2_047, 2_048, 2_049, 8_192, 20_000))
  const someKey = fc.tuple(lengths, fc.integer({ min: 0, max: 255 })).map(([length, byte]) => ({ length, byte }))
  fc.assert(
    fc.property(fc.array(someKey, { minLength: 1, maxLength: 60 }), keys => {
      const watchers = keys.map(({ length, byte }) => {
        const key = new Uint8Array(length).fill(byte)
        const watcher = new HubWatcher(noStream, 0, { key })
        key.fill(1)
        return watcher
      })
      for (const [at, { length, byte }] of keys.entries()) {
        const key = new Uint8Array(length).fill(byte)
        const watcher = watchers[at] as HubWatcher
        expect(Buffer.compare(watcher.key, key)).toBe(0)
        expect(watcher.hasKey(key)).toBe(true)
        expect(watcher.hasKey(key.subarray(1))).toBe(false)
        expect(watcher.hasKey(new Uint8Array(length + 1).fill(byte))).toBe(false)
        key[length - 1] = byte ^ 1
        expect(watcher.hasKey(key)).toBe(false)
      }
    }),
    { numRuns: 50 },
  )
})
