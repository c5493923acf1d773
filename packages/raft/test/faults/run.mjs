/**
 * Proves that the tests can fail: plants each fault of this folder into a copy of the package and runs the tests there,
 * which must fail. A patch that no longer applies is a failure too. Run by `pnpm faults`; an argument picks faults by name.
 *
 * The tests run without the given scripts, so that the own ones have to find each fault.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = fileURLToPath(new URL('.', import.meta.url))
const packageRoot = fileURLToPath(new URL('../..', import.meta.url))
const repository = fileURLToPath(new URL('../../../..', import.meta.url))
const tests = ['test/interaction.test.ts', 'test/confchange.test.ts', 'test/quorum.test.ts']
const wanted = process.argv[2] ?? ''

/** A copy of the package in the place it has in the repository, so that what it refers to is there. */
function copyTo(root) {
  const copy = join(root, 'packages', 'raft')
  mkdirSync(copy, { recursive: true })
  for (const name of ['vitest.shared.ts', 'tsconfig.base.json', 'node_modules']) {
    symlinkSync(join(repository, name), join(root, name))
  }
  for (const name of ['src', 'test', 'package.json', 'tsconfig.json', 'vitest.config.ts']) {
    cpSync(join(packageRoot, name), join(copy, name), { recursive: true })
  }
  symlinkSync(join(packageRoot, 'node_modules'), join(copy, 'node_modules'))
  return copy
}

function run(command, args, cwd) {
  const env = { ...process.env, KVS_RAFT_TESTDATA: join(cwd, 'none'), KVS_REWRITE: '0' }
  return spawnSync(command, args, { cwd, env, encoding: 'utf8' })
}

/** Names of the tests that fail in `copy`. Throws if they could not be run at all. */
function failing(copy) {
  const report = join(copy, 'report.json')
  const vitest = join(copy, 'node_modules', 'vitest', 'vitest.mjs')
  const args = [vitest, 'run', ...tests, '--reporter=json', `--outputFile=${report}`]
  const { stderr } = run(process.execPath, args, copy)
  let results
  try {
    results = JSON.parse(readFileSync(report, 'utf8'))
  } catch (cause) {
    throw new Error(`the tests did not run: ${stderr}`, { cause })
  }
  if (results.numTotalTests === 0) throw new Error('there were no tests')
  const all = results.testResults.flatMap(file => file.assertionResults)
  return all.filter(test => test.status === 'failed').map(test => test.title)
}

/** What became of one fault: `undefined` if all is well. */
function plant(patch) {
  const root = mkdtempSync(join(tmpdir(), 'kvs-raft-fault-'))
  try {
    const copy = copyTo(root)
    if (patch !== undefined) {
      const applied = run('git', ['apply', '--whitespace=nowarn', join(here, patch)], copy)
      if (applied.status !== 0) return { problem: `does not apply: ${applied.stderr.trim()}`, found: [] }
    }
    const found = failing(copy)
    if (patch === undefined)
      return { problem: found.length > 0 ? 'the tests fail without any fault' : undefined, found }
    return { problem: found.length > 0 ? undefined : 'no test fails', found }
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

const patches = readdirSync(here).filter(name => name.endsWith('.patch') && name.includes(wanted))
let bad = patches.length === 0 ? 1 : 0
for (const patch of [undefined, ...patches]) {
  const { problem, found } = plant(patch)
  if (problem !== undefined) bad++
  const name = patch === undefined ? 'without a fault' : patch.replace('.patch', '')
  const by = found.length === 0 ? '' : ` by ${found.length}: ${found.slice(0, 3).join(', ')}`
  console.log(
    `${problem === undefined ? 'ok  ' : 'FAIL'} ${name}: ${problem ?? (patch === undefined ? 'all pass' : `found${by}`)}`,
  )
}
const count = patches.length + 1
console.log(`tests: ${count - bad} passed, ${bad} failed, 0 skipped`)
process.exit(bad === 0 ? 0 : 1)
