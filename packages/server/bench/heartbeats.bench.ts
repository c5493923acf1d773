/**
 * Heartbeats beside long work in a cluster of three processes: the longest time between two heartbeats of a leader to one
 * follower, the longest pause of any member's event loop, and how often leadership changed, while a million keys are
 * written, compacted, read as 100 MB, sent as a snapshot to a member that was away, and deleted. `KVS_BENCH_KEYS`: another
 * number of keys. Words behind a second `--` choose rows by a part of their names.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { GrpcChannel } from '@kvs/grpc'
import { KV, Lease, Maintenance } from '@kvs/proto/rpc'
import { startEmbedded } from '../src/embed.ts'
import { HeartbeatWatch } from '../src/peers/heartbeat-watch.ts'
import { answer, call, connectTo } from './end-to-end/member-process.ts'
import { watchOwnTime } from './own-time.ts'

const keyCount = Number(process.env['KVS_BENCH_KEYS'] ?? 1_000_000)
const keysPerTxn = 100
const gapGoalMs = 150
/** One key of so many has a lease. */
const leasedEvery = 10
const names = ['a', 'b', 'c'] as const

const text = new TextEncoder()
const keyOf = (number: number): Uint8Array => text.encode(`key/${String(number).padStart(8, '0')}`)
const bigOf = (number: number): Uint8Array => text.encode(`big/${String(number).padStart(8, '0')}`)
const all = { key: text.encode('key/'), rangeEnd: text.encode('key0') }
const big = { key: text.encode('big/'), rangeEnd: text.encode('big0') }

/** What a member saw since it was asked last. */
interface Seen {
  /** Longest time between two heartbeats to one peer; 0 if it did not lead. */
  readonly gapMs: number
  readonly pauseMs: number
  /** CPU time of the loop's thread in one pause, at most: the rest it waited for a core that others had, or for a disk. */
  readonly ownMs: number
  readonly leaderChanges: number
}

/** The heartbeats that leave this process: when each was due to whom is known where they are handed to the wire. */
function watchHeartbeats(): () => Pick<Seen, 'gapMs' | 'leaderChanges'> {
  const lastMs = new Map<bigint, number>()
  let gapMs = 0
  // The first leader that is known is no other one.
  let leaderChanges = -1
  const { sent, reset } = HeartbeatWatch.prototype
  HeartbeatWatch.prototype.sent = function (to) {
    const nowMs = performance.now()
    gapMs = Math.max(gapMs, nowMs - (lastMs.get(to) ?? nowMs))
    lastMs.set(to, nowMs)
    sent.call(this, to)
  }
  HeartbeatWatch.prototype.reset = function () {
    lastMs.clear()
    leaderChanges++
    reset.call(this)
  }
  return () => {
    const seen = { gapMs, leaderChanges: Math.max(0, leaderChanges) }
    gapMs = 0
    leaderChanges = 0
    return seen
  }
}

async function serve(name: string, ports: readonly number[], dataDir: string): Promise<void> {
  const taken = watchHeartbeats()
  const delays = monitorEventLoopDelay({ resolution: 1 })
  delays.enable()
  const ownTime = watchOwnTime()
  const peerUrl = (i: number): string => `http://127.0.0.1:${ports[i]}`
  const own = names.indexOf(name as (typeof names)[number])
  const member = await startEmbedded({
    dataDir,
    name,
    listenClientUrls: ['http://127.0.0.1:0'],
    listenPeerUrls: [peerUrl(own)],
    initialAdvertisePeerUrls: [peerUrl(own)],
    initialCluster: names.map((other, i) => `${other}=${peerUrl(i)}`).join(','),
    quotaBackendBytes: -1,
    snapshotCount: 1000,
    snapshotCatchupEntries: 100,
  })
  const tell = async (): Promise<void> => {
    const { ownMs } = await ownTime()
    process.send?.({ ...taken(), pauseMs: delays.max / 1e6, ownMs } satisfies Seen)
    delays.reset()
  }
  process.on('message', message => {
    if (message === 'seen') void tell()
    else void member.stop().then(() => process.exit(0))
  })
  process.once('disconnect', () => process.exit(1))
  process.send?.(member.clientAddresses[0])
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { readonly port: number }
  await new Promise(resolve => server.close(resolve))
  return port
}

class Bench {
  readonly #ports: readonly number[]
  readonly #folder: string
  readonly #children: ChildProcess[] = []
  readonly #channels: GrpcChannel[] = []
  readonly #chosen = process.argv.slice(2)
  #missed = 0

  constructor(ports: readonly number[], folder: string) {
    this.#ports = ports
    this.#folder = folder
  }

  async run(): Promise<number> {
    await Promise.all(names.map((_, i) => this.#start(i)))
    const first = (): GrpcChannel => this.#channels[0] as GrpcChannel
    await call(first(), Lease.leaseGrant, { id: 7n, ttl: 1_000_000 })
    await this.#row(`${keyCount} keys in transactions of ${keysPerTxn}`, () => this.#fill(first()), true)
    await this.#row('100 MB in values of 10 kB', () => this.#fillBig(first()), true)
    for (const [i, name] of names.entries()) {
      await this.#row(`range of 100 MB at ${name}`, () => call(this.#channels[i] as GrpcChannel, KV.range, big))
    }
    await this.#row(`snapshot of ${keyCount} keys to a member that was away`, () => this.#sendSnapshot())
    const { header } = await call(first(), KV.range, { ...all, limit: 1 })
    await this.#row('compaction', () => call(first(), KV.compact, { revision: header?.revision ?? 0, physical: true }))
    await this.#row(`deletion of ${keyCount} keys`, () => call(first(), KV.deleteRange, all))
    await this.#row('compaction of that', async () => {
      const { header: now } = await call(first(), KV.range, { ...all, limit: 1 })
      await call(first(), KV.compact, { revision: now?.revision ?? 0, physical: true })
    })
    for (const channel of this.#channels) channel.close()
    await Promise.all(this.#children.map(child => this.#end(child)))
    return this.#missed
  }

  async #start(i: number): Promise<void> {
    const own = process.argv[1] as string
    const args = [...process.execArgv, own, 'serve', names[i] as string, this.#ports.join(), join(this.#folder, `${i}`)]
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
    this.#children[i] = child
    this.#channels[i] = await connectTo(await answer<string>(child))
  }

  async #end(child: ChildProcess): Promise<void> {
    const ended = new Promise(resolve => child.once('exit', resolve))
    child.send('stop')
    await ended
  }

  async #row(name: string, work: () => Promise<unknown>, always = false): Promise<void> {
    if (!always && this.#chosen.length > 0 && !this.#chosen.some(word => name.includes(word))) return
    await new Promise(resolve => setTimeout(resolve, 1000))
    // What is on the way is through, and what was seen of it forgotten.
    await this.#seen()
    const startMs = performance.now()
    await work()
    const tookMs = performance.now() - startMs
    // Followers are done a moment later.
    await new Promise(resolve => setTimeout(resolve, 2000))
    const seen = await this.#seen()
    const gapMs = Math.max(...seen.map(one => one.gapMs))
    const changes = Math.max(...seen.map(one => one.leaderChanges))
    const pauses = seen.map(({ pauseMs }) => pauseMs.toFixed(0)).join('/')
    const own = seen.map(({ ownMs }) => ownMs.toFixed(0)).join('/')
    const isMet = gapMs <= gapGoalMs && changes === 0
    if (!isMet) this.#missed++
    const goal = `${isMet ? 'met' : 'MISSED'} (gap ${gapGoalMs} ms, no change)`
    console.log(
      `${name.padEnd(52)} ${(tookMs / 1000).toFixed(1).padStart(6)} s  gap ${gapMs.toFixed(0).padStart(4)} ms  ` +
        `pauses ${pauses} ms, own time ${own} ms  leader changes ${changes}  ${goal}`,
    )
  }

  #seen(): Promise<readonly Seen[]> {
    return Promise.all(this.#children.map(child => answer<Seen>(child, 'seen')))
  }

  async #fill(channel: GrpcChannel): Promise<void> {
    const value = new Uint8Array(100).fill(0x78)
    await this.#txns(channel, keyCount, number => ({
      key: keyOf(number),
      value,
      lease: number % leasedEvery === 0 ? 7n : 0n,
    }))
  }

  #fillBig(channel: GrpcChannel): Promise<void> {
    const value = new Uint8Array(10_000).fill(0x78)
    return this.#txns(channel, 10_000, number => ({ key: bigOf(number), value }))
  }

  async #txns(channel: GrpcChannel, count: number, put: (number: number) => object): Promise<void> {
    let next = 0
    const worker = async (): Promise<void> => {
      while (next < count) {
        const from = next
        next += keysPerTxn
        const success = Array.from({ length: keysPerTxn }, (_, i) => ({ requestPut: put(from + i) }))
        await call(channel, KV.txn, { success })
      }
    }
    await Promise.all(Array.from({ length: 8 }, worker))
  }

  /** A follower ends, the others write more than they keep for it, and it comes back. */
  async #sendSnapshot(): Promise<void> {
    const away = await this.#follower()
    this.#channels[away]?.close()
    await this.#end(this.#children[away] as ChildProcess)
    const staying = this.#channels[away === 2 ? 0 : 2] as GrpcChannel
    for (let i = 0; i < 3000; i++) await call(staying, KV.put, { key: text.encode('other'), value: keyOf(i) })
    await this.#start(away)
    await call(this.#channels[away] as GrpcChannel, KV.range, { key: text.encode('other') })
  }

  /** The last member, if it follows, or the first. */
  async #follower(): Promise<number> {
    const { leader, header } = await call(this.#channels[2] as GrpcChannel, Maintenance.status, {})
    return leader === header?.memberId ? 0 : 2
  }
}

const [mode, name = '', ports = '', dataDir = ''] = process.argv.slice(2)
if (mode === 'serve') await serve(name, ports.split(',').map(Number), dataDir)
else {
  const folder = mkdtempSync(join(tmpdir(), 'kvs-heartbeats-'))
  try {
    const free = await Promise.all(names.map(freePort))
    process.exitCode = (await new Bench(free, folder).run()) > 0 ? 1 : 0
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
