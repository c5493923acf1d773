/**
 * npm run proof -- failpoints: a process of the server is brought to each of its failpoints under load and ends there, as a
 * crash ends it; a single member at all but those of received snapshots, members of a cluster of three at those of raft, of
 * applying and of received snapshots. After every start no acknowledged write is lost, each write in doubt happened as a
 * whole or not at all, and watches miss nothing; in the end the members of the cluster have the same hash.
 *
 * Options: --rounds N (5) of each failpoint alone, --cluster-rounds N (3), --clients N (12), --seed N.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { connect } from '@kvs/client'
import { SeededRandom } from '@kvs/testing'
import { ClusterOfProcesses, type MemberProcess } from './cluster/processes.ts'
import { compareHashes, Traffic } from './cluster/traffic.ts'
import { complaintsOf, conclude } from './durability/report.ts'
import { bundleServer, describeEnd, freePorts } from './durability/server-process.ts'
import { Trial } from './durability/trial.ts'
import { listFailpoints, setFailpoint, stir, toggleLearner } from './failpoints/steering.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    'cluster-rounds': { type: 'string', default: '3' },
    clients: { type: 'string', default: '12' },
    seed: { type: 'string', default: '1' },
  },
})
const rounds = Number(values.rounds)
const clusterRounds = Number(values['cluster-rounds'])
const clients = Number(values.clients)
const random = new SeededRandom(Number(values.seed))

/** The longest until a process comes to its failpoint, and until a cluster takes writes again. */
const endMsMax = 20_000
/** A member passes a failpoint so often, at most, before it ends there. */
const passesMax = 12

const ofSnapshots: readonly string[] = [
  'raftBeforeSaveSnap',
  'raftAfterSaveSnap',
  'raftBeforeApplySnap',
  'raftAfterApplySnap',
  'raftAfterWALRelease',
  'applyBeforeOpenSnapshot',
  'applyAfterOpenSnapshot',
]
/** Those that a member passes rarely, or once in a life. */
const rare = /^(defrag|compact)/
const once = /Scheduled|SetFinished|ConfChange/
const ofClusters: readonly (readonly [name: string, who: 'leader' | 'follower'])[] = [
  ['raftBeforeLeaderSend', 'leader'],
  ['raftBeforeFollowerSend', 'follower'],
  ['raftBeforeSave', 'leader'],
  ['raftBeforeSave', 'follower'],
  ['raftAfterSave', 'leader'],
  ['raftAfterSave', 'follower'],
  ['beforeApplyOneEntryNormal', 'leader'],
  ['beforeApplyOneEntryNormal', 'follower'],
  ['beforeApplyOneConfChange', 'leader'],
  ['beforeApplyOneConfChange', 'follower'],
]

const failures: string[] = []

/** What a failpoint does: it ends the process, sometimes only after a while. */
function terms(name: string): string {
  const passes = once.test(name) ? 0 : random.below(rare.test(name) ? 2 : passesMax)
  return passes === 0 ? 'panic' : `${passes}*off->panic`
}

/** Fails if a process has not ended at its failpoint, with a word about it. */
function checkEnd(name: string, said: string, end: string): void {
  if (end !== 'SIGKILL') failures.push(`at ${name} a process ended with ${end}`)
  if (!said.includes(`panic: failpoint panic: ${name}`))
    failures.push(`${name} is not what a process said: ${said.slice(-300)}`)
}

/** One member; returns the names it has. */
async function alone(trial: Trial, port: number): Promise<readonly string[]> {
  const first = trial.start()
  await trial.verify(first)
  const all = await listFailpoints(port)
  await first.kill()
  const names = all.filter(name => !ofSnapshots.includes(name) && name !== 'raftBeforeFollowerSend')
  for (let round = 0; round < rounds; round++) {
    for (const name of names) {
      const server = trial.start()
      await trial.verify(server)
      if (trial.ledger.complaintCount > 0) return names
      const { forgottenRevision, settledRevision } = trial.ledger
      const compactTo = Math.floor((forgottenRevision + settledRevision) / 2)
      trial.ledger.forget(compactTo)
      const set = sleep(random.below(100)).then(() => setFailpoint(port, name, terms(name)))
      const stirred = set.then(() => stir(server.endpoint, compactTo, () => server.hasEnded))
      const late = setTimeout(() => {
        failures.push(`nobody came to ${name} within ${endMsMax} ms`)
        void server.kill()
      }, endMsMax)
      await trial.load(server, set, () => server.ended)
      clearTimeout(late)
      await stirred
      checkEnd(name, server.said, describeEnd(await server.ended))
    }
    console.log(`round ${round + 1}: ${trial.ledger.acknowledgedCount} acknowledged, ${failures.length} failures`)
  }
  const last = trial.start()
  await trial.verify(last)
  await last.stop()
  return names
}

interface Scene {
  readonly cluster: ClusterOfProcesses
  readonly traffic: Traffic
  /** Ports of failpoints by the names of members. */
  readonly ports: ReadonlyMap<string, number>
}

/** Waits until a member has ended at its failpoint, then until the cluster is whole again. */
async function comeBack(scene: Scene, victim: MemberProcess, name: string): Promise<void> {
  const { traffic } = scene
  for (const untilMs = performance.now() + endMsMax; victim.isUp; await sleep(5)) {
    if (performance.now() < untilMs) continue
    failures.push(`${victim.name} did not come to ${name} within ${endMsMax} ms`)
    await victim.end('SIGKILL')
  }
  if (!victim.said.includes(`panic: failpoint panic: ${name}`))
    failures.push(`${victim.name} ended otherwise than at ${name}`)
  victim.said = ''
  traffic.forgetAcks()
  await traffic.firstAck(performance.now(), endMsMax)
  await sleep(random.below(300))
  victim.start()
  await victim.ready()
}

async function crashWorking(scene: Scene, name: string, who: 'leader' | 'follower'): Promise<void> {
  const { cluster, ports } = scene
  const leader = await cluster.leader()
  const victim = who === 'leader' ? leader : random.pick(cluster.members.filter(member => member !== leader))
  await setFailpoint(ports.get((victim as MemberProcess).name) ?? 0, name, terms(name))
  for (let tries = 0; name === 'beforeApplyOneConfChange' && tries < 2; tries++) {
    await toggleLearner(cluster.members.find(member => member !== victim)?.endpoint ?? '')
  }
  await comeBack(scene, victim as MemberProcess, name)
}

/** A member that was away needs a snapshot, and ends while it installs that. */
async function crashInstalling(scene: Scene, name: string): Promise<void> {
  const { cluster, traffic } = scene
  const leader = await cluster.leader()
  const victim = random.pick(cluster.members.filter(member => member !== leader)) as MemberProcess
  await victim.end('SIGKILL')
  const { acknowledged } = traffic
  for (const untilMs = performance.now() + endMsMax; traffic.acknowledged < acknowledged + 400; await sleep(5)) {
    if (performance.now() > untilMs) throw new Error('the others do not write')
  }
  // A leader that sent a snapshot keeps its log for half a minute, and would send that; after a start it has little of it.
  await leader.end('SIGKILL')
  leader.start()
  await leader.ready()
  victim.start({ GOFAIL_FAILPOINTS: `${name}=panic` })
  await comeBack(scene, victim, name)
}

async function together(scene: Scene): Promise<void> {
  const { cluster, traffic } = scene
  traffic.start({ writers: clients, readers: clients, watchers: 3 })
  await traffic.firstAck(0, endMsMax)
  for (let round = 0; round < clusterRounds && traffic.complaintCount === 0; round++) {
    for (const [name, who] of ofClusters) await crashWorking(scene, name, who)
    for (const name of ofSnapshots) await crashInstalling(scene, name)
    console.log(
      `round ${round + 1} of three members: ${traffic.acknowledged} acknowledged, ${failures.length} failures`,
    )
  }
  await traffic.stop()
  const client = connect({ endpoints: cluster.endpoints, timeoutMs: endMsMax })
  try {
    const revision = await traffic.verify(client)
    failures.push(...(await compareHashes(cluster.endpoints, revision)), ...cluster.rivals())
  } finally {
    await client.close()
  }
}

async function proveAlone(program: string, folder: string): Promise<string> {
  const port = (await freePorts()).client
  const trial = await Trial.begin({
    ...{ program, dataDir: join(folder, 'data'), writers: clients, random },
    flags: ['--snapshot-count=300', '--compaction-batch-limit=20', '--backend-batch-interval=20ms'],
    env: { GOFAIL_HTTP: `127.0.0.1:${port}` },
  })
  let names: readonly string[] = []
  try {
    names = await alone(trial, port)
  } catch (error) {
    trial.ledger.complain(error instanceof Error ? (error.stack ?? error.message) : String(error))
  }
  await trial.close()
  const { ledger } = trial
  failures.push(...complaintsOf(ledger, rounds * names.length * 5))
  return (
    `${rounds * names.length} crashes of one member at ${names.length} failpoints: ${ledger.acknowledgedCount} writes ` +
    `acknowledged, ${ledger.lostCount} lost, ${ledger.doubtCount} in doubt of which ${ledger.happenedCount} had happened`
  )
}

async function proveTogether(program: string, folder: string): Promise<string> {
  const ports = new Map<string, number>()
  for (const name of ['m1', 'm2', 'm3']) ports.set(name, (await freePorts()).client)
  const cluster = await ClusterOfProcesses.make({
    ...{ program, folder },
    flags: ['--snapshot-count=100', '--snapshot-catchup-entries=10', '--strict-reconfig-check=false'],
    env: name => ({ GOFAIL_HTTP: `127.0.0.1:${ports.get(name)}` }),
  })
  const traffic = new Traffic(cluster.endpoints, random.fork())
  try {
    await cluster.start()
    await together({ cluster, traffic, ports })
  } catch (error) {
    failures.push(error instanceof Error ? (error.stack ?? error.message) : String(error))
  }
  await traffic.close()
  await cluster.close()
  failures.push(...traffic.complaints)
  const { acknowledged, inDoubt, reads, toldCount } = traffic
  return (
    `${clusterRounds * (ofClusters.length + ofSnapshots.length)} of members of three at ${ofSnapshots.length + 6}: ` +
    `${acknowledged} acknowledged, ${inDoubt} in doubt, ${reads} linearizable reads, ${toldCount} watched events`
  )
}

const folder = mkdtempSync(join(tmpdir(), 'kvs-failpoints-'))
try {
  const program = await bundleServer(folder)
  const parts: string[] = []
  if (rounds > 0) parts.push(await proveAlone(program, folder))
  if (clusterRounds > 0) parts.push(await proveTogether(program, folder))
  conclude(`${parts.join('; ')} (seed ${values.seed})`, failures)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
