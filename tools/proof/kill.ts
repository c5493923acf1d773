/**
 * npm run proof -- kill: `kill -9` of the server under load, again and again on one data directory. After every start each
 * acknowledged write is there at its revision, each write in doubt happened as a whole or not at all, revisions never go
 * back, and watches from old revisions, and one that lives through all kills, miss and repeat nothing.
 *
 * Options: --kills N (200), --clients N (50), --seed N, --early PERCENT of starts that are killed before they are ready.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { SeededRandom } from '@kvs/testing'
import { complaintsOf, conclude, percentile } from './durability/report.ts'
import { bundleServer } from './durability/server-process.ts'
import { Trial } from './durability/trial.ts'

/** How long a server is written to before it is killed, in milliseconds. */
const loadMs = { least: 50, most: 700 }
/** A start that is killed early lives no longer than this. */
const earlyMsMax = 400
const compactEvery = 10
/** Fewer acknowledged writes per kill than this prove too little. */
const acknowledgedPerKill = 50

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '200' },
    clients: { type: 'string', default: '50' },
    seed: { type: 'string', default: '1' },
    early: { type: 'string', default: '15' },
  },
})
const kills = Number(values.kills)
const writers = Number(values.clients)
const random = new SeededRandom(Number(values.seed))

const folder = mkdtempSync(join(tmpdir(), 'kvs-kill-'))
let early = 0

async function run(trial: Trial): Promise<void> {
  for (let kill = 1; kill <= kills && trial.ledger.complaintCount === 0; kill++) {
    while (random.below(100) < Number(values.early)) {
      const doomed = trial.start()
      await sleep(random.below(earlyMsMax))
      await doomed.kill()
      early++
    }
    const server = trial.start()
    await trial.verify(server)
    if (kill % compactEvery === 0) await trial.compact(server)
    await trial.load(server, sleep(random.between(loadMs.least, loadMs.most)), () => server.kill())
    const { acknowledgedCount, settledRevision } = trial.ledger
    if (kill % 20 === 0) console.log(`${kill} kills, ${acknowledgedCount} acknowledged, revision ${settledRevision}`)
  }
  const last = trial.start()
  await trial.verify(last)
  await last.stop()
}

try {
  const program = await bundleServer(folder)
  const trial = await Trial.begin({ program, dataDir: join(folder, 'data'), writers, random })
  try {
    await run(trial)
  } catch (error) {
    trial.ledger.complain(error instanceof Error ? error.message : String(error))
  }
  await trial.close()
  const { ledger, readyMs, comparedEvents } = trial
  const result =
    `${kills} x kill -9 under ${writers} clients (seed ${values.seed}) and ${early} during starts: ` +
    `${ledger.acknowledgedCount} writes acknowledged, ${ledger.lostCount} lost, ` +
    `${ledger.doubtCount} in doubt of which ${ledger.happenedCount} had happened, revision ${ledger.newestRevision} never back, ` +
    `${comparedEvents} watched events without gap; ready in ${percentile(readyMs, 0.5).toFixed(0)} ms ` +
    `(p99 ${percentile(readyMs, 0.99).toFixed(0)})`
  conclude(result, complaintsOf(ledger, kills * acknowledgedPerKill))
} finally {
  rmSync(folder, { recursive: true, force: true })
}
