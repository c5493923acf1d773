// @ts-check
// One way to run another program from a tool: the same environment, a clear answer, no shell.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder that holds this workspace. */
export const workspaceRoot = resolve(dirname(fileURLToPath(import.meta.url)), '../..')

/**
 * @typedef {object} CommandResult
 * @property {number} status exit status; 128 + signal number when a signal ended it, 124 when it ran out of time
 * @property {string} stdout empty when inherited
 * @property {string} stderr empty when inherited
 */

/**
 * @typedef {object} CommandOptions
 * @property {string} [cwd]
 * @property {Record<string, string>} [env] added to this process's environment
 * @property {boolean} [inherit] pass output straight through instead of collecting it
 * @property {(chunk: string) => void} [onOutput] called with standard output as it comes, besides collecting it
 * @property {number} [timeoutMs] after this the program is killed
 */

/**
 * The environment of every program a tool starts: local programs on PATH (turbo insists on finding pnpm there),
 * nothing that phones home, no colours where nobody sees them.
 * @param {string} root
 * @returns {NodeJS.ProcessEnv}
 */
function toolEnvironment(root) {
  return {
    ...process.env,
    PATH: `${join(root, 'node_modules', '.bin')}${delimiter}${process.env['PATH'] ?? ''}`,
    TURBO_TELEMETRY_DISABLED: '1',
    DO_NOT_TRACK: '1',
    NO_UPDATE_NOTIFIER: '1',
    ...(process.stdout.isTTY ? {} : { NO_COLOR: '1', FORCE_COLOR: '0' }),
  }
}

/**
 * Runs a program to its end. A program that cannot be started rejects; a non-zero status does not.
 * @param {string} program
 * @param {readonly string[]} args
 * @param {CommandOptions} [options]
 * @returns {Promise<CommandResult>}
 */
export function runCommand(program, args, options = {}) {
  const { cwd = workspaceRoot, env = {}, inherit = false, onOutput, timeoutMs } = options
  return new Promise((resolvePromise, reject) => {
    const child = spawn(program, args, {
      cwd,
      env: { ...toolEnvironment(workspaceRoot), ...env },
      stdio: ['ignore', inherit ? 'inherit' : 'pipe', inherit ? 'inherit' : 'pipe'],
    })
    let stdout = ''
    let stderr = ''
    let timedOut = false
    const timer = timeoutMs === undefined ? undefined : setTimeout(expire, timeoutMs)
    function expire() {
      timedOut = true
      child.kill('SIGKILL')
    }
    child.stdout?.setEncoding('utf8').on('data', chunk => {
      stdout += chunk
      onOutput?.(chunk)
    })
    child.stderr?.setEncoding('utf8').on('data', chunk => {
      stderr += chunk
    })
    child.on('error', error => {
      clearTimeout(timer)
      reject(error)
    })
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      const status = timedOut ? 124 : (code ?? (signal === 'SIGINT' ? 130 : signal === 'SIGTERM' ? 143 : 137))
      resolvePromise({ status, stdout, stderr })
    })
  })
}

/**
 * Path of a development program of the workspace, such as `tsc` or `biome`.
 * @param {string} name
 * @returns {string}
 */
export function localProgram(name) {
  const path = join(workspaceRoot, 'node_modules', '.bin', name)
  if (!existsSync(path)) throw new Error(`${name} is not installed: run npm test or npm run build once`)
  return path
}

/**
 * Ends this process with the message of an error a person can act on.
 * @param {unknown} error
 * @returns {never}
 */
export function fail(error) {
  console.error(error instanceof Error ? error.message : String(error))
  process.exit(1)
}
