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
