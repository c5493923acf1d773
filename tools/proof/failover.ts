/**
 * npm run proof -- failover: how long a cluster of three real processes with default timers takes no writes when its leader
 * is killed, and when it is stopped; what a rolling restart does to clients; how soon a new cluster serves.
 *
 * Options: --kills N (50), --stops N (50), --rolls N (3), --starts N (10), --seed N.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { type Client, connect, isKvsError } from '@kvs/client'
import { SeededRandom } from '@kvs/testing'
import { ClusterOfProcesses, type MemberProcess } from './cluster/processes.ts'
import { compareHashes, Traffic } from './cluster/traffic.ts'
import { conclude, percentile } from './durability/report.ts'
import { bundleServer } from './durability/server-process.ts'

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '50' },
    stops: { type: 'string', default: '50' },
    rolls: { type: 'string', default: '3' },
    starts: { type: 'string', default: '10' },
    seed: { type: 'string', default: '1' },
  },
})

/** Of a killed leader: the median, nearly all (48 of 50), and every one. */
const killGoalMs = { median: 1800, nearlyAll: 2600, all: 5000 }
const stopGoalMs = 150
const startGoalMs = 2000
const nearlyAll = 0.96
/** A client that tries has so long for each try, and goes on with the next one so soon. */
const tryMs = 1000
const probes = 4
const waitMsMax = 20_000
/** How long a stopped leader is looked at: longer than any hand-over. */
const stopWindowMs = 1500
/** The probe of a stop writes so often. */
const paceMs = 5

const random = new SeededRandom(Number(values.seed))
const failures: string[] = []

/** Clients that know all members and write as soon as they can. Resolves with the time of the first answer. */
async function firstWrite(endpoints: readonly string[]): Promise<number> {
  let firstMs: number | undefined
  const untilMs = performance.now() + waitMsMax
  const probe = async (i: number): Promise<void> => {
    const client = connect({ endpoints: [...endpoints.slice(i % 3), ...endpoints.slice(0, i % 3)], timeoutMs: tryMs })
    while (firstMs === undefined && performance.now() < untilMs) {
      const isDone = await puts(client, `probe/${i}`)
      if (isDone) firstMs ??= performance.now()
      else await sleep(paceMs)
    }
    await client.close()
  }
  await Promise.all(Array.from({ length: probes }, (_, i) => probe(i)))
  if (firstMs === undefined) throw new Error(`no write within ${waitMsMax} ms`)
  return firstMs
}

async function puts(client: Client, key: string): Promise<boolean> {
  try {
    await client.put(key, 'x')
    return true
  } catch (error) {
    if (!isKvsError(error)) throw error
    return false
  }
}

async function backAgain(member: MemberProcess): Promise<void> {
  member.start()
  await member.ready()
  // Streams between all members stand again before the next one goes.
  await sleep(random.between(200, 700))
}

async function kills(cluster: ClusterOfProcesses): Promise<number[]> {
  const tookMs: number[] = []
  for (let i = 0; i < Number(values.kills); i++) {
    const leader = await cluster.leader()
    const beganMs = performance.now()
    const end = leader.end('SIGKILL')
    tookMs.push((await firstWrite(cluster.endpoints)) - beganMs)
    await end
    await backAgain(leader)
  }
  return tookMs
}

/** The longest time without an answered write around the stop of a leader, by open writes at a steady pace. */
async function gapAround(cluster: ClusterOfProcesses, act: () => Promise<void>): Promise<number> {
  const clients = Array.from({ length: 6 }, () => connect({ endpoints: cluster.endpoints, timeoutMs: tryMs * 5 }))
  for (const client of clients) await puts(client, 'probe')
  const answeredMs: number[] = [performance.now()]
  const open: Promise<void>[] = []
  let isOver = false
  const pace = async (): Promise<void> => {
    for (let i = 0; !isOver; i++) {
      const client = clients[i % clients.length] as Client
      open.push(puts(client, `probe/${i % 50}`).then(isDone => void (isDone && answeredMs.push(performance.now()))))
      await sleep(paceMs)
    }
  }
  const pacing = pace()
  await sleep(200)
  const beganMs = performance.now()
  const acting = act()
  await sleep(stopWindowMs)
  isOver = true
  await pacing
  const endedMs = performance.now()
  await acting
  for (const client of clients) await client.close()
  await Promise.all(open)
  const within = answeredMs.filter(atMs => atMs >= beganMs - 2 * paceMs && atMs <= endedMs)
  return Math.max(...within.map((atMs, i) => atMs - (within[i - 1] ?? beganMs)), endedMs - (within.at(-1) ?? beganMs))
}

async function stops(cluster: ClusterOfProcesses): Promise<{ gapsMs: number[]; quietMs: number[] }> {
  const gapsMs: number[] = []
  const quietMs: number[] = []
  for (let i = 0; i < Number(values.stops); i++) {
    // What the machine alone does to such a probe, for comparison.
    quietMs.push(await gapAround(cluster, async () => {}))
    const leader = await cluster.leader()
    gapsMs.push(await gapAround(cluster, () => leader.end('SIGTERM')))
    await backAgain(leader)
  }
  return { gapsMs, quietMs }
}

/** Restarts one member after the other under clients that repeat only what certainly was not proposed. */
async function rolls(cluster: ClusterOfProcesses): Promise<string> {
  const traffic = new Traffic(cluster.endpoints, random.fork(), 'everywhere')
  traffic.start({ writers: 20, readers: 0, watchers: 3 })
  await traffic.firstAck(0, waitMsMax)
  let restarts = 0
  for (let roll = 0; roll < Number(values.rolls); roll++) {
    for (const member of cluster.members) {
      await member.end('SIGTERM')
      await backAgain(member)
      restarts++
    }
  }
  await traffic.stop()
  const client = connect({ endpoints: cluster.endpoints, timeoutMs: waitMsMax })
  const revision = await traffic.verify(client)
  await client.close()
  await traffic.close()
  const { acknowledged, inDoubt, complaints, errors } = traffic
  const said = [...errors].map(([text, count]) => `${count} x ${text}`).join('; ')
  if (inDoubt > 0) console.log(`failures of the rolling restarts: ${said}`)
  failures.push(...complaints, ...(await compareHashes(cluster.endpoints, revision)))
  return `${restarts} restarts in turn under 20 writers: ${acknowledged} writes, ${inDoubt} failed, none twice`
}

async function starts(program: string, folder: string): Promise<number[]> {
  const tookMs: number[] = []
  for (let i = 0; i < Number(values.starts); i++) {
    const cluster = await ClusterOfProcesses.make({ program, folder: join(folder, `start-${i}`) })
    const beganMs = performance.now()
    await cluster.start()
    const clients = cluster.endpoints.map(endpoint => connect({ endpoints: [endpoint] }))
    await Promise.all(clients.map(client => client.put('first', 'write')))
    tookMs.push(performance.now() - beganMs)
    for (const client of clients) await client.close()
    await cluster.close()
  }
  return tookMs
}

/** Prints all, and gives the figures for the record. */
function distribution(name: string, tookMs: readonly number[]): string {
  const at = (part: number): string => percentile(tookMs, part).toFixed(0)
  console.log(
    `${name}, ms: ${tookMs
      .toSorted((a, b) => a - b)
      .map(Math.round)
      .join(' ')}`,
  )
  return `median ${at(0.5)}, p96 ${at(nearlyAll - 1 / (2 * tookMs.length))}, most ${at(1)} ms`
}

function demand(what: string, tookMs: readonly number[], part: number, mostMs: number): void {
  const within = tookMs.filter(ms => ms <= mostMs).length
  const wanted = Math.ceil(tookMs.length * part)
  if (within < wanted) failures.push(`${what}: ${within} of ${tookMs.length} within ${mostMs} ms, ${wanted} are wanted`)
}

const folder = mkdtempSync(join(tmpdir(), 'kvs-failover-'))
const parts: string[] = []
try {
  const program = await bundleServer(folder)
  const startedMs = await starts(program, folder)
  if (startedMs.length > 0)
    parts.push(`three members serve from nothing: ${distribution('start of a cluster', startedMs)}`)
  demand('start', startedMs, 0.5, startGoalMs)
  const cluster = await ClusterOfProcesses.make({ program, folder })
  try {
    await cluster.start()
    const killedMs = await kills(cluster)
    if (killedMs.length > 0) {
      parts.push(
        `first write after ${killedMs.length} x kill -9 of the leader: ${distribution('killed leader', killedMs)}`,
      )
    }
    demand('killed leader', killedMs, 0.5, killGoalMs.median)
    demand('killed leader', killedMs, nearlyAll, killGoalMs.nearlyAll)
    demand('killed leader', killedMs, 1, killGoalMs.all)
    const { gapsMs, quietMs } = await stops(cluster)
    if (gapsMs.length > 0) {
      const quiet = distribution('longest gap while nothing happens', quietMs)
      parts.push(
        `longest gap around ${gapsMs.length} x SIGTERM of the leader: ${distribution('stopped leader', gapsMs)} (without it: ${quiet})`,
      )
    }
    demand('stopped leader', gapsMs, nearlyAll, stopGoalMs)
    if (Number(values.rolls) > 0) parts.push(await rolls(cluster))
    failures.push(...cluster.rivals())
  } catch (error) {
    failures.push(error instanceof Error ? (error.stack ?? error.message) : String(error))
  }
  await cluster.close()
  // Others at work on the machine are in every figure.
  const load = `load ${loadavg()[1]?.toFixed(1)} on ${availableParallelism()} cores`
  conclude(`${parts.join('; ')} (seed ${values.seed}, ${load})`, failures)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
