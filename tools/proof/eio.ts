/**
 * npm run proof -- eio: the disk fails at every call site, at each of its first calls, in every way that fits: EIO, ENOSPC,
 * a short write, a read-only file system.
 *
 * First a member in this process on a disk in memory, followed by a power cut (a failed sync loses what it should have
 * written, as on Linux). Then the server as a process, with a library loaded before libc that lets one of its calls fail,
 * LMDB's among them.
 *
 * Options: --calls N (30) of each site, --every N (1) takes each N-th fault only, --seed N.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { SeededRandom } from '@kvs/testing'
import { whyNoCompiler } from './durability/compile.ts'
import { sweepFaults } from './durability/failing-disk.ts'
import {
  compileShim,
  faultsAt,
  findSites,
  liveWithFault,
  type ProcessOutcome,
  shortDefaults,
} from './durability/failing-process.ts'
import { conclude, skip } from './durability/report.ts'
import { bundleServer } from './durability/server-process.ts'

const { values } = parseArgs({
  options: {
    calls: { type: 'string', default: '30' },
    every: { type: 'string', default: '1' },
    seed: { type: 'string', default: '1' },
  },
})
const calls = Number(values.calls)
const every = Number(values.every)
const seed = Number(values.seed)

async function processes(): Promise<ProcessOutcome> {
  const outcome: ProcessOutcome = {
    runs: 0,
    refused: 0,
    ended: 0,
    wentOn: 0,
    notReached: 0,
    broughtDown: 0,
    slowestEndMs: 0,
    acknowledged: 0,
    complaints: [],
  }
  const folder = mkdtempSync(join(tmpdir(), 'kvs-eio-'))
  try {
    const random = new SeededRandom(seed)
    const bench = { program: await bundleServer(folder, shortDefaults), shim: compileShim(folder), folder, random }
    const sites = await findSites(bench)
    for (const { operation, place, calls: count } of sites) console.log(`${operation} ${place}: ${count} calls`)
    const faults = faultsAt(sites, calls).filter((_fault, at) => at % every === 0)
    for (const [at, fault] of faults.entries()) {
      await liveWithFault(bench, fault, outcome)
      if ((at + 1) % 50 === 0)
        console.log(`${at + 1} of ${faults.length} faults, ${outcome.complaints.length} complaints`)
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  return outcome
}

const inMemory = await sweepFaults(calls, seed, run => run % every === 0)
let result =
  `each of the first ${calls} calls of every site (seed ${seed}): in process ${inMemory.runs} faults, ` +
  `${inMemory.refused} starts refused, ${inMemory.stopped} members stopped, ${inMemory.wentOn} went on without a spare segment, ` +
  `${inMemory.notReached} not reached, ${inMemory.acknowledged} writes acknowledged, ` +
  `${inMemory.complaints.length} promises broken`
const complaints = [...inMemory.complaints]
console.log(result)
const obstacle = process.platform === 'linux' ? whyNoCompiler() : 'it needs Linux'
if (obstacle !== undefined) skip('faults in real processes', obstacle)
else {
  const real = await processes()
  complaints.push(...real.complaints)
  result +=
    `; real processes ${real.runs} faults, ${real.refused} starts refused, ${real.ended} ended ` +
    `(${real.broughtDown} brought down by LMDB itself), ` +
    `${real.wentOn} went on without a spare segment, ${real.notReached} not reached, ` +
    `${real.slowestEndMs.toFixed(0)} ms to the end at most, ${real.acknowledged} writes acknowledged, none lost`
}
conclude(result, complaints)
