import { describe, expect, test } from 'vitest'
import { MessageType } from '../src/index.ts'
import { entry, Host, logOf, Network, networkOf } from './network.ts'

const voters = [1n, 2n, 3n]

function sameLogs(network: Network): void {
  const [first, ...rest] = [...network.hosts.values()]
  for (const host of rest) expect(host.log).toEqual(first?.log)
}

test('what is proposed reaches every log and every state machine, over changes of leadership', () => {
  const network = networkOf(3)
  network.campaign(1n)
  network.propose(1n, 'a')
  network.campaign(2n)
  network.propose(2n, 'b', 'c')
  sameLogs(network)
  for (const host of network.hosts.values()) expect(host.appliedTexts).toEqual(['a', 'b', 'c'])
  expect(network.host(1n).terms).toEqual([1, 1, 2, 2, 2])
})

test('a node alone commits what it proposes', () => {
  const network = networkOf(1)
  network.campaign(1n)
  network.propose(1n, 'a')
  expect(network.host(1n).appliedTexts).toEqual(['a'])
})

describe('proposals', () => {
  test('a follower hands them to the leader', () => {
    const network = networkOf(3)
    network.campaign(1n)
    expect(network.propose(2n, 'by proxy')).toBe('accepted')
    for (const host of network.hosts.values()) expect(host.appliedTexts).toEqual(['by proxy'])
  })

  test('without a leader they are dropped, by followers and candidates', () => {
    const network = networkOf(3)
    expect(network.propose(2n, 'lost')).toBe('dropped')
    network.isolate(1n)
    network.campaign(1n)
    expect(network.host(1n).state).toBe('candidate')
    expect(network.propose(1n, 'lost')).toBe('dropped')
  })

  test('a follower that must not hand them on drops them', () => {
    const network = networkOf(2, { disableProposalForwarding: true })
    network.campaign(1n)
    expect(network.propose(2n, 'lost')).toBe('dropped')
    expect(network.propose(1n, 'kept')).toBe('accepted')
    expect(network.host(2n).appliedTexts).toEqual(['kept'])
  })
})

describe('without a majority', () => {
  test('nothing is committed until there is one', () => {
    const network = networkOf(5)
    network.campaign(1n)
    for (const id of [3n, 4n, 5n]) network.cut(1n, id)
    network.propose(1n, 'a', 'b')
    expect(network.host(1n).commit).toBe(1)
    network.heal()
    network.tick(2, [1n])
    for (const host of network.hosts.values()) expect(host.appliedTexts).toEqual(['a', 'b'])
  })

  test('a new leader commits what the old one could not, but only with an entry of its own', () => {
    const network = networkOf(5)
    network.campaign(1n)
    for (const id of [3n, 4n, 5n]) network.cut(1n, id)
    network.propose(1n, 'a')
    network.heal()
    network.lose(({ type }) => type === MessageType.MsgApp)
    network.campaign(2n)
    expect([network.host(2n).state, network.host(2n).commit]).toEqual(['leader', 1])
    network.heal()
    network.tick(2, [2n])
    for (const host of network.hosts.values()) expect([host.commit, host.appliedTexts]).toEqual([3, ['a']])
  })

  test('what an isolated leader took is replaced when it comes back', () => {
    const network = networkOf(3)
    network.campaign(1n)
    network.isolate(1n)
    network.propose(1n, 'lost 1', 'lost 2', 'lost 3')
    network.campaign(3n)
    network.propose(3n, 'kept')
    network.heal()
    network.tick(2, [3n])
    sameLogs(network)
    expect(network.states()).toEqual(['follower', 'follower', 'leader'])
    expect(network.host(1n).appliedTexts).toEqual(['kept'])
  })
})

describe('messages out of order', () => {
  test('appends that overtake each other, or come twice, do no harm', () => {
    const host = new Host({ id: 2n, members: { voters } })
    const send = (index: number, ...terms: number[]) => {
      const entries = terms.map((term, i) => entry(term, index + 1 + i))
      return host.receive({
        type: MessageType.MsgApp,
        from: 1n,
        term: 2,
        index,
        logTerm: index === 0 ? 0 : 1,
        entries,
        commit: 9,
      })
    }
    expect(send(2, 1)[0]).toMatchObject({ reject: true, index: 2, rejectHint: 0 })
    expect(send(0, 1, 1)[0]).toMatchObject({ reject: false, index: 2 })
    expect(send(2, 1, 2)[0]).toMatchObject({ reject: false, index: 4 })
    // Of what is committed a follower just says how far it is.
    expect(send(0, 1)[0]).toMatchObject({ reject: false, index: 4 })
    expect([host.terms, host.commit]).toEqual([[1, 1, 1, 2], 4])
  })

  test('a leader that was replaced is not heard any more', () => {
    const network = networkOf(3)
    network.campaign(1n)
    network.campaign(2n)
    const host = network.host(3n)
    const before = host.log
    expect(host.receive({ type: MessageType.MsgApp, from: 1n, term: 1, entries: logOf(1) })).toEqual([])
    expect([host.log, host.lead]).toEqual([before, 2n])
  })

  test('acknowledgements that come late or twice change nothing', () => {
    const host = new Host({ id: 1n, members: { voters } })
    host.becomeLeader()
    host.propose('a', 'b')
    host.serve()
    host.receive({ type: MessageType.MsgAppResp, from: 2n, index: 3 })
    const before = [host.commit, host.progress(2n)]
    expect(host.receive({ type: MessageType.MsgAppResp, from: 2n, index: 2 })).toEqual([])
    expect(host.receive({ type: MessageType.MsgAppResp, from: 2n, index: 2, reject: true, rejectHint: 1 })).toEqual([])
    expect([host.commit, host.progress(2n)]).toEqual(before)
  })
})

describe('finding where logs meet', () => {
  test.each([
    // Terms of the leader and of the follower; probes until they agree. Entry by entry it would take one per entry.
    ['the follower is short', [1, 3, 3, 3, 5, 5, 5, 5, 5], [1, 1, 1, 1, 4], 2],
    ['the follower has terms the leader skips', [1, 1, 1, 1, 1, 1, 1, 5], [1, 1, 2, 2, 3, 3, 3, 4, 4], 2],
    ['the leader has terms the follower skips', [1, 2, 2, 2, 3, 3, 4, 4, 5], [1, 1, 1, 1, 1, 1, 1, 1, 1], 2],
    ['the follower has a long tail of an old term', [1, 1, 1, 5], [1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2], 1],
    ['both are old', [2, 2, 2, 2, 2, 4], [1, 1, 1, 1, 1, 1, 3, 3], 2],
  ])('whole terms are skipped: %s', (_case, leaderTerms, followerTerms, probes) => {
    const lead = new Host({ id: 1n, members: { voters }, log: logOf(...leaderTerms), hardState: { term: 6 } })
    const follower = new Host({ id: 2n, members: { voters }, log: logOf(...followerTerms), hardState: { term: 6 } })
    lead.becomeLeader()
    const network = new Network([lead, follower])
    network.tick(1, [1n])
    const refusals = network.sent.filter(({ type, reject }) => type === MessageType.MsgAppResp && reject)
    expect(refusals.length).toBeLessThanOrEqual(probes)
    expect(follower.log).toEqual(lead.log)
  })
})

test('a follower that was away is told of commits it missed by the next append', () => {
  const network = networkOf(3)
  network.campaign(1n)
  network.isolate(3n)
  network.propose(1n, 'a')
  network.host(1n).node.reportUnreachable(3n)
  network.heal()
  network.propose(1n, 'b')
  network.tick(1, [1n])
  expect(network.host(3n).appliedTexts).toEqual(['a', 'b'])
})

test('a network that loses a third of its messages still makes progress, and restarts keep what is on disk', () => {
  const network = networkOf(5)
  let serial = 0
  network.lose(() => serial++ % 3 === 0)
  for (let i = 0; i < 200 && !network.states().includes('leader'); i++) network.tick(3, [1n])
  for (let i = 0; i < 20; i++) {
    const victim = BigInt((i % 4) + 2)
    network.propose(1n, `value ${i}`)
    network.host(victim).restart()
    network.tick(2, [1n])
  }
  network.heal()
  network.tick(3, [1n])
  sameLogs(network)
  const leading = network.leader()
  expect(leading.appliedTexts.length).toBeGreaterThan(15)
  for (const host of network.hosts.values()) expect(host.commit).toBe(leading.commit)
})
