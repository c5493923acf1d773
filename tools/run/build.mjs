// @ts-check
// npm run build [-- turbo arguments]: installs, then builds every package in the order of its dependencies.
import { fileURLToPath } from 'node:url'
import { fail, localProgram, runCommand } from './command.mjs'
import { ensureInstall } from './ensure-install.mjs'

/**
 * @param {readonly string[]} turboArguments
 * @returns {Promise<void>}
 */
export async function build(turboArguments) {
  await ensureInstall()
  const args = ['run', 'build', '--output-logs=errors-only', '--log-prefix=none', ...turboArguments]
  const { status, stdout, stderr } = await runCommand(localProgram('turbo'), args)
  if (status === 0) return
  process.stderr.write(stdout + stderr)
  throw new Error(`the build failed with status ${status}`)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const startedAtMs = performance.now()
  await build(process.argv.slice(2)).catch(fail)
  console.log(`built in ${((performance.now() - startedAtMs) / 1000).toFixed(1)} s`)
}
