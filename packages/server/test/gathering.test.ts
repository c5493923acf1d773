import { VirtualClock } from '@kvs/testing'
import { expect, test } from 'vitest'
import { Gathering } from '../src/consensus/gathering.ts'
import * as limits from '../src/limits.ts'

function world() {
  const clock = new VirtualClock()
  let wakes = 0
  const gathering = new Gathering(clock, () => wakes++)
  const mayGo = (waiting: number, uncommitted: number, waitingBytes = 0): boolean =>
    gathering.mayGo({ waiting, uncommitted, waitingBytes })
  return { clock, gathering, mayGo, wakes: () => wakes }
}

test('few proposals at once wait for nothing', () => {
  const { clock, mayGo } = world()
  for (let round = 0; round < 5; round++) {
    expect(mayGo(1, 0)).toBe(true)
    expect(mayGo(4, 1)).toBe(true)
    expect(mayGo(5, 5)).toBe(true)
    expect(mayGo(0, 0)).toBe(true)
  }
  expect(clock.nextAt()).toBeUndefined()
})

test('many wait for those before them, and then for most of the clients of those', () => {
  const { mayGo, wakes } = world()
  expect(mayGo(100, 0)).toBe(true)
  expect(mayGo(20, 100)).toBe(false)
  expect(mayGo(40, 100)).toBe(false)
  // Committed; 140 were there at once, of which three quarters are waited for.
  expect(mayGo(40, 0)).toBe(false)
  expect(mayGo(104, 0)).toBe(false)
  expect(mayGo(105, 0)).toBe(true)
  expect(wakes()).toBe(0)
})

test('the wait for a commit, and the one for clients, end by themselves', () => {
  const { clock, mayGo, wakes } = world()
  mayGo(100, 0)
  expect(mayGo(5, 100)).toBe(false)
  clock.advance(limits.commitWaitMs - 1)
  expect(wakes()).toBe(0)
  clock.advance(1)
  expect(wakes()).toBe(1)
  expect(mayGo(5, 100)).toBe(true)
  expect(mayGo(7, 105)).toBe(false)
  clock.advance(1)
  // The timer that was set for the commit finds out that something else is waited for now.
  expect(mayGo(8, 0)).toBe(false)
  clock.advance(limits.commitWaitMs)
  expect(wakes()).toBe(2)
  expect(mayGo(8, 0)).toBe(true)
})

test('with nothing waiting there is nothing to wake up for, and a wait that is over wakes nobody', () => {
  const { clock, mayGo, wakes } = world()
  mayGo(100, 0)
  expect(mayGo(0, 100)).toBe(false)
  expect(clock.nextAt()).toBeUndefined()
  expect(mayGo(50, 100)).toBe(false)
  expect(mayGo(150, 0)).toBe(true)
  clock.advance(100)
  expect(wakes()).toBe(0)
})

test('many bytes wait for nothing', () => {
  const { mayGo } = world()
  mayGo(100, 0)
  expect(mayGo(20, 100, limits.gatheredBytesMax - 1)).toBe(false)
  expect(mayGo(20, 100, limits.gatheredBytesMax)).toBe(true)
})
