import { expect, test } from 'vitest'
import { MessageType } from '../src/index.ts'
import { Host } from './network.ts'

const voters = [1n, 2n, 3n]
const limit = 40

function leaderOf(): Host {
  const host = new Host({ id: 1n, members: { voters }, maxUncommittedEntriesSize: limit })
  host.becomeLeader()
  host.receive({ type: MessageType.MsgAppResp, from: 2n, index: 1 })
  return host
}

test('proposals beyond the limit are dropped, and taken again once enough was applied', () => {
  const host = leaderOf()
  for (let i = 0; i < 4; i++) expect(host.propose('x'.repeat(10))).toBe('accepted')
  host.serve()
  expect(host.propose('x')).toBe('dropped')
  expect(host.lines.at(-1)).toContain('would exceed uncommitted entry size limit; dropping proposal')
  host.receive({ type: MessageType.MsgAppResp, from: 2n, index: 3 })
  expect(host.propose('x'.repeat(20))).toBe('accepted')
  expect(host.propose('x')).toBe('dropped')
})

test('one large proposal passes where nothing else is uncommitted', () => {
  const host = leaderOf()
  expect(host.propose('x'.repeat(10 * limit))).toBe('accepted')
  expect(host.propose('x')).toBe('dropped')
  host.serve()
  host.receive({ type: MessageType.MsgAppResp, from: 2n, index: 2 })
  expect(host.propose('x')).toBe('accepted')
})

test('empty proposals always pass', () => {
  const host = leaderOf()
  host.propose('x'.repeat(limit))
  for (let i = 0; i < 100; i++) expect(host.propose('')).toBe('accepted')
  expect(host.propose('x')).toBe('dropped')
})

test('a new leader begins to count at nothing, though older entries are applied later', () => {
  const host = leaderOf()
  host.propose('x'.repeat(limit))
  host.serve()
  host.receive({ type: MessageType.MsgHeartbeat, from: 2n, term: 5 })
  host.becomeLeader()
  expect(host.propose('y'.repeat(limit))).toBe('accepted')
  host.serve()
  host.receive({ type: MessageType.MsgAppResp, from: 2n, index: host.log.length })
  expect(host.appliedTexts).toHaveLength(2)
  expect(host.propose('z'.repeat(limit))).toBe('accepted')
})
