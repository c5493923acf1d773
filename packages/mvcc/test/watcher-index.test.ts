import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { HubWatcher } from '../src/watch/watcher.ts'
import { WatcherIndex } from '../src/watch/watcher-index.ts'

/** As much of a watcher as the index looks at. */
function watcherOf(key: number): HubWatcher {
  return { key: Uint8Array.of(key), interval: undefined } as unknown as HubWatcher
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
