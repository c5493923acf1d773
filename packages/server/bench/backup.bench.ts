/**
 * What a backup costs the others: latency of puts at a fixed rate, alone and while backups of a large state are streamed one
 * after the other; and the time from the start of a process with that state until it serves.
 *
 * `KVS_BENCH_KEYS` keys of 1 KiB, a million (1 GB) unless said. Neither process is pinned. With `KVS_BENCH_DIR`, a folder, they
 * are loaded once and kept there for later runs.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { GrpcChannel, GrpcError } from '@kvs/grpc'
import { Maintenance } from '@kvs/proto/rpc'
import { connect, generate } from './end-to-end/generator.ts'
import { keyOf, streams } from './end-to-end/loads.ts'
import { kvs, start } from './end-to-end/systems.ts'

const root = process.env['KVS_ROOT'] ?? process.cwd()
const keys = Number(process.env['KVS_BENCH_KEYS'] ?? 1_000_000)
const dir = process.env['KVS_BENCH_DIR']
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

/** How many syncs of the log took at most so many seconds, ascending, since the server began. */
async function logSyncs(port: number): Promise<ReadonlyMap<number, number>> {
  const page = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
  const lines = page.matchAll(/^etcd_disk_wal_fsync_duration_seconds_bucket\{le="([^"]+)"\} (\d+)$/gm)
  return new Map(
    [...lines].map(([, le, count]) => [le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le), Number(count)]),
  )
}

/** Parts of the syncs between two looks that took longer than each bound, in per cent. */
function showSyncs(before: ReadonlyMap<number, number>, after: ReadonlyMap<number, number>): string {
  const within = (le: number): number => (after.get(le) ?? 0) - (before.get(le) ?? 0)
  const all = within(Number.POSITIVE_INFINITY)
  const over = [0.001, 0.002, 0.004, 0.008, 0.016].map(
    le => `${(100 * (1 - within(le) / all)).toFixed(2)} % over ${le * 1000} ms`,
  )
  return `${all} syncs of the log: ${over.join(', ')}`
}

/** Of the syncs between two looks, in seconds; even between the bounds of a bucket, as Prometheus takes it. */
function p99Of(before: ReadonlyMap<number, number>, after: ReadonlyMap<number, number>): number {
  const counts = [...after].map(([le, count]) => ({ le, count: count - (before.get(le) ?? 0) }))
  const wanted = 0.99 * (counts.at(-1)?.count ?? 0)
  const place = counts.findIndex(({ count }) => count >= wanted)
  const upper = counts[place]
  const lower = counts[place - 1] ?? { le: 0, count: 0 }
  if (upper === undefined) return Number.NaN
  return lower.le + ((upper.le - lower.le) * (wanted - lower.count)) / (upper.count - lower.count)
}

function showGoal(what: string, ratio: number): void {
  console.log(`  p99 of a ${what} ${ratio.toFixed(2)}×; goal ${goal}×: ${ratio <= goal ? 'reached' : 'MISSED'}`)
}

const show = ({ p50Ms, p99Ms, maxMs }: Latency): string =>
  `p50 ${p50Ms.toFixed(2)} ms, p99 ${p99Ms.toFixed(2)} ms, max ${maxMs.toFixed(1)} ms`

/** Streams backups until this process is told that it is enough; a process of its own, for what reads so much is busy. */
async function streamBackups(port: number): Promise<void> {
  const channel = await connect(port)
  let [count, bytes, isEnough] = [0, 0, false]
  process.once('message', () => {
    isEnough = true
  })
  do {
    bytes += await backup(channel)
    count++
  } while (!isEnough)
  process.send?.({ count, bytes })
  process.disconnect()
  await channel.close()
}

async function beside(port: number, channel: GrpcChannel): Promise<Latency & { count: number; bytes: number }> {
  const streams = fork(process.argv[1] as string, [], { env: { ...process.env, KVS_BENCH_STREAM: String(port) } })
  const done = once(streams, 'message') as Promise<[{ readonly count: number; readonly bytes: number }]>
  const timer = setTimeout(() => streams.send('enough'), seconds * 1000)
  const failed = once(streams, 'exit').then(() => Promise.reject(new Error('the stream of backups ended')))
  failed.catch(() => {})
  const latency = await puts(channel, Promise.race([done, failed]))
  clearTimeout(timer)
  return { ...latency, ...(await done)[0] }
}

async function measure(): Promise<void> {
  const isLoaded = dir !== undefined && existsSync(join(dir, 'data'))
  const server = await start(kvs(root), { dir })
  try {
    if (!isLoaded) {
      const load = { kind: 'put', connections: 10, clients: 200, calls: keys, keys, valueBytes: 1024 } as const
      await generate(server.port, load)
      await pause(3000)
      await server.restart()
    }
    console.log(`${keys} keys of 1 KiB; a start takes ${server.readyMs.toFixed(0)} ms until it serves`)
    const channel = await connect(server.port)
    await puts(channel)
    const atStart = await logSyncs(server.port)
    const alone = await puts(channel)
    const afterAlone = await logSyncs(server.port)
    console.log(`  ${perSecond} puts a second, alone:          ${show(alone)}`)
    console.log(`    ${showSyncs(atStart, afterAlone)}`)
    const loopBefore = server.loopMs()
    const startMs = performance.now()
    const busy = await beside(server.port, channel)
    const tookMs = performance.now() - startMs
    const { ran, waited } = server.loopMs()
    const afterBusy = await logSyncs(server.port)
    const size = `${(busy.bytes / 2 ** 30).toFixed(2)} GiB in ${(tookMs / 1000).toFixed(1)} s`
    console.log(`  while ${busy.count} backups are streamed (${size}): ${show(busy)}`)
    console.log(`    ${showSyncs(afterAlone, afterBusy)}`)
    const share = (ms: number): string => `${((100 * ms) / tookMs).toFixed(0)} %`
    console.log(
      `    the loop ran ${share(ran - loopBefore.ran)} and waited for a core ${share(waited - loopBefore.waited)}`,
    )
    showGoal('sync of the log', p99Of(afterAlone, afterBusy) / p99Of(atStart, afterAlone))
    showGoal('put', busy.p99Ms / alone.p99Ms)
    await channel.close()
  } finally {
    await server.stop()
  }
}

const streamPort = process.env['KVS_BENCH_STREAM']
await (streamPort === undefined ? measure() : streamBackups(Number(streamPort)))
