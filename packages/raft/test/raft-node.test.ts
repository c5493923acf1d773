import { describe, expect, test } from 'vitest'
import {
  describeMessage,
  localAppendThread,
  localApplyThread,
  MemoryStorage,
  type Message,
  MessageType,
  newMessage,
  type RaftConfig,
  RaftNode,
  type TraceEvent,
} from '../src/index.ts'
import { electionTick, entry, Host, logOf, snapshotAt, text } from './network.ts'

const base: Omit<RaftConfig, 'storage'> = {
  id: 1n,
  electionTick,
  heartbeatTick: 1,
  maxInflightMsgs: 8,
  random: () => 0,
}

function nodeOn(storage: MemoryStorage, more: Partial<RaftConfig> = {}): RaftNode {
  return new RaftNode({ ...base, ...more, storage })
}

/** A log of these terms, after an entry that a snapshot with the voters stands for. */
function storageOf(voters: readonly bigint[], terms: readonly number[] = [], commit = 1): MemoryStorage {
  const storage = new MemoryStorage()
  storage.applySnapshot(snapshotAt(1, 1, { voters }))
  storage.append(terms.map((term, i) => entry(term, i + 2)))
  storage.setHardState({ term: Math.max(1, ...terms), vote: 0n, commit })
  return storage
}

describe('Ready', () => {
  test('a new group begins with the changes that found it', () => {
    const storage = new MemoryStorage()
    const node = nodeOn(storage)
    expect(node.hasReady()).toBe(false)
    node.bootstrap([{ id: 1n, context: text('first') }, { id: 2n }])
    const ready = node.ready()
    expect(ready.hardState).toEqual({ term: 1, vote: 0n, commit: 2 })
    expect(ready.entries.map(({ term, index, type }) => [term, index, type])).toEqual([
      [1, 1, 1],
      [1, 2, 1],
    ])
    expect(ready.committedEntries).toEqual(ready.entries)
    expect([...node.status().config.incoming]).toEqual([1n, 2n])
    expect([node.id, node.isOnlyVoter()]).toEqual([1n, false])
  })

  test('has only what changed, and hands out nothing twice', () => {
    const host = new Host({ id: 1n, members: { voters: [1n] } })
    const { node, storage } = host
    node.campaign()
    const election = node.ready()
    expect(election).toMatchObject({
      softState: { lead: 0n, raftState: 'candidate' },
      hardState: { term: 1, vote: 1n, commit: 0 },
    })
    expect([election.mustSync, election.entries, node.hasReady()]).toEqual([true, [], false])
    storage.setHardState({ term: 1, vote: 1n, commit: 0 })
    node.advance()
    const first = node.ready()
    expect(first).toMatchObject({ softState: { lead: 1n, raftState: 'leader' }, hardState: undefined, mustSync: true })
    expect(first.entries).toEqual([entry(1, 1)])
    expect(first.committedEntries).toEqual([])
    storage.append(first.entries)
    node.advance()
    const second = node.ready()
    // Only the commit index changed: that needs no sync.
    expect(second).toMatchObject({ softState: undefined, hardState: { commit: 1 }, entries: [], mustSync: false })
    expect(second.committedEntries).toEqual([entry(1, 1)])
    node.advance()
    expect([node.hasReady(), node.basicStatus().applied]).toEqual([false, 1])
  })

  test('a proposal of nothing is accepted and does nothing', () => {
    const host = new Host({ id: 1n, members: { voters: [1n] } })
    host.becomeLeader()
    host.serve()
    expect([host.node.propose([]), host.node.hasReady()]).toEqual(['accepted', false])
  })

  test('answers that promise something come with what makes them true', () => {
    const host = new Host({ id: 1n, members: { voters: [1n, 2n] } })
    host.node.step(newMessage({ type: MessageType.MsgApp, from: 2n, to: 1n, term: 3, entries: [entry(3, 1)] }))
    const ready = host.node.ready()
    expect(ready.entries).toHaveLength(1)
    expect(ready.messages.map(message => describeMessage(message))).toEqual(['1->2 MsgAppResp Term:3 Log:0/1'])
  })
})

describe('starting again', () => {
  test('what is committed is handed out from the start, or from where the application is', () => {
    expect(
      nodeOn(storageOf([1n, 2n], [1, 1, 1], 3))
        .ready()
        .committedEntries.map(({ index }) => index),
    ).toEqual([2, 3])
    const later = nodeOn(storageOf([1n, 2n], [1, 1, 1], 3), { applied: 2 })
    expect(later.ready().committedEntries.map(({ index }) => index)).toEqual([3])
  })

  test('from a snapshot alone there is nothing to do', () => {
    const node = nodeOn(storageOf([1n, 2n]))
    expect([node.hasReady(), node.basicStatus().applied, node.basicStatus().hardState.commit]).toEqual([false, 1, 1])
  })

  test('term and vote hold on', () => {
    const storage = storageOf([1n, 2n, 3n])
    storage.setHardState({ term: 5, vote: 2n, commit: 1 })
    const host = nodeOn(storage)
    host.step(newMessage({ type: MessageType.MsgVote, from: 3n, to: 1n, term: 5, logTerm: 9, index: 9 }))
    expect(host.ready().messages[0]).toMatchObject({ type: MessageType.MsgVoteResp, reject: true })
  })
})

describe('time', () => {
  test('ticks of a group at rest count for the next election only', () => {
    const host = new Host({ id: 1n, members: { voters: [1n, 2n] } })
    for (let i = 0; i < 2 * electionTick; i++) host.node.tickQuiesced()
    expect(host.node.hasReady()).toBe(false)
    expect(host.tick().map(({ type }) => type)).toEqual([MessageType.MsgVote])
  })
})

describe('status', () => {
  test('a leader tells of everybody, by copies', () => {
    const host = new Host({ id: 1n, members: { voters: [2n, 1n], learners: [3n] } })
    expect(host.node.status().progress.size).toBe(0)
    host.becomeLeader()
    const { progress, config } = host.node.status()
    expect([...progress.keys()]).toEqual([1n, 2n, 3n])
    expect(progress.get(3n)).toMatchObject({ isLearner: true, match: 0, next: 1 })
    expect([...config.learners]).toEqual([3n])
    host.receive({ type: MessageType.MsgAppResp, from: 2n, index: 1 })
    expect([progress.get(2n)?.match, host.progress(2n).match]).toEqual([0, 1])
  })

  test('a node is the only voter if nobody else is, and it is one', () => {
    const only = (voters: bigint[]): boolean => new Host({ id: 1n, members: { voters } }).node.isOnlyVoter()
    expect([only([1n]), only([2n]), only([1n, 2n])]).toEqual([true, false, false])
  })

  test('a node with learners is not alone', () => {
    const alone = (members: { voters: bigint[]; learners?: bigint[] }): boolean =>
      new Host({ id: 1n, members }).node.isAlone()
    expect([alone({ voters: [1n] }), alone({ voters: [1n], learners: [2n] }), alone({ voters: [1n, 2n] })]).toEqual([
      true,
      false,
      false,
    ])
  })

  test('transitions can be traced', () => {
    const events: TraceEvent[] = []
    const host = new Host({ id: 1n, members: { voters: [1n] }, trace: event => events.push(event) })
    host.becomeLeader()
    expect(events.map(({ name }) => name)).toContain('BecomeLeader')
    expect(events.at(-1)).toMatchObject({ id: 1n, role: 'leader', term: 1, vote: 1n, lastIndex: 1 })
  })
})

/** A node with asynchronous storage writes, and its threads as lists of work. */
class AsyncHost {
  readonly storage: MemoryStorage
  readonly node: RaftNode
  readonly appends: Message[] = []
  readonly applies: Message[] = []

  constructor(storage: MemoryStorage, more: Partial<RaftConfig> = {}) {
    this.storage = storage
    this.node = nodeOn(storage, { asyncStorageWrites: true, ...more })
  }

  /** Takes a Ready, and returns what goes to others at once. */
  take(): Message[] {
    const { messages } = this.node.ready()
    this.appends.push(...messages.filter(({ to }) => to === localAppendThread))
    this.applies.push(...messages.filter(({ to }) => to === localApplyThread))
    return messages.filter(({ to }) => to !== localAppendThread && to !== localApplyThread)
  }

  /** Does the next write, and returns the answers that are due then. */
  write(): readonly Message[] {
    const { entries, snapshot, term, vote, commit, responses } = this.appends.shift() as Message
    if (snapshot !== undefined) this.storage.applySnapshot(snapshot)
    this.storage.append(entries)
    if (term !== 0) this.storage.setHardState({ term, vote, commit })
    return responses
  }

  /** Writes all there is, answers itself, and returns what goes to others. */
  writeAll(): Message[] {
    const toOthers: Message[] = []
    while (this.appends.length > 0) {
      for (const response of this.write()) {
        if (response.to === 1n) this.node.step(response)
        else toOthers.push(response)
      }
    }
    return toOthers
  }
}

const typesOf = (messages: readonly Message[]): string[] => messages.map(message => describeMessage(message))

describe('asynchronous storage writes', () => {
  test('a vote leaves after it is on disk', () => {
    const host = new AsyncHost(storageOf([1n, 2n]))
    host.node.step(newMessage({ type: MessageType.MsgVote, from: 2n, to: 1n, term: 4, logTerm: 1, index: 1 }))
    expect(host.take()).toEqual([])
    expect(host.appends[0]).toMatchObject({
      type: MessageType.MsgStorageAppend,
      from: 1n,
      term: 4,
      vote: 2n,
      commit: 1,
    })
    expect(typesOf(host.write())).toEqual(['1->2 MsgVoteResp Term:4 Log:0/0'])
  })

  test('a leader counts its own entries once they are on disk', () => {
    const host = new AsyncHost(storageOf([1n]))
    host.node.campaign()
    host.take()
    expect(host.node.basicStatus().softState.raftState).toBe('candidate')
    host.writeAll()
    expect(host.node.basicStatus().softState.raftState).toBe('leader')
    host.node.propose([text('a')])
    host.take()
    expect(host.node.basicStatus().hardState.commit).toBe(1)
    host.writeAll()
    expect(host.node.basicStatus().hardState.commit).toBe(3)
  })

  test('committed entries go to the apply thread when they are durable here, and count when it answers', () => {
    const host = new AsyncHost(storageOf([1n, 2n]))
    host.node.step(
      newMessage({
        type: MessageType.MsgApp,
        from: 2n,
        to: 1n,
        term: 1,
        index: 1,
        logTerm: 1,
        entries: [entry(1, 2, 'a'), entry(1, 3, 'b')],
        commit: 3,
      }),
    )
    host.take()
    expect(host.applies).toEqual([])
    expect(typesOf(host.writeAll())).toEqual(['1->2 MsgAppResp Term:1 Log:0/3'])
    host.take()
    expect(host.applies.map(({ entries }) => entries.map(({ index }) => index))).toEqual([[2, 3]])
    expect(host.node.basicStatus().applied).toBe(1)
    for (const response of (host.applies[0] as Message).responses) host.node.step(response)
    expect(host.node.basicStatus().applied).toBe(3)
  })

  test('several Readys may be on their way', () => {
    const host = new AsyncHost(storageOf([1n, 2n]))
    for (const [index, data] of [
      [1, 'a'],
      [2, 'b'],
    ] as const) {
      host.node.step(
        newMessage({
          type: MessageType.MsgApp,
          from: 2n,
          to: 1n,
          term: 1,
          index,
          logTerm: 1,
          entries: [entry(1, index + 1, data)],
        }),
      )
      host.take()
    }
    expect(host.appends.map(({ entries }) => entries.length)).toEqual([1, 1])
    expect(typesOf(host.writeAll())).toEqual(['1->2 MsgAppResp Term:1 Log:0/2', '1->2 MsgAppResp Term:1 Log:0/3'])
    expect(host.node.hasReady()).toBe(false)
  })

  test('a write that was overtaken does not make what replaced it durable', () => {
    const host = new AsyncHost(storageOf([1n, 2n, 3n]))
    const append = (from: bigint, term: number) => {
      host.node.step(
        newMessage({ type: MessageType.MsgApp, from, to: 1n, term, index: 1, logTerm: 1, entries: [entry(term, 2)] }),
      )
      host.take()
    }
    append(2n, 2)
    append(3n, 3)
    const [first, second] = [host.write(), host.write()]
    // The answer to the first write comes in an older term: entry 2 of term 3 stays unstable until its own.
    for (const response of first) if (response.to === 1n) host.node.step(response)
    host.node.step(newMessage({ type: MessageType.MsgHeartbeat, from: 3n, to: 1n, term: 3, commit: 2 }))
    host.take()
    expect(host.applies).toEqual([])
    for (const response of second) if (response.to === 1n) host.node.step(response)
    host.take()
    expect(host.applies).toHaveLength(1)
  })

  test('a snapshot is restored when its write is answered, even in a later term', () => {
    const host = new AsyncHost(storageOf([1n, 2n]))
    const snapshot = snapshotAt(9, 2, { voters: [1n, 2n] })
    host.node.step(newMessage({ type: MessageType.MsgSnap, from: 2n, to: 1n, term: 2, snapshot }))
    host.take()
    expect(host.appends[0]).toMatchObject({ snapshot, term: 2, commit: 9 })
    host.node.step(newMessage({ type: MessageType.MsgHeartbeat, from: 2n, to: 1n, term: 7 }))
    expect(host.node.basicStatus().applied).toBe(1)
    host.writeAll()
    expect([host.node.basicStatus().applied, host.storage.lastIndex()]).toEqual([9, 9])
  })

  test('a commit index alone is written without any answer', () => {
    const storage = storageOf([1n, 2n], [1], 1)
    const host = new AsyncHost(storage)
    host.node.step(newMessage({ type: MessageType.MsgHeartbeat, from: 2n, to: 1n, term: 1, commit: 2 }))
    host.take()
    expect(host.appends).toHaveLength(1)
    expect(host.appends[0]).toMatchObject({ entries: [], commit: 2, responses: [] })
  })

  test('an apply thread that answers without entries changes nothing', () => {
    const host = new AsyncHost(storageOf([1n, 2n]))
    const before = host.node.basicStatus()
    host.node.step(newMessage({ type: MessageType.MsgStorageApplyResp, from: localApplyThread }))
    expect(host.node.basicStatus()).toEqual(before)
  })
})

test('a leader of one campaigns and leads within a Ready, whatever stands in its log', () => {
  const host = new Host({ id: 1n, members: { voters: [1n] }, log: logOf(1, 1, 2), hardState: { term: 2, commit: 1 } })
  host.node.campaign()
  host.serve()
  expect([host.state, host.commit, host.applied.length]).toEqual(['leader', 4, 4])
})
