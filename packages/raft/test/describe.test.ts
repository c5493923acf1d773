import { describe, expect, test } from 'vitest'
import { localAppendThread, localApplyThread } from '../src/config.ts'
import {
  confChangeText,
  describeConfChanges,
  describeEntry,
  describeMessage,
  describeReady,
  describeTarget,
  raftStateName,
} from '../src/describe.ts'
import { newMessage } from '../src/message.ts'
import { goQuote, protoQuote } from '../src/quote.ts'
import type { Ready } from '../src/ready.ts'
import {
  type ConfChange,
  type ConfChangeSingle,
  type ConfChangeV2,
  type Entry,
  MessageType,
  type Snapshot,
} from '../src/types.ts'
import { encodeConfChange, encodeConfChangeV2 } from '../src/wire.ts'

/* The expected texts were recorded from go.etcd.io/raft v3.7.0, except for the reason why bytes are malformed. */

const noBytes = new Uint8Array(0)

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], pair => Number.parseInt(pair, 16))
}

/** One char of every kind: quotes, controls, spaces, accents, symbols, beyond the basic plane, marks, noncharacters. */
const everyKind = [
  '6122625c07080c0a0d090b001f7fc285c2a0c3a9e298baf09f9880',
  'e280a8efbbbfefbfbdefbfbff3a08081f48fbfbf',
].join('')
/** Stray, overlong, surrogate, too large and cut sequences. */
const noText = 'ffc080eda080f4908080e28241f08f8080c3'

describe('quoting', () => {
  test('as Go does', () => {
    expect(goQuote(noBytes)).toBe('""')
    expect(goQuote(bytesOf(everyKind))).toBe(
      '"a\\"b\\\\\\a\\b\\f\\n\\r\\t\\v\\x00\\x1f\\x7f\\u0085\\u00a0é☺😀\\u2028\\ufeff\ufffd\\uffff\\U000e0001\\U0010ffff"',
    )
    expect(goQuote(bytesOf(noText))).toBe(
      '"\\xff\\xc0\\x80\\xed\\xa0\\x80\\xf4\\x90\\x80\\x80\\xe2\\x82A\\xf0\\x8f\\x80\\x80\\xc3"',
    )
  })

  test("as protobuf's text format does", () => {
    expect(protoQuote(bytesOf('6122620a00077fc285c2a0c3a9ff'))).toBe('"a\\"b\\n\\x00\\x07\\x7f\\u0085\u00a0é\\xff"')
    expect(protoQuote(bytesOf(noText))).toBe(goQuote(bytesOf(noText)))
  })
})

const change1: ConfChange = {
  id: 0xffff_ffff_ffff_fff0n,
  type: 3,
  nodeId: 300n,
  context: bytesOf('612262007fc285c3a9ff0a'),
}
const change2: ConfChangeV2 = {
  transition: 2,
  changes: [
    { type: 0, nodeId: 1n },
    { type: 1, nodeId: 1n << 63n },
  ],
  context: bytesOf('666f6f'),
}

const entries: Entry[] = [
  { type: 0, term: 1, index: 5, data: Uint8Array.of(0x68, 0x69, 0) },
  { type: 1, term: 1, index: 6, data: encodeConfChange(change1) },
  { type: 2, term: 1, index: 7, data: encodeConfChangeV2(change2) },
  { type: 2, term: 1, index: 8, data: noBytes },
  { type: 1, term: 1, index: 9, data: Uint8Array.of(8) },
]

const snapshot: Snapshot = {
  data: Uint8Array.of(1),
  metadata: {
    index: 4,
    term: 2,
    confState: { voters: [1n, 2n], votersOutgoing: [3n], learners: [255n], learnersNext: [3n], autoLeave: true },
  },
}

const noReady: Ready = {
  softState: undefined,
  hardState: undefined,
  readStates: [],
  entries: [],
  snapshot: undefined,
  committedEntries: [],
  messages: [],
  mustSync: false,
}

test('a Ready with everything in it', () => {
  const rejection = newMessage({
    type: MessageType.MsgAppResp,
    from: 1n,
    to: 26n,
    term: 1,
    logTerm: 1,
    index: 4,
    reject: true,
    rejectHint: 3,
  })
  const toThread = newMessage({
    type: MessageType.MsgStorageAppend,
    from: 1n,
    to: localAppendThread,
    term: 1,
    logTerm: 1,
    index: 4,
    commit: 9,
    vote: 26n,
    entries,
    snapshot,
    responses: [
      rejection,
      newMessage({
        type: MessageType.MsgStorageAppendResp,
        from: localAppendThread,
        to: 1n,
        snapshot,
        entries: entries.slice(0, 2),
      }),
    ],
  })
  const text = describeReady({
    softState: { lead: 26n, raftState: 'pre-candidate' },
    hardState: { term: 1, vote: 26n, commit: 0 },
    readStates: [
      { index: 4, requestContext: bytesOf('6162') },
      { index: 5, requestContext: noBytes },
    ],
    entries,
    snapshot,
    committedEntries: entries.slice(0, 1),
    messages: [toThread, newMessage({ type: MessageType.MsgHup, to: localApplyThread })],
    mustSync: true,
  })
  expect(text).toBe(`Ready MustSync=true:
Lead:26 State:StatePreCandidate
HardState Term:1 Vote:26 Commit:0
ReadStates [{4 [97 98]} {5 []}]
Entries:
1/5 EntryNormal "hi\\x00"
1/6 EntryConfChange l300
1/7 EntryConfChangeV2 v1 r9223372036854775808
1/8 EntryConfChangeV2
1/9 EntryConfChange malformed ConfChange: the end inside of a varint at byte 1
Snapshot Index:4 Term:2 ConfState:Voters:[1 2] VotersOutgoing:[3] Learners:[255] LearnersNext:[3] AutoLeave:true
CommittedEntries:
1/5 EntryNormal "hi\\x00"
Messages:
1->AppendThread MsgStorageAppend Term:1 Log:1/4 Commit:9 Vote:26 Entries:[
  1/5 EntryNormal "hi\\x00"
  1/6 EntryConfChange l300
  1/7 EntryConfChangeV2 v1 r9223372036854775808
  1/8 EntryConfChangeV2
  1/9 EntryConfChange malformed ConfChange: the end inside of a varint at byte 1
]
  Snapshot: Index:4 Term:2 ConfState:Voters:[1 2] VotersOutgoing:[3] Learners:[255] LearnersNext:[3] AutoLeave:true Responses:[
  1->1a MsgAppResp Term:1 Log:1/4 Rejected (Hint: 3)
  AppendThread->1 MsgStorageAppendResp Term:0 Log:0/0 Entries:[
    1/5 EntryNormal "hi\\x00"
    1/6 EntryConfChange l300
  ]
    Snapshot: Index:4 Term:2 ConfState:Voters:[1 2] VotersOutgoing:[3] Learners:[255] LearnersNext:[3] AutoLeave:true
]
None->ApplyThread MsgHup Term:0 Log:0/0
`)
})

test('an empty Ready', () => {
  expect(describeReady(noReady)).toBe('<empty Ready>')
  const emptySnapshot = { ...snapshot, metadata: { ...snapshot.metadata, index: 0 } }
  const empties = { hardState: { term: 0, vote: 0n, commit: 0 }, snapshot: emptySnapshot }
  expect(describeReady({ ...noReady, ...empties })).toBe('<empty Ready>')
  expect(describeReady({ ...noReady, hardState: { term: 2, vote: 0n, commit: 3 } })).toBe(
    'Ready MustSync=false:\nHardState Term:2 Commit:3\n',
  )
})

test('one entry stands in the line of its message, in the words of the formatter', () => {
  const message = newMessage({ type: MessageType.MsgApp, from: 1n, to: 2n, term: 1, entries: entries.slice(0, 1) })
  expect(describeMessage(message)).toBe('1->2 MsgApp Term:1 Log:0/0 Entries:[1/5 EntryNormal "hi\\x00"]')
  const format = (data: Uint8Array): string => `${data.length} bytes`
  expect(describeMessage(message, format)).toBe('1->2 MsgApp Term:1 Log:0/0 Entries:[1/5 EntryNormal 3 bytes]')
  expect(describeEntry(entries[0] as Entry, () => '')).toBe('1/5 EntryNormal')
  expect(describeReady({ ...noReady, entries: entries.slice(0, 1) }, format)).toContain('1/5 EntryNormal 3 bytes\n')
})

test('names that are not known are numbers', () => {
  expect(describeEntry({ type: 7 as Entry['type'], term: 1, index: 2, data: Uint8Array.of(1) })).toBe('1/2 7')
  expect(describeConfChanges([{ type: 7 as ConfChangeSingle['type'], nodeId: 2n }])).toBe('unknown2')
})

test('operations, targets and states', () => {
  const operations = [0, 3, 1, 2].map((type, at) => ({
    type: type as ConfChangeSingle['type'],
    nodeId: BigInt(at + 2),
  }))
  expect(describeConfChanges(operations)).toBe('v2 l3 r4 u5')
  expect([0n, 1n, 255n, localAppendThread, localApplyThread].map(describeTarget)).toEqual([
    'None',
    '1',
    'ff',
    'AppendThread',
    'ApplyThread',
  ])
  expect((['follower', 'candidate', 'leader', 'pre-candidate'] as const).map(raftStateName)).toEqual([
    'StateFollower',
    'StateCandidate',
    'StateLeader',
    'StatePreCandidate',
  ])
})

test('changes with all their fields', () => {
  expect(confChangeText(change1)).toBe(
    'type:ConfChangeAddLearnerNode node_id:300 context:"a\\"b\\x00\\x7f\\u0085é\\xff\\n" id:18446744073709551600',
  )
  expect(confChangeText(change2)).toBe(
    'transition:ConfChangeTransitionJointExplicit changes:{type:ConfChangeAddNode node_id:1} ' +
      'changes:{type:ConfChangeRemoveNode node_id:9223372036854775808} context:"foo"',
  )
  expect(confChangeText({ transition: 0, changes: [], context: noBytes })).toBe('transition:ConfChangeTransitionAuto')
})
