import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { selfSignedFiles } from '@kvs/net'

/** A server under measurement: a process of its own, pinned to one core. */
export interface System {
  readonly name: string
  readonly version: string
  /** The command with its arguments. */
  command(place: Place): readonly string[]
}

/** Where a server has its data and its ports. */
export interface Place {
  readonly dir: string
  readonly clientPort: number
  readonly peerPort: number
  /** PEM files: the client port is encrypted. */
  readonly certificate: { readonly certFile: string; readonly keyFile: string } | undefined
}

export interface RunningSystem {
  readonly port: number
  /** User and system time of all its threads so far, in microseconds. */
  cpuUs(): number
  /** How long its first thread, which runs the loop, had a core so far, and how long it waited for one. */
  loopMs(): { readonly ran: number; readonly waited: number }
  memory(): { readonly residentBytes: number; readonly anonymousBytes: number }
  /** The text of `/metrics`. */
  metrics(): Promise<string>
  /** Time from the last start of the process until it answered, in milliseconds. */
  readonly readyMs: number
  /** Ends it by a signal (`SIGTERM` unless said) and starts it again on the same data and ports. */
  restart(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>
  stop(): Promise<void>
}

function flags({ dir, clientPort, peerPort, certificate }: Place): readonly string[] {
  const clientUrl = `${certificate === undefined ? 'http' : 'https'}://127.0.0.1:${clientPort}`
  const files =
    certificate === undefined ? [] : [`--cert-file=${certificate.certFile}`, `--key-file=${certificate.keyFile}`]
  return [
    `--data-dir=${join(dir, 'data')}`,
    `--listen-client-urls=${clientUrl}`,
    `--advertise-client-urls=${clientUrl}`,
    `--listen-peer-urls=http://127.0.0.1:${peerPort}`,
    ...files,
  ]
}

/** kvs as `npm run build` left it. */
export function kvs(root: string): System {
  const program = join(root, 'apps/server/dist/main.js')
  if (!existsSync(program)) throw new Error('build first: npm run build')
  return {
    name: 'kvs',
    version: `kvs on Node.js ${process.version}`,
    command: place => [process.execPath, program, ...flags(place)],
  }
}

/** The real etcd, if it is installed. */
export function etcd(): System | undefined {
  const found = spawnSync('etcd', ['--version'], { encoding: 'utf8' })
  if (found.status !== 0) return undefined
  return {
    name: 'etcd',
    version: found.stdout.split('\n')[0] ?? 'etcd',
    command: place => ['etcd', ...flags(place)],
  }
}

export interface StartOptions {
  /** Pins it to this core. */
  readonly core?: number
  readonly encrypted?: boolean
  /** Further flags. */
  readonly more?: readonly string[]
  /** A folder that stays: the data of an earlier run is in it, or will be for a later one. */
  readonly dir?: string | undefined
}

/** Starts a system, on fresh data unless said, and waits until it answers. */
export async function start(system: System, options: StartOptions = {}): Promise<RunningSystem> {
  const dir = options.dir ?? mkdtempSync(join(tmpdir(), 'kvs-bench-'))
  const certificate =
    options.encrypted === true ? await selfSignedFiles(join(dir, 'tls'), { hosts: ['127.0.0.1'] }) : undefined
  const place = { dir, clientPort: await freePort(), peerPort: await freePort(), certificate }
  const server = new Server(system, options, place)
  await server.start()
  return server
}

/** Members that are one cluster, each a process of its own. */
export interface RunningCluster {
  readonly members: readonly RunningSystem[]
  /** Ends a member for good; `memory` and the like of it mean nothing any more. */
  end(member: number): Promise<void>
  /** The URL at which the others find a member. */
  peerUrl(member: number): string
  /** Starts a member in place of one that was ended: nothing on its disk, known to the others already. Does not wait. */
  replace(member: number): Promise<void>
  stop(): Promise<void>
}

/** Starts a cluster on fresh data and waits until every member answers. Nothing is pinned. */
export async function startCluster(
  system: System,
  count: number,
  more: readonly string[] = [],
): Promise<RunningCluster> {
  const places: Place[] = []
  for (let i = 0; i < count; i++) {
    const dir = mkdtempSync(join(tmpdir(), 'kvs-bench-'))
    places.push({ dir, clientPort: await freePort(), peerPort: await freePort(), certificate: undefined })
  }
  const peerUrl = (i: number): string => `http://127.0.0.1:${places[i]?.peerPort}`
  const initial = places.map((_, i) => `m${i}=${peerUrl(i)}`).join()
  const flagsOf = (i: number): readonly string[] => [
    `--name=m${i}`,
    `--initial-advertise-peer-urls=${peerUrl(i)}`,
    `--advertise-client-urls=http://127.0.0.1:${places[i]?.clientPort}`,
    `--initial-cluster=${initial}`,
    ...more,
  ]
  const members = places.map((place, i) => new Server(system, { more: flagsOf(i) }, place))
  await Promise.all(members.map(member => member.start()))
  return {
    members,
    peerUrl,
    end: i => (members[i] as Server).stop(),
    replace: i => {
      const place = { ...(places[i] as Place), dir: mkdtempSync(join(tmpdir(), 'kvs-bench-')) }
      members[i] = new Server(system, { more: [...flagsOf(i), '--initial-cluster-state=existing'] }, place)
      return (members[i] as Server).start()
    },
    stop: async () => {
      await Promise.all(members.map(member => member.stop()))
    },
  }
}

class Server implements RunningSystem {
  readyMs = 0
  readonly port: number
  readonly #system: System
  readonly #command: readonly string[]
  readonly #place: Place
  readonly #staysThere: boolean
  #child: ChildProcess | undefined

  constructor(system: System, { core, dir, more = [] }: StartOptions, place: Place) {
    this.#system = system
    this.#place = place
    this.#staysThere = dir !== undefined
    this.port = place.clientPort
    const command = [...system.command(place), ...more]
    this.#command = core === undefined ? command : ['taskset', '-c', String(core), ...command]
  }

  async start(): Promise<void> {
    const [program, ...args] = this.#command
    const startedAt = performance.now()
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('ETCD_')))
    const child = spawn(program as string, args, { stdio: ['ignore', 'ignore', 'pipe'], env })
    this.#child = child
    let log = ''
    child.stderr.on('data', (chunk: Buffer) => {
      log = (log + chunk.toString()).slice(-4000)
    })
    try {
      await answers(this.#place, child)
    } catch (error) {
      this.#removeData()
      throw new Error(`${this.#system.name} did not start: ${(error as Error).message}\n${log}`)
    }
    this.readyMs = performance.now() - startedAt
  }

  get #pid(): number {
    return this.#child?.pid as number
  }

  cpuUs(): number {
    return cpuUsOf(this.#pid)
  }

  loopMs(): { readonly ran: number; readonly waited: number } {
    const path = `/proc/${this.#pid}/task/${this.#pid}/schedstat`
    const [ran, waited] = readFileSync(path, 'utf8').split(' ')
    return { ran: Number(ran) / 1e6, waited: Number(waited) / 1e6 }
  }

  memory(): { readonly residentBytes: number; readonly anonymousBytes: number } {
    const status = readFileSync(`/proc/${this.#pid}/status`, 'utf8')
    const bytes = (name: string): number => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1] ?? 0) * 1024
    return { residentBytes: bytes('VmRSS'), anonymousBytes: bytes('RssAnon') }
  }

  async metrics(): Promise<string> {
    return (await fetch(`http://127.0.0.1:${this.port}/metrics`)).text()
  }

  async restart(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    await ended(this.#child as ChildProcess, signal)
    await this.start()
  }

  async stop(): Promise<void> {
    await ended(this.#child as ChildProcess)
    this.#removeData()
  }

  #removeData(): void {
    if (!this.#staysThere) rmSync(this.#place.dir, { recursive: true, force: true })
  }
}

/** The clock of the kernel counts hundredths of a second. */
function cpuUsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) * 10_000
}

async function answers(place: Place, child: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 4000; tries++) {
    if (child.exitCode !== null) throw new Error(`it ended with status ${child.exitCode}`)
    if (await isHealthy(place)) return
    await new Promise(resolve => setTimeout(resolve, 5))
  }
  throw new Error('it did not answer')
}

function isHealthy({ clientPort, certificate }: Place): Promise<boolean> {
  return new Promise(resolve => {
    const options = { host: '127.0.0.1', port: clientPort, path: '/health' }
    const asked = certificate === undefined ? http.get(options) : https.get({ ...options, rejectUnauthorized: false })
    asked.once('response', response => {
      response.resume()
      resolve(response.statusCode === 200)
    })
    asked.once('error', () => resolve(false))
  })
}

function ended(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
  return new Promise(resolve => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve()
    child.once('exit', () => resolve())
    child.kill(signal)
    setTimeout(() => child.kill('SIGKILL'), 5000).unref()
  })
}

/** Below what systems give to outgoing connections: a server that is started again, or later, finds its port free. */
const portRange = { first: 10_000, count: 20_000 } as const

async function freePort(): Promise<number> {
  for (;;) {
    const port = portRange.first + Math.floor(Math.random() * portRange.count)
    const isFree = await new Promise<boolean>(resolve => {
      const server = createServer()
      server.once('error', () => resolve(false))
      server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
    })
    if (isFree) return port
  }
}
