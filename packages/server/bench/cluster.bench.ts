/**
 * Clusters of three, kvs beside the real etcd: CPU of all members, throughput and latency of puts and of linearizable ranges
 * over all endpoints, and how long a member that lost its disk takes to catch up. Six servers would not fit: the clusters run
 * in turn, each afresh. Nothing is pinned, members and generator share what cores there are.
 *
 * Arguments choose rows by a part of their name. `KVS_BENCH_PAIRS` (3) alternating runs; `KVS_BENCH_MIB` (64) of live values
 * for catching up, 1024 are the full figure.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { availableParallelism, loadavg } from 'node:os'
import type { GrpcChannel } from '@kvs/grpc'
import { Cluster, encodePutRequest, KV, Maintenance } from '@kvs/proto/rpc'
import { connect, generate } from './end-to-end/generator.ts'
import { keyOf, type Load, type LoadResult } from './end-to-end/loads.ts'
import { etcd, kvs, type RunningCluster, type RunningSystem, type System, startCluster } from './end-to-end/systems.ts'

const root = process.env['KVS_ROOT'] ?? process.cwd()
const pairs = Number(process.env['KVS_BENCH_PAIRS'] ?? 3)
const liveMib = Number(process.env['KVS_BENCH_MIB'] ?? 64)
const size = 3
/** V8 compiles for so long; a server that runs for a minute has done that, and etcd brings its machine code along. */
const warmUpCalls = 100_000

interface Row extends Load {
  readonly name: string
  readonly filled?: number
  readonly goal: Partial<Record<'membersUs' | 'perSecond' | 'p99Ms', number>>
}

const usual = { keys: 20_000, valueBytes: 256 } as const
const putGoal = { membersUs: 0.45, perSecond: 1.8, p99Ms: 0.8 }
const rows: readonly Row[] = [
  { name: 'put 12/100', kind: 'put', ...usual, connections: 12, clients: 100, calls: 60_000, goal: putGoal },
  { name: 'put 99/1000', kind: 'put', ...usual, connections: 99, clients: 1000, calls: 200_000, goal: putGoal },
  {
    name: 'linearizable range of one key 12/100',
    kind: 'range',
    ...usual,
    connections: 12,
    clients: 100,
    calls: 40_000,
    filled: 20_000,
    goal: { perSecond: 2.5 },
  },
]

interface Measured extends LoadResult {
  /** CPU of all members, per call. */
  readonly membersUs: number
}

const cpuOf = ({ members }: RunningCluster): number => members.reduce((sum, member) => sum + member.cpuUs(), 0)

async function measure(system: System, row: Row): Promise<Measured> {
  const cluster = await startCluster(system, size)
  try {
    const ports = cluster.members.map(({ port }) => port)
    if (row.filled !== undefined) await runGenerator(ports, { ...row, kind: 'put', calls: row.filled })
    await runGenerator(ports, { ...row, calls: warmUpCalls })
    const before = cpuOf(cluster)
    const result = await runGenerator(ports, row)
    return { ...result, membersUs: (cpuOf(cluster) - before) / row.calls }
  } finally {
    await cluster.stop()
  }
}

/** The generator is this program again, in a process of its own. */
function startGenerator(ports: readonly number[], load: Load): { child: ChildProcess; result: Promise<LoadResult> } {
  const args = [process.argv[1] as string, 'generate', JSON.stringify(ports), JSON.stringify(load)]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let out = ''
  child.stdout.on('data', chunk => {
    out += chunk
  })
  const result = new Promise<LoadResult>((resolve, reject) => {
    child.once('exit', status => {
      if (status === 0) resolve(JSON.parse(out) as LoadResult)
      else reject(new Error(`the generator ended with status ${status}`))
    })
  })
  return { child, result }
}

const runGenerator = (ports: readonly number[], load: Load): Promise<LoadResult> => startGenerator(ports, load).result

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] as number

function describe(name: string, runs: readonly Measured[]): string {
  const of = (field: keyof Measured): number => median(runs.map(run => run[field]))
  const cpu = runs.map(run => run.membersUs)
  const spread = (Math.max(...cpu) - Math.min(...cpu)) / median(cpu)
  return (
    `  ${name.padEnd(5)} ${of('membersUs').toFixed(1).padStart(7)} µs CPU of all members per call, ` +
    `${Math.round(of('perSecond')).toString().padStart(6)}/s, p50 ${of('p50Ms').toFixed(2)} ms, ` +
    `p99 ${of('p99Ms').toFixed(2)} ms, generator ${of('clientUs').toFixed(1)} µs, ` +
    `spread ${(100 * spread).toFixed(0)} %${spread > 0.25 ? ' (over 25 %)' : ''}`
  )
}

function compare(
  { goal }: Row,
  runs: { readonly kvs: readonly Measured[]; readonly etcd: readonly Measured[] },
): string {
  const names = { membersUs: 'CPU', perSecond: 'throughput', p99Ms: 'p99' } as const
  const fields = Object.keys(names) as (keyof typeof names)[]
  const ratio = (field: keyof typeof names): number =>
    median(runs.kvs.map(run => run[field])) / median(runs.etcd.map(run => run[field]))
  const isMissed = (field: keyof typeof names): boolean => {
    const wanted = goal[field]
    return wanted !== undefined && (field === 'perSecond' ? ratio(field) < wanted : ratio(field) > wanted)
  }
  const missed = fields.filter(isMissed)
  const verdict = missed.length === 0 ? 'reached' : `MISSED by ${missed.map(field => names[field]).join(', ')}`
  const ratios = fields.map(field => `${ratio(field).toFixed(2)}× ${names[field]}`).join(', ')
  const goals = fields.flatMap(field => (goal[field] === undefined ? [] : [`${names[field]} ${goal[field]}×`]))
  return `  ratio ${ratios}; goal ${goals.join(', ')}: ${verdict}`
}

const valueBytes = 1024
const backgroundPerSecond = 5000
const pollMs = 20
const catchUpMsMax = 600_000

interface CatchUp {
  readonly seconds: number
  /** Of these until the process said that it serves. */
  readonly startSeconds: number
  /** Puts that were acknowledged meanwhile, in a second. */
  readonly perSecond: number
  /** Beyond what the leader had before. */
  readonly extraMib: number
}

/** Which member leads, and which of the others loses its disk. */
interface Roles {
  readonly leader: number
  readonly lost: number
}

/** A cluster with values loses a member's disk, once for each of these. */
async function* catchUps(system: System, isLoaded: readonly boolean[]): AsyncGenerator<CatchUp> {
  const cluster = await startCluster(system, size, ['--quota-backend-bytes=8000000000'])
  try {
    const leader = (await rolesOf(cluster)).leader
    await fill(await connect((cluster.members[leader] as RunningSystem).port), (liveMib * 2 ** 20) / valueBytes)
    for (const each of isLoaded) yield await timed(cluster, await loseDisk(cluster), each)
  } finally {
    await cluster.stop()
  }
}

async function rolesOf(cluster: RunningCluster): Promise<Roles> {
  const statuses = await Promise.all(cluster.members.map(({ port }) => statusAt(port)))
  const leader = statuses.findIndex(status => status.leader === status.header?.memberId)
  return { leader, lost: leader === 0 ? 1 : 0 }
}

/** A member is removed, and added anew: nothing is on its disk when it starts. */
async function loseDisk(cluster: RunningCluster): Promise<Roles> {
  const roles = await rolesOf(cluster)
  const { leader, lost } = roles
  const channel = await connect((cluster.members[leader] as RunningSystem).port)
  const { header } = await statusAt((cluster.members[lost] as RunningSystem).port)
  await cluster.end(lost)
  await ask(channel, Cluster.memberRemove, { id: header?.memberId ?? 0n })
  // A new member is refused until those who are left have been connected for a while.
  await retried(() => ask(channel, Cluster.memberAdd, { peerUrls: [cluster.peerUrl(lost)], isLearner: false }))
  return roles
}

async function timed(cluster: RunningCluster, { leader, lost }: Roles, isLoaded: boolean): Promise<CatchUp> {
  const staying = cluster.members.filter((_, i) => i !== lost).map(({ port }) => port)
  const load: Load = {
    kind: 'put',
    connections: 10,
    clients: 1000,
    calls: 10_000_000,
    keys: 10_000,
    valueBytes,
    paced: backgroundPerSecond,
  }
  const background = isLoaded ? startGenerator(staying, load) : undefined
  background?.result.catch(() => {})
  if (isLoaded) await new Promise(resolve => setTimeout(resolve, 2000))
  const leading = cluster.members[leader] as RunningSystem
  const before = leading.memory().anonymousBytes
  let most = before
  const sampler = setInterval(() => {
    most = Math.max(most, leading.memory().anonymousBytes)
  }, pollMs)
  try {
    const channel = await connect(leading.port)
    const firstRevision = (await statusOf(channel)).header?.revision ?? 0
    const startedAt = performance.now()
    await cluster.replace(lost)
    const startSeconds = (performance.now() - startedAt) / 1000
    await level(leading.port, (cluster.members[lost] as RunningSystem).port)
    const seconds = (performance.now() - startedAt) / 1000
    const puts = ((await statusOf(channel)).header?.revision ?? 0) - firstRevision
    return { seconds, startSeconds, perSecond: puts / seconds, extraMib: (most - before) / 2 ** 20 }
  } finally {
    clearInterval(sampler)
    background?.child.kill('SIGKILL')
  }
}

/** Waits until one member has what the other had a moment before. */
async function level(leaderPort: number, port: number): Promise<void> {
  const [leader, other] = [await connect(leaderPort), await connect(port)]
  for (const untilMs = performance.now() + catchUpMsMax; performance.now() < untilMs; ) {
    const wanted = (await statusOf(leader)).header?.revision ?? 0
    await new Promise(resolve => setTimeout(resolve, pollMs))
    if (((await statusOf(other)).header?.revision ?? 0) >= wanted) return
  }
  throw new Error('it did not catch up')
}

async function ask<Init, Response>(
  channel: GrpcChannel | undefined,
  method: { path: string; encodeRequest(init: Init): Uint8Array; decodeResponse(bytes: Uint8Array): Response },
  request: Init,
): Promise<Response> {
  if (channel === undefined) throw new Error('no connection')
  return method.decodeResponse((await channel.call(method.path, method.encodeRequest(request))).message)
}

async function statusAt(port: number): ReturnType<typeof statusOf> {
  const channel = await connect(port)
  const status = await statusOf(channel)
  await channel.close()
  return status
}

const statusOf = (channel: GrpcChannel) => ask(channel, Maintenance.status, {})

async function retried<Result>(act: () => Promise<Result>): Promise<Result> {
  for (let left = 100; ; left--) {
    try {
      return await act()
    } catch (error) {
      if (left === 0) throw error
      await new Promise(resolve => setTimeout(resolve, 200))
    }
  }
}

async function fill(channel: GrpcChannel, keys: number): Promise<void> {
  const value = new Uint8Array(valueBytes).fill(0x78)
  let next = 0
  const put = async (): Promise<void> => {
    while (next < keys) await channel.call(KV.put.path, encodePutRequest({ key: keyOf(next++), value }))
  }
  await Promise.all(Array.from({ length: 200 }, put))
}

async function compareCatchUp(systems: readonly System[], isLoaded: readonly boolean[]): Promise<void> {
  console.log(`catch-up: a member without a disk gets ${liveMib} MiB of live values of 1 KiB`)
  for (const system of systems) {
    let count = 0
    for await (const { seconds, startSeconds, perSecond, extraMib } of catchUps(system, isLoaded)) {
      const underLoad = isLoaded[count++]
      const goal = underLoad ? 60 : 20
      const isReached = seconds <= goal && extraMib <= 100
      const verdict =
        system.name === 'kvs' ? `; goal ${goal} s and 100 MiB with 1024 MiB: ${isReached ? 'reached' : 'MISSED'}` : ''
      console.log(
        `  ${system.name.padEnd(5)} ${underLoad ? `under ${backgroundPerSecond} puts/s` : 'idle'}: ${seconds.toFixed(2)} s, ` +
          `of which ${startSeconds.toFixed(2)} until the process served, ${perSecond.toFixed(0)} puts/s meanwhile, ` +
          `${extraMib.toFixed(0)} MiB more at the leader${verdict}`,
      )
    }
  }
}

async function main(): Promise<void> {
  const ours = kvs(root)
  const theirs = etcd()
  const load = loadavg()[0]?.toFixed(1)
  console.log(
    `${ours.version}; ${theirs?.version ?? 'etcd is not installed: no ratios'}; ${pairs} alternating runs; ` +
      `${availableParallelism()} cores for ${size} members, the generator and whatever else runs (load ${load})`,
  )
  const words = process.argv.slice(2)
  const isWanted = (name: string): boolean => words.length === 0 || words.some(word => name.includes(word))
  for (const row of rows.filter(({ name }) => isWanted(name))) {
    const runs: { readonly kvs: Measured[]; readonly etcd: Measured[] } = { kvs: [], etcd: [] }
    for (let i = 0; i < pairs; i++) {
      runs.kvs.push(await measure(ours, row))
      if (theirs !== undefined) runs.etcd.push(await measure(theirs, row))
    }
    console.log(row.name)
    console.log(describe('kvs', runs.kvs))
    if (theirs === undefined) continue
    console.log(describe('etcd', runs.etcd))
    console.log(compare(row, runs))
  }
  const systems = [ours, ...(theirs === undefined ? [] : [theirs])]
  const isLoaded = [false, true].filter(loaded => isWanted(loaded ? 'catch-up under load' : 'catch-up idle'))
  if (isLoaded.length > 0) await compareCatchUp(systems, isLoaded)
}

if (process.argv[2] === 'generate') {
  const [ports, load] = process.argv.slice(3).map(text => JSON.parse(text) as unknown)
  console.log(JSON.stringify(await generate(ports as number[], load as Load)))
} else await main()
