/**
 * npm run proof -- power-cuts: real power cuts under load. The server writes to an ext4 file system on a loop device; the
 * kernel shuts that down without writing its journal out (the ioctl that xfstests uses), while another process has
 * un-synced pages written in no order. After every cut the server starts, each acknowledged write is there, and revisions
 * never go back. The server itself must notice, say so in one line and end within a second.
 *
 * The same with --unsafe-no-fsync must lose writes: else the cuts would prove nothing.
 *
 * Also the first start of a member is cut, at any moment: the next one founds the cluster, or goes on with it.
 *
 * Options: --cuts N (100), --first-cuts N (30), --unsafe-cuts N (20), --clients N (20), --seed N.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { SeededRandom } from '@kvs/testing'
import { CuttableDisk, runsAmongOwnMounts, whyNoPowerCuts } from './durability/disk.ts'
import { judgeLastWords } from './durability/last-words.ts'
import { complaintsOf, conclude, percentile, skip } from './durability/report.ts'
import { bundleServer, type ServerProcess } from './durability/server-process.ts'
import { Trial } from './durability/trial.ts'

/** How long a server is written to before the power goes, in milliseconds. */
const loadMs = { least: 30, most: 600 }
/** A first start takes about so long. */
const firstMsMax = 700
/** A server that has lost its disk ends within this time. */
const endMsMax = 1000
/** One that does not is killed after this. */
const patienceMs = 5000
const compactEvery = 10
const diskBytes = 2 ** 30
/** Fewer acknowledged writes per cut than this prove too little. */
const acknowledgedPerCut = 20

const { values } = parseArgs({
  options: {
    cuts: { type: 'string', default: '100' },
    'first-cuts': { type: 'string', default: '30' },
    'unsafe-cuts': { type: 'string', default: '20' },
    clients: { type: 'string', default: '20' },
    seed: { type: 'string', default: '1' },
  },
})
const cuts = Number(values.cuts)
const firstCuts = Number(values['first-cuts'])
const unsafeCuts = Number(values['unsafe-cuts'])
const writers = Number(values.clients)
const random = new SeededRandom(Number(values.seed))
const endMs: number[] = []
let broughtDown = 0

/** One life of a server, from a start that must find everything to the loss of its disk. */
async function live(trial: Trial, disk: CuttableDisk, cut: number): Promise<void> {
  disk.scatter(random.uint32())
  const server = trial.start()
  await trial.verify(server)
  if (cut % compactEvery === 0) await trial.compact(server)
  await trial.load(server, sleep(random.between(loadMs.least, loadMs.most)), () => cutPower(trial, disk, server))
  await disk.powerUp()
}

async function cutPower(trial: Trial, disk: CuttableDisk, server: ServerProcess): Promise<void> {
  const cutNs = disk.cutPower()
  const end = await Promise.race([server.ended, sleep(patienceMs)])
  if (end === undefined) {
    await server.kill()
    return trial.ledger.complain(`the server lived on for ${patienceMs} ms without a disk`)
  }
  endMs.push(Number(end.atNs - cutNs) / 1e6)
  const { problem, isOfLmdb } = judgeLastWords(server, end)
  if (isOfLmdb) broughtDown++
  if (problem !== undefined) trial.ledger.complain(problem)
}

async function safe(folder: string, disk: CuttableDisk, program: string): Promise<Trial> {
  const trial = await Trial.begin({ program, dataDir: join(disk.path, 'data'), writers, random })
  try {
    for (let cut = 1; cut <= cuts && trial.ledger.complaintCount === 0; cut++) {
      await live(trial, disk, cut)
      const { acknowledgedCount, settledRevision } = trial.ledger
      if (cut % 10 === 0) console.log(`${cut} cuts, ${acknowledgedCount} acknowledged, revision ${settledRevision}`)
    }
    const last = trial.start()
    await trial.verify(last)
    await last.stop()
  } catch (error) {
    trial.ledger.complain(error instanceof Error ? error.message : String(error))
    console.log(`the damaged disk is in ${folder}`)
  }
  await trial.close()
  return trial
}

/** First starts that are cut; the next one must serve. Returns what was wrong. */
async function firstStarts(disk: CuttableDisk, program: string): Promise<string[]> {
  const complaints: string[] = []
  for (let cut = 1; cut <= firstCuts && complaints.length === 0; cut++) {
    const dataDir = join(disk.path, `first-${cut}`)
    const trial = await Trial.begin({ program, dataDir, writers, random })
    try {
      disk.scatter(random.uint32())
      const doomed = trial.start()
      await sleep(random.below(firstMsMax))
      disk.cutPower()
      await doomed.kill()
      await disk.powerUp()
      const server = trial.start()
      await trial.verify(server)
      await trial.load(server, sleep(loadMs.least), () => server.stop())
      await trial.verify(trial.start())
    } catch (error) {
      complaints.push(`first start ${cut}: ${error instanceof Error ? error.message : String(error)}`)
    }
    await trial.close()
    complaints.push(...trial.ledger.complaints)
    if (complaints.length === 0) rmSync(dataDir, { recursive: true, force: true })
  }
  return complaints
}

/** Without syncs: how many of the cuts took something that had been acknowledged. Each begins with an empty directory. */
async function unsafe(disk: CuttableDisk, program: string): Promise<number> {
  let losses = 0
  for (let cut = 1; cut <= unsafeCuts; cut++) {
    const dataDir = join(disk.path, 'unsafe')
    rmSync(dataDir, { recursive: true, force: true })
    const trial = await Trial.begin({ program, dataDir, writers, random, flags: ['--unsafe-no-fsync'] })
    try {
      await live(trial, disk, cut)
      await trial.verify(trial.start())
    } catch (error) {
      trial.ledger.complain(error instanceof Error ? error.message : String(error))
    }
    await trial.close()
    if (trial.ledger.complaintCount > 0) losses++
    if (cut === 1)
      console.log(`without syncs, for example: ${trial.ledger.complaints[0]?.slice(0, 200) ?? 'nothing lost'}`)
  }
  return losses
}

async function prove(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'kvs-power-'))
  let failures: string[] = []
  let disk: CuttableDisk | undefined
  try {
    const program = await bundleServer(folder)
    disk = new CuttableDisk({ folder, sizeBytes: diskBytes })
    const { ledger, readyMs } = await safe(folder, disk, program)
    failures = complaintsOf(ledger, cuts * acknowledgedPerCut)
    if (Math.max(...endMs) > endMsMax) failures.push(`a server took ${Math.max(...endMs).toFixed(0)} ms to end`)
    const slowestEnd = Math.max(...endMs).toFixed(0)
    const survived = endMs.length
    failures.push(...(await firstStarts(disk, program)))
    const losses = await unsafe(disk, program)
    if (losses === 0 && unsafeCuts > 0) failures.push('nothing was lost without syncs: the cuts are none')
    const result =
      `${survived} real power cuts under ${writers} clients (seed ${values.seed}): every start succeeded, ` +
      `${ledger.acknowledgedCount} writes acknowledged, ${ledger.lostCount} lost, ` +
      `${ledger.doubtCount} in doubt of which ${ledger.happenedCount} had happened, ` +
      `revision ${ledger.newestRevision} never back; ended ${slowestEnd} ms after the cut at the latest (${broughtDown} brought down by LMDB itself); ` +
      `ready in ${percentile(readyMs, 0.5).toFixed(0)} ms; ` +
      `${firstCuts} cuts of first starts survived; with --unsafe-no-fsync ${losses} of ${unsafeCuts} cuts lost writes`
    conclude(result, failures)
  } finally {
    await disk?.unmount()
    if (failures.length === 0) rmSync(folder, { recursive: true, force: true })
  }
}

const obstacle = whyNoPowerCuts()
if (obstacle !== undefined) skip('power cuts', obstacle)
else if (!runsAmongOwnMounts()) await prove()
