import { describe, expect, test } from 'vitest'
import {
  type ConfChange,
  ConfChangeError,
  ConfChangeTransition,
  ConfChangeType,
  type ConfChangeV2,
  EntryType,
  encodeConfChange,
  MessageType,
  newMessage,
} from '../src/index.ts'
import { electionTick, Host, type Network, networkOf, snapshotAt, text } from './network.ts'

const noContext = text('')
const { ConfChangeAddNode, ConfChangeRemoveNode, ConfChangeAddLearnerNode } = ConfChangeType

function change(type: ConfChangeType, nodeId: bigint): ConfChange {
  return { type, nodeId, context: noContext, id: 0n }
}

function changes(transition: ConfChangeTransition, ...list: [ConfChangeType, bigint][]): ConfChangeV2 {
  return { transition, changes: list.map(([type, nodeId]) => ({ type, nodeId })), context: noContext }
}

const leave = changes(ConfChangeTransition.ConfChangeTransitionAuto)

function proposeChange(network: Network, id: bigint, wanted: ConfChange | ConfChangeV2): void {
  network.host(id).node.proposeConfChange(wanted)
  network.settle()
}

describe('one node at a time', () => {
  test('a node that is added gets the log at once', () => {
    const network = networkOf(1)
    network.campaign(1n)
    network.propose(1n, 'a')
    network.hosts.set(2n, new Host({ id: 2n, members: { voters: [1n] } }))
    proposeChange(network, 1n, change(ConfChangeAddNode, 2n))
    network.tick(1, [1n])
    expect(network.host(2n).appliedTexts).toEqual(['a'])
    expect(network.host(2n).confState.voters).toEqual([1n, 2n])
  })

  test('a node that is removed is sent nothing any more', () => {
    const network = networkOf(3)
    network.campaign(1n)
    proposeChange(network, 1n, change(ConfChangeRemoveNode, 3n))
    network.sent.length = 0
    network.propose(1n, 'a')
    expect(network.sent.some(({ to }) => to === 3n)).toBe(false)
    expect([network.host(2n).confState.voters, network.host(3n).appliedTexts]).toEqual([[1n, 2n], []])
  })

  test('with fewer voters more may be committed at once', () => {
    const network = networkOf(2)
    network.campaign(1n)
    network.host(1n).node.proposeConfChange(change(ConfChangeRemoveNode, 2n))
    network.settle()
    // The other one has nothing to say any more.
    expect(network.propose(1n, 'a')).toBe('accepted')
    expect(network.host(1n).appliedTexts).toEqual(['a'])
  })

  test('an update changes nothing, and adding who is there neither', () => {
    const network = networkOf(2)
    network.campaign(1n)
    const before = network.host(1n).confState
    proposeChange(network, 1n, change(ConfChangeType.ConfChangeUpdateNode, 2n))
    proposeChange(network, 1n, change(ConfChangeAddNode, 2n))
    expect(network.host(1n).confState).toEqual(before)
  })

  test('a change refused by node id 0 stays what it was: it does not leave a joint configuration', () => {
    const host = new Host({ id: 1n, members: { voters: [1n, 2n] } })
    const before = host.confState
    expect(host.node.applyConfChange(change(ConfChangeAddNode, 0n))).toEqual(before)
    host.node.applyConfChange(changes(ConfChangeTransition.ConfChangeTransitionJointExplicit, [ConfChangeAddNode, 3n]))
    expect(() => host.node.applyConfChange(change(ConfChangeRemoveNode, 0n))).toThrow(ConfChangeError)
    expect(host.node.applyConfChange(leave).voters).toEqual([1n, 2n, 3n])
    const all = changes(
      ConfChangeTransition.ConfChangeTransitionAuto,
      [ConfChangeRemoveNode, 0n],
      [ConfChangeRemoveNode, 0n],
    )
    expect(host.node.applyConfChange(all)).toMatchObject({ votersOutgoing: [1n, 2n, 3n], autoLeave: true })
  })
})

describe('a leader that loses its vote', () => {
  test.each([ConfChangeRemoveNode, ConfChangeAddLearnerNode])('goes on until another takes over (change %d)', type => {
    const network = networkOf(3)
    network.campaign(1n)
    proposeChange(network, 1n, change(type, 1n))
    expect(network.host(1n).state).toBe('leader')
    expect(network.propose(1n, 'a')).toBe(type === ConfChangeRemoveNode ? 'dropped' : 'accepted')
    network.host(2n).node.campaign()
    network.settle()
    expect(network.leader().id).toBe(2n)
  })

  test.each([ConfChangeRemoveNode, ConfChangeAddLearnerNode])('steps down at once if it is to (change %d)', type => {
    const network = networkOf(3, { stepDownOnRemoval: true })
    network.campaign(1n)
    proposeChange(network, 1n, change(type, 1n))
    expect([network.host(1n).state, network.host(1n).term]).toEqual(['follower', 1])
  })
})

describe('one change at a time', () => {
  test('while one is not applied another becomes an empty entry', () => {
    const host = new Host({ id: 1n, members: { voters: [1n, 2n] } })
    host.becomeLeader()
    host.receive({ type: MessageType.MsgAppResp, from: 2n, index: 1 })
    expect(host.node.isConfChangePending()).toBe(false)
    host.node.proposeConfChange(change(ConfChangeAddNode, 3n))
    expect(host.node.isConfChangePending()).toBe(true)
    host.node.proposeConfChange(change(ConfChangeAddNode, 4n))
    host.serve()
    expect(host.log.map(({ type }) => type)).toEqual([
      EntryType.EntryNormal,
      EntryType.EntryConfChange,
      EntryType.EntryNormal,
    ])
    expect(host.lines).toContain(
      '1 ignoring conf change type:ConfChangeAddNode node_id:4 at config voters=(1 2): ' +
        'possible unapplied conf change at index 2 (applied to 1)',
    )
    host.receive({ type: MessageType.MsgAppResp, from: 2n, index: 3 })
    host.node.proposeConfChange(change(ConfChangeAddNode, 4n))
    host.serve()
    expect(host.log.at(-1)?.type).toBe(EntryType.EntryConfChange)
  })

  test('a new leader waits until it has applied what it found in its log', () => {
    const members = { voters: [1n, 2n] }
    const old = {
      term: 1,
      index: 1,
      type: EntryType.EntryConfChange,
      data: encodeConfChange(change(ConfChangeAddNode, 3n)),
    }
    const host = new Host({ id: 1n, members, log: [old], hardState: { term: 1 } })
    host.becomeLeader()
    host.node.proposeConfChange(change(ConfChangeAddNode, 4n))
    host.serve()
    expect(host.log.map(({ type }) => type)).toEqual([
      EntryType.EntryConfChange,
      EntryType.EntryNormal,
      EntryType.EntryNormal,
    ])
  })

  test('nobody campaigns with a committed change that is not applied', () => {
    const old = {
      term: 1,
      index: 1,
      type: EntryType.EntryConfChange,
      data: encodeConfChange(change(ConfChangeAddNode, 3n)),
    }
    const host = new Host({ id: 1n, members: { voters: [1n, 2n] }, log: [old], hardState: { term: 1, commit: 1 } })
    host.node.campaign()
    expect([host.state, host.lines.at(-1)]).toEqual([
      'follower',
      '1 cannot campaign at term 1 since there are still pending configuration changes to apply',
    ])
    host.serve()
    host.node.campaign()
    expect(host.state).toBe('candidate')
  })

  test('unless the leader was told not to look', () => {
    const host = new Host({ id: 1n, members: { voters: [1n, 2n] }, disableConfChangeValidation: true })
    host.becomeLeader()
    for (const id of [3n, 4n]) host.node.proposeConfChange(change(ConfChangeAddNode, id))
    host.serve()
    expect(host.log.map(({ type }) => type)).toEqual([
      EntryType.EntryNormal,
      EntryType.EntryConfChange,
      EntryType.EntryConfChange,
    ])
  })
})

describe('joint configurations', () => {
  test.each([
    [ConfChangeTransition.ConfChangeTransitionAuto, true],
    [ConfChangeTransition.ConfChangeTransitionJointImplicit, true],
    [ConfChangeTransition.ConfChangeTransitionJointExplicit, false],
  ])('two voters are replaced at once, transition %d, left by itself: %s', (transition, leavesAlone) => {
    const network = networkOf(5)
    network.campaign(1n)
    proposeChange(network, 1n, changes(transition, [ConfChangeRemoveNode, 4n], [ConfChangeRemoveNode, 5n]))
    if (!leavesAlone) {
      expect(network.host(1n).confState).toMatchObject({ voters: [1n, 2n, 3n], votersOutgoing: [1n, 2n, 3n, 4n, 5n] })
      proposeChange(network, 1n, change(ConfChangeAddNode, 4n))
      expect(network.host(1n).lines.some(line => line.endsWith('must transition out of joint config first'))).toBe(true)
      proposeChange(network, 1n, leave)
    }
    for (const id of [1n, 2n, 3n]) {
      expect(network.host(id).confState).toMatchObject({ voters: [1n, 2n, 3n], votersOutgoing: [] })
    }
  })

  test('leaving where there is nothing to leave is refused', () => {
    const network = networkOf(2)
    network.campaign(1n)
    proposeChange(network, 1n, leave)
    expect(network.host(1n).log.map(({ type }) => type)).toEqual([EntryType.EntryNormal, EntryType.EntryNormal])
    expect(() => network.host(1n).node.applyConfChange(leave)).toThrow("can't leave a non-joint config")
  })

  test('commits need majorities of both halves, and so do elections', () => {
    const members = { voters: [1n, 2n, 3n], votersOutgoing: [1n, 4n, 5n] }
    const host = new Host({ id: 1n, members })
    host.node.campaign()
    expect(host.serve().map(({ to }) => to)).toEqual([2n, 3n, 4n, 5n])
    for (const from of [2n, 3n]) host.receive({ type: MessageType.MsgVoteResp, from })
    expect(host.state).toBe('candidate')
    host.receive({ type: MessageType.MsgVoteResp, from: 4n })
    expect(host.state).toBe('leader')
    for (const from of [2n, 3n]) host.receive({ type: MessageType.MsgAppResp, from, index: 1 })
    expect(host.commit).toBe(0)
    host.receive({ type: MessageType.MsgAppResp, from: 5n, index: 1 })
    expect(host.commit).toBe(1)
  })

  test('the leader that is to leave by itself tries again if its proposal was dropped', () => {
    const network = networkOf(3, { maxUncommittedEntriesSize: 1 })
    network.campaign(1n)
    const lead = network.host(1n)
    network.lose(({ to }) => to === 3n)
    lead.node.proposeConfChange(
      changes(
        ConfChangeTransition.ConfChangeTransitionAuto,
        [ConfChangeAddLearnerNode, 2n],
        [ConfChangeAddLearnerNode, 3n],
      ),
    )
    network.settle()
    network.heal()
    // A transfer under way drops all proposals.
    lead.node.transferLeader(3n)
    network.tick(electionTick + 1, [1n])
    const leading = network.leader()
    network.propose(leading.id, 'a')
    network.tick(2, [leading.id])
    for (const host of network.hosts.values())
      expect(host.confState).toMatchObject({ voters: [1n], votersOutgoing: [] })
  })
})

test('a change handed out before a snapshot came does not touch the configuration of the snapshot', () => {
  const voters = [1n, 2n, 3n]
  const host = new Host({ id: 1n, members: { voters } })
  const add = {
    term: 1,
    index: 1,
    type: EntryType.EntryConfChange,
    data: encodeConfChange(change(ConfChangeAddNode, 4n)),
  }
  host.node.step(newMessage({ type: MessageType.MsgApp, from: 2n, to: 1n, term: 1, entries: [add], commit: 1 }))
  const first = host.node.ready()
  expect(first.committedEntries).toEqual([add])
  // 4 was removed again, and 3 with it, in what the snapshot stands for.
  const snapshot = snapshotAt(9, 1, { voters: [1n, 2n] })
  host.node.step(newMessage({ type: MessageType.MsgSnap, from: 2n, to: 1n, term: 1, snapshot }))
  expect(host.node.applyConfChange(change(ConfChangeAddNode, 4n)).voters).toEqual([1n, 2n, 3n, 4n])
  expect(host.node.applyConfChange(change(ConfChangeRemoveNode, 3n)).voters).toEqual([1n, 2n, 4n])
  expect([...host.node.status().config.incoming]).toEqual([1n, 2n])
  host.storage.append(first.entries)
  host.node.advance()
  host.serve()
  expect(host.confState.voters).toEqual([1n, 2n])
  expect(host.node.applyConfChange(change(ConfChangeAddNode, 7n)).voters).toEqual([1n, 2n, 7n])
})
