/**
 * npm run proof -- cluster-faults: three real processes, each in a network namespace of its own, under clients that count,
 * read linearizably and watch. Members are isolated, cut off one way, unplugged, frozen and killed. No acknowledged write is
 * lost, no linearizable read is stale, no two lead in one term, watchers are told every event once and in order, and in the
 * end all have the same hash.
 *
 * Options: --kills N (50), --faults N of the others, all kinds in turn (18), --seed N, --clients N writers (12).
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { connect } from '@kvs/client'
import { SeededRandom } from '@kvs/testing'
import { Network, networkIsMissing } from './cluster/network.ts'
import { ClusterOfProcesses, type MemberProcess } from './cluster/processes.ts'
import { compareHashes, Traffic } from './cluster/traffic.ts'
import { conclude, percentile, skip } from './durability/report.ts'
import { bundleServer } from './durability/server-process.ts'

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '50' },
    faults: { type: 'string', default: '18' },
    clients: { type: 'string', default: '12' },
    seed: { type: 'string', default: '1' },
  },
})
/** A fault lasts so long, longer than elections take. */
const faultMs = { least: 2500, most: 4000 }
/** The longest that clients may find no member that takes a write, and that a member may need to come back. */
const outageMsMax = 15_000
/** Fewer acknowledged writes per fault than this prove too little. */
const acknowledgedPerFault = 20

const kills = Number(values.kills)
const random = new SeededRandom(Number(values.seed))

/** Everything a fault works on. */
interface Scene {
  readonly cluster: ClusterOfProcesses
  readonly network: Network
  readonly traffic: Traffic
  readonly leader: number
  readonly follower: number
}

interface Fault {
  readonly name: string
  begin(scene: Scene): void
  end(scene: Scene): void
}

const heal = ({ network }: Scene): void => network.heal()
const others = (i: number): readonly number[] => [0, 1, 2].filter(other => other !== i)

const faults: readonly Fault[] = [
  { name: 'the leader is isolated', begin: ({ network, leader }) => network.isolate(leader), end: heal },
  { name: 'a follower is isolated', begin: ({ network, follower }) => network.isolate(follower), end: heal },
  {
    name: 'the leader is heard by nobody',
    begin: ({ network, leader }) => others(leader).map(other => network.cut(leader, other)),
    end: heal,
  },
  {
    name: 'the leader hears nobody',
    begin: ({ network, leader }) => others(leader).map(other => network.cut(other, leader)),
    end: heal,
  },
  {
    name: 'a follower does not hear the leader',
    begin: ({ network, leader, follower }) => network.cut(leader, follower),
    end: heal,
  },
  {
    name: 'the leader does not hear a follower',
    begin: ({ network, leader, follower }) => network.cut(follower, leader),
    end: heal,
  },
  { name: 'the leader is unplugged', begin: ({ network, leader }) => network.unplug(leader), end: heal },
  { name: 'a follower is unplugged', begin: ({ network, follower }) => network.unplug(follower), end: heal },
  {
    name: 'the leader is frozen',
    begin: ({ cluster, leader }) => cluster.members[leader]?.signal('SIGSTOP'),
    end: ({ cluster, leader }) => cluster.members[leader]?.signal('SIGCONT'),
  },
]

/** Few of them, one after the other, are then of different kinds: no divisor of their count. */
const faultStep = 4

const outagesMs: number[] = []

async function injure(parts: Omit<Scene, 'leader' | 'follower'>, fault: Fault): Promise<void> {
  const { cluster, traffic } = parts
  const leader = cluster.members.indexOf(await cluster.leader())
  const scene = { ...parts, leader, follower: random.pick(others(leader)) }
  traffic.forgetAcks()
  const beganMs = performance.now()
  fault.begin(scene)
  const firstMs = (await traffic.firstAck(beganMs + 1, outageMsMax)) - beganMs
  await sleep(random.between(faultMs.least, faultMs.most) - (performance.now() - beganMs))
  fault.end(scene)
  const endedMs = performance.now()
  await Promise.all(cluster.members.map(member => member.ready()))
  const wholeMs = performance.now() - endedMs
  if (wholeMs > outageMsMax) traffic.complain(`after "${fault.name}" it took ${wholeMs.toFixed(0)} ms until all served`)
  console.log(
    `${fault.name}: first write after ${firstMs.toFixed(0)} ms, all serve ${wholeMs.toFixed(0)} ms after its end`,
  )
}

async function kill({ cluster, traffic }: Pick<Scene, 'cluster' | 'traffic'>, number: number): Promise<void> {
  const victim = random.pick(cluster.members) as MemberProcess
  const wasLeader = await victim.leads()
  traffic.forgetAcks()
  const beganMs = performance.now()
  await victim.end('SIGKILL')
  const firstMs = (await traffic.firstAck(beganMs, outageMsMax)) - beganMs
  if (wasLeader) outagesMs.push(firstMs)
  await sleep(random.below(1000))
  victim.start()
  const readyMs = await victim.ready()
  const { acknowledged, complaintCount } = traffic
  if (number % 10 === 0 || complaintCount > 0) {
    console.log(
      `${number} kills, ${acknowledged} acknowledged; the last: ${victim.name}${wasLeader ? ', the leader' : ''}, ` +
        `first write after ${firstMs.toFixed(0)} ms, ready again in ${readyMs.toFixed(0)} ms`,
    )
  }
  await sleep(random.below(500))
}

async function run(parts: Omit<Scene, 'leader' | 'follower'>): Promise<void> {
  const { cluster, traffic } = parts
  const writers = Number(values.clients)
  traffic.start({ writers, readers: writers, watchers: 6 })
  await traffic.firstAck(0, outageMsMax)
  const first = random.below(faults.length)
  for (let i = 0; i < Number(values.faults) && traffic.complaintCount === 0; i++) {
    await injure(parts, faults[(first + i * faultStep) % faults.length] as Fault)
  }
  for (let number = 1; number <= kills && traffic.complaintCount === 0; number++) await kill(parts, number)
  await traffic.stop()
  const client = connect({ endpoints: cluster.endpoints, timeoutMs: outageMsMax })
  try {
    const revision = await traffic.verify(client)
    for (const complaint of await compareHashes(cluster.endpoints, revision)) traffic.complain(complaint)
  } finally {
    await client.close()
  }
  for (const rival of cluster.rivals()) traffic.complain(rival)
}

async function prove(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'kvs-cluster-faults-'))
  const network = new Network(3, process.pid)
  try {
    const program = await bundleServer(folder)
    const cluster = await ClusterOfProcesses.make({ program, folder, network })
    const traffic = new Traffic(cluster.endpoints, random.fork())
    try {
      await cluster.start()
      await run({ cluster, network, traffic })
    } catch (error) {
      traffic.complain(error instanceof Error ? (error.stack ?? error.message) : String(error))
    }
    await traffic.close()
    await cluster.close()
    const count = kills + Number(values.faults)
    if (traffic.acknowledged < count * acknowledgedPerFault) traffic.complain('too few writes were acknowledged')
    const { acknowledged, inDoubt, reads, toldCount, complaintCount } = traffic
    const promises =
      complaintCount > 0
        ? 'not all as promised'
        : 'no write lost, no read stale, every event once and in order, one leader per term, equal hashes'
    const result =
      `${count - kills} cuts, unpluggings and freezes of three processes and ${kills} x kill -9 (seed ${values.seed}): ` +
      `${acknowledged} writes acknowledged, ${inDoubt} in doubt, ${reads} linearizable reads, ${toldCount} watched events, ` +
      `${cluster.terms} terms: ${promises}; after ${outagesMs.length} killed leaders the first write in ` +
      `${percentile(outagesMs, 0.5).toFixed(0)} ms (most ${percentile(outagesMs, 1).toFixed(0)})`
    conclude(result, traffic.complaints)
  } finally {
    network.remove()
    rmSync(folder, { recursive: true, force: true })
  }
}

const missing = networkIsMissing()
if (missing === undefined) await prove()
else skip('faults of a cluster', missing)
