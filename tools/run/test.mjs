// @ts-check
// npm test [-- vitest arguments]: installs, runs every test of the workspace once from source, and ends with the line
// `tests: N passed, N failed, N skipped`.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fail, localProgram, runCommand } from './command.mjs'
import { ensureInstall } from './ensure-install.mjs'

/** @typedef {import('./tally-reporter.mjs').Tally} Tally */

const reporter = fileURLToPath(new URL('./tally-reporter.mjs', import.meta.url))

/**
 * @param {readonly string[]} vitestArguments
 * @returns {Promise<number>} the exit status
 */
async function test(vitestArguments) {
  await ensureInstall()
  const folder = mkdtempSync(join(tmpdir(), 'kvs-test-'))
  try {
    const file = join(folder, 'tally.json')
    const { status } = await runCommand(
      localProgram('vitest'),
      ['run', '--reporter=default', `--reporter=${reporter}`, ...vitestArguments],
      { inherit: true, env: { KVS_TALLY: file } },
    )
    return conclude(status, file)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/**
 * @param {number} status of vitest
 * @param {string} file the tally
 * @returns {number}
 */
function conclude(status, file) {
  const tally = readTally(file)
  for (const name of tally.skipped) console.log(`skipped: ${name}`)
  for (const what of tally.broken) console.log(`failed: ${what}`)
  if (status !== 0 && tally.failed === 0) {
    console.log(`failed: vitest ended with status ${status} although no test failed`)
    tally.failed = 1
  }
  console.log(`tests: ${tally.passed} passed, ${tally.failed} failed, ${tally.skipped.length} skipped`)
  return tally.failed === 0 ? 0 : 1
}

/**
 * @param {string} file
 * @returns {Tally}
 */
function readTally(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return { passed: 0, failed: 1, skipped: [], broken: ['vitest ended before it could report'] }
  }
}

process.exitCode = await test(process.argv.slice(2)).catch(fail)
