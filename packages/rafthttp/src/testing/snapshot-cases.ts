import * as assert from 'node:assert/strict'
import { RaftHttpError } from '../errors.ts'
import { snapshotsPendingMax } from '../limits.ts'
import { joined, type SnapshotContent } from '../snapshot-body.ts'
import type { OutgoingSnapshot } from '../snapshot-sender.ts'
import { type Cluster, type NamedCheck, snapshotMessage, type TestMember } from './world.ts'

const chunkBytes = 20_000

function chunkOf(at: number): Uint8Array {
  return new Uint8Array(chunkBytes).map((_, byte) => Math.imul(at * chunkBytes + byte, 0x9e3779b1) >>> 24)
}

/** What was asked of a snapshot on its way. */
interface Watched extends OutgoingSnapshot {
  format: string | undefined
  pulled: number
  closed: (Error | undefined)[]
}

function outgoing(to: bigint, count: number, change: Partial<SnapshotContent> = {}): Watched {
  const watched: Watched = {
    message: snapshotMessage(1n, to),
    format: undefined,
    pulled: 0,
    closed: [],
    open: format => {
      watched.format = format
      return { sizeBytes: count * chunkBytes, chunks: chunks(), ...change }
    },
    close: error => watched.closed.push(error),
  }
  async function* chunks(): AsyncGenerator<Uint8Array, void, undefined> {
    for (let at = 0; at < count; at++) {
      watched.pulled++
      yield chunkOf(at)
    }
  }
  return watched
}

/** Content as it is cut into the chunks of `outgoing`, to be compared chunk by chunk. */
function contentOf(received: readonly Uint8Array[]): Uint8Array[] {
  const length = received.reduce((sum, chunk) => sum + chunk.length, 0)
  const all = joined(received, length)
  return Array.from({ length: Math.ceil(length / chunkBytes) }, (_, at) =>
    all.slice(at * chunkBytes, (at + 1) * chunkBytes),
  )
}

const chunksOf = (count: number): Uint8Array[] => Array.from({ length: count }, (_, at) => chunkOf(at))

/** Until the receiver has begun to save: before that a request that fails may not even reach it. */
function firstChunk(receiver: TestMember): Promise<void> {
  return new Promise(resolve => {
    receiver.takeChunk = async () => resolve()
  })
}

async function reported(cluster: Cluster, member: TestMember, outcome: boolean): Promise<void> {
  await cluster.world.until('a report', () => member.reported.length > 0)
  assert.deepEqual(member.reported[0], { id: 2n, delivered: outcome })
}

export const snapshotCases: readonly NamedCheck[] = [
  [
    'a snapshot arrives whole, in a format both have, then its message',
    async cluster => {
      const [a, b] = await cluster.pair()
      const sent = outgoing(2n, 40)
      a.sendSnapshot(sent)
      await reported(cluster, a, true)
      const [saved] = b.saved
      assert.deepEqual([saved?.isComplete, saved?.format, saved?.sizeBytes], [true, 'plain', 40 * chunkBytes])
      assert.deepEqual(contentOf(saved?.chunks ?? []), chunksOf(40))
      assert.deepEqual(b.received, [sent.message])
      assert.deepEqual([sent.format, sent.closed], ['plain', [undefined]])
      const [[out], [into]] = [a.transport.state.peers, b.transport.state.peers]
      assert.equal(out?.traffic.snapshotsSent.successes, 1)
      assert.equal(into?.traffic.snapshotsReceived.successes, 1)
      assert.ok(a.hasLogged('sent database snapshot') && b.hasLogged('received and saved database snapshot'))
    },
  ],
  [
    'an empty snapshot arrives',
    async cluster => {
      const [a, b] = await cluster.pair()
      a.sendSnapshot(outgoing(2n, 0))
      await reported(cluster, a, true)
      assert.deepEqual([b.saved[0]?.isComplete, b.saved[0]?.savedBytes], [true, 0])
    },
  ],
  [
    'the sender uses a format that the receiver takes, or fails',
    async cluster => {
      const a = await cluster.member(1n, { snapshotFormats: ['new', 'odd'] })
      const [b, c] = [await cluster.member(2n), await cluster.member(3n, { snapshotFormats: ['other'] })]
      for (const peer of [b, c]) {
        cluster.connect(a, peer)
        await cluster.attached(a, peer)
      }
      const [taken, refused] = [outgoing(2n, 1), outgoing(3n, 1)]
      a.sendSnapshot(taken)
      a.sendSnapshot(refused)
      await cluster.world.until('both reports', () => a.reported.length === 2)
      assert.deepEqual([taken.format, b.saved[0]?.format, refused.format], ['odd', 'odd', undefined])
      assert.ok(a.reported.some(({ id, delivered }) => id === 3n && !delivered))
    },
  ],
  [
    'the receiver slows the sender down',
    async cluster => {
      const [a, b] = await cluster.pair()
      const count = 400
      let goOn: () => void = () => undefined
      const held = new Promise<void>(resolve => {
        goOn = resolve
      })
      b.takeChunk = () => held
      const sent = outgoing(2n, count)
      a.sendSnapshot(sent)
      await cluster.world.until('the first chunk', () => b.saved.length === 1 && sent.pulled > 0)
      await cluster.world.pass(300)
      assert.ok(sent.pulled < count, `${sent.pulled} of ${count} chunks were pulled though nothing is taken`)
      goOn()
      await reported(cluster, a, true)
      assert.deepEqual(contentOf(b.saved[0]?.chunks ?? []), chunksOf(count))
    },
  ],
  [
    'a snapshot that breaks off at its source is refused and reported',
    async cluster => {
      const [a, b] = await cluster.pair()
      const started = firstChunk(b)
      async function* broken(): AsyncGenerator<Uint8Array, void, undefined> {
        yield chunkOf(0)
        await started
        throw new Error('the disk is gone')
      }
      const sent = outgoing(2n, 5, { chunks: broken() })
      a.sendSnapshot(sent)
      await reported(cluster, a, false)
      await cluster.world.until('the end of saving', () => b.saved[0]?.error !== undefined)
      assert.equal(b.saved[0]?.isComplete, false)
      assert.deepEqual([b.received.length, sent.closed.length], [0, 1])
      assert.ok(a.hasLogged('failed to send database snapshot'))
      assert.ok(b.hasLogged('failed to save incoming database snapshot'))
      assert.deepEqual(a.unreachable, [2n])
    },
  ],
  [
    'a snapshot shorter or longer than announced is refused',
    async cluster => {
      const [a, b] = await cluster.pair()
      for (const sizeBytes of [3 * chunkBytes + 1, 3 * chunkBytes - 1]) {
        const started = firstChunk(b)
        async function* three(): AsyncGenerator<Uint8Array, void, undefined> {
          for (let at = 0; at < 3; at++) {
            yield chunkOf(at)
            await started
          }
        }
        a.sendSnapshot(outgoing(2n, 3, { sizeBytes, chunks: three() }))
        await cluster.world.until('the report', () => a.reported.length > 0)
        assert.deepEqual(a.reported.splice(0), [{ id: 2n, delivered: false }])
      }
      await cluster.world.until('the end of saving', () => b.saved.every(({ error }) => error !== undefined))
      assert.equal(b.saved.length, 2)
      assert.equal(b.received.length, 0)
    },
  ],
  [
    'a snapshot that cannot be saved is reported as failed',
    async cluster => {
      const [a, b] = await cluster.pair()
      b.takeChunk = () => Promise.reject(new Error('no space left on device'))
      const sent = outgoing(2n, 100)
      a.sendSnapshot(sent)
      await reported(cluster, a, false)
      assert.match(sent.closed[0]?.message ?? '', /failed to save KV snapshot \(no space left on device\)/)
      assert.equal(b.received.length, 0)
    },
  ],
  [
    'a snapshot whose message is refused is reported as failed',
    async cluster => {
      const [a, b] = await cluster.pair()
      b.refusal = new Error('not now')
      const sent = outgoing(2n, 1)
      a.sendSnapshot(sent)
      await reported(cluster, a, false)
      assert.match(sent.closed[0]?.message ?? '', /failed to process raft message \(not now\)/)
    },
  ],
  [
    'the death of the receiver is reported',
    async cluster => {
      const [a, b] = await cluster.pair()
      b.takeChunk = () => new Promise(() => undefined)
      a.sendSnapshot(outgoing(2n, 400))
      await cluster.world.until('the first chunk', () => b.saved.length === 1)
      b.transport.stop()
      await b.place.kill()
      await reported(cluster, a, false)
    },
  ],
  [
    'too many snapshots at once, or one to nobody, fail',
    async cluster => {
      const [a, b] = await cluster.pair()
      b.takeChunk = () => new Promise(() => undefined)
      const all = Array.from({ length: snapshotsPendingMax + 1 }, () => outgoing(2n, 1))
      for (const snapshot of all) a.sendSnapshot(snapshot)
      await reported(cluster, a, false)
      const error = all.at(-1)?.closed[0]
      assert.ok(error instanceof RaftHttpError && error.code === 'BUSY')
      const lost = outgoing(9n, 1)
      a.sendSnapshot(lost)
      await cluster.world.until('the report', () => a.reported.some(({ id }) => id === 9n))
      assert.equal(lost.closed.length, 1)
      a.transport.stop()
      await cluster.world.until('the end of all', () => all.every(({ closed }) => closed.length === 1))
    },
  ],
]
