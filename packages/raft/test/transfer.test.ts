import { describe, expect, test } from 'vitest'
import { ConfChangeType, MessageType } from '../src/index.ts'
import { electionTick, Host, Network, networkOf, text } from './network.ts'

function transfer(network: Network, to: bigint, asked = 1n): void {
  network.host(asked).node.transferLeader(to)
  network.settle()
}

/** Node 1 leads; node 3 has heard nothing of the last proposal. */
function withLaggard(count = 3): Network {
  const network = networkOf(count)
  network.campaign(1n)
  network.isolate(3n)
  network.propose(1n, 'a')
  network.heal()
  return network
}

const transferee = (network: Network): bigint => network.host(1n).node.basicStatus().leadTransferee

describe('to a node that is up to date', () => {
  test.each([false, true])('it takes over at once, and back again (check of the quorum: %s)', checkQuorum => {
    const network = networkOf(3, { checkQuorum })
    network.campaign(1n)
    transfer(network, 2n)
    expect(network.states()).toEqual(['follower', 'leader', 'follower'])
    network.propose(1n, 'a')
    transfer(network, 1n, 2n)
    expect(network.states()).toEqual(['leader', 'follower', 'follower'])
    expect([transferee(network), network.host(1n).appliedTexts]).toEqual([0n, ['a']])
  })

  test('a follower hands the wish to the leader', () => {
    const network = networkOf(3)
    network.campaign(1n)
    transfer(network, 2n, 3n)
    expect(network.leader().id).toBe(2n)
  })

  test('a follower without a leader drops it', () => {
    const network = networkOf(3)
    transfer(network, 2n)
    expect(network.host(1n).lines.at(-1)).toBe('1 no leader at term 0; dropping leader transfer msg')
  })

  test('pre-votes are left out: it campaigns at once', () => {
    const network = networkOf(3, { preVote: true, checkQuorum: true })
    network.campaign(1n)
    network.sent.length = 0
    transfer(network, 2n)
    expect(network.leader().id).toBe(2n)
    expect(network.sent.some(({ type }) => type === MessageType.MsgPreVote)).toBe(false)
    const forced = network.sent.filter(({ type }) => type === MessageType.MsgVote)
    expect(forced.map(({ context }) => new TextDecoder().decode(context))).toEqual([
      'CampaignTransfer',
      'CampaignTransfer',
    ])
  })

  test('one that was removed before the call to campaign came does nothing', () => {
    const host = new Host({ id: 2n, members: { voters: [1n, 3n] } })
    expect(host.receive({ type: MessageType.MsgTimeoutNow, from: 1n, term: 1 })).toEqual([])
    expect([host.state, host.term]).toEqual(['follower', 1])
  })
})

describe('to a node that is behind', () => {
  test('it gets what it lacks first', () => {
    const network = withLaggard()
    transfer(network, 3n)
    expect(network.leader().id).toBe(3n)
    expect(network.host(3n).appliedTexts).toEqual(['a'])
  })

  test('even by a snapshot', () => {
    const network = withLaggard()
    network.host(1n).compact()
    // The first message only tells how far the node is; the snapshot needs an answer of it, and applying.
    network.tick(1, [1n])
    transfer(network, 3n)
    network.tick(2, [1n])
    expect(network.host(3n).restored).toHaveLength(1)
    expect(network.leader().id).toBe(3n)
  })
})

describe('that does not come about', () => {
  test('to itself: nothing happens', () => {
    const network = networkOf(3)
    network.campaign(1n)
    transfer(network, 1n)
    expect([network.leader().id, transferee(network)]).toEqual([1n, 0n])
  })

  test('to a stranger or a learner: nothing happens', () => {
    const network = new Network([1n, 2n, 3n].map(id => new Host({ id, members: { voters: [1n, 2n], learners: [3n] } })))
    network.campaign(1n)
    transfer(network, 9n)
    transfer(network, 3n)
    expect([network.leader().id, transferee(network)]).toEqual([1n, 0n])
  })

  test('proposals are dropped while it lasts, and taken again after an election timeout', () => {
    const network = withLaggard()
    network.isolate(3n)
    transfer(network, 3n)
    expect(transferee(network)).toBe(3n)
    expect(network.propose(1n, 'b')).toBe('dropped')
    network.tick(electionTick - 1, [1n])
    expect(network.propose(1n, 'b')).toBe('dropped')
    network.tick(1, [1n])
    expect([transferee(network), network.propose(1n, 'b')]).toEqual([0n, 'accepted'])
    expect(network.leader().id).toBe(1n)
  })

  test('the same wish again does not prolong it', () => {
    const network = withLaggard()
    network.isolate(3n)
    transfer(network, 3n)
    network.tick(electionTick / 2, [1n])
    transfer(network, 3n)
    network.tick(electionTick / 2, [1n])
    expect(transferee(network)).toBe(0n)
  })

  test('another wish takes its place', () => {
    const network = withLaggard()
    network.isolate(3n)
    transfer(network, 3n)
    transfer(network, 2n)
    expect(network.leader().id).toBe(2n)
  })

  test('a wish for the leader itself ends it', () => {
    const network = withLaggard()
    network.isolate(3n)
    transfer(network, 3n)
    transfer(network, 1n)
    expect([transferee(network), network.leader().id]).toEqual([0n, 1n])
  })

  test('a newer term ends it', () => {
    const network = withLaggard()
    network.isolate(3n)
    transfer(network, 3n)
    network.campaign(2n)
    expect([transferee(network), network.leader().id]).toEqual([0n, 2n])
  })

  test.each([ConfChangeType.ConfChangeRemoveNode, ConfChangeType.ConfChangeAddLearnerNode])(
    'a target that votes no more ends it (change %d)',
    type => {
      const network = withLaggard()
      network.isolate(3n)
      transfer(network, 3n)
      network.host(1n).node.applyConfChange({ type, nodeId: 3n, context: text(''), id: 0n })
      network.settle()
      expect(transferee(network)).toBe(0n)
    },
  )

  test('a candidate has nothing to hand over', () => {
    const host = new Host({ id: 1n, members: { voters: [1n, 2n] } })
    host.node.campaign()
    host.serve()
    host.node.transferLeader(2n)
    expect(host.serve()).toEqual([])
  })
})
