import fc from 'fast-check'
import { expect, test } from 'vitest'
import { describeCommitted } from '../src/quorum/describe.ts'
import { jointCommitted, jointIds, jointVote } from '../src/quorum/joint.ts'
import { majorityCommitted, majorityVote } from '../src/quorum/majority.ts'

const id = fc.bigInt({ min: 1n, max: 9n })
const voters = fc.uniqueArray(id, { maxLength: 7 }).map(ids => new Set(ids))
const acks = fc.array(fc.tuple(id, fc.nat(12)), { maxLength: 12 }).map(pairs => new Map(pairs))
const votes = fc.array(fc.tuple(id, fc.boolean()), { maxLength: 12 }).map(pairs => new Map(pairs))

/** By counting: an index is committed if more than half have reached it. */
function countedCommitted(half: ReadonlySet<bigint>, acked: ReadonlyMap<bigint, number>): number {
  if (half.size === 0) return Number.POSITIVE_INFINITY
  let index = 0
  while ([...half].filter(voter => (acked.get(voter) ?? 0) > index).length * 2 > half.size) index++
  return index
}

/** By trying everything: the result is open while the missing votes can still turn it. */
function triedVote(half: ReadonlySet<bigint>, given: ReadonlyMap<bigint, boolean>): string {
  if (half.size === 0) return 'won'
  const missing = [...half].filter(voter => !given.has(voter))
  const results = new Set<boolean>()
  for (let bits = 0; bits < 2 ** missing.length; bits++) {
    const all = new Map(given)
    for (const [at, voter] of missing.entries()) all.set(voter, (bits & (1 << at)) !== 0)
    results.add([...half].filter(voter => all.get(voter)).length * 2 > half.size)
  }
  if (results.size === 2) return 'pending'
  return results.has(true) ? 'won' : 'lost'
}

test('what a majority committed is what counting finds', () => {
  fc.assert(
    fc.property(voters, acks, (half, acked) => {
      expect(majorityCommitted(half, voter => acked.get(voter))).toBe(countedCommitted(half, acked))
    }),
    { numRuns: 2000 },
  )
})

test('a joint quorum commits what both halves commit', () => {
  fc.assert(
    fc.property(voters, voters, acks, (incoming, outgoing, acked) => {
      const expected = Math.min(countedCommitted(incoming, acked), countedCommitted(outgoing, acked))
      expect(jointCommitted({ incoming, outgoing }, voter => acked.get(voter))).toBe(expected)
    }),
    { numRuns: 2000 },
  )
})

test('a vote is open exactly while missing votes can turn it', () => {
  fc.assert(
    fc.property(voters, votes, (half, given) => {
      expect(majorityVote(half, given)).toBe(triedVote(half, given))
    }),
    { numRuns: 2000 },
  )
})

test('a joint vote is lost with one half and won with both', () => {
  fc.assert(
    fc.property(voters, voters, votes, (incoming, outgoing, given) => {
      const halves = [triedVote(incoming, given), triedVote(outgoing, given)]
      const expected = halves.includes('lost') ? 'lost' : halves.includes('pending') ? 'pending' : 'won'
      expect(jointVote({ incoming, outgoing }, given)).toBe(expected)
    }),
    { numRuns: 2000 },
  )
})

test('ids of a joint quorum ascend and stand once', () => {
  const ids = jointIds({ incoming: new Set([9n, 2n, 10n]), outgoing: new Set([2n, 0xffff_ffff_ffff_ffffn, 1n]) })
  expect(ids).toEqual([1n, 2n, 9n, 10n, 0xffff_ffff_ffff_ffffn])
})

test('the table aligns wide indexes and prints ids in hexadecimal', () => {
  const acked = new Map([
    [10n, 1234567],
    [255n, 7],
  ])
  const table = describeCommitted(new Set([255n, 10n, 11n]), voter => acked.get(voter))
  expect(table).toBe(
    ['       idx', 'xx>  1234567    (id=a)', '?        0    (id=b)', 'x>       7    (id=ff)', ''].join('\n'),
  )
})
