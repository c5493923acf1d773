import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  decodeAttributes,
  decodeConfState,
  decodeDowngrade,
  decodeMember,
  decodeMemberChange,
  decodeMembers,
  describeMemberChange,
  encodeAttributes,
  encodeConfState,
  encodeDowngrade,
  encodeMember,
  encodeMemberChange,
  encodeMembers,
  encodeRaftAttributes,
  type Member,
  type MemberChange,
} from '../src/index.ts'
import { jsonString, parseJson } from '../src/json.ts'

const texts = fc.string({ unit: 'grapheme', maxLength: 10 })
const members: fc.Arbitrary<Member> = fc.record({
  id: fc.bigInt(0n, 2n ** 64n - 1n),
  name: texts,
  peerUrls: fc.array(texts, { maxLength: 3 }),
  clientUrls: fc.array(texts, { maxLength: 3 }),
  isLearner: fc.boolean(),
})

test('JSON of etcd, to the byte', () => {
  const member = { id: 7383792418829112008n, name: '', peerUrls: ['http://a:1'], clientUrls: [], isLearner: false }
  expect(encodeMember(member)).toBe('{"id":7383792418829112008,"peerURLs":["http://a:1"]}')
  const full = { ...member, name: 'n<1>', clientUrls: ['http://c:1', 'http://d:1'], isLearner: true }
  expect(encodeMembers([full, member])).toBe(
    '[{"id":7383792418829112008,"peerURLs":["http://a:1"],"isLearner":true,"name":"n\\u003c1\\u003e",' +
      '"clientURLs":["http://c:1","http://d:1"]},{"id":7383792418829112008,"peerURLs":["http://a:1"]}]\n',
  )
  expect(encodeRaftAttributes(full)).toBe('{"peerURLs":["http://a:1"],"isLearner":true}')
  expect(encodeAttributes(full)).toBe('{"name":"n\\u003c1\\u003e","clientURLs":["http://c:1","http://d:1"]}')
  expect(encodeAttributes(member)).toBe('{}')
  expect(encodeDowngrade({ targetVersion: '3.6.0', isEnabled: true })).toBe('{"target-version":"3.6.0","enabled":true}')
  expect(
    encodeConfState({
      voters: [1n, 2n ** 64n - 1n],
      learners: [],
      votersOutgoing: [],
      learnersNext: [5n],
      autoLeave: true,
    }),
  ).toBe('{"voters":[1,18446744073709551615],"learners_next":[5],"auto_leave":true}')
})

test('a configuration change recorded by etcd 3.4.23', () => {
  // The context of the first entry of a log: how a founding member is added.
  const context = readFileSync(new URL('testdata/add-member-3.4.23.json', import.meta.url))
  const change = decodeMemberChange({ type: 0, nodeId: 0x667880157b8812c8n, context })
  expect(change).toEqual({
    type: 'add',
    member: {
      id: 0x667880157b8812c8n,
      name: 'n1',
      peerUrls: ['http://127.0.0.1:42380'],
      clientUrls: [],
      isLearner: false,
    },
  })
  expect(Buffer.from(encodeMemberChange(change).context).toString()).toBe(context.toString())
})

test('what is written is read', () => {
  fc.assert(
    fc.property(fc.array(members), fc.boolean(), (list, isEnabled) => {
      expect(decodeMembers(encodeMembers(list))).toEqual(list)
      for (const member of list) {
        expect(decodeMember(encodeMember(member))).toEqual(member)
        const { name, clientUrls } = member
        expect(decodeAttributes(encodeAttributes(member))).toEqual({ name, clientUrls })
        expect(decodeDowngrade(encodeDowngrade({ targetVersion: name, isEnabled }))).toEqual({
          targetVersion: name,
          isEnabled,
        })
        const ids = list.map(each => each.id)
        const state = { voters: ids, learners: [], votersOutgoing: ids, learnersNext: [], autoLeave: isEnabled }
        expect(decodeConfState(encodeConfState(state))).toEqual(state)
      }
    }),
  )
})

test('changes as raft carries them', () => {
  const member = { id: 7n, name: '', peerUrls: ['http://a:1'], clientUrls: [], isLearner: false }
  const learner = { ...member, isLearner: true }
  const table: [MemberChange, number, string, string][] = [
    [{ type: 'add', member }, 0, '{"id":7,"peerURLs":["http://a:1"]}', 'add member 7 [http://a:1]'],
    [
      { type: 'add', member: learner },
      3,
      '{"id":7,"peerURLs":["http://a:1"],"isLearner":true}',
      'add learner 7 [http://a:1]',
    ],
    [
      { type: 'add', member: learner, maxLearners: 2 },
      3,
      '{"id":7,"peerURLs":["http://a:1"],"isLearner":true,"maxLearners":2}',
      'add learner 7 [http://a:1]',
    ],
    [{ type: 'promote', id: 7n }, 0, '{"id":7,"peerURLs":null,"isPromote":true}', 'promote learner 7'],
    [
      { type: 'update', id: 7n, peerUrls: ['http://b:1'] },
      2,
      '{"id":7,"peerURLs":["http://b:1"]}',
      'update member 7 [http://b:1]',
    ],
    [{ type: 'remove', id: 7n }, 1, '', 'remove member 7'],
  ]
  for (const [change, type, context, text] of table) {
    const parts = encodeMemberChange(change)
    expect(parts).toMatchObject({ type, nodeId: 7n })
    expect(Buffer.from(parts.context).toString()).toBe(context)
    expect(decodeMemberChange(parts)).toEqual(change)
    expect(describeMemberChange(change)).toBe(text)
  }
  const refused = (parts: { type: number; nodeId: bigint; context: string }, code: string): void => {
    const call = (): unknown => decodeMemberChange({ ...parts, context: Buffer.from(parts.context) })
    expect(call).toThrow(expect.objectContaining({ code }))
  }
  refused({ type: 0, nodeId: 8n, context: '{"id":7}' }, 'BAD_CHANGE')
  refused({ type: 3, nodeId: 7n, context: '{"id":7}' }, 'BAD_CHANGE')
  refused({ type: 4, nodeId: 7n, context: '{"id":7}' }, 'BAD_CHANGE')
  refused({ type: 0, nodeId: 7n, context: '' }, 'BAD_JSON')
  for (const limit of ['-1', '"1"', '9007199254740993']) {
    refused({ type: 3, nodeId: 7n, context: `{"id":7,"isLearner":true,"maxLearners":${limit}}` }, 'BAD_JSON')
  }
})

test('readers take what Go takes and refuse the rest', () => {
  expect(decodeMember(' {"ID":1,"PeerUrls":null,"extra":{"a":[1.5,true,null,"x"]},"name":null} ')).toEqual({
    id: 1n,
    name: '',
    peerUrls: [],
    clientUrls: [],
    isLearner: false,
  })
  const refusals = ['', '{', '[]', '{"id":"1"}', '{"id":-1}', '{"id":18446744073709551616}', '{"id":1.5}', '{"id":1}x']
  refusals.push(
    '{"id":01}',
    '{"peerURLs":[1]}',
    '{"peerURLs":{}}',
    '{"name":1}',
    '{"isLearner":1}',
    '{"a"}',
    '{"a":}',
    '"',
  )
  refusals.push('{"name":"\n"}', '{"name":"\\x"}', '[', '{"a":[1,]}', '{,}', '['.repeat(100), 'nul')
  for (const text of refusals) {
    expect(() => decodeMember(text), text).toThrow(expect.objectContaining({ code: 'BAD_JSON' }))
  }
  expect(() => decodeMembers('{}')).toThrow('a list of members is no array')
})

test('JSON is what the platform reads, but for the integers', () => {
  const plain = (value: unknown): unknown =>
    JSON.parse(JSON.stringify(value, (_, inner) => (typeof inner === 'bigint' ? Number(inner) : inner)))
  fc.assert(
    fc.property(fc.json({ maxDepth: 5, noUnicodeString: false }), text => {
      expect(plain(parseJson(text))).toEqual(plain(JSON.parse(text)))
    }),
  )
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), text => {
      expect(parseJson(jsonString(text))).toBe(text.replace(/\p{Surrogate}/gu, '\ufffd'))
    }),
  )
})
