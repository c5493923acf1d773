/**
 * How fast a snapshot goes from member to member over a real socket, checksum included, both ends in this process, and for
 * how long the loop is held up meanwhile.
 *
 * Arguments: `mib=1024 chunk=262144 runs=3`.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { nodeNet, parseAddress } from '@kvs/net'
import { MessageType } from '@kvs/proto/raft'
import {
  createTransport,
  type IncomingSnapshot,
  type PeerServices,
  peerEndpoint,
  type TransportClock,
} from '../src/index.ts'
import { nodeWire, servePeers, sha256 } from '../src/node.ts'

function argument(name: string, fallback: number): number {
  const given = process.argv.find(arg => arg.startsWith(`${name}=`))
  return given === undefined ? fallback : Number(given.slice(name.length + 1))
}

const mib = argument('mib', 1024)
const chunkBytes = argument('chunk', 262_144)
const runs = argument('runs', 3)

const clock: TransportClock = {
  now: () => performance.now(),
  wallNow: () => Date.now(),
  setTimer: (delayMs, callback) => setTimeout(callback, delayMs),
  clearTimer: timer => clearTimeout(timer as NodeJS.Timeout),
  defer: callback => void setImmediate(callback),
}
const nothing = (): void => undefined
const logger = { debug: nothing, info: nothing, warn: nothing, error: nothing }

async function member(id: bigint, raft: { saved?: (bytes: number) => void; reported?: () => void }) {
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
    snapshotFormats: ['bench'],
    wire: nodeWire({ dial: (peer, options) => net.dial(parseAddress(peer).address, options) }),
    clock,
    random: { below: bound => Math.floor(Math.random() * bound) },
    logger,
    makeHash: sha256,
    raft: {
      process: nothing,
      isRemoved: () => false,
      reportUnreachable: nothing,
      reportSnapshot: () => raft.reported?.(),
      saveSnapshot: async (snapshot: IncomingSnapshot) => {
        let bytes = 0
        for await (const chunk of snapshot.chunks) bytes += chunk.length
        raft.saved?.(bytes)
      },
      removed: nothing,
    },
  })
  const services = { clusterId: 7n, versionJson: () => '{}', membersJson: () => '[]' } as unknown as PeerServices
  const port = servePeers({ endpoint: peerEndpoint({ transport, services, clock, logger }), logger })
  listening.accept = pipe => port.accept(pipe)
  return { transport, url }
}

async function* chunks(count: number): AsyncGenerator<Uint8Array, void, undefined> {
  const chunk = new Uint8Array(chunkBytes).fill(7)
  for (let at = 0; at < count; at++) yield chunk
}

async function bench(): Promise<void> {
  let reported: () => void = nothing
  let saved = 0
  const sender = await member(1n, { reported: () => reported() })
  const receiver = await member(2n, {
    saved: bytes => {
      saved = bytes
    },
  })
  sender.transport.addPeer(2n, [receiver.url])
  receiver.transport.addPeer(1n, [sender.url])
  const confState = { voters: [1n, 2n], learners: [], votersOutgoing: [], learnersNext: [], autoLeave: false }
  const message = {
    ...{ type: MessageType.MsgSnap, from: 1n, to: 2n, term: 1, logTerm: 0, index: 0, entries: [], commit: 0 },
    ...{ reject: false, rejectHint: 0, context: new Uint8Array(0), vote: 0n, responses: [] },
    snapshot: { data: new Uint8Array(0), metadata: { index: 1, term: 1, confState } },
  }
  const count = Math.round((mib * 1024 * 1024) / chunkBytes)
  for (let run = 0; run < runs; run++) {
    const delay = monitorEventLoopDelay({ resolution: 1 })
    delay.enable()
    const cpu = process.cpuUsage()
    const start = performance.now()
    await new Promise<void>(resolve => {
      reported = resolve
      sender.transport.sendSnapshot({
        message,
        open: () => ({ sizeBytes: count * chunkBytes, chunks: chunks(count) }),
      })
    })
    const seconds = (performance.now() - start) / 1000
    const { user, system } = process.cpuUsage(cpu)
    delay.disable()
    const [megabytes, gigabyte] = [saved / 1e6, saved / 2 ** 30]
    console.log(
      `${Math.round(megabytes / seconds)} MB/s, ${((user + system) / 1e6 / gigabyte).toFixed(2)} s of CPU per GiB (both ends), ` +
        `longest pause ${(delay.max / 1e6).toFixed(1)} ms`,
    )
  }
  process.exit()
}

await bench()
