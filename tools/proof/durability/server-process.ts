/** The server as a process of its own: bundled from source, on free ports, started and ended as a proof likes. */
import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { bundleProgram } from '../../workspace/bundle.mjs'

const workspaceRoot: string = fileURLToPath(new URL('../../..', import.meta.url))

/** Longest wait for a server that starts; a start that takes longer has failed. */
const readyMsMax = 20_000
const pollMs = 5
/** What is kept of what a server says. */
const saidCharactersMax = 20_000

/**
 * Bundles `apps/server` into `folder`; returns the program. `defaults` replaces numbers among the member's default options
 * that no flag sets, such as the length of a segment: a short run then meets what else takes hours.
 */
export async function bundleServer(folder: string, defaults: Readonly<Record<string, number>> = {}): Promise<string> {
  const outfile = join(folder, 'kvs.mjs')
  const file = join(workspaceRoot, 'apps/server/src/main.ts')
  const errors = await bundleProgram({ root: workspaceRoot, outfile, from: { file } })
  if (errors.length > 0) throw new Error(errors.join('\n'))
  let text = readFileSync(outfile, 'utf8')
  for (const [name, value] of Object.entries(defaults)) {
    const pattern = new RegExp(`(\\b${name}: )[0-9e_]+,`)
    if (!pattern.test(text)) throw new Error(`the server has no default option ${name}`)
    text = text.replace(pattern, `$1${value},`)
  }
  writeFileSync(outfile, text)
  return outfile
}

export interface Ports {
  readonly client: number
  readonly peer: number
}

export async function freePorts(): Promise<Ports> {
  const client = await freePort()
  return { client, peer: await freePort(client + 1) }
}

/** Below the ports that systems give to outgoing connections: a server finds its port free again when it comes back. */
const portRange = { first: 15_000, count: 15_000 } as const

/** A TCP port of 127.0.0.1 that nobody listens on, from `wanted` on or anywhere. */
async function freePort(wanted?: number): Promise<number> {
  for (let port = wanted ?? portRange.first + Math.floor(Math.random() * portRange.count); ; port++) {
    if (await canListen(port)) return port
  }
}

function canListen(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}

export interface ServerOptions {
  readonly program: string
  readonly dataDir: string
  readonly ports: Ports
  readonly flags?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

/** How a server process ended. */
export interface ServerEnd {
  readonly status: number | null
  readonly signal: NodeJS.Signals | null
  /** `process.hrtime.bigint()` when that was seen. */
  readonly atNs: bigint
}

export class ServerProcess {
  readonly endpoint: string
  readonly ended: Promise<ServerEnd>
  readonly startedAtMs: number
  readonly #child: ChildProcess
  #said = ''
  #end: ServerEnd | undefined

  constructor(options: ServerOptions) {
    const { program, dataDir, ports, flags = [], env = {} } = options
    this.endpoint = `127.0.0.1:${ports.client}`
    const client = `http://127.0.0.1:${ports.client}`
    const peer = `http://127.0.0.1:${ports.peer}`
    const args = [
      program,
      `--data-dir=${dataDir}`,
      `--listen-client-urls=${client}`,
      `--advertise-client-urls=${client}`,
      `--listen-peer-urls=${peer}`,
      `--initial-advertise-peer-urls=${peer}`,
      `--initial-cluster=default=${peer}`,
      '--log-level=warn',
      ...flags,
    ]
    this.startedAtMs = performance.now()
    this.#child = spawn(process.execPath, args, {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...withoutEtcdSettings(), ...env },
    })
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#said = (this.#said + text).slice(-saidCharactersMax)
    })
    this.ended = new Promise((resolve, reject) => {
      this.#child.once('error', reject)
      this.#child.once('close', (status, signal) => {
        this.#end = { status, signal, atNs: process.hrtime.bigint() }
        resolve(this.#end)
      })
    })
  }

  /** What it has written to stderr, the end of it. */
  get said(): string {
    return this.#said
  }

  get hasEnded(): boolean {
    return this.#end !== undefined
  }

  /** Waits until it answers; returns how long that took in milliseconds. Throws if it ends before, or takes too long. */
  async ready(): Promise<number> {
    while (!(await this.#isHealthy())) {
      if (this.#end !== undefined)
        throw new ServerRefused(`the server ended with ${describeEnd(this.#end)}`, this.#said)
      if (performance.now() - this.startedAtMs > readyMsMax) {
        throw new ServerRefused(`the server was not ready within ${readyMsMax} ms`, this.#said)
      }
      await sleep(pollMs)
    }
    return performance.now() - this.startedAtMs
  }

  /** Without room it takes no writes, and still answers. */
  async #isHealthy(): Promise<boolean> {
    try {
      const answer = await fetch(`http://${this.endpoint}/health`)
      return answer.ok || (await answer.text()).includes('ALARM NOSPACE')
    } catch {
      return false
    }
  }

  kill(): Promise<ServerEnd> {
    this.#child.kill('SIGKILL')
    return this.ended
  }

  /** Asks it to stop. */
  stop(): Promise<ServerEnd> {
    this.#child.kill('SIGTERM')
    return this.ended
  }
}

/** A server that did not start, and what it said. */
export class ServerRefused extends Error {
  override readonly name: string = 'ServerRefused'
  readonly said: string

  constructor(message: string, said: string) {
    super(`${message}: ${said.trim().split('\n').at(-1) ?? ''}`)
    this.said = said
  }
}

export function describeEnd({ status, signal }: ServerEnd): string {
  return signal === null ? `status ${status}` : signal
}

function withoutEtcdSettings(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^ETCD(CTL)?_/.test(name)))
}
