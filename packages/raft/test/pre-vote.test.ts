import { describe, expect, test } from 'vitest'
import { type Message, MessageType } from '../src/index.ts'
import { electionTick, Host, logOf, Network, networkOf } from './network.ts'

const voters = [1n, 2n, 3n]

describe('candidates against each other', () => {
  test('one that was cut off raises the term and disturbs the leader, without pre-votes', () => {
    const network = networkOf(3)
    network.campaign(1n)
    network.isolate(3n)
    for (let i = 0; i < 3; i++) network.campaign(3n)
    network.propose(1n, 'a')
    network.heal()
    network.campaign(3n)
    // Its log is short: it cannot win, but its term makes the others follow.
    expect(network.states()).toEqual(['follower', 'follower', 'follower'])
    expect(network.host(1n).term).toBe(network.host(3n).term)
  })

  test('with pre-votes it keeps its term and disturbs nobody', () => {
    const network = networkOf(3, { preVote: true })
    network.campaign(1n)
    network.isolate(3n)
    for (let i = 0; i < 3; i++) network.campaign(3n)
    expect(network.host(3n).state).toBe('pre-candidate')
    network.propose(1n, 'a')
    network.heal()
    network.campaign(3n)
    expect(network.states()).toEqual(['leader', 'follower', 'follower'])
    expect([1n, 2n, 3n].map(id => network.host(id).term)).toEqual([1, 1, 1])
    network.tick(2, [1n])
    expect(network.host(3n).appliedTexts).toEqual(['a'])
  })

  test.each([false, true])(
    'of two that campaign at once one gives in when it hears of the other (pre-vote %s)',
    preVote => {
      const network = networkOf(3, { preVote })
      network.cut(1n, 3n)
      network.campaign(1n)
      network.campaign(3n)
      expect(network.host(1n).state).toBe('leader')
      network.heal()
      network.tick(2, [1n])
      network.tick(electionTick, [1n, 2n, 3n])
      expect(network.states().filter(state => state === 'leader')).toHaveLength(1)
    },
  )
})

/** A node of term 2 in each role. */
function inRole(role: string, preVote = false): Host {
  const host = new Host({ id: 1n, members: { voters }, hardState: { term: 1 }, preVote })
  if (role === 'follower') host.receive({ type: MessageType.MsgApp, from: 3n, term: 2 })
  else if (role === 'leader') host.becomeLeader()
  else host.node.campaign()
  host.serve()
  return host
}

describe('votes are answered in any role', () => {
  test.each(['follower', 'candidate', 'pre-candidate', 'leader'])('%s asked for a vote of a newer term', role => {
    const host = inRole(role, role === 'pre-candidate')
    expect(host.state).toBe(role)
    const [answer] = host.receive({ type: MessageType.MsgVote, from: 2n, term: 7, logTerm: 5, index: 9 })
    expect(answer).toMatchObject({ type: MessageType.MsgVoteResp, to: 2n, term: 7, reject: false })
    expect([host.state, host.term, host.vote]).toEqual(['follower', 7, 2n])
  })

  test.each(['follower', 'candidate', 'pre-candidate', 'leader'])('%s asked for a pre-vote changes nothing', role => {
    const host = inRole(role, role === 'pre-candidate')
    const before = host.node.basicStatus()
    const [answer] = host.receive({ type: MessageType.MsgPreVote, from: 2n, term: 7, logTerm: 5, index: 9 })
    expect(answer).toMatchObject({ type: MessageType.MsgPreVoteResp, to: 2n, term: 7, reject: false })
    expect(host.node.basicStatus()).toEqual(before)
  })
})

describe('a pre-candidate', () => {
  test('asks about the next term and, with a majority, campaigns in it', () => {
    const host = new Host({ id: 1n, members: { voters }, log: logOf(1, 1), hardState: { term: 1 }, preVote: true })
    const asked = host.tick(electionTick)
    expect(asked.map(({ type, term, index }) => [type, term, index])).toEqual([
      [MessageType.MsgPreVote, 2, 2],
      [MessageType.MsgPreVote, 2, 2],
    ])
    expect([host.state, host.term, host.vote]).toEqual(['pre-candidate', 1, 0n])
    const votes = host.receive({ type: MessageType.MsgPreVoteResp, from: 2n, term: 2 })
    expect(votes.map(({ type, term }) => [type, term])).toEqual([
      [MessageType.MsgVote, 2],
      [MessageType.MsgVote, 2],
    ])
    expect([host.state, host.term, host.vote]).toEqual(['candidate', 2, 1n])
  })

  test('that is refused by a majority follows, in its old term', () => {
    const host = inRole('pre-candidate', true)
    const { term } = host
    for (const from of [2n, 3n]) host.receive({ type: MessageType.MsgPreVoteResp, from, reject: true })
    expect([host.state, host.term]).toEqual(['follower', term])
  })

  test('that is refused by a newer term takes that over', () => {
    const host = inRole('pre-candidate', true)
    host.receive({ type: MessageType.MsgPreVoteResp, from: 2n, term: 8, reject: true })
    expect([host.state, host.term]).toEqual(['follower', 8])
  })

  test('counts no answers to the other kind of round', () => {
    const host = inRole('pre-candidate', true)
    host.receive({ type: MessageType.MsgVoteResp, from: 2n })
    expect(host.state).toBe('pre-candidate')
    const candidate = inRole('candidate')
    candidate.receive({ type: MessageType.MsgPreVoteResp, from: 2n })
    expect(candidate.state).toBe('candidate')
  })

  test('hears of a leader by its snapshot as well', () => {
    const host = inRole('pre-candidate', true)
    const metadata = {
      index: 9,
      term: 1,
      confState: { voters, learners: [], votersOutgoing: [], learnersNext: [], autoLeave: false },
    }
    const snapshot = { data: new Uint8Array(0), metadata }
    const [answer] = host.receive({ type: MessageType.MsgSnap, from: 3n, snapshot })
    expect(answer).toMatchObject({ type: MessageType.MsgAppResp, index: 9 })
    expect([host.state, host.lead, host.restored]).toEqual(['follower', 3n, [snapshot]])
  })

  test('does not campaign because a leader of before wants to hand over', () => {
    const host = inRole('pre-candidate', true)
    expect(host.receive({ type: MessageType.MsgTimeoutNow, from: 2n })).toEqual([])
    expect(host.state).toBe('pre-candidate')
  })
})

test('a pre-vote of an older term is refused with the newer one, so that the sender gets on', () => {
  const host = new Host({ id: 1n, members: { voters }, hardState: { term: 5 }, preVote: true })
  const [answer] = host.receive({ type: MessageType.MsgPreVote, from: 2n, term: 3, logTerm: 9, index: 9 })
  expect(answer).toMatchObject({ type: MessageType.MsgPreVoteResp, term: 5, reject: true })
})

test('an election ends with its vote though the vote for itself comes late', () => {
  const network = networkOf(3)
  const host = network.host(1n)
  host.node.campaign()
  const ready = host.node.ready()
  // Both others refuse before the own vote is on disk.
  for (const from of [2n, 3n])
    host.node.step({ ...(ready.messages[0] as Message), type: MessageType.MsgVoteResp, from, to: 1n, reject: true })
  expect(host.state).toBe('follower')
  host.storage.setHardState(ready.hardState ?? { term: 0, vote: 0n, commit: 0 })
  host.node.advance()
  host.serve()
  expect([host.state, host.term, host.vote]).toEqual(['follower', 1, 1n])
})

describe('turning pre-votes on, node by node', () => {
  /** 1 leads with pre-votes, 3 has none yet and was cut off until its term ran ahead. */
  function mixed(): Network {
    const hosts = [
      new Host({ id: 1n, members: { voters }, preVote: true }),
      new Host({ id: 2n, members: { voters }, preVote: true }),
      new Host({ id: 3n, members: { voters } }),
    ]
    const network = new Network(hosts)
    network.campaign(1n)
    network.isolate(3n)
    network.propose(1n, 'a')
    network.campaign(3n)
    network.campaign(3n)
    expect(network.host(3n).term).toBeGreaterThan(network.host(1n).term)
    network.host(3n).restart({ preVote: true })
    network.heal()
    return network
  }

  test('a leader of an older term hears of the newer one and steps down; then one is elected', () => {
    const network = mixed()
    network.tick(1, [1n])
    expect(network.host(1n).state).toBe('follower')
    network.campaign(1n)
    expect(network.host(1n).state).toBe('leader')
    network.tick(2, [1n])
    expect(network.host(3n).appliedTexts).toEqual(['a'])
  })

  test('a node of the newer term with a short log does not get a majority, but the others catch up', () => {
    const network = mixed()
    network.campaign(3n)
    network.campaign(2n)
    network.campaign(1n)
    network.campaign(1n)
    expect(network.leader().term).toBeGreaterThanOrEqual(3)
    expect(network.leader().appliedTexts).toEqual(['a'])
  })
})
