import { describe, expect, test } from 'vitest'
import {
  type ConfState,
  MemoryStorage,
  MessageType,
  newMessage,
  RaftError,
  type RaftErrorCode,
  RaftNode,
  type Snapshot,
} from '../src/index.ts'
import { confState, electionTick, entry, Host, type HostInit, logOf, networkOf, snapshotAt } from './network.ts'

const voters = [1n, 2n, 3n]

describe('a snapshot that comes', () => {
  const cases: [string, bigint, Partial<ConfState>][] = [
    ['for a voter', 1n, { voters }],
    ['for a learner', 3n, { voters: [1n, 2n], learners: [3n] }],
    ['for a voter of the outgoing half', 3n, { voters: [1n, 2n], votersOutgoing: [1n, 2n, 3n] }],
    [
      'for a voter that will be a learner',
      3n,
      { voters: [1n, 2n], votersOutgoing: [1n, 3n], learnersNext: [3n], autoLeave: true },
    ],
  ]

  test.each(cases)('replaces log and configuration: %s', (_whom, id, members) => {
    const host = new Host({ id, members, log: logOf(1, 1), hardState: { term: 1, commit: 1 } })
    const snapshot = snapshotAt(11, 11, members)
    const [answer] = host.receive({ type: MessageType.MsgSnap, from: 2n, term: 11, snapshot })
    expect(answer).toMatchObject({ type: MessageType.MsgAppResp, to: 2n, index: 11, reject: false })
    expect([host.restored, host.confState]).toEqual([[snapshot], confState(members)])
    expect([host.storage.firstIndex(), host.storage.lastIndex(), host.commit]).toEqual([12, 11, 11])
    expect(host.node.basicStatus().applied).toBe(11)
  })

  test('entries follow it', () => {
    const host = new Host({ id: 1n })
    host.receive({ type: MessageType.MsgSnap, from: 2n, term: 11, snapshot: snapshotAt(11, 11, { voters }) })
    const [answer] = host.receive({
      type: MessageType.MsgApp,
      from: 2n,
      index: 11,
      logTerm: 11,
      entries: [entry(11, 12, 'a')],
      commit: 12,
    })
    expect(answer).toMatchObject({ index: 12, reject: false })
    expect(host.appliedTexts).toEqual(['a'])
  })

  test('is ignored if it brings nothing', () => {
    const host = new Host({ id: 1n, members: { voters }, log: logOf(1, 1, 1), hardState: { term: 1, commit: 3 } })
    for (const index of [2, 3]) {
      const [answer] = host.receive({ type: MessageType.MsgSnap, from: 2n, snapshot: snapshotAt(index, 1, { voters }) })
      expect(answer).toMatchObject({ type: MessageType.MsgAppResp, index: 3 })
    }
    expect([host.restored, host.log]).toEqual([[], logOf(1, 1, 1)])
  })

  test('is not needed where the log has its last entry: that is committed then', () => {
    const host = new Host({ id: 1n, members: { voters }, log: logOf(1, 1, 2), hardState: { term: 2, commit: 1 } })
    const [answer] = host.receive({ type: MessageType.MsgSnap, from: 2n, snapshot: snapshotAt(3, 2, { voters }) })
    expect(answer).toMatchObject({ index: 3 })
    expect([host.restored, host.commit, host.log]).toEqual([[], 3, logOf(1, 1, 2)])
  })

  test('is not for a node that is no member of it', () => {
    const host = new Host({ id: 4n })
    const [answer] = host.receive({
      type: MessageType.MsgSnap,
      from: 2n,
      term: 1,
      snapshot: snapshotAt(9, 1, { voters }),
    })
    expect(answer).toMatchObject({ index: 0 })
    expect([host.restored, host.commit]).toEqual([[], 0])
  })

  test('a message without one is answered, and nothing else', () => {
    const host = new Host({ id: 1n, members: { voters } })
    expect(host.receive({ type: MessageType.MsgSnap, from: 2n, term: 1 })[0]).toMatchObject({ index: 0 })
  })

  test('a node does not campaign before it is restored', () => {
    const host = new Host({ id: 1n, members: { voters } })
    host.node.step(
      newMessage({ type: MessageType.MsgSnap, from: 2n, to: 1n, term: 2, snapshot: snapshotAt(9, 2, { voters }) }),
    )
    host.node.campaign()
    expect(host.lines.at(-1)).toBe('1 is unpromotable and can not campaign')
    host.serve()
    host.node.campaign()
    expect(host.state).toBe('candidate')
  })
})

/** A leader whose log starts behind entry 11, with a follower 2 that lacks what stands before. */
function leaderOf(members: Partial<ConfState> = { voters: [1n, 2n] }, init: Partial<HostInit> = {}): Host {
  const snapshot = snapshotAt(11, 11, members)
  const host = new Host({ id: 1n, snapshot, hardState: { term: 11, commit: 11 }, members, ...init })
  host.becomeLeader()
  return host
}

const refusal = { type: MessageType.MsgAppResp, from: 2n, index: 11, reject: true, rejectHint: 0 }

describe('a leader', () => {
  test('sends one where its log no longer reaches back, and nothing else until that is over', () => {
    const host = leaderOf()
    const [sent, ...more] = host.receive(refusal)
    expect(more).toEqual([])
    expect(sent).toMatchObject({
      type: MessageType.MsgSnap,
      to: 2n,
      snapshot: snapshotAt(11, 11, { voters: [1n, 2n] }),
    })
    expect(host.progress(2n)).toMatchObject({ state: 'snapshot', pendingSnapshot: 11 })
    host.propose('a')
    expect(host.serve()).toEqual([])
    expect(host.receive({ type: MessageType.MsgHeartbeatResp, from: 2n })).toEqual([])
  })

  test('goes on with what comes behind it when the follower has it', () => {
    const host = leaderOf()
    host.receive(refusal)
    const sent = host.receive({ type: MessageType.MsgAppResp, from: 2n, index: 11 })
    expect(sent.map(({ index, entries }) => [index, entries.length])).toEqual([[11, 1]])
    expect(host.progress(2n)).toMatchObject({ state: 'replicate', match: 11, pendingSnapshot: 0 })
  })

  test('goes on also when another way brought the follower so far', () => {
    const host = leaderOf()
    host.propose('a')
    host.serve()
    host.receive(refusal)
    host.receive({ type: MessageType.MsgAppResp, from: 2n, index: 13 })
    expect(host.progress(2n)).toMatchObject({ state: 'replicate', match: 13 })
  })

  test('is not done by an acknowledgement that still lies before its log', () => {
    const host = leaderOf()
    host.receive(refusal)
    host.receive({ type: MessageType.MsgAppResp, from: 2n, index: 5 })
    expect(host.progress(2n)).toMatchObject({ state: 'snapshot', match: 5 })
  })

  test.each([
    ['finished', 12],
    ['failed', 1],
  ] as const)('probes when sending it has %s, after a sign of the follower', (outcome, next) => {
    const host = leaderOf()
    host.receive(refusal)
    host.node.reportSnapshot(2n, outcome)
    expect(host.serve()).toEqual([])
    expect(host.progress(2n)).toMatchObject({ state: 'probe', next, appendPaused: true })
    const [sent] = host.receive({ type: MessageType.MsgHeartbeatResp, from: 2n })
    expect(sent?.type).toBe(outcome === 'finished' ? MessageType.MsgApp : MessageType.MsgSnap)
  })

  test('a report about a follower that gets none changes nothing', () => {
    const host = leaderOf()
    const before = host.progress(2n)
    host.node.reportSnapshot(2n, 'failed')
    expect(host.progress(2n)).toEqual(before)
  })

  test('sends none to who was not heard of lately', () => {
    const host = leaderOf({ voters: [1n, 2n, 3n] }, { checkQuorum: true })
    host.receive({ type: MessageType.MsgAppResp, from: 2n, index: 11 })
    host.receive({ type: MessageType.MsgAppResp, from: 3n, index: 12 })
    host.compact()
    host.tick(electionTick)
    expect(host.progress(2n).recentActive).toBe(false)
    host.node.reportUnreachable(2n)
    host.propose('a')
    expect(host.serve().map(({ to }) => to)).toEqual([3n])
    expect(host.lines).toContain('ignore sending snapshot to 2 since it is not recently active')
  })

  test('sends none that the follower is not in: it would refuse it', () => {
    const host = leaderOf({ voters: [1n] })
    host.confState = host.node.applyConfChange({ type: 0, nodeId: 2n, context: new Uint8Array(0), id: 0n })
    host.serve()
    expect(host.receive(refusal)).toEqual([])
    expect(host.progress(2n).state).toBe('probe')
    expect(host.lines.at(-1)).toBe('ignore sending snapshot[index: 11, term: 11] to 2 since it is not in it')
    host.compact()
    const [sent] = host.receive({ type: MessageType.MsgHeartbeatResp, from: 2n })
    expect(sent?.snapshot?.metadata.confState.voters).toEqual([1n, 2n])
  })
})

describe('a storage asked for a snapshot', () => {
  function leaderWith(snapshotOf: () => Snapshot): { node: RaftNode; ask: () => void } {
    class Changed extends MemoryStorage {
      override snapshot(): Snapshot {
        return snapshotOf()
      }
    }
    const storage = new Changed()
    storage.applySnapshot(snapshotAt(11, 11, { voters: [1n, 2n] }))
    storage.setHardState({ term: 11, vote: 0n, commit: 11 })
    const node = new RaftNode({
      id: 1n,
      electionTick: 10,
      heartbeatTick: 1,
      maxInflightMsgs: 8,
      storage,
      random: () => 0,
    })
    node.campaign()
    const ready = node.ready()
    storage.setHardState(ready.hardState ?? { term: 0, vote: 0n, commit: 0 })
    node.advance()
    node.step(newMessage({ type: MessageType.MsgVoteResp, from: 2n, to: 1n, term: 12 }))
    return { node, ask: () => node.step(newMessage({ ...refusal, to: 1n, term: 12 })) }
  }

  test('may not have one yet: raft asks again', () => {
    let isReady = false
    const { node, ask } = leaderWith(() => {
      if (!isReady) throw new RaftError('SNAPSHOT_TEMPORARILY_UNAVAILABLE')
      return snapshotAt(11, 11, { voters: [1n, 2n] })
    })
    ask()
    expect(node.status().progress.get(2n)?.state).toBe('probe')
    isReady = true
    node.step(newMessage({ type: MessageType.MsgHeartbeatResp, from: 2n, to: 1n, term: 12 }))
    expect(node.status().progress.get(2n)?.state).toBe('snapshot')
  })

  test.each(['UNAVAILABLE', 'MISUSE'] satisfies RaftErrorCode[])('that fails with %s is heard', code => {
    const { ask } = leaderWith(() => {
      throw new RaftError(code)
    })
    expect(ask).toThrow(RaftError)
  })

  test('must not give an empty one', () => {
    const { ask } = leaderWith(() => snapshotAt(0, 0, {}))
    expect(ask).toThrow('need non-empty snapshot')
  })
})

test('a follower that missed what was compacted catches up by a snapshot', () => {
  const network = networkOf(3)
  network.campaign(1n)
  network.isolate(3n)
  for (let i = 0; i < 20; i++) network.propose(1n, `${i}`)
  const lead = network.host(1n)
  lead.compact()
  network.heal()
  network.tick(1, [1n])
  expect(lead.progress(3n)).toMatchObject({ match: 21, state: 'replicate' })
  network.propose(1n, 'last')
  const late = network.host(3n)
  expect([late.restored.length, late.appliedTexts, late.commit]).toEqual([1, ['last'], lead.commit])
})
