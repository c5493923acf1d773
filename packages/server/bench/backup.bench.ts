/**
 * What a backup costs the others: latency of puts at a fixed rate, alone and while backups of a large state are streamed one
 * after the other; and the time from the start of a process with that state until it serves.
 *
 * `KVS_BENCH_KEYS` keys of 1 KiB, a million (1 GB) unless said. Neither process is pinned.
 */
import type { GrpcChannel, GrpcError } from '@kvs/grpc'
import { Maintenance } from '@kvs/proto/rpc'
import { connect, generate } from './end-to-end/generator.ts'
import { keyOf, streams } from './end-to-end/loads.ts'
import { kvs, start } from './end-to-end/systems.ts'

const root = process.env['KVS_ROOT'] ?? process.cwd()
const keys = Number(process.env['KVS_BENCH_KEYS'] ?? 1_000_000)
const perSecond = 1000
const seconds = 15
const goal = 2

const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))

interface Latency {
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
}

/** Puts at the fixed rate, for `seconds` and until `until` has settled. */
async function puts(channel: GrpcChannel, until: Promise<unknown> = Promise.resolve()): Promise<Latency> {
  const latencies: number[] = []
  const value = new Uint8Array(256)
  let isOver = false
  const over = until.finally(() => {
    isOver = true
  })
  const open = new Set<Promise<void>>()
  const startMs = performance.now()
  for (let number = 0; !isOver || performance.now() - startMs < seconds * 1000; number++) {
    const dueMs = startMs + (number / perSecond) * 1000
    if (dueMs > performance.now()) await pause(dueMs - performance.now())
    const sentMs = performance.now()
    const request = streams.put.encodeRequest({ key: keyOf(number % 1000), value })
    const put = channel.call(streams.put.path, request).then(() => {
      latencies.push(performance.now() - sentMs)
      open.delete(put)
    })
    open.add(put)
  }
  await Promise.all([over, ...open])
  latencies.sort((a, b) => a - b)
  const at = (quantile: number): number => latencies[Math.floor(quantile * (latencies.length - 1))] as number
  return { p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) }
}

/** Streams one backup and throws it away; returns its length. */
function backup(channel: GrpcChannel): Promise<number> {
  return new Promise((resolve, reject) => {
    let bytes = 0
    const stream = channel.stream(Maintenance.snapshot.path, {
      message: (body, from, to) => {
        bytes += Maintenance.snapshot.decodeResponse(body, from, to).blob.length
      },
      end: (error: GrpcError | undefined) => (error === undefined ? resolve(bytes) : reject(error)),
    })
    const request = Maintenance.snapshot.encodeRequest({})
    stream.send(request, 0, request.length)
    stream.halfClose()
  })
}

const show = ({ p50Ms, p99Ms, maxMs }: Latency): string =>
  `p50 ${p50Ms.toFixed(2)} ms, p99 ${p99Ms.toFixed(2)} ms, max ${maxMs.toFixed(1)} ms`

const server = await start(kvs(root))
try {
  const load = { kind: 'put', connections: 10, clients: 200, calls: keys, keys, valueBytes: 1024 } as const
  await generate(server.port, load)
  await pause(3000)
  await server.restart()
  console.log(`${keys} keys of 1 KiB; a start takes ${server.readyMs.toFixed(0)} ms until it serves`)
  const [channel, other] = [await connect(server.port), await connect(server.port)]
  await puts(channel)
  const alone = await puts(channel)
  console.log(`  ${perSecond} puts a second, alone:          ${show(alone)}`)
  let [count, bytes] = [0, 0]
  const untilMs = performance.now() + seconds * 1000
  const backups = (async () => {
    do {
      bytes += await backup(other)
      count++
    } while (performance.now() < untilMs)
  })()
  const beside = await puts(channel, backups)
  console.log(`  while ${count} backups are streamed (${(bytes / 2 ** 30).toFixed(2)} GiB): ${show(beside)}`)
  const ratio = beside.p99Ms / alone.p99Ms
  console.log(`  p99 ${ratio.toFixed(2)}×; goal ${goal}×: ${ratio <= goal ? 'reached' : 'MISSED'}`)
  await Promise.all([channel.close(), other.close()])
} finally {
  await server.stop()
}
