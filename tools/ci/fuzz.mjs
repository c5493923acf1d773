// @ts-check
// Everything that reads bytes from the network, on its corpus and on new inputs for a few seconds each, from a fixed seed.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { workspaceRoot } from '../run/command.mjs'

const SECONDS = '5'
const SEED = '1'

const script = join(workspaceRoot, 'tools/run/fuzz.mjs')
const { status } = spawnSync(process.execPath, [script, '--seconds', SECONDS, '--seed', SEED], {
  cwd: workspaceRoot,
  stdio: 'inherit',
})
process.exitCode = status ?? 1
