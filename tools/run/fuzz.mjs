// @ts-check
// npm run fuzz -- --seconds N [--target NAME]: coverage-guided fuzzing of everything that reads bytes from the network.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fail, runCommand, workspaceRoot } from './command.mjs'
import { ensureInstall } from './ensure-install.mjs'

/**
 * @param {readonly string[]} argv
 * @returns {Promise<number>}
 */
async function fuzz(argv) {
  await ensureInstall()
  // Loaded late: a machine where nothing is installed yet has no esbuild.
  const { bundleProgram } = await import('../workspace/bundle.mjs')
  const folder = mkdtempSync(join(tmpdir(), 'kvs-fuzz-'))
  try {
    const outfile = join(folder, 'kvs-fuzz.mjs')
    const file = join(workspaceRoot, 'tools/fuzz/main.ts')
    const problems = await bundleProgram({ root: workspaceRoot, outfile, from: { file } })
    if (problems.length > 0) throw new Error(problems.join('\n'))
    const env = { KVS_FUZZ_FOLDER: join(workspaceRoot, 'tools/fuzz') }
    const { status } = await runCommand(process.execPath, [outfile, ...argv], { inherit: true, env })
    return status
  } finally {
    rmSync(folder, { recursive: true })
  }
}

process.exitCode = await fuzz(process.argv.slice(2)).catch(fail)
