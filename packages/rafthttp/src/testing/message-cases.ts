import * as assert from 'node:assert/strict'
import { MessageType } from '@kvs/proto/raft'
import { append, heartbeat, type NamedCheck, snapshotMessage, testMessage } from './world.ts'

const bytes = (length: number, start = 0): Uint8Array =>
  new Uint8Array(length).map((_, at) => Math.imul(start + at, 0x9e3779b1) >>> 24)

/** Comparing bytes one by one takes too long where they differ. */
const hashOf = ({ data }: { readonly data: Uint8Array }): string =>
  `${data.length} ${data.reduce((hash, byte) => (Math.imul(hash, 31) + byte) | 0, 7)}`

export const messageCases: readonly NamedCheck[] = [
  [
    'messages arrive with all their fields, on the stream that is theirs',
    async cluster => {
      const [a, b] = await cluster.pair()
      const vote = testMessage(
        MessageType.MsgVote,
        { from: 1n, to: 2n },
        {
          term: 2 ** 40,
          index: 2 ** 33,
          vote: 0xffff_ffff_ffff_ffffn,
          reject: true,
          rejectHint: 77,
          context: bytes(20),
        },
      )
      const appended = append(1n, 2n, 5, [bytes(100), bytes(0), bytes(3000, 7)])
      a.send(vote, appended)
      await cluster.world.until('both messages', () => b.received.length === 2)
      const byType = (type: number): unknown => b.received.find(message => message.type === type)
      assert.deepEqual(byType(MessageType.MsgVote), vote)
      assert.deepEqual(byType(MessageType.MsgApp), appended)
    },
  ],
  [
    'messages of one stream arrive in order, those of one turn together',
    async cluster => {
      const [a, b] = await cluster.pair()
      a.send(...[1, 2, 3, 4, 5].map(commit => heartbeat(1n, 2n, commit)))
      await cluster.world.until('five messages', () => b.received.length === 5)
      assert.deepEqual(b.batches, [5])
      for (let commit = 6; commit <= 300; commit++) a.send(heartbeat(1n, 2n, commit))
      await cluster.world.until('all messages', () => b.received.length === 300)
      assert.deepEqual(
        b.commitsFrom(1n),
        Array.from({ length: 300 }, (_, at) => at + 1),
      )
    },
  ],
  [
    'what was not flushed leaves at the end of the turn',
    async cluster => {
      const [a, b] = await cluster.pair()
      a.transport.send([heartbeat(1n, 2n, 1)])
      a.transport.send([heartbeat(1n, 2n, 2)])
      await cluster.world.until('both messages', () => b.received.length === 2)
      assert.deepEqual(b.batches, [2])
    },
  ],
  [
    'large messages arrive whole',
    async cluster => {
      const [a, b] = await cluster.pair()
      const large = append(1n, 2n, 1, [bytes(3_000_000), bytes(700_000, 5)])
      a.send(large, append(1n, 2n, 2, [bytes(10)]))
      await cluster.world.until('both messages', () => b.received.length === 2)
      assert.deepEqual(b.received[0]?.entries.map(hashOf), large.entries.map(hashOf))
      assert.deepEqual(b.commitsFrom(1n), [1, 2])
    },
  ],
  [
    'a message to several peers arrives at each, entries included',
    async cluster => {
      const [a, b] = await cluster.pair()
      const c = await cluster.member(3n)
      cluster.connect(a, c)
      await cluster.attached(a, c)
      const { entries } = append(1n, 2n, 1, [bytes(500), bytes(600, 3)])
      a.send({ ...append(1n, 2n, 1), entries }, { ...append(1n, 3n, 1), entries })
      await cluster.world.until('the message at both', () => b.received.length === 1 && c.received.length === 1)
      assert.deepEqual(b.received[0]?.entries, entries)
      assert.deepEqual(c.received[0]?.entries, entries)
    },
  ],
  [
    'without streams messages go by request, and make their sender known',
    async cluster => {
      const [a, b] = [await cluster.member(1n), await cluster.member(2n)]
      a.transport.addPeer(2n, [b.place.url])
      a.send(heartbeat(1n, 2n, 1), heartbeat(1n, 2n, 2))
      await cluster.world.until('both messages', () => b.received.length === 2)
      assert.deepEqual(b.commitsFrom(1n).sort(), [1, 2])
      assert.deepEqual(b.transport.state.remotes, [1n])
      b.send(heartbeat(2n, 1n, 9))
      await cluster.world.until('the answer', () => a.received.length === 1)
    },
  ],
  [
    'a MsgSnap among the messages goes by request, and is reported',
    async cluster => {
      const [a, b] = await cluster.pair()
      a.send(snapshotMessage(1n, 2n))
      await cluster.world.until('the report', () => a.reported.length === 1)
      assert.deepEqual(a.reported, [{ id: 2n, delivered: true }])
      assert.equal(b.received[0]?.type, MessageType.MsgSnap)
    },
  ],
  [
    'messages to nobody are skipped',
    async cluster => {
      const [a, b] = await cluster.pair()
      a.send(heartbeat(1n, 0n, 1), heartbeat(1n, 99n, 2), heartbeat(1n, 2n, 3))
      await cluster.world.until('the last one', () => b.received.length === 1)
      assert.ok(a.hasLogged('ignored message send request; unknown remote peer target'))
    },
  ],
  [
    'messages for another member, of a removed one, or that do not travel do not pass',
    async cluster => {
      const [a, b] = await cluster.pair()
      b.banned.add(9n)
      const wrong = { ...heartbeat(9n, 2n, 1) }
      const local = testMessage(MessageType.MsgHup, { from: 1n, to: 2n })
      a.send(wrong, local, heartbeat(1n, 2n, 7))
      await cluster.world.until('the good one', () => b.received.length === 1)
      assert.deepEqual(b.commitsFrom(1n), [7])
      assert.ok(b.hasLogged('rejected Raft message from removed member'))
      assert.ok(b.hasLogged('rejected Raft message of a type that does not travel'))
      const [from] = b.transport.state.peers
      assert.equal(from?.traffic.receivedFailures, 2)
    },
  ],
  [
    'a member that cannot take messages stays connected',
    async cluster => {
      const [a, b] = await cluster.pair()
      b.refusal = new Error('not now')
      a.send(heartbeat(1n, 2n, 1))
      await cluster.world.until('the refusal', () => b.hasLogged('failed to process Raft message'))
      b.refusal = undefined
      a.send(heartbeat(1n, 2n, 2))
      await cluster.world.until('the second message', () => b.received.length === 1)
      assert.deepEqual(b.commitsFrom(1n), [2])
    },
  ],
  [
    'while paused nothing is sent and nothing received',
    async cluster => {
      const [a, b] = await cluster.pair()
      a.transport.pause()
      a.send(heartbeat(1n, 2n, 1))
      b.send(heartbeat(2n, 1n, 1))
      await cluster.world.pass(100)
      assert.deepEqual([a.received.length, b.received.length], [0, 0])
      a.transport.resume()
      a.transport.cutPeer(2n)
      a.send(heartbeat(1n, 2n, 2))
      await cluster.world.pass(100)
      a.transport.mendPeer(2n)
      a.send(heartbeat(1n, 2n, 3))
      b.send(heartbeat(2n, 1n, 3))
      await cluster.world.until('messages', () => a.received.length === 1 && b.received.length === 1)
      assert.deepEqual([a.commitsFrom(2n), b.commitsFrom(1n)], [[3], [3]])
    },
  ],
  [
    'traffic is counted',
    async cluster => {
      const [a, b] = await cluster.pair()
      a.send(append(1n, 2n, 1, [bytes(10_000)]))
      await cluster.world.until('the message', () => b.received.length === 1)
      const [[sent], [received]] = [a.transport.state.peers, b.transport.state.peers]
      assert.ok((sent?.traffic.sentBytes ?? 0) >= 10_000)
      assert.equal(received?.traffic.receivedBytes, sent?.traffic.sentBytes)
    },
  ],
]
