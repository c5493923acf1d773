import { expect, test } from 'vitest'
import { Refusal } from '../src/errors.ts'
import { Metrics } from '../src/metrics/metrics.ts'
import { Reads } from '../src/read.ts'

/** Reads with a consensus that answers when told. */
function world() {
  const asked: Uint8Array[] = []
  const notes: string[] = []
  const state = { alone: false, applied: 0 }
  const metrics = new Metrics()
  const reads = new Reads({
    decidesAlone: () => state.alone,
    readIndex: context => asked.push(context),
    applied: () => state.applied,
    metrics,
  })
  const read = (name: string): void => {
    reads.read({ applied: () => notes.push(name), refused: refusal => notes.push(`${name} ${refusal.code}`) })
  }
  return { asked, notes, state, metrics, reads, read }
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
  const first = asked[0] as Uint8Array
  reads.retry()
  expect(asked).toHaveLength(2)
  reads.confirmed(first, 0)
  reads.confirmed(new Uint8Array(3), 0)
  expect(notes).toEqual([])
  expect(metrics.slowReadIndexes).toBe(3)
  reads.confirmed(asked[1] as Uint8Array, 0)
  expect(notes).toEqual(['a'])
})

test('a round that was lost is asked again, for its readers and for those who came since, in order', () => {
  const { asked, notes, reads, read } = world()
  read('a')
  read('b')
  reads.retry()
  reads.confirmed(asked[1] as Uint8Array, 0)
  expect(notes).toEqual(['a', 'b'])
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
  reads.refuseAll(Refusal.of('STOPPED'))
  state.applied = 9
  reads.advanced()
  reads.confirmed(asked[1] as Uint8Array, 0)
  expect(notes.sort()).toEqual(['asked STOPPED', 'confirmed STOPPED', 'waiting STOPPED'])
  expect(metrics.readIndexesFailed).toBe(3)
})
