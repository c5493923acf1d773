import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type DueItem, DueQueue } from '../src/due-queue.ts'

test('items put off, brought forward and dropped come up when they are due, once', () => {
  const change = fc.record({ item: fc.nat(5), dueMs: fc.option(fc.nat(30), { nil: undefined }), popAtMs: fc.nat(40) })
  fc.assert(
    fc.property(fc.array(change, { maxLength: 200 }), changes => {
      const queue = new DueQueue<DueItem>()
      const items = Array.from({ length: 6 }, (): DueItem => ({ dueMs: undefined, queuedMs: undefined }))
      for (const { item: at, dueMs, popAtMs } of changes) {
        const item = items[at]!
        item.dueMs = dueMs
        queue.update(item)
        const dues = items.flatMap(each => each.dueMs ?? [])
        expect(queue.nextMs()).toBe(dues.length > 0 ? Math.min(...dues) : undefined)
        if (popAtMs > 30) continue
        const expected = items.filter(each => each.dueMs !== undefined && each.dueMs <= popAtMs)
        const popped: DueItem[] = []
        for (let next = queue.popDue(popAtMs); next !== undefined; next = queue.popDue(popAtMs)) {
          next.dueMs = undefined
          popped.push(next)
        }
        expect(new Set(popped)).toEqual(new Set(expected))
        expect(popped).toHaveLength(expected.length)
      }
    }),
    { numRuns: 500 },
  )
})

test('entries that no longer count are swept', () => {
  const queue = new DueQueue<DueItem>()
  for (let round = 0; round < 10_000; round++) {
    const item: DueItem = { dueMs: 1000 + round, queuedMs: undefined }
    queue.update(item)
    item.dueMs = undefined
    queue.update(item)
  }
  expect(queue.size).toBeLessThan(200)
})
