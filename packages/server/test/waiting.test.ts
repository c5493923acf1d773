import fc from 'fast-check'
import { expect, test } from 'vitest'
import { OwnProposal, WaitingTable } from '../src/consensus/waiting.ts'
import { Refusal } from '../src/errors.ts'

/** A waiter that writes down what it is told. */
function noting(notes: string[], name: string): OwnProposal<unknown> {
  return new OwnProposal(0, {
    applied: outcome => notes.push(`${name} ${outcome}`),
    refused: refusal => notes.push(`${name} ${refusal.message}`),
  })
}

test('who waits is taken out once', () => {
  const table = new WaitingTable(() => Refusal.of('TIMEOUT'))
  const notes: string[] = []
  table.add(1, noting(notes, 'a'))
  table.add(2, noting(notes, 'b'))
  table.take(1)?.applied('done')
  expect(table.take(1)).toBeUndefined()
  expect(table.take(3)).toBeUndefined()
  expect(table.size).toBe(1)
  expect(notes).toEqual(['a done'])
})

test('those whose time is up are refused, and no others', () => {
  const table = new WaitingTable(() => Refusal.of('TIMEOUT'))
  const notes: string[] = []
  table.add(1, noting(notes, '1'))
  table.add(2, noting(notes, '2'))
  table.mark(100)
  table.mark(150)
  table.add(3, noting(notes, '3'))
  table.mark(200)
  table.expire(99)
  expect(notes).toEqual([])
  // The second mark came when nothing new waited: the first holds.
  table.expire(100)
  expect(notes).toEqual(['1 etcdserver: request timed out', '2 etcdserver: request timed out'])
  table.expire(199)
  expect(table.size).toBe(1)
  table.expire(1000)
  expect(notes.at(-1)).toBe('3 etcdserver: request timed out')
  table.expire(2000)
  expect(notes).toHaveLength(3)
})

test('refusing everybody reaches each once, also if one of them asks again', () => {
  const table = new WaitingTable(() => Refusal.of('TIMEOUT'))
  const notes: string[] = []
  const late = noting(notes, 'late')
  table.add(1, new OwnProposal(0, { applied: () => {}, refused: () => table.add(9, late) }))
  table.add(2, noting(notes, 'b'))
  table.refuseAll(Refusal.of('STOPPED'))
  expect(notes).toEqual(['b etcdserver: server stopped'])
  expect(table.size).toBe(1)
})

test('however long some wait, each is found once, and all in the order of their ids', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 2 ** 48 - 1e6 }),
      fc.array(fc.nat(3), { maxLength: 3000 }),
      (first, fates) => {
        const table = new WaitingTable(() => Refusal.of('TIMEOUT'))
        const notes: string[] = []
        const waiting = new Set<number>()
        for (const [i, fate] of fates.entries()) {
          const id = first + i
          // Some numbers are leases and reads, for which nobody waits here.
          if (fate > 0) table.add(id, noting(notes, String(id)))
          if (fate > 0) waiting.add(id)
          if (fate < 2) continue
          const done = fate === 2 ? id : ([...waiting][i % waiting.size] as number)
          expect(table.take(done)).toBeDefined()
          expect(table.take(done)).toBeUndefined()
          waiting.delete(done)
        }
        expect(table.size).toBe(waiting.size)
        expect([...table.proposers]).toHaveLength(waiting.size)
        table.refuseAll(Refusal.of('STOPPED'))
        expect(notes).toEqual([...waiting].map(id => `${id} etcdserver: server stopped`))
        expect(table.size).toBe(0)
      },
    ),
    { numRuns: 60 },
  )
})

test('who waits while very many others come and go is still found', () => {
  const table = new WaitingTable(() => Refusal.of('TIMEOUT'))
  const notes: string[] = []
  for (let id = 0; id < 100_000; id++) {
    table.add(id, noting(notes, String(id)))
    if (id % 1000 > 0) table.take(id)
  }
  expect(table.size).toBe(100)
  table.mark(5)
  table.expire(5)
  expect(notes).toHaveLength(100)
  expect(notes[99]).toBe('99000 etcdserver: request timed out')
})
