import { describe, expect, test } from 'vitest'
import { MessageType } from '../src/index.ts'
import { electionTick, Host, networkOf } from './network.ts'

const checked = { checkQuorum: true }

describe('a leader that hears of no majority', () => {
  test('steps down within two election timeouts', () => {
    const network = networkOf(3, checked)
    network.campaign(1n)
    network.isolate(1n)
    network.tick(2 * electionTick, [1n])
    expect([network.host(1n).state, network.host(1n).lead]).toEqual(['follower', 0n])
  })

  test('goes on without the check', () => {
    const network = networkOf(3)
    network.campaign(1n)
    network.isolate(1n)
    network.tick(5 * electionTick, [1n])
    expect(network.host(1n).state).toBe('leader')
  })

  test.each([true, false])('stays while a majority answers: %s', answers => {
    const network = networkOf(5, checked)
    network.campaign(1n)
    network.cut(1n, 4n)
    network.cut(1n, 5n)
    if (!answers) network.cut(1n, 3n)
    network.tick(2 * electionTick, [1n])
    expect(network.host(1n).state).toBe(answers ? 'leader' : 'follower')
  })

  test('alone in its group stays', () => {
    const network = networkOf(1, checked)
    network.campaign(1n)
    network.tick(5 * electionTick)
    expect(network.host(1n).state).toBe('leader')
  })
})

describe('the lease of a leader', () => {
  test('within it nobody gives away a vote; after it, they do', () => {
    const network = networkOf(3, checked)
    network.campaign(1n)
    network.campaign(3n)
    expect([network.host(3n).state, network.host(2n).term]).toEqual(['candidate', 1])
    // Without news of the leader for a timeout the vote is free.
    network.cut(1n, 2n)
    network.tick(electionTick - 1, [2n])
    network.host(2n).timeoutDraw = 5
    network.tick(1, [2n])
    network.campaign(3n)
    expect(network.host(3n).state).toBe('leader')
  })

  test('a node without a leader gives its vote at once', () => {
    const network = networkOf(3, checked)
    network.campaign(3n)
    expect(network.states()).toEqual(['follower', 'follower', 'leader'])
  })

  test('a leader that forgot nobody still refuses, one that is forgotten is no obstacle', () => {
    const network = networkOf(3, { ...checked, preVote: true })
    network.campaign(1n)
    network.isolate(1n)
    network.campaign(3n)
    expect(network.host(3n).state).toBe('pre-candidate')
    network.host(2n).node.forgetLeader()
    expect(network.host(2n).lead).toBe(0n)
    network.campaign(3n)
    expect(network.host(3n).state).toBe('leader')
    // The leader itself forgets nobody, and who knows no leader has nobody to forget.
    network.host(3n).node.forgetLeader()
    expect(network.host(3n).lead).toBe(3n)
  })

  test('a transfer goes before it', () => {
    const network = networkOf(3, checked)
    network.campaign(1n)
    network.host(1n).node.transferLeader(3n)
    network.settle()
    expect(network.states()).toEqual(['follower', 'follower', 'leader'])
  })
})

test.each([{ checkQuorum: true }, { preVote: true }])('a candidate whose term ran ahead is freed by %j', init => {
  const network = networkOf(3, { checkQuorum: true })
  network.campaign(1n)
  network.isolate(3n)
  network.campaign(3n)
  network.campaign(3n)
  const stuck = network.host(3n)
  network.heal()
  stuck.restart(init)
  // The leader is heard in an older term; the answer makes it step down, and the next one has a term that fits.
  network.tick(1, [1n])
  expect(network.host(1n).state).toBe('follower')
  expect(network.host(1n).term).toBe(stuck.term)
  network.campaign(1n)
  network.tick(1, [1n])
  expect([network.host(1n).state, stuck.lead]).toEqual(['leader', 1n])
})

test('without either an old leader and a stuck candidate ignore each other', () => {
  const network = networkOf(3)
  network.campaign(1n)
  network.isolate(3n)
  network.campaign(3n)
  network.campaign(3n)
  network.heal()
  network.tick(3, [1n])
  expect(network.states()).toEqual(['leader', 'follower', 'candidate'])
})

test('a member that is no voter does not keep a leader in power', () => {
  const members = { voters: [1n, 2n], learners: [3n] }
  const host = new Host({ id: 1n, members, ...checked })
  host.becomeLeader()
  for (let i = 0; i < 2 * electionTick && host.state === 'leader'; i++) {
    host.receive({ type: MessageType.MsgHeartbeatResp, from: 3n })
    host.tick()
  }
  expect(host.state).toBe('follower')
})
