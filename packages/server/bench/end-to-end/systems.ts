import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A server under measurement: a process of its own, pinned to one core. */
export interface System {
  readonly name: string
  readonly version: string
  /** The command with its arguments, for a data directory and a client and a peer port. */
  command(dir: string, clientPort: number, peerPort: number): readonly string[]
}

export interface RunningSystem {
  readonly port: number
  /** User and system time of all its threads so far, in microseconds. */
  cpuUs(): number
  /** Resident memory in bytes. */
  residentBytes(): number
  /** Time from the start of the process until it answered, in milliseconds. */
  readonly readyMs: number
  stop(): Promise<void>
}

const flags = (dir: string, clientPort: number, peerPort: number): readonly string[] => [
  `--data-dir=${join(dir, 'data')}`,
  `--listen-client-urls=http://127.0.0.1:${clientPort}`,
  `--advertise-client-urls=http://127.0.0.1:${clientPort}`,
  `--listen-peer-urls=http://127.0.0.1:${peerPort}`,
]

/** kvs as `npm run build` left it. */
export function kvs(root: string): System {
  const program = join(root, 'apps/server/dist/main.js')
  if (!existsSync(program)) throw new Error('build first: npm run build')
  return {
    name: 'kvs',
    version: `kvs on Node.js ${process.version}`,
    command: (dir, clientPort, peerPort) => [process.execPath, program, ...flags(dir, clientPort, peerPort)],
  }
}

/** The real etcd, if it is installed. */
export function etcd(): System | undefined {
  const found = spawnSync('etcd', ['--version'], { encoding: 'utf8' })
  if (found.status !== 0) return undefined
  return {
    name: 'etcd',
    version: found.stdout.split('\n')[0] ?? 'etcd',
    command: (dir, clientPort, peerPort) => ['etcd', ...flags(dir, clientPort, peerPort)],
  }
}

/** Starts a system on fresh data, pinned to `core`, and waits until it answers. */
export async function start(system: System, core: number): Promise<RunningSystem> {
  const dir = mkdtempSync(join(tmpdir(), 'kvs-bench-'))
  const [port, peerPort] = [await freePort(), await freePort()]
  const [program, ...args] = ['taskset', '-c', String(core), ...system.command(dir, port, peerPort)]
  const startedAt = performance.now()
  const child = spawn(program as string, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ETCD_NAME: '' },
  })
  let log = ''
  child.stderr.on('data', (chunk: Buffer) => {
    log = (log + chunk.toString()).slice(-4000)
  })
  const pid = child.pid as number
  try {
    await answers(port, child)
  } catch (error) {
    rmSync(dir, { recursive: true, force: true })
    throw new Error(`${system.name} did not start: ${(error as Error).message}\n${log}`)
  }
  return {
    port,
    readyMs: performance.now() - startedAt,
    cpuUs: () => cpuUsOf(pid),
    residentBytes: () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024,
    stop: async () => {
      await ended(child)
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

/** The clock of the kernel counts hundredths of a second. */
function cpuUsOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) * 10_000
}

async function answers(port: number, child: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 2000; tries++) {
    if (child.exitCode !== null) throw new Error(`it ended with status ${child.exitCode}`)
    try {
      const response = await fetch(`http://127.0.0.1:${port}/health`)
      if (response.ok) return
    } catch {
      // Not listening yet.
    }
    await new Promise(resolve => setTimeout(resolve, 5))
  }
  throw new Error('it did not answer')
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise(resolve => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve()
    child.once('exit', () => resolve())
    child.kill('SIGTERM')
    setTimeout(() => child.kill('SIGKILL'), 5000).unref()
  })
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}
