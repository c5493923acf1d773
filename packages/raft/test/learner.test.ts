import { describe, expect, test } from 'vitest'
import { ConfChangeType, MessageType } from '../src/index.ts'
import { electionTick, Host, Network } from './network.ts'

const members = { voters: [1n], learners: [2n] }

function pair(): Network {
  return new Network([new Host({ id: 1n, members }), new Host({ id: 2n, members })])
}

const promote = { type: ConfChangeType.ConfChangeAddNode, nodeId: 2n, context: new Uint8Array(0), id: 0n }

test('a learner does not campaign, neither by time nor when told to', () => {
  const host = new Host({ id: 2n, members })
  expect(host.tick(5 * electionTick)).toEqual([])
  host.node.campaign()
  expect(host.serve()).toEqual([])
  expect([host.state, host.term]).toEqual(['follower', 0])
  expect(host.lines.at(-1)).toBe('2 is unpromotable and can not campaign')
  host.receive({ type: MessageType.MsgTimeoutNow, from: 1n })
  expect(host.term).toBe(0)
})

test('a learner gets the log, but its copies do not count', () => {
  const network = new Network([1n, 2n, 3n].map(id => new Host({ id, members: { voters: [1n, 3n], learners: [2n] } })))
  network.campaign(1n)
  network.isolate(3n)
  network.propose(1n, 'a')
  expect(network.host(1n).progress(2n)).toMatchObject({ match: 2, isLearner: true })
  expect(network.host(1n).commit).toBe(1)
  network.heal()
  network.tick(2, [1n])
  for (const host of network.hosts.values()) expect(host.appliedTexts).toEqual(['a'])
})

test('a learner that is promoted votes, campaigns and leads', () => {
  const network = pair()
  network.campaign(1n)
  network.host(1n).node.proposeConfChange(promote)
  network.settle()
  expect(network.host(1n).progress(2n).isLearner).toBe(false)
  expect(network.host(2n).confState).toMatchObject({ voters: [1n, 2n], learners: [] })
  network.tick(electionTick, [2n])
  expect(network.states()).toEqual(['follower', 'leader'])
  network.propose(2n, 'a')
  expect(network.host(1n).appliedTexts).toEqual(['a'])
})

test('a learner answers who asks for a vote: who asks may know of a promotion it has not heard of', () => {
  const host = new Host({ id: 2n, members })
  const [answer] = host.receive({ type: MessageType.MsgVote, from: 1n, term: 2, logTerm: 11, index: 11 })
  expect(answer).toMatchObject({ type: MessageType.MsgVoteResp, reject: false })
})

test('the vote of a learner does not win an election', () => {
  const host = new Host({ id: 1n, members: { voters: [1n, 3n], learners: [2n] } })
  host.node.campaign()
  expect(host.serve().map(({ to }) => to)).toEqual([3n])
  host.receive({ type: MessageType.MsgVoteResp, from: 2n })
  expect(host.state).toBe('candidate')
})

describe('snapshots', () => {
  const confState = { voters: [1n], learners: [2n], votersOutgoing: [], learnersNext: [], autoLeave: false }
  const snapshot = { data: new Uint8Array(0), metadata: { index: 11, term: 11, confState } }

  test('a node becomes a learner by a snapshot, and stays one', () => {
    const host = new Host({ id: 2n })
    host.receive({ type: MessageType.MsgSnap, from: 1n, term: 11, snapshot })
    expect([host.restored.length, host.confState]).toEqual([1, confState])
    expect(host.tick(3 * electionTick)).toEqual([])
  })

  test('a learner becomes a voter by a snapshot', () => {
    const host = new Host({ id: 2n, members })
    const promoted = { ...confState, voters: [1n, 2n], learners: [] }
    host.receive({
      type: MessageType.MsgSnap,
      from: 1n,
      term: 11,
      snapshot: { ...snapshot, metadata: { ...snapshot.metadata, confState: promoted } },
    })
    expect(host.tick(2 * electionTick).map(({ type }) => type)).toContain(MessageType.MsgVote)
  })

  test('a leader sends a learner a snapshot where the log does not reach back', () => {
    const network = new Network([1n, 3n].map(id => new Host({ id, members: { voters: [1n, 3n], learners: [2n] } })))
    network.campaign(1n)
    network.propose(1n, 'a', 'b')
    network.host(1n).compact()
    network.hosts.set(2n, new Host({ id: 2n }))
    network.tick(1, [1n])
    network.host(1n).node.reportSnapshot(2n, 'finished')
    network.tick(2, [1n])
    expect(network.host(2n).restored.map(({ metadata }) => metadata.index)).toEqual([3])
    expect(network.host(1n).progress(2n)).toMatchObject({ match: 3, state: 'replicate', isLearner: true })
  })
})
