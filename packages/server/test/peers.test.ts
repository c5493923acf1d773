import { MemoryStates, openMemory } from '@kvs/backend/memory'
import { type Message, MessageType, RaftError } from '@kvs/raft'
import { virtualNetwork } from '@kvs/rafthttp/memory'
import { sha256 } from '@kvs/rafthttp/node'
import { SeededRandom, VirtualClock } from '@kvs/testing'
import { memFs } from '@kvs/vfs'
import { expect, test } from 'vitest'
import * as limits from '../src/limits.ts'
import { ClusterState } from '../src/membership/cluster-state.ts'
import { Metrics } from '../src/metrics/metrics.ts'
import { defaultOptions } from '../src/options.ts'
import { Peers } from '../src/peers/peers.ts'
import { ReceivedSnapshots } from '../src/snapshots/received-snapshots.ts'
import { StateCopies } from '../src/snapshots/state-copies.ts'
import { allBuckets } from '../src/state/buckets.ts'
import { keepingLogger, type LogLine } from './log.ts'

/** Member 1, which knows member 2, that nobody runs. What it sends is kept in `sent`, turn by turn. */
async function world(step: (message: Message) => void = () => {}) {
  const clock = new VirtualClock()
  const random = new SeededRandom(1)
  const fs = memFs()
  const log: LogLine[] = []
  const metrics = new Metrics()
  await fs.makeDir('/data/member/snap')
  const backend = await openMemory({ fs, path: '/data/db', states: new MemoryStates(), buckets: allBuckets, random })
  const reports: string[] = []
  const peers = new Peers({
    id: 1n,
    clusterId: 9n,
    options: { ...defaultOptions, dataDir: '/data' },
    clock,
    random,
    logger: keepingLogger(log),
    metrics,
    fs,
    peers: { wire: virtualNetwork({ clock, random }).host('one').wire, makeHash: sha256, serve: () => {} },
    cluster: new ClusterState(backend),
    received: new ReceivedSnapshots({ fs, dataDir: '/data', logger: keepingLogger(log) }),
    copies: new StateCopies({ backend, fs, dir: '/data/member/snap' }),
    loop: {
      step,
      reportUnreachable: () => {},
      reportSnapshot: (id, outcome) => reports.push(`${id} ${outcome}`),
    },
    heard: () => {},
    removed: () => {},
  })
  peers.add({ id: 2n, name: 'two', peerUrls: ['http://two:2380'], clientUrls: [], isLearner: false })
  const sent: Message[][] = []
  const { send } = peers.transport
  peers.transport.send = messages => {
    sent.push(messages.filter(({ to }) => to !== 0n))
    send.call(peers.transport, messages)
  }
  return { clock, log, metrics, peers, reports, sent }
}

function message(fields: Partial<Message>): Message {
  return {
    type: MessageType.MsgAppResp,
    to: 2n,
    from: 1n,
    term: 1,
    logTerm: 0,
    index: 0,
    entries: [],
    commit: 0,
    snapshot: undefined,
    reject: false,
    rejectHint: 0,
    context: new Uint8Array(0),
    vote: 0n,
    responses: [],
    ...fields,
  }
}

test('of the acknowledgements of one turn the last one leaves, in its place among the other messages', async () => {
  const { peers, sent } = await world()
  peers.send(message({ index: 4 }))
  peers.send(message({ type: MessageType.MsgHeartbeatResp }))
  peers.send(message({ index: 5 }))
  peers.sendOut()
  peers.send(message({ index: 6 }))
  peers.sendOut()
  peers.sendOut()
  expect(sent.map(turn => turn.map(({ type, index }) => [type, index]))).toEqual([
    [
      [MessageType.MsgHeartbeatResp, 0],
      [MessageType.MsgAppResp, 5],
    ],
    [[MessageType.MsgAppResp, 6]],
  ])
  peers.stop()
})

test('an acknowledgement that tells nothing new goes with the next message, or after a moment', async () => {
  const { clock, peers, sent } = await world()
  const turn = (...messages: readonly Message[]): void => {
    for (const each of messages) peers.send(each)
    peers.sendOut()
  }
  turn(message({ index: 5 }))
  turn(message({ index: 5 }))
  expect(sent.length).toBe(1)
  turn(message({ type: MessageType.MsgProp }))
  turn(message({ index: 5 }))
  clock.advance(limits.lateAcknowledgementMs)
  // One that tells more takes its place.
  turn(message({ index: 5 }))
  turn(message({ index: 6 }))
  // In another term, and for a rejection, it is news.
  turn(message({ index: 6, term: 2 }))
  turn(message({ index: 6, term: 2, reject: true }))
  turn(message({ index: 6, term: 2 }))
  expect(sent.map(messages => messages.map(({ type, index }) => [type, index]))).toEqual([
    [[MessageType.MsgAppResp, 5]],
    [
      [MessageType.MsgProp, 0],
      [MessageType.MsgAppResp, 5],
    ],
    [[MessageType.MsgAppResp, 5]],
    ...[1, 2, 3, 4].map(() => [[MessageType.MsgAppResp, 6]]),
  ])
  clock.advance(1000)
  expect(sent.length).toBe(7)
  peers.stop()
})

test('heartbeats that leave too late are warned about, and a new leader begins anew', async () => {
  const { clock, log, metrics, peers } = await world()
  const beat = (afterMs: number): void => {
    clock.advance(afterMs)
    peers.send(message({ type: MessageType.MsgHeartbeat }))
  }
  const late = () => log.filter(({ message: text }) => text.startsWith('leader failed to send out heartbeat on time'))
  beat(0)
  beat(200)
  expect(late()).toEqual([])
  beat(250)
  expect(late().map(({ fields }) => fields)).toEqual([
    { to: '2', 'heartbeat-interval': '100ms', 'expected-duration': '200ms', 'exceeded-duration': '50ms' },
  ])
  peers.leadershipChanged()
  beat(10_000)
  expect(late()).toHaveLength(1)
  expect(metrics.heartbeatSendFailures).toBe(1)
  peers.stop()
})

test('the log is held back while a snapshot is on its way, and not for a peer that was removed meanwhile', async () => {
  const { clock, peers, reports } = await world()
  const snapshot = { data: new Uint8Array(0), metadata: { index: 7, term: 1, confState: confStateOf(1n, 2n) } }
  expect(peers.holdBackLog).toBe(false)
  peers.send(message({ type: MessageType.MsgSnap, snapshot }))
  expect(peers.holdBackLog).toBe(true)
  peers.remove(2n)
  for (let i = 0; i < 20; i++) await new Promise(resolve => setImmediate(resolve))
  expect(peers.holdBackLog).toBe(false)
  peers.send(message({ type: MessageType.MsgSnap, snapshot }))
  clock.advance(0)
  expect([peers.holdBackLog, reports]).toEqual([false, ['2 failed']])
  peers.stop()
})

test('that the member was removed is said once, however many peers tell it', async () => {
  const { log, peers } = await world()
  for (let i = 0; i < 5; i++) peers.removed()
  const lines = log.filter(({ message: text }) => text.startsWith('the member has been permanently removed'))
  expect(lines.map(({ level, fields }) => [level, fields])).toEqual([['error', { 'local-member-id': '1' }]])
  peers.stop()
})

test('a message that raft refuses does not keep those behind it from being taken', async () => {
  const taken: number[] = []
  const { peers } = await world(({ index }) => {
    if (index === 2) throw new RaftError('COMPACTED')
    taken.push(index)
  })
  const messages = [1, 2, 3].map(index => message({ to: 1n, from: 2n, index }))
  expect(() => peers.process(messages)).toThrow(RaftError)
  expect(taken).toEqual([1, 3])
  peers.stop()
})

function confStateOf(...voters: readonly bigint[]) {
  return { voters, learners: [], votersOutgoing: [], learnersNext: [], autoLeave: false }
}
