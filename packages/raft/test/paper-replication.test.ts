import { describe, expect, test } from 'vitest'
import { type Message, MessageType, newMessage } from '../src/index.ts'
import { entry, Host, type HostInit, logOf, Network } from './network.ts'

/* What the paper (Ongaro and Ousterhout, 2014) says of log replication and of what is committed, clause by clause. */

function idsOf(size: number): bigint[] {
  return Array.from({ length: size }, (_, i) => BigInt(i + 1))
}

function hostOf(size: number, init: Partial<HostInit> = {}): Host {
  return new Host({ id: 1n, members: { voters: idsOf(size) }, ...init })
}

/** A leader of term 1 whose empty first entry all have. */
function leaderOf(size: number): Host {
  const host = hostOf(size)
  answerAll(host, host.becomeLeader())
  host.serve()
  return host
}

/** Acknowledges every append among `messages`. */
function answerAll(host: Host, messages: readonly Message[]): void {
  for (const message of messages) if (message.type === MessageType.MsgApp) acknowledge(host, message)
}

function acknowledge(host: Host, { to, index, entries }: Message): Message[] {
  return host.receive({ type: MessageType.MsgAppResp, from: to, index: index + entries.length })
}

const appends = (messages: readonly Message[]): Message[] => messages.filter(({ type }) => type === MessageType.MsgApp)

describe('5.3: log replication', () => {
  test('a leader appends a proposal to its log and sends it to all, with what stands before it', () => {
    const host = leaderOf(3)
    host.propose('some data')
    const sent = host.serve()
    expect(sent.map(({ to }) => to)).toEqual([2n, 3n])
    for (const message of sent) {
      expect(message).toMatchObject({ type: MessageType.MsgApp, term: 1, index: 1, logTerm: 1, commit: 1 })
      expect(message.entries).toEqual([entry(1, 2, 'some data')])
    }
    expect(host.log.at(-1)).toEqual(entry(1, 2, 'some data'))
    expect(host.commit).toBe(1)
  })

  test('once a majority has the entry it is committed and applied, and the followers are told', () => {
    const host = leaderOf(3)
    host.propose('some data')
    const toTwo = appends(host.serve()).find(({ to }) => to === 2n) as Message
    const news = acknowledge(host, toTwo)
    expect(host.commit).toBe(2)
    expect(host.appliedTexts).toEqual(['some data'])
    for (const message of news) expect(message).toMatchObject({ type: MessageType.MsgApp, commit: 2 })
    expect(news.map(({ to }) => to)).toEqual([2n, 3n])
  })

  test.each([
    // Members; who acknowledges; whether that commits.
    [1, [], true],
    [3, [], false],
    [3, [2], true],
    [3, [2, 3], true],
    [5, [], false],
    [5, [2], false],
    [5, [2, 3], true],
    [5, [2, 3, 4], true],
    [5, [2, 3, 4, 5], true],
    [4, [2], false],
    [4, [2, 3], true],
  ])('%d members, acknowledged by %j: committed %s', (size, acks, isCommitted) => {
    const host = leaderOf(size)
    host.propose('some data')
    const sent = appends(host.serve())
    for (const id of acks) acknowledge(host, sent.find(({ to }) => to === BigInt(id)) as Message)
    expect(host.commit > 1).toBe(isCommitted)
  })

  test.each([[[]], [[2]], [[1, 2]], [[1]]])('with its own entry a leader commits those before it: %j', terms => {
    const host = hostOf(3, { log: logOf(...terms), hardState: { term: 2 } })
    answerAll(host, host.becomeLeader())
    host.propose('some data')
    answerAll(host, host.serve())
    host.serve()
    const last = terms.length
    expect(host.commit).toBe(last + 2)
    expect(host.applied).toEqual([...logOf(...terms), entry(3, last + 1), entry(3, last + 2, 'some data')])
  })

  test.each([
    [[entry(1, 1, 'a')], 1],
    [[entry(1, 1, 'a'), entry(1, 2, 'b')], 2],
    [[entry(1, 1, 'b'), entry(1, 2, 'a')], 2],
    [[entry(1, 1, 'a'), entry(1, 2, 'b')], 1],
  ])('a follower applies what the leader says is committed, in the order of the log', (entries, commit) => {
    const host = hostOf(3, { hardState: { term: 1 } })
    host.receive({ type: MessageType.MsgApp, from: 2n, entries, commit })
    expect(host.commit).toBe(commit)
    expect(host.applied).toEqual(entries.slice(0, commit))
  })

  test.each([
    // What the leader has before the new entries; what is answered: index, refused, hint.
    [
      { logTerm: 0, index: 0 },
      { index: 1, reject: false },
    ],
    [
      { logTerm: 1, index: 1 },
      { index: 1, reject: false },
    ],
    [
      { logTerm: 2, index: 2 },
      { index: 2, reject: false },
    ],
    [
      { logTerm: 1, index: 2 },
      { index: 2, reject: true, rejectHint: 1, logTerm: 1 },
    ],
    [
      { logTerm: 3, index: 3 },
      { index: 3, reject: true, rejectHint: 2, logTerm: 2 },
    ],
    [
      { logTerm: 1, index: 9 },
      { index: 9, reject: true, rejectHint: 1, logTerm: 1 },
    ],
  ])('a follower refuses what does not follow from its log: %j', (previous, answer) => {
    const host = hostOf(3, { log: logOf(1, 2), hardState: { term: 3, commit: 1 } })
    const sent = host.receive({ type: MessageType.MsgApp, from: 2n, ...previous })
    expect(sent).toHaveLength(1)
    expect(sent[0]).toMatchObject({ type: MessageType.MsgAppResp, to: 2n, term: 3, ...answer })
  })

  test.each([
    // Term and index before the entries; their terms; the log after that; what is new on disk.
    [2, 2, [3], [1, 2, 3], [3]],
    [1, 1, [3, 4], [1, 3, 4], [3, 4]],
    [0, 0, [1], [1, 2], []],
    [0, 0, [3], [3], [3]],
    [1, 1, [2], [1, 2], []],
    [2, 2, [3, 3, 4], [1, 2, 3, 3, 4], [3, 3, 4]],
  ])(
    'what contradicts the leader is replaced, what agrees stays: term %d at %d, then %j',
    (logTerm, index, terms, after, written) => {
      const host = hostOf(3, { log: logOf(1, 2), hardState: { term: 4 } })
      const entries = terms.map((term, i) => entry(term, index + 1 + i))
      const message = { type: MessageType.MsgApp, from: 2n, to: 1n, term: 4, logTerm, index, entries } as const
      host.node.step(newMessage(message))
      const ready = host.node.ready()
      expect(ready.entries.map(({ term }) => term)).toEqual(written)
      host.storage.append(ready.entries)
      host.node.advance()
      expect(host.terms).toEqual(after)
    },
  )

  test.each([
    // Figure 7: what may stand in the log of a follower when the leader of term 8 comes to power.
    ['a: an entry short', [1, 1, 1, 4, 4, 5, 5, 6, 6]],
    ['b: many entries short', [1, 1, 1, 4]],
    ['c: an uncommitted entry too many', [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 6]],
    ['d: entries of a later term', [1, 1, 1, 4, 4, 5, 5, 6, 6, 6, 7, 7]],
    ['e: short, and uncommitted entries', [1, 1, 1, 4, 4, 4, 4]],
    ['f: only uncommitted entries of old terms', [1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3]],
    ['nothing at all', []],
  ])('the log of a follower becomes that of its leader: figure 7 %s', (_case, terms) => {
    const leaderLog = [1, 1, 1, 4, 4, 5, 5, 6, 6, 6]
    const members = { voters: idsOf(3) }
    const lead = new Host({ id: 1n, members, log: logOf(...leaderLog), hardState: { term: 8, commit: 10 } })
    const behind = new Host({ id: 2n, members, log: logOf(...terms), hardState: { term: 8 } })
    const network = new Network([lead, behind])
    // The third member is only there to vote: the second one may refuse to.
    lead.node.campaign()
    lead.serve()
    lead.receive({ type: MessageType.MsgVoteResp, from: 3n, term: 9 })
    network.settle()
    network.propose(1n, 'new')
    network.tick(2, [1n])
    expect(lead.state).toBe('leader')
    expect(behind.log).toEqual(lead.log)
    expect(lead.terms).toEqual([...leaderLog, 9, 9])
    expect(behind.applied).toEqual(lead.log)
  })
})

describe('5.4.2: committing entries of previous terms', () => {
  test.each([
    // Acknowledged index, commit after that: entries 1 and 2 are of older terms, 3 is the leader's own.
    [1, 0],
    [2, 0],
    [3, 3],
    [4, 4],
  ])('a leader counts replicas only of entries of its own term: acknowledged %d, committed %d', (index, commit) => {
    const host = hostOf(3, { log: logOf(1, 2), hardState: { term: 2 } })
    host.becomeLeader()
    host.propose('some data')
    host.serve()
    expect(host.term).toBe(3)
    host.receive({ type: MessageType.MsgAppResp, from: 2n, index })
    expect(host.commit).toBe(commit)
  })
})
