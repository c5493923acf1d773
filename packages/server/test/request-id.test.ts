import fc from 'fast-check'
import { expect, test } from 'vitest'
import { RequestIds } from '../src/consensus/request-id.ts'

const wall = Date.UTC(2026, 0, 1)

test('an id is member, milliseconds and counter', () => {
  const ids = new RequestIds(0xabcd_1234_5678_9fedn, 5)
  expect(ids.prefix).toBe(0x9fed)
  expect(ids.whole(ids.next())).toBe(0x9fed_0000_0000_0501n)
  expect(ids.whole(ids.next())).toBe(0x9fed_0000_0000_0502n)
})

test('ids are whole numbers, whatever fraction the clock shows', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 2 ** 41, noNaN: true }), now => {
      const suffix = new RequestIds(1n, now).next()
      expect(Number.isSafeInteger(suffix)).toBe(true)
      expect(suffix).toBeLessThan(2 ** 48)
    }),
  )
})

test('no id comes twice, also across restarts, while fewer than 256 are drawn per millisecond', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ lived: fc.double({ min: 1, max: 50, noNaN: true }), load: fc.nat(255) }), { maxLength: 8 }),
      lives => {
        const seen = new Set<number>()
        let now = wall + 0.25
        let drawn = 0
        for (const { lived, load } of lives) {
          const ids = new RequestIds(7n, now)
          const count = Math.floor(Math.floor(lived) * load)
          for (let i = 0; i < count; i++) seen.add(ids.next())
          drawn += count
          now += lived + 1
        }
        expect(seen.size).toBe(drawn)
      },
    ),
    { numRuns: 30 },
  )
})

test('the counter spills into the milliseconds and wraps after 48 bits', () => {
  const spilling = new RequestIds(1n, 1)
  for (let i = 0; i < 256; i++) spilling.next()
  expect(spilling.next()).toBe(2 * 256 + 1)
  const wrapping = new RequestIds(1n, 2 ** 40 - 1)
  for (let i = 0; i < 255; i++) wrapping.next()
  expect([wrapping.next(), wrapping.next()]).toEqual([0, 1])
})

test('ids of leases are positive', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), id => {
      const lease = new RequestIds(id, wall).nextLeaseId()
      expect(lease > 0n && lease < 2n ** 63n).toBe(true)
    }),
  )
})
