import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  describeMember,
  describeMemberSet,
  type Member,
  type MemberChange,
  MemberSet,
  MembershipError,
  matchRunningCluster,
} from '../src/index.ts'

function member(id: number, more: Partial<Member> = {}): Member {
  return { id: BigInt(id), name: `n${id}`, peerUrls: [`http://h${id}:2380`], clientUrls: [], isLearner: false, ...more }
}

function codeOf(call: () => unknown): string | undefined {
  try {
    call()
    return undefined
  } catch (error) {
    return error instanceof MembershipError ? error.code : String(error)
  }
}

test('changes and their refusals', () => {
  const set = new MemberSet({ members: [member(2), member(1)] })
  expect(set.members().map(each => each.id)).toEqual([1n, 2n])
  expect(set.apply({ type: 'add', member: member(3, { isLearner: true, name: '' }) }, { maxLearners: 1 }).id).toBe(3n)
  const refusals: [MemberChange, string][] = [
    [{ type: 'add', member: member(1) }, 'ID_EXISTS'],
    [{ type: 'add', member: member(9, { peerUrls: ['http://x:1', 'http://h2:2380'] }) }, 'PEER_URL_EXISTS'],
    [{ type: 'add', member: member(9, { isLearner: true }) }, 'TOO_MANY_LEARNERS'],
    [{ type: 'add', member: member(9, { isLearner: true }), maxLearners: 1 }, 'TOO_MANY_LEARNERS'],
    [{ type: 'promote', id: 1n }, 'NOT_LEARNER'],
    [{ type: 'promote', id: 9n }, 'ID_NOT_FOUND'],
    [{ type: 'update', id: 9n, peerUrls: [] }, 'ID_NOT_FOUND'],
    [{ type: 'update', id: 1n, peerUrls: ['http://h3:2380'] }, 'PEER_URL_EXISTS'],
    [{ type: 'remove', id: 9n }, 'ID_NOT_FOUND'],
  ]
  const before = describeMemberSet(set)
  for (const [change, code] of refusals) {
    expect(codeOf(() => set.apply(change, { maxLearners: 1 }))).toBe(code)
    expect(codeOf(() => set.check(change, { maxLearners: 1 }))).toBe(code)
  }
  expect(describeMemberSet(set)).toBe(before)
  expect(set.confState()).toEqual({
    voters: [1n, 2n],
    learners: [3n],
    votersOutgoing: [],
    learnersNext: [],
    autoLeave: false,
  })
  // An update keeps what it does not speak of, and may name the member's own URLs again.
  set.publish(3n, { name: 'n3', clientUrls: ['http://c:1'] })
  set.apply({ type: 'update', id: 3n, peerUrls: ['http://h3:2380', 'http://h3:2381'] })
  expect(set.get(3n)).toEqual(
    member(3, { isLearner: true, clientUrls: ['http://c:1'], peerUrls: ['http://h3:2380', 'http://h3:2381'] }),
  )
  expect(set.apply({ type: 'promote', id: 3n })).toMatchObject({ isLearner: false, name: 'n3' })
  expect(set.learners()).toEqual([])
  expect(set.publish(9n, { name: 'x', clientUrls: [] })).toBeUndefined()
})

test('removed ids stay banned', () => {
  const set = new MemberSet({ members: [member(1), member(2)], removedIds: [7n] })
  expect(set.apply({ type: 'remove', id: 2n })).toEqual(member(2))
  for (const change of [
    { type: 'add', member: member(2) },
    { type: 'remove', id: 2n },
    { type: 'update', id: 7n, peerUrls: [] },
    { type: 'promote', id: 7n },
  ] as const) {
    expect(codeOf(() => set.apply(change))).toBe('ID_REMOVED')
  }
  expect(set.removedIds()).toEqual([2n, 7n])
  expect(set.isRemoved(2n)).toBe(true)
  // The URLs of a removed member are free.
  set.apply({ type: 'add', member: member(3, { peerUrls: ['http://h2:2380'] }) })
  const copy = set.clone()
  copy.apply({ type: 'remove', id: 3n })
  expect(set.size).toBe(2)
  expect(copy.removedIds()).toEqual([2n, 3n, 7n])
})

test('any sequence of changes: no two members share an id or URL, none is removed and present', () => {
  const ids = fc.nat(5)
  const urls = fc.array(
    fc.nat(6).map(n => `http://h${n}:1`),
    { minLength: 1, maxLength: 2 },
  )
  const change = fc.oneof(
    fc.tuple(ids, urls, fc.boolean()).map(([id, peerUrls, isLearner]): MemberChange => {
      return { type: 'add', member: member(id, { peerUrls, isLearner }) }
    }),
    ids.map((id): MemberChange => ({ type: 'promote', id: BigInt(id) })),
    fc.tuple(ids, urls).map(([id, peerUrls]): MemberChange => ({ type: 'update', id: BigInt(id), peerUrls })),
    ids.map((id): MemberChange => ({ type: 'remove', id: BigInt(id) })),
  )
  fc.assert(
    fc.property(fc.array(change, { maxLength: 40 }), changes => {
      const set = new MemberSet({ members: [] })
      const twin = new MemberSet({ members: [] })
      for (const each of changes) {
        const code = codeOf(() => set.apply(each, { maxLearners: 1 }))
        expect(codeOf(() => twin.apply(each, { maxLearners: 1 }))).toBe(code)
        const all = set.members()
        const taken = all.flatMap(({ peerUrls }) => [...new Set(peerUrls)])
        expect(new Set(taken).size).toBe(taken.length)
        expect(all.filter(({ id }) => set.isRemoved(id))).toEqual([])
        expect(set.learners().length).toBeLessThanOrEqual(1)
        expect(set.confState().voters.length + set.confState().learners.length).toBe(set.size)
      }
      expect(describeMemberSet(twin)).toBe(describeMemberSet(set))
    }),
    { numRuns: 300 },
  )
})

test('joining a running cluster', () => {
  const running = [member(1), member(2, { name: '' })]
  const configured = new Map([
    ['b', ['http://h2:2380']],
    ['a', ['http://h1:2380']],
  ])
  expect(matchRunningCluster(configured, running).map(each => each.name)).toEqual(['n1', 'b'])
  expect(() => matchRunningCluster(configured, [member(1)])).toThrow('member count is unequal')
  expect(() => matchRunningCluster(configured, [member(1), member(3)])).toThrow(
    'unmatched member while checking PeerURLs',
  )
  expect(() => matchRunningCluster(configured, [member(1), member(1)])).toThrow('unmatched member')
  expect(matchRunningCluster(configured, [member(1), member(3)], () => true)).toHaveLength(2)
})

test('descriptions', () => {
  expect(describeMember(member(1, { name: '', isLearner: true }))).toBe('1 (not started) [http://h1:2380] learner')
  const set = new MemberSet({ members: [member(0xab, { clientUrls: ['http://c:1'] })], removedIds: [5n, 4n] })
  expect(describeMemberSet(set)).toBe('ab n171 [http://h171:2380] clients [http://c:1]\nremoved 4 5')
})
