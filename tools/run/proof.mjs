// @ts-check
// npm run proof -- NAME [arguments]: builds everything, then runs one proof, a program whose last line of output is its
// result, and records that line with commit and date in docs/proof.md, to which lines are only added (the formatter would
// move its columns at each). Without a name: lists the proofs.
import { appendFileSync, existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from './build.mjs'
import { fail, runCommand, workspaceRoot } from './command.mjs'
import { listPrograms, runProgram } from './programs.mjs'

const record = join(workspaceRoot, 'docs', 'proof.md')
const head = `# Proofs

The full figures, run by hand with \`npm run proof -- NAME\`; each run adds a line. A commit followed by \`+\` had changes
that were not committed.

| date | commit | node | proof | status | result |
|---|---|---|---|---|---|
`

/** @returns {Promise<string>} */
async function describeCommit() {
  const { status, stdout } = await runCommand('git', ['rev-parse', '--short=10', 'HEAD'])
  if (status !== 0) return 'unknown'
  const changes = await runCommand('git', ['status', '--porcelain', '--', '.', ':!docs/proof.md'])
  return stdout.trim() + (changes.stdout.trim() === '' ? '' : '+')
}

/**
 * @param {readonly string[]} argv
 * @returns {Promise<number>}
 */
async function proof([name, ...args]) {
  const all = listPrograms('proof')
  if (name === undefined) {
    for (const program of all) console.log(program.name)
    return 0
  }
  const program = all.find(candidate => candidate.name === name)
  if (program === undefined) {
    throw new Error(`no proof is called ${name}; there are: ${all.map(each => each.name).join(', ') || 'none'}`)
  }
  await build([])
  const commit = await describeCommit()
  let output = ''
  const status = await runProgram(program, args, chunk => {
    output += chunk
    process.stdout.write(chunk)
  })
  const result = output.trim().split('\n').at(-1)?.replaceAll('|', '/') ?? ''
  if (!existsSync(record)) writeFileSync(record, head)
  const date = new Date().toISOString().slice(0, 10)
  const shown = [name, ...args].join(' ').replaceAll('|', '/')
  const verdict = status === 0 ? 'passed' : `failed (${status})`
  appendFileSync(record, `| ${date} | ${commit} | ${process.version} | ${shown} | ${verdict} | ${result} |\n`)
  return status
}

process.exitCode = await proof(process.argv.slice(2)).catch(fail)
