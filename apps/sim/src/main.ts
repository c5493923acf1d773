#!/usr/bin/env node
import { parseArgs } from 'node:util'
import { runCluster } from './cluster/run.ts'
import { type RunResult, run } from './run.ts'

/**
 * The simulator: `sim --seed 7` runs one seed and prints its story's end; `sim --from 1 --count 1000` runs many, each
 * twice with `--twice`, and prints one hash over all of them. With `--members 3` it is a cluster that is simulated.
 */
const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    from: { type: 'string', default: '1' },
    count: { type: 'string', default: '100' },
    members: { type: 'string', default: '1' },
    operations: { type: 'string' },
    deaths: { type: 'string', default: '4' },
    faults: { type: 'string', default: '10' },
    twice: { type: 'boolean', default: false },
  },
})

const members = Number(values.members)
const operations = Number(values.operations ?? (members === 1 ? 60 : 300))
const deaths = Number(values.deaths)
const faults = Number(values.faults)
const from = Number(values.seed ?? values.from)
const count = values.seed === undefined ? Number(values.count) : 1
let failed = 0
let combined = 0
const sums = {
  events: 0,
  deaths: 0,
  acknowledged: 0,
  unanswered: 0,
  watchEvents: 0,
  virtualMs: 0,
  elections: 0,
  snapshots: 0,
  memberChanges: 0,
}
const startedAt = performance.now()

for (let seed = from; seed < from + count; seed++) {
  const result = await once(seed)
  const problems = [...result.problems]
  if (values.twice) {
    const again = await once(seed)
    if (again.hash !== result.hash) problems.push(`hashes differ: ${result.hash} and ${again.hash}`)
  }
  for (const digit of result.hash) combined = (Math.imul(combined, 31) + digit.charCodeAt(0)) >>> 0
  for (const key of Object.keys(sums) as (keyof typeof sums)[]) sums[key] += result[key]
  if (problems.length > 0) report(result, problems)
  else if (values.seed !== undefined) console.log(result.tail.join('\n'))
}

function once(seed: number): Promise<RunResult> {
  return members === 1 ? run({ seed, operations, deaths }) : runCluster({ seed, members, operations, faults })
}

function report(result: RunResult, problems: readonly string[]): void {
  failed++
  console.log(`seed ${result.seed} failed: ${problems.join('; ')}`)
  const size = members === 1 ? `--deaths ${deaths}` : `--members ${members} --faults ${faults}`
  console.log(`  again: node apps/sim/dist/main.js --seed ${result.seed} --operations ${operations} ${size}`)
  if (failed <= 3) console.log(result.tail.map(line => `  | ${line}`).join('\n'))
}

const seconds = (performance.now() - startedAt) / 1000
console.log(
  `${count} seeds, ${sums.events} events, ${sums.deaths} deaths, ${sums.acknowledged} acknowledged writes, ` +
    `${sums.unanswered} lost answers, ${sums.watchEvents} watch events, ` +
    (members === 1
      ? ''
      : `${sums.elections} elections, ${sums.snapshots} snapshots installed, ${sums.memberChanges} changes of members, `) +
    `${(sums.virtualMs / 1000).toFixed(0)} virtual ` +
    `seconds in ${seconds.toFixed(1)} s`,
)
console.log(`hash of all: ${combined.toString(16).padStart(8, '0')}${values.twice ? ', every seed twice' : ''}`)
console.log(`tests: ${count - failed} passed, ${failed} failed, 0 skipped`)
process.exitCode = failed > 0 ? 1 : 0
