/**
 * Big requests beside small ones: how long the event loop of the member stands still, and how long puts of ten other
 * clients take, while a range of 100 000 keys, a range of 100 MB, a HashKV, a compaction, a defragmentation and a deletion
 * of a million keys are under way. Each row also says whether any put or read was refused.
 *
 * The member and the other clients have processes of their own; the clients keep to the machine's last core (where there
 * is `taskset`), the member has all of them. Pauses are those of Node's event-loop histogram at a
 * resolution of 1 ms, hence 1 ms too long at most. On Linux each row also says how much of its own time the loop's thread
 * took in one such gap at most: the rest of a pause it waited, for a core that others had or for a disk. Words behind a
 * second `--` choose rows by a part of their names.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { setFlagsFromString } from 'node:v8'
import type { GrpcChannel } from '@kvs/grpc'
import { KV, Maintenance } from '@kvs/proto/rpc'
import { startEmbedded } from '../src/embed.ts'
import { answer, call, connectTo } from './end-to-end/member-process.ts'
import { type OwnTime, watchOwnTime } from './own-time.ts'

/** `KVS_BENCH_TRACE=gc` or `=profile`: what happened in the longest pauses of each row. */
const trace = (process.env['KVS_BENCH_TRACE'] ?? 'none') as 'none' | 'gc' | 'profile'
const keyCount = Number(process.env['KVS_BENCH_KEYS'] ?? 1_000_000)
const valueBytes = 100
const keysPerTxn = 100
const rangeCount = Math.min(100_000, keyCount)
const otherClients = 10
/** How long a row looks, at least. */
const windowMs = 10_000
const goals = { pauseMs: 10, p99Ms: 25, p99BesideBigRangeMs: 50, hashMs: 2000 }
/** Values of the big range, 100 MB in all, and its keys. */
const bigValueBytes = 10_000
const bigCount = keyCount / 100

const text = new TextEncoder()
const keyOf = (kind: string, number: number): Uint8Array => text.encode(`${kind}/${String(number).padStart(8, '0')}`)
const all = { key: text.encode('key/'), rangeEnd: text.encode('key0') }
const big = { key: text.encode('big/'), rangeEnd: text.encode('big0') }

/** What the member's process tells: where it listens, then the pauses since the last question. */
interface Pauses {
  readonly maxMs: number
  readonly over10: number
  readonly own: OwnTime
}

async function serve(): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), 'kvs-pauses-'))
  const member = await startEmbedded({
    dataDir,
    listenClientUrls: ['http://127.0.0.1:0'],
    listenPeerUrls: ['http://127.0.0.1:0'],
    quotaBackendBytes: -1,
    ownsProcess: true,
  })
  const delays = monitorEventLoopDelay({ resolution: 1 })
  delays.enable()
  const own = watchOwnTime(trace)
  const tell = async (): Promise<void> => {
    const { max, count } = delays
    let over10 = 0
    for (let percentile = 99.999; percentile > 0 && delays.percentile(percentile) > 10e6; percentile -= 0.001) over10++
    over10 = Math.round((over10 * 0.001 * count) / 100)
    process.send?.({ maxMs: max / 1e6, over10, own: await own() } satisfies Pauses)
    delays.reset()
  }
  const stop = async (): Promise<void> => {
    await member.stop()
    rmSync(dataDir, { recursive: true, force: true })
    process.exit(0)
  }
  process.on('message', message => void (message === 'pauses' ? tell() : stop()))
  process.once('disconnect', () => process.exit(1))
  process.send?.(member.clientAddresses[0])
}

/** Puts the keys of one kind, so many to a transaction, a few transactions at once. */
async function fill(channel: GrpcChannel, kind: 'key' | 'big' = 'key'): Promise<void> {
  const value = new Uint8Array(kind === 'key' ? valueBytes : bigValueBytes).fill(0x78)
  const count = kind === 'key' ? keyCount : bigCount
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < count) {
      const from = next
      next += keysPerTxn
      const success = Array.from({ length: keysPerTxn }, (_, i) => ({
        requestPut: { key: keyOf(kind, from + i), value },
      }))
      await call(channel, KV.txn, { success })
    }
  }
  await Promise.all(Array.from({ length: 8 }, worker))
}

/** What the other clients saw since they were asked last. */
interface Seen {
  readonly puts: number
  readonly p99Ms: number
  readonly maxMs: number
  readonly refused: readonly string[]
}

/** Ten clients in a process of their own: they put and read, each again as soon as it is answered. */
async function others(address: string): Promise<void> {
  let latencies: number[] = []
  let refused: string[] = []
  const value = new Uint8Array(valueBytes)
  const client = async (number: number): Promise<void> => {
    const channel = await connectTo(address)
    const key = text.encode(`other/${number}`)
    for (;;) {
      try {
        const startMs = performance.now()
        await call(channel, KV.put, { key, value })
        latencies.push(performance.now() - startMs)
        await call(channel, KV.range, { key })
      } catch (error) {
        refused.push((error as Error).message)
      }
    }
  }
  process.on('message', () => {
    const sorted = latencies.sort((a, b) => a - b)
    const at = (quantile: number): number => sorted[Math.floor(quantile * (sorted.length - 1))] ?? 0
    process.send?.({ puts: sorted.length, p99Ms: at(0.99), maxMs: at(1), refused } satisfies Seen)
    latencies = []
    refused = []
  })
  process.once('disconnect', () => process.exit(0))
  process.send?.('ready')
  await Promise.all(Array.from({ length: otherClients }, (_, number) => client(number)))
}

/** Clients take no more than a core each: what is measured has two for all. */
const oneThread = ['--single-threaded-gc']

/** This program again, in a process of its own. */
function startChild(args: readonly string[], flags: readonly string[] = []): ChildProcess {
  const program = [...process.execArgv, ...flags, process.argv[1] as string, ...args]
  return spawn(process.execPath, program, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
}

const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))

/** The member, whoever asks it for big things, and the others. */
interface World {
  readonly server: ChildProcess
  readonly clients: ChildProcess
  readonly channel: GrpcChannel
}

interface Row {
  readonly name: string
  /** Before the others are looked at. */
  readonly prepare?: () => Promise<unknown>
  readonly run: () => Promise<unknown>
  readonly p99Ms?: number
}

/** Runs a row and prints it; returns what the big request took, and whether a goal was missed. */
async function runRow(world: World, row: Row): Promise<{ readonly tookMs: number; readonly isOver: boolean }> {
  const { server, clients } = world
  await row.prepare?.()
  await pause(1000)
  await Promise.all([answer<Pauses>(server, 'pauses'), answer<Seen>(clients, 'seen')])
  await pause(windowMs / 5)
  const beganMs = performance.now()
  await row.run()
  const tookMs = performance.now() - beganMs
  await pause(Math.max(windowMs / 5, (windowMs * 4) / 5 - tookMs))
  const [pauses, seen] = await Promise.all([answer<Pauses>(server, 'pauses'), answer<Seen>(clients, 'seen')])
  const isOver = pauses.maxMs > goals.pauseMs || seen.p99Ms > (row.p99Ms ?? goals.p99Ms) || seen.refused.length > 0
  console.log(
    `  ${row.name.padEnd(34)} ${tookMs.toFixed(0).padStart(6)} ms; longest pause ${pauses.maxMs.toFixed(1)} ms ` +
      `(own time ${pauses.own.ownMs.toFixed(1)}, without a core ${pauses.own.corelessMs.toFixed(1)}), ` +
      `${pauses.over10} over 10 ms; ${seen.puts} puts, ` +
      `p99 ${seen.p99Ms.toFixed(1)} ms, max ${seen.maxMs.toFixed(1)} ms; ` +
      `${seen.refused.length} refused${isOver ? '  (missed)' : ''}`,
  )
  if (trace !== 'none') {
    for (const { tookMs: gapMs, ownMs, corelessMs, seen: inside } of pauses.own.gaps)
      console.log(`      ${gapMs.toFixed(1)}: own ${ownMs.toFixed(1)}, coreless ${corelessMs.toFixed(1)}; ${inside}`)
  }
  return { tookMs, isOver }
}

/** A range of at least so many bytes. It is not decoded: that would take a core from the member. */
async function read(
  channel: GrpcChannel,
  request: Parameters<typeof KV.range.encodeRequest>[0],
  bytes: number,
): Promise<void> {
  const { message } = await channel.call(KV.range.path, KV.range.encodeRequest(request))
  if (message.length < bytes) throw new Error(`a range of ${message.length} bytes is too short`)
}

/** The others go on beside ranges of 100 MB, one after the other without rest. */
async function readBig(channel: GrpcChannel): Promise<void> {
  const untilMs = performance.now() + (windowMs * 3) / 5
  while (performance.now() < untilMs) await read(channel, big, bigCount * bigValueBytes)
}

function rowsOf(channel: GrpcChannel): readonly Row[] {
  const compact = async (): Promise<void> => {
    const { header } = await call(channel, KV.range, { key: text.encode('nothing') })
    await call(channel, KV.compact, { revision: header?.revision ?? 0, physical: true })
  }
  const hash = (): Promise<unknown> => call(channel, Maintenance.hashKV, { revision: 0 })
  return [
    { name: 'nothing else', run: async () => {} },
    {
      name: `range of ${rangeCount} keys`,
      run: () => read(channel, { ...all, limit: rangeCount }, rangeCount * valueBytes),
    },
    { name: 'HashKV of all', run: hash },
    { name: 'compaction of all overwritten, physical', prepare: () => fill(channel), run: compact },
    { name: 'HashKV after the compaction', run: hash },
    { name: 'defragmentation', run: () => call(channel, Maintenance.defragment, {}) },
    { name: 'deletion of all', run: () => call(channel, KV.deleteRange, all) },
    {
      name: 'ranges of 100 MB, all the time',
      prepare: () => fill(channel, 'big'),
      run: () => readBig(channel),
      p99Ms: goals.p99BesideBigRangeMs,
    },
  ]
}

/** Clients are not the member's: what they want of a core is not to be measured. */
function keepToLastCore(pid: number | undefined): void {
  const core = availableParallelism() - 1
  if (core > 0) spawnSync('taskset', ['--all-tasks', '--cpu-list', '--pid', String(core), String(pid)])
}

async function main(wanted: readonly string[]): Promise<void> {
  setFlagsFromString('--no-parallel-scavenge')
  const server = startChild(['serve'])
  keepToLastCore(process.pid)
  const address = await answer<string>(server)
  const channel = await connectTo(address)
  console.log(`${keyCount} keys with values of ${valueBytes} bytes; ${otherClients} other clients put and read`)
  console.log(`  p99 is that of the puts of the ${windowMs / 1000} s or more in which the request is made`)
  const startMs = performance.now()
  await fill(channel)
  console.log(`  filled in ${((performance.now() - startMs) / 1000).toFixed(1)} s`)
  const clients = startChild(['others', address], oneThread)
  keepToLastCore(clients.pid)
  await answer(clients)
  let missed = 0
  let hashMs = 0
  for (const row of rowsOf(channel)) {
    if (wanted.length > 0 && !wanted.some(word => row.name.includes(word))) continue
    const { tookMs, isOver } = await runRow({ server, clients, channel }, row)
    if (isOver) missed++
    if (row.name === 'HashKV of all') hashMs = tookMs
  }
  console.log(
    `${missed} rows missed ${goals.pauseMs} ms or ${goals.p99Ms} ms (beside ranges of 100 MB ` +
      `${goals.p99BesideBigRangeMs}); HashKV took ${hashMs.toFixed(0)} ms, the goal is ${goals.hashMs}`,
  )
  clients.disconnect()
  server.send('stop')
  await channel.close()
}

if (process.argv[2] === 'serve') await serve()
else if (process.argv[2] === 'others') await others(process.argv[3] as string)
else await main(process.argv.slice(2))
