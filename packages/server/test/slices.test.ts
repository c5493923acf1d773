import type { Store } from '@kvs/mvcc'
import { KV, type TxnRequestInit } from '@kvs/proto/rpc'
import { expect, test } from 'vitest'
import { endWriteInSlices, runSlices, SliceBudget, type Slices } from '../src/apply/slices.ts'
import { executePlan, planTxn, readPlan } from '../src/apply/txn.ts'
import * as limits from '../src/limits.ts'
import type { Background } from '../src/state/background.ts'
import type { State } from '../src/state/state.ts'
import { bytesOf } from './messages.ts'
import { openTestStore } from './store.ts'

const keys = 5000
const all = { key: bytesOf('k'), rangeEnd: bytesOf('l') }

function filledStore(lease = 0n): Store {
  const store = openTestStore()
  for (let i = 0; i < keys; i++) {
    const txn = store.write()
    txn.put({ key: bytesOf(`k${i}`), value: bytesOf('v'), lease })
    txn.end()
  }
  return store
}

const requestOf = (init: TxnRequestInit) => KV.txn.decodeRequest(KV.txn.encodeRequest(init))

/** Runs all slices; `after` is called behind each. */
function run<Result>(work: Slices<Result>, after: () => void): Result {
  for (;;) {
    const step = work.next()
    after()
    if (step.done === true) return step.value
  }
}

test('a transaction deletes a few records per slice, however its deletions are spread', () => {
  const store = filledStore()
  const few = Array.from({ length: 50 }, (_, i) => ({
    requestDeleteRange: { key: bytesOf(`k${10 + i}`), rangeEnd: bytesOf(`k${10 + i}:`) },
  }))
  const request = requestOf({ success: [...few, { requestDeleteRange: all }, { requestRange: all }] })
  const budget = new SliceBudget()
  const compares = requestOf({ compare: [{ ...all, version: 1 }] })
  let slices = 0
  const plan = run(planTxn(store, compares, budget), () => slices++)
  expect(plan.succeeded).toBe(true)
  expect(slices).toBeGreaterThan(keys / limits.sliceRecords)

  const txn = store.write()
  const counts: number[] = []
  let before = 0
  const ops = run(
    executePlan(
      run(planTxn(store, request, budget), () => {}),
      { txn, wanted: true, budget },
    ),
    () => {
      counts.push(txn.changes - before)
      before = txn.changes
      // Readers see the state before.
      expect(store.range({ ...all, countOnly: true }).count).toBe(keys)
    },
  )
  expect(txn.changes).toBe(keys)
  expect(Math.max(...counts)).toBeLessThanOrEqual(limits.sliceRecords)
  expect(ops.at(-1)).toMatchObject({ kind: 'range', result: { count: 0 } })
  txn.end()
})

test('keys go from their leases in slices', () => {
  const store = filledStore(7n)
  let moved = 0
  const lessor = { detach: () => moved++, attach: () => moved++ }
  const state = { store, lessor, background: { wake: () => {} } } as unknown as State
  const txn = store.write()
  txn.deleteRange(all)
  let before = 0
  const revision = run(endWriteInSlices(state, txn), () => {
    expect(moved - before).toBeLessThanOrEqual(limits.sliceRecords)
    before = moved
  })
  expect([moved, revision]).toEqual([keys, store.revision])
})

test('the ranges of a read are of one revision, whatever is written between slices', () => {
  const store = filledStore()
  const { revision } = store
  const request = requestOf({ success: [{ requestRange: all }, { requestRange: all }] })
  const plan = run(planTxn(store, request, new SliceBudget()), () => {})
  let slices = 0
  const ops = run(
    readPlan(plan, store, () => false),
    () => {
      slices++
      const txn = store.write()
      txn.put({ key: bytesOf(`k-${slices}`), value: bytesOf('new') })
      txn.end()
      if (slices === 1) store.compact(store.revision)
      while (!store.scrub()) {}
    },
  )
  expect(slices).toBeGreaterThan(2)
  for (const op of ops) expect(op).toMatchObject({ kind: 'range', revision, result: { count: keys } })
  // Nobody holds the scrub back any more.
  while (!store.scrub()) {}
  expect(store.scrubbedRevision).toBe(store.compactRevision)
})

test('work of one slice is done at once', () => {
  function* work(slices: number): Slices<void> {
    for (let i = 1; i < slices; i++) yield
  }
  const background = { beginSlice: () => {} } as Background
  expect(runSlices(background, work(1))).toBeUndefined()
  const rest = runSlices(background, work(3))
  expect([rest?.(), rest?.()]).toEqual([false, true])
})
