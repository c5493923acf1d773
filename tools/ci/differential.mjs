// @ts-check
// The differential test: the command lines of differential/commands.txt, run by the real etcdctl against the real etcd
// and against kvs, must give the same output and the same status. And HashKV: after the same history of 10 000
// operations both have the same hash at every revision asked.
// apt: etcd-server etcd-client
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from '../run/build.mjs'
import { fail, workspaceRoot } from '../run/command.mjs'
import { runProgram } from '../run/programs.mjs'
import { parseCommandFile } from './differential/command-file.mjs'
import { compareAll, exchange, judge } from './differential/compare.mjs'
import { describeDifference } from './differential/describe.mjs'
import { etcdctlProgram, etcdProgram, inFolder } from './end-to-end/programs.mjs'
import { Suite } from './end-to-end/suite.mjs'

const intendedMax = 10
const exchangedFailMin = 0.95
const commandsMin = 400

/** @param {Suite} suite */
async function commandLines(suite) {
  const file = new URL('differential/commands.txt', import.meta.url)
  /** @type {import('./differential/compare.mjs').Compared[]} */
  let compared = []
  await suite.check('command lines of etcdctl are answered alike', async () => {
    compared = await inFolder(folder => compareAll(parseCommandFile(readFileSync(file, 'utf8')), folder))
    const different = compared.filter(each => judge(each) === 'different')
    const intended = compared.filter(each => judge(each) === 'intended')
    for (const { command } of intended) {
      console.log(
        `intended: line ${command.line}: ${command.text} (etcd.md ${command.intended?.section}: ${command.intended?.why})`,
      )
    }
    for (const each of different) console.log(describeDifference(each))
    console.log(`${compared.length} compared, ${different.length} different, ${intended.length} intended`)
    assert.equal(different.length, 0)
    assert.ok(intended.length <= intendedMax, `at most ${intendedMax} may differ on purpose`)
    assert.ok(compared.length >= commandsMin, `at least ${commandsMin} are to be compared`)
  })
  await suite.check('answers exchanged with those of the next command are told apart', async () => {
    const { pairs, alike } = exchange(compared)
    for (const { line, text } of alike)
      console.log(`the same answer as that of the next command: line ${line}: ${text}`)
    const share = pairs === 0 ? 0 : (pairs - alike.length) / pairs
    console.log(`${pairs} exchanged, ${(100 * share).toFixed(1)} % fail`)
    assert.ok(share >= exchangedFailMin)
  })
}

await build([]).catch(fail)

const suite = new Suite()
const missing = [etcdProgram, etcdctlProgram].find(program => !existsSync(program))
if (missing === undefined) {
  await commandLines(suite)
  await suite.check('HashKV and ranges after 10 000 operations', async () => {
    const program = { name: 'hash-kv', file: join(workspaceRoot, 'tools/proof/hash-kv.ts') }
    assert.equal(await runProgram(program, ['--seed', '1'], chunk => process.stdout.write(chunk)), 0)
  })
} else suite.skip('kvs beside the real etcd', `${missing} is not installed`)
process.exitCode = suite.conclude()
