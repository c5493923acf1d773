// @ts-check
// npm run check [-- --only NAME ...] [-- --list]: every rule of the house that a machine can see. All of them run, then
// everything that was found is listed, and the last line is `checks: N passed, N failed, N skipped`.
import { parseArgs } from 'node:util'
import { fail, workspaceRoot } from '../run/command.mjs'
import { ensureInstall } from '../run/ensure-install.mjs'

/** @typedef {import('./problem.mjs').Check} Check */
/** @typedef {import('./problem.mjs').Problem} Problem */

/** A check that finds more than this has said enough. */
const shownProblemsMax = 60

/**
 * The checks import development packages, so they are loaded once those are installed.
 * @returns {Promise<Check[]>} cheap ones first
 */
async function loadChecks() {
  const { arrows } = await import('./arrows.mjs')
  const { purity } = await import('./purity.mjs')
  const { generated } = await import('./generated.mjs')
  const { flags } = await import('./flags.mjs')
  const { publicNames } = await import('./exports.mjs')
  const { wordsAndNames } = await import('./words.mjs')
  const { lint } = await import('./biome.mjs')
  const { deadCode } = await import('./dead-code.mjs')
  const { packageTypes, testTypes, toolTypes } = await import('./compiler.mjs')
  const { examples } = await import('./examples.mjs')
  const { pack } = await import('./pack.mjs')
  const quick = [arrows, purity, publicNames, wordsAndNames, generated, flags, lint, deadCode]
  return [...quick, packageTypes, testTypes, toolTypes, examples, pack]
}

/**
 * @param {Check} check
 * @returns {Promise<Problem[]>}
 */
async function runCheck(check) {
  try {
    return await check.run(workspaceRoot)
  } catch (error) {
    const message = `the check itself failed: ${error instanceof Error ? (error.stack ?? error.message) : error}`
    return [{ file: `check ${check.name}`, message }]
  }
}

/** @returns {Promise<number>} the exit status */
async function main() {
  const { values } = parseArgs({ options: { only: { type: 'string', multiple: true }, list: { type: 'boolean' } } })
  await ensureInstall()
  const { describeProblem } = await import('./problem.mjs')
  const all = await loadChecks()
  const unknown = values.only?.find(name => !all.some(check => check.name === name))
  if (unknown !== undefined) fail(`no check is called ${unknown}; there are: ${all.map(({ name }) => name).join(', ')}`)
  const chosen = values.only === undefined ? all : all.filter(({ name }) => values.only?.includes(name))
  if (values.list) {
    for (const { name, rule } of chosen) console.log(`${name.padEnd(13)} ${rule}`)
    return 0
  }
  /** @type {{ check: Check, problems: Problem[] }[]} */
  const failures = []
  for (const check of chosen) {
    const startedAtMs = performance.now()
    const problems = await runCheck(check)
    const seconds = ((performance.now() - startedAtMs) / 1000).toFixed(1)
    const verdict = problems.length === 0 ? 'ok    ' : 'failed'
    console.log(`${verdict} ${check.name.padEnd(13)} ${seconds.padStart(5)} s  ${check.rule}`)
    if (problems.length > 0) failures.push({ check, problems })
  }
  for (const { check, problems } of failures) {
    console.log(`\n${check.name}: ${problems.length} found`)
    for (const problem of problems.slice(0, shownProblemsMax)) console.log(`  ${describeProblem(problem)}`)
    if (problems.length > shownProblemsMax) console.log(`  and ${problems.length - shownProblemsMax} more`)
  }
  console.log(`\nchecks: ${chosen.length - failures.length} passed, ${failures.length} failed, 0 skipped`)
  return failures.length === 0 ? 0 : 1
}

process.exitCode = await main().catch(fail)
