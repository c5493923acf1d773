import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { emptyConfig } from '../src/tracker/config.ts'
import { Inflights } from '../src/tracker/inflights.ts'
import { describeProgress, Progress } from '../src/tracker/progress.ts'
import { ProgressTracker } from '../src/tracker/tracker.ts'

function progressOf(
  init: { match?: number; next?: number; isLearner?: boolean; sizeMax?: number; bytesMax?: number } = {},
): Progress {
  const { match = 0, next = 1, isLearner = false, sizeMax = 4, bytesMax = 0 } = init
  return new Progress({ match, next, isLearner, recentActive: true, inflights: new Inflights({ sizeMax, bytesMax }) })
}

describe('the window of messages in flight', () => {
  test('it fills by count, and is freed from the front', () => {
    const window = new Inflights({ sizeMax: 3, bytesMax: 0 })
    for (const index of [2, 5, 9]) window.add(index, 100)
    expect([window.count, window.isFull()]).toEqual([3, true])
    window.freeUpTo(1)
    expect(window.count).toBe(3)
    window.freeUpTo(6)
    expect([window.count, window.isFull()]).toEqual([1, false])
    window.freeUpTo(9)
    expect(window.count).toBe(0)
  })

  test('it fills by bytes: a message may go beyond the limit, then no more', () => {
    const window = new Inflights({ sizeMax: 100, bytesMax: 10 })
    window.add(1, 9)
    expect(window.isFull()).toBe(false)
    window.add(2, 50)
    expect(window.isFull()).toBe(true)
    window.freeUpTo(1)
    expect(window.isFull()).toBe(true)
    window.freeUpTo(2)
    expect(window.isFull()).toBe(false)
  })

  test('adding to a full one is a broken invariant', () => {
    const window = new Inflights({ sizeMax: 1, bytesMax: 0 })
    window.add(3, 1)
    expect(() => window.add(4, 1)).toThrow('cannot add index 4 to a full window of 1 messages')
  })

  test('it behaves like a list', () => {
    const limits = fc.record({ sizeMax: fc.integer({ min: 1, max: 12 }), bytesMax: fc.constantFrom(0, 20) })
    const steps = fc.array(fc.oneof(fc.nat(9), fc.constant('reset' as const)), { maxLength: 80 })
    fc.assert(
      fc.property(limits, steps, fc.infiniteStream(fc.nat(10)), ({ sizeMax, bytesMax }, actions, sizes) => {
        const window = new Inflights({ sizeMax, bytesMax })
        let model: { readonly index: number; readonly bytes: number }[] = []
        let last = 0
        for (const action of actions) {
          const bytes = sizes.next().value
          if (action === 'reset') {
            window.reset()
            model = []
          } else if (action > 6) {
            const upTo = last - (action - 7) * 2
            window.freeUpTo(upTo)
            model = model.filter(({ index }) => index > upTo)
          } else if (!window.isFull()) {
            last += action + 1
            window.add(last, bytes)
            model.push({ index: last, bytes })
          }
          const inFlight = model.reduce((sum, message) => sum + message.bytes, 0)
          expect(window.count).toBe(model.length)
          expect(window.isFull()).toBe(model.length >= sizeMax || (bytesMax > 0 && inFlight >= bytesMax))
        }
      }),
      { numRuns: 300 },
    )
  })
})

describe('probing', () => {
  test('after a message with entries nothing goes until there is an answer', () => {
    const progress = progressOf()
    progress.sentEntries(0, 0)
    expect(progress.isPaused()).toBe(false)
    progress.sentEntries(2, 10)
    expect([progress.isPaused(), progress.next]).toEqual([true, 1])
    expect(progress.maybeUpdate(2)).toBe(true)
    expect([progress.isPaused(), progress.match, progress.next]).toEqual([false, 2, 3])
  })

  test.each([
    // Match, next; rejected at, hint; whether that is news, next after that.
    [0, 0, 0, 0, false, 0],
    [0, 10, 5, 5, false, 10],
    [0, 10, 9, 9, true, 9],
    [0, 2, 1, 1, true, 1],
    [0, 1, 0, 0, true, 1],
    [0, 10, 9, 2, true, 3],
    [0, 10, 9, 0, true, 1],
    // What is known to match is never sent again.
    [5, 10, 9, 2, true, 6],
  ])('match %d, next %d, refused at %d with hint %d', (match, next, rejected, hint, isNews, after) => {
    const progress = progressOf({ match, next })
    progress.noteSentCommit(20)
    expect([progress.maybeDecreaseTo(rejected, hint), progress.next]).toEqual([isNews, after])
    expect(progress.sentCommit).toBe(isNews ? after - 1 : 20)
  })
})

describe('replicating', () => {
  test('messages go on trust until the window is full', () => {
    const progress = progressOf({ sizeMax: 2 })
    progress.becomeReplicate()
    progress.sentEntries(3, 30)
    expect([progress.next, progress.isPaused()]).toEqual([4, false])
    progress.sentEntries(1, 10)
    expect([progress.next, progress.isPaused()]).toEqual([5, true])
    progress.inflights.freeUpTo(3)
    progress.maybeUpdate(3)
    expect([progress.match, progress.next, progress.isPaused()]).toEqual([3, 5, false])
  })

  test.each([
    [5, 10, 5, false, 10],
    [5, 10, 4, false, 10],
    [5, 10, 9, true, 6],
  ])('match %d, next %d, refused at %d', (match, next, rejected, isNews, after) => {
    const progress = progressOf({ match, next })
    progress.becomeReplicate()
    progress.next = next
    expect([progress.maybeDecreaseTo(rejected, rejected), progress.next]).toEqual([isNews, after])
  })

  test('an answer that is old changes nothing', () => {
    const progress = progressOf({ match: 3, next: 5 })
    for (const [index, isNews, match, next] of [
      [2, false, 3, 5],
      [3, false, 3, 5],
      [4, true, 4, 5],
      [6, true, 6, 7],
    ] as const) {
      expect([progress.maybeUpdate(index), progress.match, progress.next]).toEqual([isNews, match, next])
    }
  })
})

describe('sending a snapshot', () => {
  test('nothing else goes until it is over', () => {
    const progress = progressOf({ match: 1, next: 5 })
    progress.becomeSnapshot(10)
    expect([progress.state, progress.next, progress.isPaused(), progress.sentCommit]).toEqual([
      'snapshot',
      11,
      true,
      10,
    ])
    expect(() => progress.sentEntries(1, 1)).toThrow('entries were sent to a follower in state snapshot')
  })

  test.each([
    [10, 11],
    // A failure clears what was pending.
    [0, 2],
  ])('probing goes on behind a pending snapshot at %d from %d', (pending, next) => {
    const progress = progressOf({ match: 1, next: 5 })
    progress.becomeSnapshot(10)
    progress.pendingSnapshot = pending
    progress.becomeProbe()
    expect([progress.state, progress.match, progress.next, progress.pendingSnapshot]).toEqual(['probe', 1, next, 0])
  })

  test('from replicating back to probing everything in flight counts as lost', () => {
    const progress = progressOf({ match: 1, next: 2 })
    progress.becomeReplicate()
    progress.sentEntries(5, 1)
    progress.noteSentCommit(6)
    progress.becomeProbe()
    expect([progress.next, progress.inflights.count, progress.sentCommit]).toEqual([2, 0, 1])
  })
})

test.each([
  // Commit index sent last, next; commit index; whether an append would tell something.
  [0, 5, 1, true],
  [3, 5, 3, false],
  [3, 5, 9, true],
  [4, 5, 9, false],
  [9, 5, 8, false],
])('told %d of what ends before %d, %d is news: %s', (sent, next, commit, isNews) => {
  const progress = progressOf({ match: 0, next })
  progress.noteSentCommit(sent)
  expect(progress.canBumpCommit(commit)).toBe(isNews)
})

test('progress as text shows what is unusual', () => {
  const progress = progressOf({ match: 3, next: 4 })
  expect(describeProgress(progress)).toBe('StateProbe match=3 next=4')
  const unusual = progressOf({ match: 1, next: 2, isLearner: true, sizeMax: 1 })
  unusual.recentActive = false
  unusual.becomeReplicate()
  unusual.sentEntries(1, 1)
  expect(describeProgress(unusual)).toBe('StateReplicate match=1 next=3 learner paused inactive inflight=1[full]')
  unusual.becomeSnapshot(7)
  expect(describeProgress(unusual)).toBe('StateSnapshot match=1 next=8 learner paused pendingSnap=7 inactive')
})

describe('the tracker', () => {
  const voters = (...ids: bigint[]): ReadonlySet<bigint> => new Set(ids)

  /** Voters 1 2 3 and, while joint, 3 4 5; learner 9. */
  function trackerOf(isJoint: boolean): ProgressTracker {
    const tracker = new ProgressTracker()
    const config = { ...emptyConfig, incoming: voters(1n, 2n, 3n), learners: voters(9n) }
    const ids = isJoint ? [1n, 2n, 3n, 4n, 5n, 9n] : [1n, 2n, 3n, 9n]
    const progress = new Map(ids.map(id => [id, progressOf({ match: Number(id), next: 10, isLearner: id === 9n })]))
    tracker.set(isJoint ? { ...config, outgoing: voters(3n, 4n, 5n) } : config, progress)
    return tracker
  }

  test('goes round in the order of ids, and knows who votes', () => {
    const tracker = trackerOf(true)
    expect(tracker.ids).toEqual([1n, 2n, 3n, 4n, 5n, 9n])
    expect(tracker.voterIds()).toEqual([1n, 2n, 3n, 4n, 5n])
    expect([1n, 4n, 9n, 7n].map(id => tracker.isVoter(id))).toEqual([true, true, false, false])
    expect(trackerOf(false).isSingleton()).toBe(false)
  })

  test('is single with one voter and no outgoing half', () => {
    const tracker = new ProgressTracker()
    tracker.set({ ...emptyConfig, incoming: voters(1n) }, new Map([[1n, progressOf()]]))
    expect(tracker.isSingleton()).toBe(true)
    tracker.set({ ...emptyConfig, incoming: voters(1n), outgoing: voters(2n) }, new Map([[1n, progressOf()]]))
    expect(tracker.isSingleton()).toBe(false)
  })

  test.each([
    [false, 2],
    [true, 2],
  ])('commits what both halves have, learners aside: joint %s', (isJoint, committed) => {
    expect(trackerOf(isJoint).committed()).toBe(committed)
  })

  test('is active while a quorum of voters was heard of', () => {
    const tracker = trackerOf(false)
    expect(tracker.quorumActive()).toBe(true)
    for (const id of [1n, 2n]) (tracker.get(id) as Progress).recentActive = false
    expect(tracker.quorumActive()).toBe(false)
  })

  test('counts the first vote of each voter', () => {
    const tracker = trackerOf(true)
    tracker.recordVote(1n, true)
    tracker.recordVote(1n, false)
    tracker.recordVote(3n, true)
    tracker.recordVote(9n, true)
    tracker.recordVote(77n, true)
    expect(tracker.tallyVotes()).toEqual({ granted: 2, rejected: 0, result: 'pending' })
    tracker.recordVote(4n, false)
    expect(tracker.tallyVotes()).toEqual({ granted: 2, rejected: 1, result: 'pending' })
    tracker.recordVote(5n, false)
    expect(tracker.tallyVotes()).toEqual({ granted: 2, rejected: 2, result: 'lost' })
    tracker.resetVotes()
    expect(tracker.tallyVotes()).toEqual({ granted: 0, rejected: 0, result: 'pending' })
    expect(tracker.quorumOf(voters(1n, 2n, 3n, 4n))).toBe('won')
    expect(tracker.quorumOf(voters(1n, 2n, 9n))).toBe('pending')
  })
})
