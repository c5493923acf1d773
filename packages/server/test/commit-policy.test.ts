import { VirtualClock } from '@kvs/testing'
import { expect, test } from 'vitest'
import { CommitPolicy } from '../src/consensus/commit-policy.ts'

/** A policy over a state file that commits when told. */
function world(options: { readonly intervalMs: number; readonly operationsMax: number }) {
  const clock = new VirtualClock()
  const errors: unknown[] = []
  const commits: { resolve: () => void; reject: (error: Error) => void }[] = []
  const backend = {
    pendingOperations: 0,
    commit: () => {
      backend.pendingOperations = 0
      return new Promise<void>((resolve, reject) => commits.push({ resolve, reject }))
    },
  }
  const fatal = (error: unknown): void => void errors.push(error)
  const policy = new CommitPolicy({ backend, commit: () => backend.commit(), clock, fatal, ...options })
  const write = (operations: number): void => {
    backend.pendingOperations += operations
    policy.changed()
  }
  return { clock, errors, commits, backend, policy, write }
}

const settled = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

test('commits some time after the first change, not after the last', () => {
  const { clock, commits, write } = world({ intervalMs: 100, operationsMax: 1000 })
  write(1)
  clock.advance(60)
  write(1)
  clock.advance(39)
  expect(commits).toHaveLength(0)
  clock.advance(1)
  expect(commits).toHaveLength(1)
})

test('commits at once after so many operations, and the timer is off', () => {
  const { clock, commits, write } = world({ intervalMs: 100, operationsMax: 10 })
  write(9)
  expect(commits).toHaveLength(0)
  write(1)
  expect(commits).toHaveLength(1)
  expect(clock.nextAt()).toBeUndefined()
})

test('without changes nothing is armed', () => {
  const { clock, commits, write } = world({ intervalMs: 100, operationsMax: 10 })
  write(0)
  expect(clock.nextAt()).toBeUndefined()
  expect(commits).toHaveLength(0)
})

test('one commit at a time; what came meanwhile is committed after it', async () => {
  const { clock, commits, write } = world({ intervalMs: 100, operationsMax: 10 })
  write(10)
  write(50)
  expect(commits).toHaveLength(1)
  commits[0]?.resolve()
  await settled()
  expect(commits).toHaveLength(2)
  write(1)
  commits[1]?.resolve()
  await settled()
  expect(commits).toHaveLength(2)
  clock.advance(100)
  expect(commits).toHaveLength(3)
})

test('a failed commit is fatal, and none follows', async () => {
  const { clock, commits, errors, write } = world({ intervalMs: 100, operationsMax: 10 })
  write(10)
  const error = new Error('disk')
  commits[0]?.reject(error)
  await settled()
  expect(errors).toEqual([error])
  write(20)
  clock.advance(1000)
  expect(commits).toHaveLength(1)
})

test('once closed nothing is committed, and a late failure is nobody’s business', async () => {
  const { clock, commits, errors, policy, write } = world({ intervalMs: 100, operationsMax: 10 })
  write(10)
  write(1)
  policy.close()
  commits[0]?.reject(new Error('closed'))
  await settled()
  write(20)
  clock.advance(1000)
  expect([commits.length, errors.length]).toEqual([1, 0])
})
