import { describe, expect, test } from 'vitest'
import { ConfChangeType, type Message, MessageType, newMessage, type ReadState } from '../src/index.ts'
import { ReadOnlyQueue } from '../src/read-only.ts'
import { electionTick, entry, Host, Network, networkOf, text } from './network.ts'

const voters = [1n, 2n, 3n]

function ask(network: Network, id: bigint, context: string): void {
  network.host(id).node.readIndex(text(context))
  network.settle()
}

const textsOf = (states: readonly ReadState[]): [number, string][] =>
  states.map(({ index, requestContext }) => [index, new TextDecoder().decode(requestContext)])

describe('reads confirmed by a round of heartbeats', () => {
  test.each([1n, 2n, 3n])('node %d learns the commit index, whoever leads', id => {
    const network = networkOf(3)
    network.campaign(1n)
    for (let i = 0; i < 10; i++) network.propose(1n, 'x')
    ask(network, id, 'first')
    network.propose(1n, 'y')
    ask(network, id, 'second')
    expect(textsOf(network.host(id).readStates)).toEqual([
      [11, 'first'],
      [12, 'second'],
    ])
  })

  test('without a majority none is confirmed, and a later heartbeat confirms all that wait', () => {
    const network = networkOf(3)
    network.campaign(1n)
    network.isolate(1n)
    ask(network, 1n, 'a')
    ask(network, 1n, 'b')
    network.tick(3, [1n])
    expect(network.host(1n).readStates).toEqual([])
    network.heal()
    network.tick(1, [1n])
    expect(textsOf(network.host(1n).readStates)).toEqual([
      [1, 'a'],
      [1, 'b'],
    ])
  })

  test('contexts are the business of who asks: equal ones are confirmed one by one', () => {
    const network = networkOf(3)
    network.campaign(1n)
    for (let i = 0; i < 3; i++) ask(network, 2n, 'same')
    expect(network.host(2n).readStates).toHaveLength(3)
  })

  test('one answer confirms what came before it, and not what came after', () => {
    const host = new Host({ id: 1n, members: { voters } })
    host.becomeLeader()
    host.receive({ type: MessageType.MsgAppResp, from: 2n, index: 1 })
    const contexts = ['a', 'b', 'c'].map(context => {
      host.node.readIndex(text(context))
      return (host.serve()[0] as Message).context
    })
    host.receive({ type: MessageType.MsgHeartbeatResp, from: 2n, context: contexts[1] as Uint8Array })
    expect(textsOf(host.readStates)).toEqual([
      [1, 'a'],
      [1, 'b'],
    ])
    // An answer to what is confirmed already, or was never asked, is none.
    host.receive({ type: MessageType.MsgHeartbeatResp, from: 3n, context: contexts[0] as Uint8Array })
    host.receive({ type: MessageType.MsgHeartbeatResp, from: 3n, context: Uint8Array.of(1, 2) })
    expect(host.readStates).toHaveLength(2)
    host.receive({ type: MessageType.MsgHeartbeatResp, from: 3n, context: contexts[2] as Uint8Array })
    expect(host.readStates).toHaveLength(3)
  })

  test('learners ask, but do not confirm', () => {
    const members = { voters: [1n, 2n], learners: [3n] }
    const network = new Network(voters.map(id => new Host({ id, members })))
    network.campaign(1n)
    network.cut(1n, 2n)
    ask(network, 3n, 'from a learner')
    network.tick(2, [1n])
    expect(network.host(3n).readStates).toEqual([])
    network.heal()
    network.tick(1, [1n])
    expect(textsOf(network.host(3n).readStates)).toEqual([[1, 'from a learner']])
  })

  test('who knows no leader drops the request, and says so', () => {
    const host = new Host({ id: 2n, members: { voters } })
    host.node.readIndex(text('a'))
    expect(host.serve()).toEqual([])
    expect(host.lines.at(-1)).toBe('2 no leader at term 0; dropping index reading msg')
  })

  test('a candidate drops it', () => {
    const host = new Host({ id: 2n, members: { voters } })
    host.node.campaign()
    host.serve()
    host.node.readIndex(text('a'))
    expect([host.serve(), host.readStates]).toEqual([[], []])
  })

  test('an answer that is not for exactly one request is passed over', () => {
    const host = new Host({ id: 2n, members: { voters } })
    host.receive({ type: MessageType.MsgHeartbeat, from: 1n, term: 1 })
    host.receive({ type: MessageType.MsgReadIndexResp, from: 1n, index: 4 })
    host.receive({
      type: MessageType.MsgReadIndexResp,
      from: 1n,
      index: 4,
      entries: [entry(0, 0, 'a'), entry(0, 0, 'b')],
    })
    expect(host.readStates).toEqual([])
    expect(host.lines.at(-1)).toBe('2 invalid format of MsgReadIndexResp from 1, entries count: 2')
  })

  test('a request without a context is confirmed with an empty one', () => {
    const host = new Host({ id: 1n, members: { voters: [1n] } })
    host.becomeLeader()
    host.receive({ type: MessageType.MsgReadIndex, term: 0 })
    expect(textsOf(host.readStates)).toEqual([[1, '']])
  })
})

describe('a leader that has committed nothing in its term', () => {
  function newLeader(): { network: Network; lead: Host } {
    const network = networkOf(3)
    network.campaign(2n)
    network.propose(2n, 'x')
    network.lose(({ type }) => type === MessageType.MsgApp)
    network.campaign(1n)
    network.tick(1, [1n])
    return { network, lead: network.host(1n) }
  }

  test('lets reads wait until it has', () => {
    const { network, lead } = newLeader()
    ask(network, 1n, 'a')
    ask(network, 3n, 'b')
    network.tick(1, [1n])
    expect([lead.readStates, network.host(3n).readStates]).toEqual([[], []])
    network.heal()
    network.tick(1, [1n])
    expect(textsOf(lead.readStates)).toEqual([[3, 'a']])
    expect(textsOf(network.host(3n).readStates)).toEqual([[3, 'b']])
  })

  test('releases them when a smaller quorum brings the commit', () => {
    const lead = new Host({ id: 1n, members: { voters } })
    lead.becomeLeader()
    lead.node.readIndex(text('a'))
    const remove = (nodeId: bigint) => ({
      type: ConfChangeType.ConfChangeRemoveNode,
      nodeId,
      context: text(''),
      id: 0n,
    })
    lead.node.applyConfChange(remove(3n))
    expect(lead.commit).toBe(0)
    lead.node.applyConfChange(remove(2n))
    lead.serve()
    expect(textsOf(lead.readStates)).toEqual([[1, 'a']])
  })

  test('lets them wait also if it is alone: what it committed before a restart may not be on disk as committed', () => {
    const host = new Host({
      id: 1n,
      members: { voters: [1n] },
      log: [entry(1, 1), entry(1, 2, 'answered')],
      hardState: { term: 1, commit: 1 },
    })
    host.node.campaign()
    const election = host.node.ready()
    host.storage.setHardState(election.hardState ?? { term: 0, vote: 0n, commit: 0 })
    host.node.advance()
    expect(host.state).toBe('leader')
    host.node.readIndex(text('a'))
    const ready = host.node.ready()
    expect(ready.readStates).toEqual([])
    host.storage.append(ready.entries)
    host.node.advance()
    host.serve()
    expect(textsOf(host.readStates)).toEqual([[3, 'a']])
  })
})

test('a leader that was removed does not take the last voter for itself', () => {
  const network = networkOf(2)
  network.campaign(1n)
  const lead = network.host(1n)
  lead.node.applyConfChange({ type: ConfChangeType.ConfChangeRemoveNode, nodeId: 1n, context: text(''), id: 0n })
  network.isolate(1n)
  ask(network, 1n, 'a')
  expect([lead.state, lead.readStates]).toEqual(['leader', []])
})

describe('reads within the lease of the leader', () => {
  const leased = { readOnlyOption: 'lease-based', checkQuorum: true } as const

  test('are confirmed without asking anybody', () => {
    const network = networkOf(3, leased)
    network.campaign(1n)
    network.isolate(1n)
    ask(network, 1n, 'a')
    expect(textsOf(network.host(1n).readStates)).toEqual([[1, 'a']])
    network.heal()
    ask(network, 2n, 'b')
    expect(textsOf(network.host(2n).readStates)).toEqual([[1, 'b']])
  })

  test('are none once the leader stepped down', () => {
    const network = networkOf(3, leased)
    network.campaign(1n)
    network.isolate(1n)
    network.tick(2 * electionTick, [1n])
    ask(network, 1n, 'a')
    expect(network.host(1n).readStates).toEqual([])
  })

  test('need a leader that is not forgotten', () => {
    const network = networkOf(3, leased)
    network.campaign(1n)
    network.host(2n).node.forgetLeader()
    expect(network.host(2n).lead).toBe(1n)
    expect(network.host(2n).lines.at(-1)).toBe('ignoring MsgForgetLeader due to ReadOnlyLeaseBased')
  })
})

test('forgetting a leader that is not known changes nothing', () => {
  const host = new Host({ id: 1n, members: { voters } })
  host.node.forgetLeader()
  expect([host.lead, host.serve()]).toEqual([0n, []])
})

describe('the queue', () => {
  test('takes out what is confirmed, from the front', () => {
    const queue = new ReadOnlyQueue('safe')
    const request = newMessage({ type: MessageType.MsgReadIndex })
    expect(queue.lastContext()).toBeUndefined()
    const contexts = [5, 6, 7].map(index => queue.add(request, index, 1n))
    expect(queue.lastContext()).toEqual(contexts[2])
    expect(queue.acknowledge(2n, contexts[1] as Uint8Array)).toEqual(new Set([1n, 2n]))
    expect(queue.advance(contexts[1] as Uint8Array).map(({ index }) => index)).toEqual([5, 6])
    expect(queue.acknowledge(2n, contexts[0] as Uint8Array)).toBeUndefined()
    expect(queue.advance(contexts[0] as Uint8Array)).toEqual([])
    expect(queue.advance(contexts[2] as Uint8Array).map(({ index }) => index)).toEqual([7])
    expect(queue.lastContext()).toBeUndefined()
  })
})
