import { VirtualClock } from '@kvs/testing'
import { expect, test } from 'vitest'
import { Reads } from '../src/consensus/read.ts'
import { RequestIds } from '../src/consensus/request-id.ts'
import { Refusal } from '../src/errors.ts'
import { Metrics } from '../src/metrics/metrics.ts'

/** Reads with a consensus that answers when told. */
function world() {
  const asked: Uint8Array[] = []
  const notes: string[] = []
  const state = { alone: false, applied: 0 }
  const clock = new VirtualClock()
  const metrics = new Metrics()
  const reads = new Reads({
    decidesAlone: () => state.alone,
    readIndex: context => asked.push(context),
    applied: () => state.applied,
    metrics,
    clock,
    requestIds: new RequestIds(0xabcdn, 1000),
    timeoutMs: 7000,
    refused: () => notes.push('written'),
  })
  const read = (name: string): void => {
    reads.read({ applied: () => notes.push(name), refused: refusal => notes.push(`${name} ${refusal.code}`) })
  }
  return { asked, notes, state, clock, metrics, reads, read }
}

test('who decides alone needs no round', () => {
  const { asked, notes, state, read } = world()
  state.alone = true
  read('a')
  expect([asked.length, notes]).toEqual([0, ['a']])
})

test('readers who come during a round share the next one', () => {
  const { asked, notes, reads, read } = world()
  read('a')
  read('b')
  read('c')
  expect(asked).toHaveLength(1)
  reads.confirmed(asked[0] as Uint8Array, 0)
  expect(notes).toEqual(['a'])
  expect(asked).toHaveLength(2)
  reads.confirmed(asked[1] as Uint8Array, 0)
  expect(notes).toEqual(['a', 'b', 'c'])
  expect(asked).toHaveLength(2)
})

test('a confirmed round is through when its index is applied', () => {
  const { asked, notes, state, reads, read } = world()
  read('a')
  reads.confirmed(asked[0] as Uint8Array, 5)
  read('b')
  reads.confirmed(asked[1] as Uint8Array, 7)
  for (const [applied, wanted] of [
    [4, []],
    [5, ['a']],
    [6, ['a']],
    [8, ['a', 'b']],
  ] as const) {
    state.applied = applied
    reads.advanced()
    expect(notes).toEqual(wanted)
  }
})

test('an answer to another round, or to nobody, counts for nothing', () => {
  const { asked, notes, metrics, reads, read } = world()
  reads.confirmed(new Uint8Array(8), 0)
  read('a')
  reads.confirmed(asked[0] as Uint8Array, 0)
  read('b')
  reads.confirmed(asked[0] as Uint8Array, 0)
  reads.confirmed(new Uint8Array(3), 0)
  expect(notes).toEqual(['a'])
  expect(metrics.slowReadIndexes).toBe(3)
  reads.confirmed(asked[1] as Uint8Array, 0)
  expect(notes).toEqual(['a', 'b'])
})

test('a round that was lost is asked again under another id, and the answer to any of its ids counts', () => {
  const { asked, notes, clock, reads, read } = world()
  read('a')
  read('b')
  reads.retry()
  clock.advance(500)
  expect(new Set(asked.map(String)).size).toBe(3)
  reads.confirmed(asked[1] as Uint8Array, 0)
  expect(notes).toEqual(['a'])
  reads.confirmed(asked[3] as Uint8Array, 0)
  expect(notes).toEqual(['a', 'b'])
  expect(clock.nextAt()).toBeUndefined()
})

test('who has waited too long is refused, and who came later is not', () => {
  const { asked, notes, clock, metrics, reads, read } = world()
  read('a')
  clock.advance(3000)
  read('b')
  clock.advance(4000)
  expect(notes).toEqual(['a TIMEOUT', 'written'])
  expect(metrics.readIndexesFailed).toBe(1)
  reads.confirmed(asked.at(-1) as Uint8Array, 0)
  expect(notes).toEqual(['a TIMEOUT', 'written', 'b'])
})

test('without readers nothing is asked again', () => {
  const { asked, reads } = world()
  reads.retry()
  expect(asked).toHaveLength(0)
})

test('refusing reaches readers in every stage, once', () => {
  const { asked, notes, state, metrics, reads, read } = world()
  read('confirmed')
  reads.confirmed(asked[0] as Uint8Array, 5)
  read('asked')
  read('waiting')
  reads.close(Refusal.of('STOPPED'))
  state.applied = 9
  reads.advanced()
  reads.confirmed(asked[1] as Uint8Array, 0)
  expect(notes.sort()).toEqual(['asked STOPPED', 'confirmed STOPPED', 'waiting STOPPED'])
  expect(metrics.readIndexesFailed).toBe(3)
})
