// @ts-check
// Real processes: servers on free ports with folders of their own, and command lines that talk to them.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { workspaceRoot } from '../../run/command.mjs'

/** As `npm run build` left it, or as KVS_PROGRAM says. */
export const kvsProgram = process.env['KVS_PROGRAM'] ?? join(workspaceRoot, 'apps/server/dist/main.js')
export const kvsctlProgram = join(workspaceRoot, 'packages/ctl/dist/kvsctl.cjs')
export const etcdProgram = '/usr/bin/etcd'
export const etcdctlProgram = '/usr/bin/etcdctl'

/** Nothing of the caller's own etcd settings reaches the programs. */
const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^ETCD(CTL)?_/.test(name)))

/** Below what systems give to outgoing connections: nobody takes a port before the server that it is for has it. */
const ports = { first: 10_000 + Math.floor(Math.random() * 18_000), taken: 0 }

/** @returns {Promise<number>} a port of this host that nobody listens on. */
export async function freePort() {
  for (;;) {
    const port = ports.first + ports.taken++
    /** @type {boolean} */
    const isFree = await new Promise(answer => {
      const server = createServer()
      server.once('error', () => answer(false))
      server.listen(port, '127.0.0.1', () => server.close(() => answer(true)))
    })
    if (isFree) return port
  }
}

/**
 * Runs a body with a folder that is removed afterwards.
 * @template Result
 * @param {(folder: string) => Promise<Result>} body
 * @returns {Promise<Result>}
 */
export async function inFolder(body) {
  const folder = mkdtempSync(join(tmpdir(), 'kvs-end-to-end-'))
  try {
    return await body(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/**
 * @typedef {object} Ended
 * @property {number | null} status
 * @property {string | null} signal
 * @property {string} stdout
 * @property {string} stderr
 */

/**
 * @typedef {object} ProgramOptions
 * @property {Record<string, string>} [env] besides this process's own
 * @property {string} [cwd]
 * @property {BufferEncoding} [encoding] of what it says; `latin1` keeps every byte
 * @property {string | Uint8Array} [input] all of its standard input, which stays open without it
 */

/** A child process and what it has said so far. */
export class Program {
  stdout = ''
  stderr = ''
  /** @type {Promise<Ended>} */
  ended
  /** @type {Ended | undefined} */
  outcome
  #child

  /**
   * @param {string} file
   * @param {readonly string[]} args
   * @param {ProgramOptions} [options]
   */
  constructor(file, args, { env = {}, cwd = tmpdir(), encoding = 'utf8', input } = {}) {
    this.#child = spawn(file, args, { cwd, env: { ...environment, ...env }, stdio: ['pipe', 'pipe', 'pipe'] })
    this.#child.stdout.setEncoding(encoding).on('data', chunk => {
      this.stdout += chunk
    })
    this.#child.stderr.setEncoding(encoding).on('data', chunk => {
      this.stderr += chunk
    })
    // A program that ends without having read everything closes the pipe first.
    this.#child.stdin.on('error', () => {})
    if (input !== undefined) this.#child.stdin.end(input)
    this.ended = new Promise((resolve, reject) => {
      this.#child.once('error', reject)
      this.#child.once('close', (status, signal) => {
        this.outcome = { status, signal, stdout: this.stdout, stderr: this.stderr }
        resolve(this.outcome)
      })
    })
  }

  /** @returns {number} */
  get pid() {
    return this.#child.pid ?? 0
  }

  /**
   * Says something on its standard input, which stays open.
   * @param {string | Uint8Array} input
   */
  write(input) {
    this.#child.stdin.write(input)
  }

  /** @param {NodeJS.Signals} signal */
  async end(signal) {
    if (this.outcome === undefined) this.#child.kill(signal)
    return this.ended
  }

  /**
   * Waits until the condition holds. Throws if the program ends first, or after `timeoutMs`.
   * @param {string} what
   * @param {() => boolean | Promise<boolean>} condition
   * @param {number} [timeoutMs]
   */
  async until(what, condition, timeoutMs = 15_000) {
    const until = performance.now() + timeoutMs
    while (!(await condition())) {
      const said = `${this.stdout}${this.stderr}`.slice(-2000)
      if (this.outcome !== undefined) throw new Error(`the program ended before ${what}:\n${said}`)
      if (performance.now() > until) throw new Error(`no ${what} within ${timeoutMs} ms:\n${said}`)
      await sleep(10)
    }
  }
}

/**
 * Runs a program to its end.
 * @param {string} file
 * @param {readonly string[]} args
 * @param {ProgramOptions} [options]
 * @returns {Promise<Ended>}
 */
export function run(file, args, options) {
  return new Program(file, args, { input: '', ...options }).ended
}

/**
 * A command line client of one server.
 * @typedef {object} Ctl
 * @property {string} name
 * @property {(...args: string[]) => Promise<string>} ask its output; throws if it fails
 * @property {(input: string, ...args: string[]) => Promise<string>} askWith with something on its standard input
 * @property {(...args: string[]) => Promise<string>} refused what it says when it fails; throws if it does not
 * @property {(...args: string[]) => Program} start for commands that do not end
 * @property {(...args: string[]) => Promise<Ended>} run whatever comes of it
 */

/**
 * @param {string} name
 * @param {readonly string[]} command program and leading arguments
 * @param {readonly number[]} ports
 * @returns {Ctl}
 */
function ctlOf(name, command, ports) {
  const [file = '', ...leading] = command
  const endpoints = ports.map(port => `127.0.0.1:${port}`).join()
  /** @param {readonly string[]} args */
  const withEndpoint = args => [...leading, `--endpoints=${endpoints}`, ...args]
  const env = { ETCDCTL_API: '3' }
  /** @param {string} input @param {readonly string[]} args */
  const ask = async (input, args) => {
    const ended = await run(file, withEndpoint(args), { env, input })
    if (ended.status === 0) return ended.stdout
    throw new Error(`${name} ${args.join(' ')} ended with ${ended.status}: ${ended.stderr}${ended.stdout}`)
  }
  return {
    name,
    ask: (...args) => ask('', args),
    askWith: (input, ...args) => ask(input, args),
    refused: async (...args) => {
      const { status, stdout, stderr } = await run(file, withEndpoint(args), { env })
      if (status === 0) throw new Error(`${name} ${args.join(' ')} did not fail: ${stdout}`)
      return stderr
    },
    start: (...args) => new Program(file, withEndpoint(args), { env }),
    run: (...args) => run(file, withEndpoint(args), { env }),
  }
}

/**
 * @param {...number} ports of one server, or of all of a cluster
 * @returns {Ctl}
 */
export const etcdctl = (...ports) => ctlOf('etcdctl', [etcdctlProgram], ports)

/**
 * @param {...number} ports of one server, or of all of a cluster
 * @returns {Ctl}
 */
export const kvsctl = (...ports) => ctlOf('kvsctl', [process.execPath, kvsctlProgram], ports)

/**
 * @typedef {object} Ports
 * @property {number} client
 * @property {number} peer
 */

/** @returns {Promise<Ports>} */
export async function freePorts() {
  return { client: await freePort(), peer: await freePort() }
}

/**
 * Flags of a member of its own on these ports, in etcd's words.
 * @param {string} dataDir
 * @param {Ports} ports
 * @returns {string[]}
 */
export function memberFlags(dataDir, { client, peer }) {
  return [
    `--data-dir=${dataDir}`,
    `--listen-client-urls=http://127.0.0.1:${client}`,
    `--advertise-client-urls=http://127.0.0.1:${client}`,
    `--listen-peer-urls=http://127.0.0.1:${peer}`,
    `--initial-advertise-peer-urls=http://127.0.0.1:${peer}`,
    `--initial-cluster=default=http://127.0.0.1:${peer}`,
  ]
}

/**
 * Starts a server and waits until it says that it serves.
 * @param {string} file
 * @param {readonly string[]} args
 * @returns {Promise<Program>}
 */
export async function startServer(file, args) {
  const server = new Program(file, args)
  await server.until('readiness', () => server.stderr.includes('ready to serve client requests'))
  return server
}

/**
 * @param {string} dataDir
 * @param {Ports} ports
 * @param {readonly string[]} [more] further flags
 */
export const startKvs = (dataDir, ports, more = []) =>
  startServer(process.execPath, [kvsProgram, ...memberFlags(dataDir, ports), ...more])

/**
 * Names, lengths, times of change and contents of all files below a folder, for a comparison.
 * @param {string} folder
 * @returns {string}
 */
export function contentsOf(folder) {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()
  return names
    .map(name => {
      const path = join(folder, name)
      const { size, mode } = statSync(path)
      const isFile = statSync(path).isFile()
      const hash = isFile ? createHash('sha256').update(readFileSync(path)).digest('hex').slice(0, 16) : 'folder'
      return `${name} ${mode.toString(8)} ${isFile ? size : ''} ${hash}`
    })
    .join('\n')
}
