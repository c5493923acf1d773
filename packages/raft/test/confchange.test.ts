import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Changed, type ConfChangeState, enterJoint, leaveJoint, simple } from '../src/confchange/changer.ts'
import { ConfChangeError } from '../src/confchange/errors.ts'
import { restore } from '../src/confchange/restore.ts'
import { describeProgressMap, parseConfChanges } from '../src/testing.ts'
import { confStateOf, describeConfig, emptyConfig, type TrackerConfig } from '../src/tracker/config.ts'
import { Inflights } from '../src/tracker/inflights.ts'
import { Progress } from '../src/tracker/progress.ts'
import type { ProgressMap } from '../src/tracker/tracker.ts'
import type { ConfChangeSingle, ConfState } from '../src/types.ts'

const inflightLimits = { sizeMax: 10, bytesMax: 0 }
const empty: ConfChangeState = { config: emptyConfig, progress: new Map(), lastIndex: 5, inflightLimits }

function on(changed: Changed): ConfChangeState {
  return { ...empty, ...changed }
}

function membersOf(operations: string): ConfChangeState {
  let base = empty
  for (const change of parseConfChanges(operations)) base = on(simple(base, [change]))
  return base
}

function textOf({ config, progress }: Changed): string {
  return `${describeConfig(config)}\n${describeProgressMap(progress)}`
}

function refusal(call: () => unknown): { readonly code: string; readonly message: string } {
  try {
    call()
  } catch (error) {
    if (error instanceof ConfChangeError) return { code: error.code, message: error.message }
    throw error
  }
  throw new Error('it was not refused')
}

describe('refusals', () => {
  const one = membersOf('v1')
  const joint = on(enterJoint(one, false, parseConfChanges('v2')))
  const strange = { type: 9 as ConfChangeSingle['type'], nodeId: 1n }
  test.each([
    ['ALREADY_JOINT', 'config is already joint', () => enterJoint(joint, false, [])],
    ['NO_VOTERS', "can't make a zero-voter config joint", () => enterJoint(empty, false, parseConfChanges('v1'))],
    ['NOT_JOINT', "can't leave a non-joint config", () => leaveJoint(one)],
    ['SIMPLE_IN_JOINT', "can't apply simple config change in joint config", () => simple(joint, [])],
    [
      'NEEDS_JOINT',
      'more than one voter changed without entering joint config',
      () => simple(one, parseConfChanges('v2 v3')),
    ],
    ['REMOVED_ALL_VOTERS', 'removed all voters', () => simple(one, parseConfChanges('r1'))],
    ['UNKNOWN_TYPE', 'unexpected conf type 9', () => simple(one, [strange])],
  ])('%s', (code, message, call) => {
    expect(refusal(call)).toEqual({ code, message })
  })
})

function progressOf(isLearner: boolean): Progress {
  return new Progress({ match: 0, next: 1, inflights: new Inflights(inflightLimits), isLearner, recentActive: true })
}

describe('a base that contradicts itself', () => {
  const ids = (...list: bigint[]): ReadonlySet<bigint> => new Set(list)
  const voter = progressOf(false)
  const learner = progressOf(true)
  const config = (parts: Partial<TrackerConfig>): TrackerConfig => ({ ...emptyConfig, incoming: ids(1n), ...parts })
  const cases: [string, TrackerConfig, ProgressMap][] = [
    ['no progress for 1', config({}), new Map()],
    ['no progress for 3', config({ learners: ids(3n) }), new Map([[1n, voter]])],
    ['1 is in LearnersNext, but not Voters[1]', config({ learnersNext: ids(1n) }), new Map([[1n, voter]])],
    [
      '1 is in LearnersNext, but is already marked as learner',
      config({ outgoing: ids(1n), learnersNext: ids(1n) }),
      new Map([[1n, learner]]),
    ],
    ['1 is in Learners and Voters[0]', config({ learners: ids(1n) }), new Map([[1n, learner]])],
    [
      '2 is in Learners and Voters[1]',
      config({ outgoing: ids(2n), learners: ids(2n) }),
      new Map([
        [1n, voter],
        [2n, learner],
      ]),
    ],
    [
      '2 is in Learners, but is not marked as learner',
      config({ learners: ids(2n) }),
      new Map([
        [1n, voter],
        [2n, voter],
      ]),
    ],
    ['AutoLeave must be false when not joint', config({ autoLeave: true }), new Map([[1n, voter]])],
  ]
  test.each(cases)('%s', (message, broken, progress) => {
    const base = { ...empty, config: broken, progress }
    for (const call of [() => simple(base, []), () => enterJoint(base, true, []), () => leaveJoint(base)]) {
      expect(refusal(call)).toEqual({ code: 'INVARIANT', message })
    }
  })
})

describe('progress', () => {
  test('a new member is probed from the last index, and counts as active', () => {
    const added = simple({ ...empty, lastIndex: 41 }, parseConfChanges('v1')).progress.get(1n)
    expect(added).toMatchObject({ match: 0, next: 41, state: 'probe', recentActive: true, isLearner: false })
    expect(simple({ ...empty, lastIndex: 0 }, parseConfChanges('v1')).progress.get(1n)?.next).toBe(1)
  })

  test('is shared where the role stays, and copied with all it holds where it changes', () => {
    const base = membersOf('v1 v2 v3')
    const second = base.progress.get(2n) as Progress
    second.maybeUpdate(4)
    second.becomeReplicate()
    second.sentEntries(2, 10)
    second.noteSentCommit(3)
    second.recentActive = false
    const { progress } = simple(base, parseConfChanges('l2'))
    expect(progress.get(1n)).toBe(base.progress.get(1n))
    const changed = progress.get(2n)
    expect(changed).not.toBe(second)
    expect(second.isLearner).toBe(false)
    expect(changed).toMatchObject({ match: 4, next: 7, state: 'replicate', sentCommit: 3, isLearner: true })
    expect(changed?.recentActive).toBe(false)
    expect(changed?.inflights).toBe(second.inflights)
  })

  test('of a member that waits for a snapshot keeps that when its role changes', () => {
    const base = membersOf('v1 l2')
    const second = base.progress.get(2n) as Progress
    second.becomeSnapshot(9)
    second.appendPaused = true
    const changed = simple(base, parseConfChanges('v2')).progress.get(2n)
    expect(changed).toMatchObject({ state: 'snapshot', pendingSnapshot: 9, next: 10, appendPaused: true })
    expect(changed?.isLearner).toBe(false)
  })

  test('who voted out rejoins: its progress goes on while the outgoing half holds it', () => {
    const joint = on(enterJoint(membersOf('v1 v2'), true, parseConfChanges('r2 v2 r2')))
    expect(joint.progress.get(2n)).toBeDefined()
    expect(leaveJoint(joint).progress.get(2n)).toBeUndefined()
  })
})

const change: fc.Arbitrary<ConfChangeSingle> = fc.record({
  type: fc.constantFrom<ConfChangeSingle['type']>(0, 1, 2, 3),
  nodeId: fc.bigInt({ min: 0n, max: 9n }),
})
const changeList = fc.array(change, { minLength: 1, maxLength: 20 })

/** A second implementation without joint states: each operation sets the role of one node. */
function naive(changes: readonly ConfChangeSingle[]): Map<bigint, 'voter' | 'learner'> {
  const roles = new Map<bigint, 'voter' | 'learner'>([[1n, 'voter']])
  for (const { type, nodeId } of changes) {
    if (nodeId === 0n || type === 2) continue
    if (type === 1) roles.delete(nodeId)
    else roles.set(nodeId, type === 0 ? 'voter' : 'learner')
  }
  return roles
}

function rolesOf({ config }: Changed): Map<bigint, 'voter' | 'learner'> {
  const roles = new Map<bigint, 'voter' | 'learner'>()
  for (const id of config.incoming) roles.set(id, 'voter')
  for (const id of config.learners) roles.set(id, 'learner')
  return roles
}

function sorted(roles: Map<bigint, string>): [bigint, string][] {
  return [...roles].sort(([a], [b]) => Number(a - b))
}

describe('for random changes', () => {
  test('a joint way and a simple way end alike, and as setting roles one by one does', () => {
    fc.assert(
      fc.property(changeList, fc.boolean(), (changes, autoLeave) => {
        const start = membersOf('v1')
        const roles = naive(changes)
        const hasVoter = [...roles.values()].includes('voter')
        if (!hasVoter) {
          expect(refusal(() => enterJoint(start, autoLeave, changes)).code).toBe('REMOVED_ALL_VOTERS')
          return
        }
        const joint = enterJoint(start, autoLeave, changes)
        expect(joint.config.autoLeave).toBe(autoLeave)
        expect([...joint.config.outgoing]).toEqual([1n])
        const left = leaveJoint(on(joint))
        expect(sorted(rolesOf(left))).toEqual(sorted(roles))
        expect(sorted(rolesOf(left)).map(([id]) => id)).toEqual([...left.progress.keys()].sort((a, b) => Number(a - b)))
        // One by one, node 9000 keeps a voter in place in between; it is left out at the end.
        let base = on(simple(start, parseConfChanges('v9000')))
        for (const single of changes) base = on(simple(base, [single]))
        expect(textOf(simple(base, parseConfChanges('r9000')))).toBe(textOf(left))
      }),
      { numRuns: 1000 },
    )
  })

  test('simple refuses exactly what changes more than one voter or leaves none', () => {
    fc.assert(
      fc.property(changeList, changeList, (first, second) => {
        const before = naive([...first, { type: 0, nodeId: 1n }])
        const start = on(leaveJoint(on(enterJoint(membersOf('v1'), false, [...first, { type: 0, nodeId: 1n }]))))
        const text = textOf(start)
        const after = naive([...first, { type: 0, nodeId: 1n }, ...second])
        const voters = (roles: Map<bigint, string>) =>
          [...roles].filter(([, role]) => role === 'voter').map(([id]) => id)
        const [old, now] = [voters(before), voters(after)]
        const changed = old.filter(id => !now.includes(id)).length + now.filter(id => !old.includes(id)).length
        if (now.length === 0) expect(refusal(() => simple(start, second)).code).toBe('REMOVED_ALL_VOTERS')
        else if (changed > 1) expect(refusal(() => simple(start, second)).code).toBe('NEEDS_JOINT')
        else expect(sorted(rolesOf(simple(start, second)))).toEqual(sorted(after))
        expect(textOf(start)).toBe(text)
      }),
      { numRuns: 1000 },
    )
  })

  test('a configuration restored from its state is the same, joint or not', () => {
    fc.assert(
      fc.property(changeList, changeList, fc.boolean(), (first, second, autoLeave) => {
        const keep: ConfChangeSingle = { type: 0, nodeId: 1n }
        const joint = enterJoint(membersOf('v1'), autoLeave, [...first, keep])
        const settled = leaveJoint(on(joint))
        const again = enterJoint(on(settled), autoLeave, [...second, keep])
        for (const changed of [joint, settled, again]) {
          const confState = confStateOf(changed.config)
          const restored = restore(empty, confState)
          expect(confStateOf(restored.config)).toEqual(confState)
          expect(textOf(restored)).toBe(textOf(changed))
        }
      }),
      { numRuns: 1000 },
    )
  })
})

describe('restore', () => {
  const none: ConfState = { voters: [], learners: [], votersOutgoing: [], learnersNext: [], autoLeave: false }
  const states: ConfState[] = [
    none,
    { ...none, voters: [1n, 2n, 3n] },
    { ...none, voters: [1n, 2n, 3n], learners: [4n, 5n, 6n] },
    { ...none, voters: [1n, 2n, 3n], learners: [5n], votersOutgoing: [1n, 2n, 4n, 6n], learnersNext: [4n] },
    { ...none, voters: [1n], votersOutgoing: [2n], autoLeave: true },
  ]
  test.each(states)('state %#', state => {
    expect(confStateOf(restore(empty, state).config)).toEqual(state)
  })

  test('refuses a state that no changes lead to', () => {
    const state = { ...none, voters: [1n], votersOutgoing: [1n], learnersNext: [1n] }
    expect(refusal(() => restore(empty, state)).code).toBe('REMOVED_ALL_VOTERS')
    expect(refusal(() => restore(empty, { ...none, votersOutgoing: [1n] })).code).toBe('REMOVED_ALL_VOTERS')
  })
})
