import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Http2Stream } from '../src/http2/stream.ts'
import { StreamTable } from '../src/http2/stream-table.ts'

test('streams are found however long they live, and come in the order of their ids', () => {
  const fate = fc.record({ skipped: fc.nat(2), ends: fc.constantFrom('never', 'at once', 'an older one') })
  fc.assert(
    fc.property(fc.constantFrom(1, 2), fc.array(fate, { maxLength: 2000 }), (first, fates) => {
      const table = new StreamTable()
      const model = new Map<number, Http2Stream>()
      let id = first
      for (const [i, { skipped, ends }] of fates.entries()) {
        id += 2 * (1 + skipped)
        const stream = new Http2Stream(id, 0, 0)
        expect(table.get(id)).toBeUndefined()
        table.add(stream)
        model.set(id, stream)
        if (ends === 'never') continue
        const done = ends === 'at once' ? id : ([...model.keys()][i % model.size] as number)
        expect(table.get(done)).toBe(model.get(done))
        table.delete(done)
        table.delete(done)
        model.delete(done)
        expect(table.get(done)).toBeUndefined()
        expect(table.size).toBe(model.size)
      }
      expect(table.values()).toEqual([...model.values()])
      table.clear()
      expect(table.size).toBe(0)
      expect(table.values()).toEqual([])
    }),
    { numRuns: 60 },
  )
})
