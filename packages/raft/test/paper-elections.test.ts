import { SeededRandom } from '@kvs/testing'
import { describe, expect, test } from 'vitest'
import { type Message, MessageType } from '../src/index.ts'
import { electionTick, Host, type HostInit, logOf } from './network.ts'

/* What the paper (Ongaro and Ousterhout, 2014) says of terms and elections, clause by clause. */

const three = { voters: [1n, 2n, 3n] }

function follower(init: Partial<HostInit> = {}): Host {
  return new Host({ id: 1n, members: three, hardState: { term: 4 }, ...init })
}

function candidate(init: Partial<HostInit> = {}): Host {
  const host = follower(init)
  host.node.campaign()
  host.serve()
  return host
}

function leader(init: Partial<HostInit> = {}): Host {
  const host = follower(init)
  host.becomeLeader()
  return host
}

const roles: [string, () => Host][] = [
  ['follower', follower],
  ['candidate', candidate],
  ['leader', leader],
]

function idsOf(size: number): bigint[] {
  return Array.from({ length: size }, (_, i) => BigInt(i + 1))
}

function typesTo(messages: readonly Message[]): string[] {
  return messages.map(({ type, to }) => `${type} to ${to}`)
}

describe('5.1: terms', () => {
  test.each(roles)('a %s that sees a newer term takes it over and follows', (_role, make) => {
    const host = make()
    host.receive({ type: MessageType.MsgApp, from: 2n, term: 9 })
    expect([host.term, host.state, host.lead, host.vote]).toEqual([9, 'follower', 2n, 0n])
  })

  test.each(roles)('a %s acts on nothing of an older term', (_role, make) => {
    const host = make()
    const before = host.node.basicStatus()
    const types = [
      MessageType.MsgApp,
      MessageType.MsgAppResp,
      MessageType.MsgHeartbeat,
      MessageType.MsgHeartbeatResp,
      MessageType.MsgSnap,
      MessageType.MsgVote,
      MessageType.MsgVoteResp,
      MessageType.MsgTimeoutNow,
    ]
    for (const type of types) {
      const sent = host.receive({
        type,
        from: 2n,
        term: before.hardState.term - 1,
        entries: logOf(1),
        commit: 1,
      })
      expect(sent).toEqual([])
    }
    expect(host.node.basicStatus()).toEqual(before)
  })
})

describe('5.2: leader election', () => {
  test('a node begins as a follower', () => {
    expect(new Host({ id: 1n, members: three }).state).toBe('follower')
  })

  test('a leader sends heartbeats to all, once per interval', () => {
    const host = leader({ heartbeatTick: 3 })
    expect(host.tick(2)).toEqual([])
    const beats = host.tick()
    expect(typesTo(beats)).toEqual([`${MessageType.MsgHeartbeat} to 2`, `${MessageType.MsgHeartbeat} to 3`])
    for (const { term, entries } of beats) expect([term, entries]).toEqual([host.term, []])
    expect(host.tick(3)).toHaveLength(2)
  })

  test.each(roles.slice(0, 2))('a %s that hears of no leader for a timeout starts an election', (_role, make) => {
    const host = make()
    const { term } = host
    const requests = host.tick(electionTick)
    expect([host.state, host.term, host.vote]).toEqual(['candidate', term + 1, 1n])
    expect(typesTo(requests)).toEqual([`${MessageType.MsgVote} to 2`, `${MessageType.MsgVote} to 3`])
    for (const request of requests) expect(request.term).toBe(term + 1)
  })

  test('a follower that hears of a leader does not', () => {
    const host = follower()
    for (let i = 0; i < 10; i++) {
      expect(host.tick(electionTick - 1)).toEqual([])
      host.receive({ type: MessageType.MsgHeartbeat, from: 2n })
    }
    expect(host.state).toBe('follower')
  })

  test.each([
    // Members, votes granted, votes refused, state after that.
    [1, 0, 0, 'leader'],
    [3, 2, 0, 'leader'],
    [3, 1, 0, 'leader'],
    [5, 4, 0, 'leader'],
    [5, 3, 0, 'leader'],
    [5, 2, 0, 'leader'],
    [3, 0, 2, 'follower'],
    [5, 0, 4, 'follower'],
    [5, 1, 3, 'follower'],
    [3, 0, 0, 'candidate'],
    [5, 1, 0, 'candidate'],
    [5, 0, 2, 'candidate'],
    [5, 0, 0, 'candidate'],
    [4, 1, 0, 'candidate'],
    [4, 2, 1, 'leader'],
  ])('%d members, %d grant, %d refuse: %s', (size, granted, refused, state) => {
    const host = new Host({ id: 1n, members: { voters: idsOf(size) } })
    host.node.campaign()
    host.serve()
    for (let i = 0; i < granted + refused; i++) {
      const vote = { type: MessageType.MsgVoteResp, from: BigInt(i + 2), term: 1, reject: i >= granted }
      host.receive(vote)
      // Votes that come twice, or are taken back, change nothing.
      host.receive(vote)
      host.receive({ ...vote, reject: !vote.reject })
    }
    expect([host.state, host.term]).toEqual([state, 1])
  })

  test.each([
    // Whom the follower voted for, who asks, whether it is refused.
    [0n, 2n, false],
    [0n, 3n, false],
    [2n, 2n, false],
    [3n, 3n, false],
    [2n, 3n, true],
    [3n, 2n, true],
  ])('a node gives one vote per term, to who asks first: given to %d, asked by %d', (vote, from, reject) => {
    const host = follower({ hardState: { term: 4, vote } })
    const [answer, ...more] = host.receive({ type: MessageType.MsgVote, from })
    expect(more).toEqual([])
    expect(answer).toMatchObject({ type: MessageType.MsgVoteResp, to: from, term: 4, reject })
    expect(host.vote).toBe(vote === 0n ? from : vote)
    expect(host.storage.initialState().hardState.vote).toBe(host.vote)
  })

  test.each([0, 1, 5])('a candidate that hears of a leader of its term or a newer one follows: %d newer', newer => {
    const host = candidate()
    const term = host.term + newer
    host.receive({ type: MessageType.MsgApp, from: 3n, term })
    expect([host.state, host.lead, host.term]).toEqual(['follower', 3n, term])
  })
})

/** Ticks until a node campaigns that just began to follow, or to campaign. */
function timeoutOf(host: Host, role: string): number {
  if (role === 'follower') host.receive({ type: MessageType.MsgApp, from: 2n, term: host.term + 1 })
  const { term } = host
  for (let ticks = 1; ; ticks++) {
    host.tick()
    if (host.term > term) return ticks
  }
}

describe('5.2: randomised timeouts', () => {
  const seed = 7

  test.each(['follower', 'candidate'])(
    `a %s waits for any time in [E, 2E - 1], all about as often (seed ${seed})`,
    role => {
      const random = new SeededRandom(seed)
      const host = new Host({ id: 1n, members: three, random: bound => random.below(bound) })
      host.node.campaign()
      host.serve()
      const rounds = 2_000
      const counts = new Map<number, number>()
      for (let i = 0; i < rounds; i++) {
        const ticks = timeoutOf(host, role)
        counts.set(ticks, (counts.get(ticks) ?? 0) + 1)
      }
      const seen = [...counts.keys()].sort((a, b) => a - b)
      expect(seen).toEqual(Array.from({ length: electionTick }, (_, i) => electionTick + i))
      for (const count of counts.values()) expect(Math.abs(count - rounds / electionTick)).toBeLessThan(75)
    },
  )

  test.each(['follower', 'candidate'])(`of five %ss mostly one times out first (seed ${seed})`, role => {
    const random = new SeededRandom(seed)
    let conflicts = 0
    const rounds = 500
    for (let i = 0; i < rounds; i++) {
      const hosts = idsOf(5).map(id => {
        const host = new Host({ id, members: { voters: idsOf(5) }, random: bound => random.below(bound) })
        if (role === 'candidate') host.node.campaign()
        host.serve()
        return host
      })
      let first = 0
      while (first === 0) {
        for (const host of hosts) if (host.tick().length > 0) first++
      }
      if (first > 1) conflicts++
    }
    // With ten equally likely times, five nodes have a single first one in 63 of 100 rounds.
    expect(conflicts / rounds).toBeLessThan(0.45)
    expect(conflicts).toBeGreaterThan(0)
  })
})

describe('5.4.1: election restriction', () => {
  test.each([
    [logOf(1), 1, 1],
    [logOf(1, 2), 2, 2],
  ])('a request for a vote tells how far the log goes', (log, logTerm, index) => {
    const host = follower({ log, hardState: { term: 2 } })
    const requests = host.tick(electionTick)
    expect(requests.map(({ to }) => to)).toEqual([2n, 3n])
    for (const request of requests) {
      expect(request).toMatchObject({ type: MessageType.MsgVote, term: 3, logTerm, index })
    }
  })

  test.each([
    // Own terms; last term and index of the candidate; whether it is refused.
    [[1], 1, 1, false],
    [[1], 1, 2, false],
    [[1, 1], 1, 1, true],
    [[1], 2, 1, false],
    [[1], 2, 2, false],
    [[1, 1], 2, 1, false],
    [[2], 1, 1, true],
    [[2], 1, 2, true],
    [[2, 1], 1, 1, true],
    [[1, 2], 1, 5, true],
  ])('the vote goes only to a log that is as up to date: %j against term %d at %d', (terms, logTerm, index, reject) => {
    const host = follower({ log: logOf(...terms), hardState: { term: 2 } })
    const [answer] = host.receive({ type: MessageType.MsgVote, from: 2n, term: 3, logTerm, index })
    expect(answer).toMatchObject({ type: MessageType.MsgVoteResp, term: 3, reject })
  })
})
