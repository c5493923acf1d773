// @ts-check
// Installs the workspace when it is not installed, or was installed from another lockfile. Needs only Node and npm.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fail, runCommand, workspaceRoot } from './command.mjs'

const pnpmVersion = '12.21.0'

/**
 * pnpm keeps a copy of the lockfile it installed; equal bytes mean nothing is to be done.
 * @returns {boolean}
 */
function isInstalled() {
  try {
    const wanted = readFileSync(join(workspaceRoot, 'pnpm-lock.yaml'))
    return wanted.equals(readFileSync(join(workspaceRoot, 'node_modules', '.pnpm', 'lock.yaml')))
  } catch {
    return false
  }
}

/** @returns {Promise<void>} */
export async function ensureInstall() {
  if (isInstalled()) return
  console.log('installing dependencies')
  // CI=true: pnpm asks no questions when it has to replace an older node_modules.
  const { status } = await runCommand('npx', ['--yes', `pnpm@${pnpmVersion}`, 'install', '--frozen-lockfile'], {
    env: { CI: 'true' },
    inherit: true,
  })
  if (status !== 0) throw new Error(`installing failed: npx pnpm@${pnpmVersion} install ended with status ${status}`)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await ensureInstall().catch(fail)
