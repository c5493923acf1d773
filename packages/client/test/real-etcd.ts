/** The real etcd, where Debian's `etcd-server` is installed, on free ports with a folder of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const etcdBinary = '/usr/bin/etcd'
export const hasEtcd: boolean = existsSync(etcdBinary)

export interface RealEtcd {
  readonly endpoint: string
  /** SIGSTOP and SIGCONT. */
  pause(): void
  resume(): void
  /** Ends the process and starts it again on the same data. */
  restart(): Promise<void>
  stop(): Promise<void>
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

function launch(args: readonly string[]): Promise<ChildProcess> {
  return new Promise((resolve, reject) => {
    const child = spawn(etcdBinary, args, { stdio: ['ignore', 'ignore', 'pipe'] })
    let log = ''
    child.stderr?.on('data', (chunk: Buffer) => {
      log += chunk.toString()
      if (/ready to serve client requests/.test(log)) resolve(child)
    })
    child.once('exit', code => reject(new Error(`etcd ended with ${code}: ${log.slice(-2_000)}`)))
  })
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise(resolve => {
    child.removeAllListeners('exit')
    if (child.exitCode !== null || child.signalCode !== null) resolve()
    else child.once('exit', () => resolve())
  })
}

export async function startEtcd(extra: readonly string[] = []): Promise<RealEtcd> {
  const folder = mkdtempSync(join(tmpdir(), 'kvs-client-etcd-'))
  const client = `http://127.0.0.1:${await freePort()}`
  const peer = `http://127.0.0.1:${await freePort()}`
  const args = [
    ...['--data-dir', folder, '--listen-client-urls', client, '--advertise-client-urls', client],
    ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer, '--initial-cluster', `default=${peer}`],
    ...extra,
  ]
  let child = await launch(args)
  const kill = async (): Promise<void> => {
    child.kill('SIGCONT')
    child.kill('SIGTERM')
    await ended(child)
  }
  return {
    endpoint: client.replace('http://', ''),
    pause: () => void child.kill('SIGSTOP'),
    resume: () => void child.kill('SIGCONT'),
    async restart() {
      await kill()
      child = await launch(args)
    },
    async stop() {
      await kill()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
