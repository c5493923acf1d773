import { describe, expect, test } from 'vitest'
import {
  type Entry,
  EntryType,
  localAppendThread,
  MemoryStorage,
  type Message,
  MessageType,
  newMessage,
  type RaftConfig,
  RaftError,
  RaftInvariantError,
  RaftNode,
} from '../src/index.ts'
import { electionTick, entry, Host, logOf, snapshotAt, text } from './network.ts'

const voters = [1n, 2n, 3n]

function follower(): Host {
  return new Host({ id: 1n, members: { voters }, log: logOf(1, 2, 2), hardState: { term: 2, commit: 2 } })
}

function leader(): Host {
  const host = follower()
  host.becomeLeader()
  return host
}

/** What a call ends with: the class and the code or text of its error. */
function errorOf(call: () => unknown): string {
  try {
    call()
  } catch (error) {
    if (error instanceof RaftError) return `${error.code}: ${error.message}`
    if (error instanceof RaftInvariantError) return `invariant: ${error.message}`
    throw error
  }
  return 'nothing'
}

describe('messages that contradict themselves are refused, and change nothing', () => {
  const cases: [string, Partial<Message> & { readonly type: MessageType }, string][] = [
    [
      'a gap between entries',
      { type: MessageType.MsgApp, term: 9, index: 3, logTerm: 2, entries: [entry(2, 4), entry(2, 6)] },
      'MsgApp of 2 has entry 2/6 after 2/4',
    ],
    [
      'a gap before the entries',
      { type: MessageType.MsgApp, term: 9, index: 3, logTerm: 2, entries: [entry(2, 5)] },
      'MsgApp of 2 has entry 2/5 after 2/3',
    ],
    [
      'terms that go back',
      { type: MessageType.MsgApp, term: 9, index: 3, logTerm: 2, entries: [entry(2, 4), entry(1, 5)] },
      'MsgApp of 2 has entry 1/5 after 2/4',
    ],
    [
      'entries from the future',
      { type: MessageType.MsgApp, term: 9, index: 3, logTerm: 2, entries: [entry(10, 4)] },
      'MsgApp of 2 has an entry of term 10 in term 9',
    ],
    [
      'a snapshot from the future',
      { type: MessageType.MsgSnap, term: 9, snapshot: snapshotAt(20, 10, { voters }) },
      'MsgSnap of 2 brings a snapshot of term 10 in term 9',
    ],
    ['a proposal of nothing', { type: MessageType.MsgProp }, 'MsgProp of 2 proposes nothing'],
  ]

  test.each(cases)('%s', (_what, message, problem) => {
    for (const host of [follower(), leader()]) {
      const before = [host.node.status(), host.log]
      expect(errorOf(() => host.node.step(newMessage({ ...message, from: 2n, to: 1n })))).toBe(`MALFORMED: ${problem}`)
      expect([host.node.status(), host.log, host.serve()]).toEqual([...before, []])
    }
  })
})

describe('messages of local kinds from outside', () => {
  const local = [
    'MsgHup',
    'MsgBeat',
    'MsgUnreachable',
    'MsgSnapStatus',
    'MsgCheckQuorum',
    'MsgStorageAppend',
    'MsgStorageApply',
  ] as const
  test.each([...local, 'MsgStorageAppendResp', 'MsgStorageApplyResp'] as const)('%s is refused', name => {
    const host = leader()
    const before = host.node.status()
    const step = () => host.node.step(newMessage({ type: MessageType[name], from: 2n }))
    expect(errorOf(step)).toBe('STEP_LOCAL_MESSAGE: raft: cannot step raft local message')
    expect(host.node.status()).toEqual(before)
  })
})

describe('strangers', () => {
  test.each(['MsgAppResp', 'MsgVoteResp', 'MsgHeartbeatResp', 'MsgReadIndexResp', 'MsgPreVoteResp'] as const)(
    '%s is refused',
    name => {
      const host = leader()
      const step = () => host.node.step(newMessage({ type: MessageType[name], from: 9n, term: 99 }))
      expect(errorOf(step)).toBe('STEP_PEER_NOT_FOUND: raft: cannot step as peer not found')
      expect([host.state, host.term]).toEqual(['leader', 3])
    },
  )

  test('may lead and ask for votes: they may know of a configuration not heard of here', () => {
    const host = follower()
    expect(host.receive({ type: MessageType.MsgVote, from: 9n, term: 5, logTerm: 4, index: 9 })[0]).toMatchObject({
      to: 9n,
      reject: false,
    })
    host.receive({ type: MessageType.MsgHeartbeat, from: 9n, term: 5, commit: 2 })
    expect(host.lead).toBe(9n)
  })

  test('cannot make a leader send or hand over', () => {
    const host = leader()
    for (const type of [MessageType.MsgTransferLeader, MessageType.MsgApp, MessageType.MsgTimeoutNow] as const) {
      expect(host.receive({ type, from: 9n })).toEqual([])
    }
    host.node.reportSnapshot(9n, 'failed')
    expect([host.state, host.node.basicStatus().leadTransferee, host.serve()]).toEqual(['leader', 0n, []])
  })
})

describe('what contradicts the log stops the node, naming both sides', () => {
  test.each([
    [
      'another entry where one is committed',
      { type: MessageType.MsgApp, index: 1, logTerm: 1, entries: [entry(3, 2)] },
      // An append that begins before the commit index is answered with it, and not looked at.
      'nothing',
    ],
    [
      'a commit index beyond the log, by heartbeat',
      { type: MessageType.MsgHeartbeat, commit: 7 },
      'invariant: tocommit(7) is out of range [lastIndex(3)]. Was the raft log corrupted, truncated, or lost?',
    ],
  ])('%s', (_what, message, problem) => {
    const host = follower()
    const before = host.log
    expect(errorOf(() => host.receive({ ...message, from: 2n, term: 3 }))).toBe(problem)
    expect(host.log).toEqual(before)
    expect(host.commit).toBe(2)
  })

  test('who acknowledges what the leader does not have', () => {
    const host = leader()
    expect(errorOf(() => host.receive({ type: MessageType.MsgAppResp, from: 2n, index: 100 }))).toBe(
      'invariant: 2 acknowledged(100), which is out of range [lastIndex(4)]',
    )
    expect([host.commit, host.progress(2n).match]).toEqual([2, 0])
  })

  test('a refusal with a hint from the future only makes the leader look where it was', () => {
    const host = leader()
    host.receive({ type: MessageType.MsgAppResp, from: 2n, index: 3, reject: true, rejectHint: 1_000, logTerm: 99 })
    expect(host.progress(2n)).toMatchObject({ match: 0, next: 3, state: 'probe' })
  })

  test('a snapshot older than the log is ignored', () => {
    const host = follower()
    const [answer] = host.receive({ type: MessageType.MsgSnap, from: 2n, snapshot: snapshotAt(1, 1, { voters }) })
    expect(answer).toMatchObject({ type: MessageType.MsgAppResp, index: 2 })
    expect([host.terms, host.restored]).toEqual([[1, 2, 2], []])
  })
})

test('messages of terms far ahead only make the node follow', () => {
  for (const type of [MessageType.MsgHeartbeatResp, MessageType.MsgAppResp, MessageType.MsgTimeoutNow] as const) {
    const host = leader()
    host.receive({ type, from: 2n, term: 1_000_000, index: 50 })
    expect([host.term, host.terms]).toEqual([type === MessageType.MsgTimeoutNow ? 1_000_001 : 1_000_000, [1, 2, 2, 3]])
    expect(host.commit).toBe(2)
  }
})

test('a message of a type not known here is passed over by every role', () => {
  const type = 77 as MessageType
  const candidate = follower()
  candidate.node.campaign()
  candidate.serve()
  for (const host of [follower(), candidate, leader()]) {
    host.serve()
    const before = host.node.basicStatus()
    expect(host.receive({ type, from: 2n })).toEqual([])
    expect(host.node.basicStatus()).toEqual(before)
  }
})

test('a proposal that carries a term is forwarded like any other', () => {
  const host = follower()
  host.receive({ type: MessageType.MsgHeartbeat, from: 2n })
  const [sent] = host.receive({ type: MessageType.MsgProp, from: 3n, entries: [entry(0, 0, 'a')] })
  expect(sent).toMatchObject({ type: MessageType.MsgProp, to: 2n, from: 3n, term: 0 })
})

test('a configuration change that cannot be read is refused by the leader', () => {
  const host = leader()
  const entries = [{ term: 0, index: 0, type: EntryType.EntryConfChange, data: Uint8Array.of(0xff) }]
  const step = () => host.node.step(newMessage({ type: MessageType.MsgProp, from: 2n, entries }))
  expect(errorOf(step)).toMatch(/^MALFORMED: malformed ConfChange: /)
  expect(host.serve()).toEqual([])
})

const base: Omit<RaftConfig, 'storage'> = {
  id: 1n,
  electionTick,
  heartbeatTick: 1,
  maxInflightMsgs: 8,
  random: () => 0,
}

describe('a storage that breaks its contract', () => {
  function nodeOn(storage: MemoryStorage): RaftNode {
    return new RaftNode({ ...base, storage })
  }

  const unavailable = (): never => {
    throw new RaftError('UNAVAILABLE')
  }

  function storedWith(overrides: () => Partial<MemoryStorage>): MemoryStorage {
    const storage = new MemoryStorage()
    storage.applySnapshot(snapshotAt(1, 1, { voters: [1n] }))
    storage.append([entry(1, 2), entry(1, 3), entry(1, 4)])
    storage.setHardState({ term: 1, vote: 0n, commit: 4 })
    return Object.assign(storage, overrides())
  }

  test.each([
    ['none', () => [], 'the storage returned 0 entries from undefined to undefined for [2, 5)'],
    ['others', () => [entry(1, 3)], 'the storage returned 1 entries from 3 to 3 for [2, 5)'],
    ['too many', () => logOf(1, 1, 1, 1, 1).slice(1), 'the storage returned 4 entries from 2 to 5 for [2, 5)'],
    ['some with a gap', () => [entry(1, 2), entry(1, 4)], 'the storage returned 2 entries from 2 to 4 for [2, 5)'],
  ] as [string, () => readonly Entry[], string][])('entries: %s', (_what, entries, problem) => {
    const node = nodeOn(storedWith(() => ({ entries })))
    expect(errorOf(() => node.ready())).toBe(`invariant: ${problem}`)
  })

  test.each([[9], [0]])('a commit index that its log does not have: %d', commit => {
    const storage = storedWith(() => ({}))
    storage.setHardState({ term: 1, vote: 0n, commit })
    expect(errorOf(() => nodeOn(storage))).toBe(`invariant: 1 state.commit ${commit} is out of range [1, 4]`)
  })

  test('an applied index beyond what is committed', () => {
    const storage = storedWith(() => ({}))
    expect(errorOf(() => new RaftNode({ ...base, storage, applied: 5 }))).toBe(
      'invariant: applied(5) is out of range [prevApplied(1), committed(4)]',
    )
  })

  test('a last entry without a term', () => {
    const storage = storedWith(() => ({ lastIndex: () => 6, term: unavailable }))
    expect(errorOf(() => nodeOn(storage))).toBe('invariant: the last entry 6 has no term')
  })

  test('entries gone that were said to be there', () => {
    const storage = storedWith(() => ({ entries: unavailable }))
    expect(errorOf(() => nodeOn(storage).ready())).toMatch(/^UNAVAILABLE: /)
  })
})

describe('calls in the wrong order', () => {
  const single = (more: Partial<RaftConfig> = {}): { storage: MemoryStorage; node: RaftNode } => {
    const storage = new MemoryStorage()
    const node = new RaftNode({ ...base, ...more, storage })
    return { storage, node }
  }

  test('a second Ready before advance', () => {
    const { node } = single()
    node.bootstrap([{ id: 1n }])
    node.ready()
    expect(errorOf(() => node.ready())).toBe('MISUSE: two accepted Ready structs without call to Advance')
  })

  test('advance with asynchronous storage writes', () => {
    const { node } = single({ asyncStorageWrites: true })
    expect(errorOf(() => node.advance())).toBe('invariant: advance must not be called with asynchronous storage writes')
  })

  test('advance without a Ready does nothing', () => {
    const { node } = single()
    const before = node.basicStatus()
    node.advance()
    expect(node.basicStatus()).toEqual(before)
  })

  test('founding a group without members, or on a log that holds something', () => {
    const { node } = single()
    expect(errorOf(() => node.bootstrap([]))).toBe('MISUSE: must provide at least one peer to Bootstrap')
    node.bootstrap([{ id: 1n }])
    expect(errorOf(() => node.bootstrap([{ id: 1n }]))).toBe("MISUSE: can't bootstrap a nonempty Storage")
  })

  test('an answer of a thread about what was never handed out', () => {
    const host = follower()
    host.node.step(
      newMessage({ type: MessageType.MsgStorageAppendResp, from: localAppendThread, index: 40, logTerm: 2 }),
    )
    expect(host.lines.at(-1)).toBe('entry at index 40 missing from unstable log; ignoring')
    const step = () =>
      host.node.step(
        newMessage({ type: MessageType.MsgStorageApplyResp, from: localAppendThread, entries: [entry(2, 3)] }),
      )
    expect(errorOf(step)).toBe('invariant: applied(3) is out of range [prevApplied(0), committed(2)]')
  })
})

describe('configurations that cannot work', () => {
  test.each([
    ['cannot use none as id', { id: 0n }],
    ['cannot use local target as id', { id: localAppendThread }],
    ['heartbeat tick must be greater than 0', { heartbeatTick: 0 }],
    ['election tick must be greater than heartbeat tick', { electionTick: 1 }],
    ['max inflight messages must be greater than 0', { maxInflightMsgs: 0 }],
    ['max inflight bytes must be >= max message size', { maxSizePerMsg: 10, maxInflightBytes: 9 }],
    ['CheckQuorum must be enabled when ReadOnlyOption is ReadOnlyLeaseBased', { readOnlyOption: 'lease-based' }],
  ] as [string, Partial<RaftConfig>][])('%s', (problem, wrong) => {
    expect(errorOf(() => new RaftNode({ ...base, storage: new MemoryStorage(), ...wrong }))).toBe(`CONFIG: ${problem}`)
  })

  test('without a logger nothing is said, and nothing breaks', () => {
    const node = new RaftNode({ ...base, storage: new MemoryStorage() })
    node.campaign()
    node.readIndex(text('a'))
    expect(node.basicStatus().softState.raftState).toBe('follower')
  })
})
