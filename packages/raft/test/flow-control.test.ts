import { describe, expect, test } from 'vitest'
import { type Message, MessageType } from '../src/index.ts'
import { Host, type HostInit, text } from './network.ts'

const voters = [1n, 2n]

/** A leader whose follower 2 is known to have the first entry, and is being replicated to. */
function leaderOf(init: Partial<HostInit> = {}): Host {
  const host = new Host({ id: 1n, members: { voters }, maxInflightMsgs: 3, ...init })
  host.becomeLeader()
  host.receive({ type: MessageType.MsgAppResp, from: 2n, index: 1 })
  expect(host.progress(2n)).toMatchObject({ state: 'replicate', match: 1, next: 2 })
  return host
}

function propose(host: Host, data = 'x'): Message[] {
  host.propose(data)
  return host.serve()
}

/** Index of the last entry of each append. */
const lastOf = (messages: readonly Message[]): number[] =>
  messages.filter(({ type }) => type === MessageType.MsgApp).map(({ index, entries }) => index + entries.length)

describe('the window', () => {
  test('is filled message by message; a full one lets nothing through', () => {
    const host = leaderOf()
    expect([1, 2, 3].map(() => lastOf(propose(host)))).toEqual([[2], [3], [4]])
    expect(host.progress(2n)).toMatchObject({ inflightFull: true, inflightCount: 3, next: 5 })
    expect(propose(host)).toEqual([])
    expect(host.progress(2n).next).toBe(5)
  })

  test('an acknowledgement makes room for as many as it frees', () => {
    const host = leaderOf()
    for (let i = 0; i < 8; i++) propose(host)
    const sent = host.receive({ type: MessageType.MsgAppResp, from: 2n, index: 3 })
    // What waited goes in one message now, with the news that 3 is committed.
    expect(lastOf(sent)).toEqual([9])
    expect(host.progress(2n)).toMatchObject({ match: 3, next: 10, inflightCount: 2 })
    // An older one that comes late frees nothing.
    expect(host.receive({ type: MessageType.MsgAppResp, from: 2n, index: 2 })).toEqual([])
    expect(host.progress(2n).inflightCount).toBe(2)
  })

  test('with a limit per message several go at once', () => {
    const host = leaderOf({ maxSizePerMsg: 0, maxInflightMsgs: 4 })
    for (let i = 0; i < 8; i++) propose(host)
    expect(lastOf(host.receive({ type: MessageType.MsgAppResp, from: 2n, index: 4 }))).toEqual([6, 7, 8])
  })

  test('a heartbeat that is answered while it is full sends an empty append, in case all was lost', () => {
    const host = leaderOf()
    for (let i = 0; i < 5; i++) propose(host)
    for (let round = 0; round < 3; round++) {
      const sent = host.receive({ type: MessageType.MsgHeartbeatResp, from: 2n })
      expect(sent.map(({ type, index, entries }) => [type, index, entries.length])).toEqual([
        [MessageType.MsgApp, 4, 0],
      ])
    }
    // The follower refuses it and tells where it is: replication starts again from there.
    const again = host.receive({
      type: MessageType.MsgAppResp,
      from: 2n,
      index: 4,
      reject: true,
      rejectHint: 1,
      logTerm: 1,
    })
    expect(again.map(({ index, entries }) => [index, entries.length])).toEqual([[1, 5]])
    expect(host.progress(2n)).toMatchObject({ state: 'probe', appendPaused: true })
  })

  test('it can be limited in bytes', () => {
    const host = leaderOf({ maxSizePerMsg: 100, maxInflightBytes: 100, maxInflightMsgs: 100 })
    const half = 'y'.repeat(50)
    expect([lastOf(propose(host, half)), lastOf(propose(host, half)), lastOf(propose(host, half))]).toEqual([
      [2],
      [3],
      [],
    ])
    expect(host.progress(2n).inflightFull).toBe(true)
    expect(lastOf(host.receive({ type: MessageType.MsgAppResp, from: 2n, index: 2 }))).toEqual([4])
  })
})

describe('probing', () => {
  function probing(): Host {
    const host = leaderOf()
    host.node.reportUnreachable(2n)
    expect(host.progress(2n).state).toBe('probe')
    return host
  }

  test('an unreachable follower is probed with one message until it answers', () => {
    const host = probing()
    expect(lastOf(propose(host, 'a'))).toEqual([2])
    expect(host.progress(2n).appendPaused).toBe(true)
    expect(propose(host, 'b')).toEqual([])
    expect(propose(host, 'c')).toEqual([])
    expect(lastOf(host.receive({ type: MessageType.MsgAppResp, from: 2n, index: 2 }))).toEqual([4])
    expect(host.progress(2n)).toMatchObject({ state: 'replicate', next: 5 })
  })

  test('a heartbeat that is answered allows one more', () => {
    const host = probing()
    propose(host)
    for (let i = 0; i < 3; i++) {
      expect(host.tick().map(({ type }) => type)).toEqual([MessageType.MsgHeartbeat])
      expect(lastOf(host.receive({ type: MessageType.MsgHeartbeatResp, from: 2n }))).toEqual([2])
    }
  })

  test('who is being probed stays so; who was heard of long ago, too', () => {
    const host = probing()
    host.node.reportUnreachable(2n)
    expect(host.progress(2n).state).toBe('probe')
    host.node.reportUnreachable(9n)
    expect(host.lines.at(-1)).toBe('1 no progress available for 9')
  })
})

describe('the size of messages', () => {
  test.each([
    [0, [1, 1, 1, 1, 1]],
    [60, [2, 2, 1]],
    [Number.MAX_SAFE_INTEGER, [5]],
  ])('with %d bytes at most', (maxSizePerMsg, counts) => {
    const host = leaderOf({ maxSizePerMsg, maxInflightMsgs: 10 })
    host.node.reportUnreachable(2n)
    host.node.propose(Array.from({ length: 5 }, () => text('z'.repeat(20))))
    const sent = [...host.serve(), ...host.receive({ type: MessageType.MsgAppResp, from: 2n, index: 1 })]
    // The first was the probe; from the answer on the rest goes.
    const appends = sent.filter(({ type }) => type === MessageType.MsgApp).slice(1)
    expect(appends.map(({ entries }) => entries.length)).toEqual(counts)
  })
})

describe('limits of what a state machine gets at once', () => {
  test('committed entries come in portions, each after the one before was applied', () => {
    const host = new Host({ id: 1n, members: { voters: [1n] }, maxCommittedSizePerReady: 60 })
    host.becomeLeader()
    host.node.propose(Array.from({ length: 5 }, () => text('z'.repeat(20))))
    const portions: number[] = []
    while (host.node.hasReady()) {
      const ready = host.node.ready()
      host.storage.append(ready.entries)
      if (ready.committedEntries.length > 0) portions.push(ready.committedEntries.length)
      host.node.advance()
    }
    expect(portions).toEqual([2, 2, 1])
  })

  test('with no size per message they come one by one', () => {
    const host = new Host({ id: 1n, members: { voters: [1n] }, maxSizePerMsg: 0 })
    host.becomeLeader()
    host.propose('a', 'b')
    host.serve()
    expect(host.appliedTexts).toEqual(['a', 'b'])
  })
})
