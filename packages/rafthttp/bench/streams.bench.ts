/**
 * What messages between members cost: CPU per message of the process that sends and of the one that receives, over real
 * sockets of this machine. The receiver runs in a process of its own.
 *
 * Promises, per side, encoding and system calls included: an append of 100 entries of 512 bytes 25 µs, a heartbeat 10 µs.
 *
 * Arguments: `messages=40000 runs=5`.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { nodeNet, parseAddress } from '@kvs/net'
import { type Message, MessageType } from '@kvs/proto/raft'
import {
  createTransport,
  type PeerServices,
  type PeerTransport,
  peerEndpoint,
  type TransportClock,
} from '../src/index.ts'
import { nodeWire, servePeers, sha256 } from '../src/node.ts'

function argument(name: string, fallback: number): number {
  const given = process.argv.find(arg => arg.startsWith(`${name}=`))
  return given === undefined ? fallback : Number(given.slice(name.length + 1))
}

const messages = argument('messages', 40_000)
const runs = argument('runs', 5)

const clock: TransportClock = {
  now: () => performance.now(),
  wallNow: () => Date.now(),
  setTimer: (delayMs, callback) => setTimeout(callback, delayMs),
  clearTimer: timer => clearTimeout(timer as NodeJS.Timeout),
  defer: callback => void setImmediate(callback),
}
const nothing = (): void => undefined
const logger = { debug: nothing, info: nothing, warn: nothing, error: nothing }

/** A member on a port of its own. */
async function member(id: bigint, take: (messages: readonly Message[]) => void) {
  const net = nodeNet()
  const listening: { accept: (pipe: Parameters<ReturnType<typeof servePeers>['accept']>[0]) => void } = {
    accept: nothing,
  }
  const listener = await net.listen({ kind: 'tcp', host: '127.0.0.1', port: 0 }, pipe => listening.accept(pipe))
  const url = `http://127.0.0.1:${listener.address.kind === 'tcp' ? listener.address.port : 0}`
  const transport = createTransport({
    id,
    clusterId: 7n,
    version: { server: '3.7.1', minCluster: '3.0.0' },
    urls: [url],
    snapshotFormats: [],
    wire: nodeWire({ dial: (peer, options) => net.dial(parseAddress(peer).address, options) }),
    clock,
    random: { below: bound => Math.floor(Math.random() * bound) },
    logger,
    makeHash: sha256,
    raft: {
      process: take,
      isRemoved: () => false,
      reportUnreachable: nothing,
      reportSnapshot: nothing,
      saveSnapshot: () => Promise.resolve(),
      removed: nothing,
    },
  })
  const services = { clusterId: 7n, versionJson: () => '{}', membersJson: () => '[]' } as unknown as PeerServices
  const port = servePeers({ endpoint: peerEndpoint({ transport, services, clock, logger }), logger })
  listening.accept = pipe => port.accept(pipe)
  return { transport, url }
}

const ids = { leader: 0x8211f1d0f64f3269n, follower: 0x91bc3c398fb3c146n }

function message(type: Message['type'], fields: Partial<Message> = {}): Message {
  return {
    type,
    to: ids.follower,
    from: ids.leader,
    term: 7,
    logTerm: 7,
    index: 5_000_000,
    entries: [],
    commit: 4_999_990,
    snapshot: undefined,
    reject: false,
    rejectHint: 0,
    context: new Uint8Array(0),
    vote: 0n,
    responses: [],
    ...fields,
  }
}

const entries = Array.from({ length: 100 }, (_, at) => ({
  type: 0 as const,
  term: 7,
  index: 5_000_001 + at,
  data: new Uint8Array(512).fill(at),
}))

interface Counted {
  readonly messages: number
  readonly cpuMicros: number
}

/** Appends of this term are answered one by one, as a follower does that syncs each of them. */
const answeredTerm = 8

/** In the other process: counts what comes, and tells its CPU when asked. */
async function serve(leaderUrl: string): Promise<void> {
  let received = 0
  let transport: PeerTransport | undefined
  const answer = message(MessageType.MsgAppResp, { to: ids.leader, from: ids.follower })
  const own = await member(ids.follower, batch => {
    received += batch.length
    if (batch.some(({ term }) => term === answeredTerm)) transport?.send([answer])
  })
  transport = own.transport
  transport.addPeer(ids.leader, [leaderUrl])
  process.on('message', () => {
    const { user, system } = process.cpuUsage()
    process.send?.({ messages: received, cpuMicros: user + system } satisfies Counted)
  })
  process.send?.(own.url)
}

async function ask(child: ChildProcess): Promise<Counted> {
  const answer = once(child, 'message')
  child.send('count')
  const [counted] = (await answer) as [Counted]
  return counted
}

interface Row {
  readonly sending: number
  readonly receiving: number
  readonly perSecond: number
}

/** Sends `count` messages, so many in each turn and so many on their way at most, and waits until all have come. */
async function measure(transport: PeerTransport, child: ChildProcess, turn: readonly Message[]): Promise<Row> {
  const before = await ask(child)
  const cpu = process.cpuUsage()
  const start = performance.now()
  const turns = Math.ceil(messages / turn.length)
  for (let i = 0; i < turns; i++) {
    transport.send(turn)
    transport.flush()
    await new Promise(resolve => setImmediate(resolve))
    // The receiver sets the pace: a leader has so many appends in flight. Asking costs too: not too often.
    if (i % 200 === 199) while ((await ask(child)).messages - before.messages < (i - 200) * turn.length) await pause()
  }
  const count = turns * turn.length
  while ((await ask(child)).messages - before.messages < count) await pause()
  const seconds = (performance.now() - start) / 1000
  const { user, system } = process.cpuUsage(cpu)
  const after = await ask(child)
  return {
    sending: (user + system) / count,
    receiving: (after.cpuMicros - before.cpuMicros) / count,
    perSecond: count / seconds,
  }
}

const pause = (): Promise<void> => new Promise(resolve => setTimeout(resolve, 5))

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] as number
}

async function bench(): Promise<void> {
  const { transport, url } = await member(ids.leader, nothing)
  const child = fork(process.argv[1] as string, ['serve', url])
  const [childUrl] = (await once(child, 'message')) as [string]
  transport.addPeer(ids.follower, [childUrl])
  while (!transport.state.peers[0]?.attached.appends || !transport.state.peers[0].attached.messages) await pause()
  const kinds: Record<string, readonly Message[]> = {
    'append, 100 entries of 512 bytes': [message(MessageType.MsgApp, { entries })],
    'the same, each with its answer': [message(MessageType.MsgApp, { entries, term: answeredTerm })],
    'append, 10 entries of 512 bytes': [message(MessageType.MsgApp, { entries: entries.slice(0, 10) })],
    heartbeat: [message(MessageType.MsgHeartbeat)],
    'heartbeats, 20 in a turn': Array.from({ length: 20 }, () => message(MessageType.MsgHeartbeat)),
  }
  const rows: Record<string, Row[]> = {}
  for (let run = 0; run <= runs; run++) {
    for (const [name, turn] of Object.entries(kinds)) {
      const row = await measure(transport, child, turn)
      if (run > 0) rows[name] = [...(rows[name] ?? []), row]
    }
  }
  console.log(`${messages} messages, one flush per turn, median of ${runs} runs; µs of CPU per message`)
  for (const [name, measured] of Object.entries(rows)) {
    const of = (pick: (row: Row) => number): number => median(measured.map(pick))
    console.log(
      `${name.padEnd(34)} sending ${of(row => row.sending).toFixed(2)}, receiving ${of(row => row.receiving).toFixed(2)}, ` +
        `${Math.round(of(row => row.perSecond) / 1000)} k messages/s`,
    )
  }
  console.log(`lost: ${transport.state.peers[0]?.traffic.sentFailures}`)
  child.kill()
  process.exit()
}

if (process.argv[2] === 'serve') await serve(process.argv[3] as string)
else await bench()
