/**
 * Big requests beside small ones: how long the event loop of the member stands still, and how long puts of ten other
 * clients take, while a range of 100 000 keys, a HashKV, a compaction, a defragmentation and a deletion of a million keys
 * are under way. Each row also says whether any put or read was refused.
 *
 * The member runs in a process of its own on core 0, the clients on core 1. Pauses are those of Node's event-loop
 * histogram at a resolution of 1 ms.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { createGrpcChannel, type GrpcChannel } from '@kvs/grpc'
import { nodeNet } from '@kvs/net'
import type { Method } from '@kvs/proto'
import { KV, Maintenance } from '@kvs/proto/rpc'
import { startEmbedded } from '../src/embed.ts'

const keyCount = Number(process.env['KVS_BENCH_KEYS'] ?? 1_000_000)
const valueBytes = 100
const keysPerTxn = 100
const rangeCount = Math.min(100_000, keyCount)
const otherClients = 10
const goals = { pauseMs: 10, p99Ms: 25, hashMs: 2000 }

const clock = {
  now: () => performance.now(),
  setTimer: (delayMs: number, callback: () => void) => setTimeout(callback, delayMs),
  clearTimer: (timer: unknown) => clearTimeout(timer as NodeJS.Timeout),
  defer: (callback: () => void) => {
    setImmediate(callback)
  },
}

const text = new TextEncoder()
const keyOf = (number: number): Uint8Array => text.encode(`key/${String(number).padStart(8, '0')}`)
const all = { key: text.encode('key/'), rangeEnd: text.encode('key0') }

/** What the member's process tells: where it listens, then the pauses since the last question. */
interface Pauses {
  readonly maxMs: number
  readonly over10: number
}

async function serve(): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), 'kvs-pauses-'))
  const member = await startEmbedded({
    dataDir,
    listenClientUrls: ['http://127.0.0.1:0'],
    listenPeerUrls: ['http://127.0.0.1:0'],
    quotaBackendBytes: -1,
  })
  const delays = monitorEventLoopDelay({ resolution: 1 })
  delays.enable()
  process.on('message', message => {
    if (message === 'pauses') {
      const { max } = delays
      let over10 = 0
      for (let percentile = 99.999; percentile > 0 && delays.percentile(percentile) > 10e6; percentile -= 0.001)
        over10++
      process.send?.({ maxMs: max / 1e6, over10: Math.round((over10 * 0.001 * delays.count) / 100) } satisfies Pauses)
      delays.reset()
    } else
      void member.stop().then(() => {
        rmSync(dataDir, { recursive: true, force: true })
        process.exit(0)
      })
  })
  process.once('disconnect', () => process.exit(1))
  process.send?.(member.clientAddresses[0])
}

function answer<Answer>(child: ChildProcess, question?: string): Promise<Answer> {
  return new Promise(resolve => {
    child.once('message', message => resolve(message as Answer))
    if (question !== undefined) child.send(question)
  })
}

async function connect(address: string): Promise<GrpcChannel> {
  const [host = '', port = ''] = address.split(':')
  const at = { kind: 'tcp', host, port: Number(port) } as const
  const channel = createGrpcChannel({
    clock,
    dial: () => nodeNet().dial(at),
    authority: address,
    limits: { maxReceiveBytes: 2 ** 31 - 1 },
  })
  await channel.connect()
  return channel
}

async function call<Init, Response>(
  channel: GrpcChannel,
  method: Method<unknown, Init, Response, never>,
  request: Init,
): Promise<Response> {
  const { message } = await channel.call(method.path, method.encodeRequest(request))
  return method.decodeResponse(message)
}

/** Puts all keys, so many to a transaction, a few transactions at once. */
async function fill(channel: GrpcChannel): Promise<void> {
  const value = new Uint8Array(valueBytes).fill(0x78)
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < keyCount) {
      const from = next
      next += keysPerTxn
      const success = Array.from({ length: keysPerTxn }, (_, i) => ({ requestPut: { key: keyOf(from + i), value } }))
      await call(channel, KV.txn, { success })
    }
  }
  await Promise.all(Array.from({ length: 8 }, worker))
}

/** Ten clients that put and read, each again as soon as it is answered. */
class Others {
  readonly #channels: readonly GrpcChannel[]
  latencies: number[] = []
  refused: string[] = []
  #running = true
  readonly #ended: Promise<unknown>

  constructor(channels: readonly GrpcChannel[]) {
    this.#channels = channels
    this.#ended = Promise.all(this.#channels.map((channel, number) => this.#run(channel, number)))
  }

  async #run(channel: GrpcChannel, client: number): Promise<void> {
    const key = text.encode(`other/${client}`)
    const value = new Uint8Array(valueBytes)
    while (this.#running) {
      try {
        const startMs = performance.now()
        await call(channel, KV.put, { key, value })
        this.latencies.push(performance.now() - startMs)
        await call(channel, KV.range, { key })
      } catch (error) {
        this.refused.push((error as Error).message)
      }
    }
  }

  async stop(): Promise<void> {
    this.#running = false
    await this.#ended
  }
}

async function main(): Promise<void> {
  const program = [process.execPath, ...process.execArgv, process.argv[1] as string, 'serve']
  const child = spawn('taskset', ['-c', '0', ...program], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const address = await answer<string>(child)
  const channel = await connect(address)
  const others = await Promise.all(Array.from({ length: otherClients }, () => connect(address)))
  console.log(`${keyCount} keys with values of ${valueBytes} bytes; ${otherClients} other clients put and read`)
  const startMs = performance.now()
  await fill(channel)
  console.log(`  filled in ${((performance.now() - startMs) / 1000).toFixed(1)} s`)
  let missed = 0
  const row = async (name: string, operation: () => Promise<unknown>): Promise<number> => {
    const load = new Others(others)
    await new Promise(resolve => setTimeout(resolve, 1000))
    await answer<Pauses>(child, 'pauses')
    load.latencies = []
    const beganMs = performance.now()
    await operation()
    const tookMs = performance.now() - beganMs
    const pauses = await answer<Pauses>(child, 'pauses')
    const latencies = load.latencies.toSorted((a, b) => a - b)
    const p99Ms = latencies[Math.floor(latencies.length * 0.99)] ?? Number.NaN
    await load.stop()
    const isOver = pauses.maxMs > goals.pauseMs || p99Ms > goals.p99Ms || load.refused.length > 0
    if (isOver) missed++
    console.log(
      `  ${name.padEnd(34)} ${tookMs.toFixed(0).padStart(6)} ms; longest pause ${pauses.maxMs.toFixed(1)} ms, ` +
        `${pauses.over10} over 10 ms; ${latencies.length} puts, p99 ${p99Ms.toFixed(1)} ms, ` +
        `max ${(latencies.at(-1) ?? 0).toFixed(1)} ms; ${load.refused.length} refused${isOver ? '  (missed)' : ''}`,
    )
    return tookMs
  }
  await row('nothing else', () => new Promise(resolve => setTimeout(resolve, 3000)))
  await row('range of 100 000 keys', () => call(channel, KV.range, { ...all, limit: rangeCount }))
  await row('range of 100 000 keys again', () => call(channel, KV.range, { ...all, limit: rangeCount }))
  const hashMs = await row('HashKV of all', () => call(channel, Maintenance.hashKV, { revision: 0 }))
  await row('overwriting everything', () => fill(channel))
  const { header } = await call(channel, KV.range, { key: text.encode('nothing') })
  await row('compaction, physical', () =>
    call(channel, KV.compact, { revision: header?.revision ?? 0, physical: true }),
  )
  await row('HashKV after the compaction', () => call(channel, Maintenance.hashKV, { revision: 0 }))
  await row('defragmentation', () => call(channel, Maintenance.defragment, {}))
  await row('deletion of all', () => call(channel, KV.deleteRange, all))
  console.log(`${missed} rows missed ${goals.pauseMs} ms and ${goals.p99Ms} ms; HashKV took ${hashMs.toFixed(0)} ms`)
  child.send('stop')
  await Promise.all([channel, ...others].map(each => each.close()))
}

if (process.argv[2] === 'serve') await serve()
else await main()
