/** The real etcd and etcdctl, where Debian's packages `etcd-server` and `etcd-client` are installed. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const etcdBinary = '/usr/bin/etcd'
export const etcdctlBinary = '/usr/bin/etcdctl'
export const hasEtcd: boolean = existsSync(etcdBinary) && existsSync(etcdctlBinary)

export interface RealEtcd {
  readonly endpoint: string
  /** Its data directory. */
  readonly folder: string
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

function ready(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let log = ''
    child.stderr?.on('data', (chunk: Buffer) => {
      log += chunk.toString()
      if (/ready to serve client requests/.test(log)) resolve()
    })
    child.once('exit', code => reject(new Error(`etcd ended with ${code}: ${log.slice(-2_000)}`)))
  })
}

export async function startEtcd(extra: readonly string[] = [], scheme = 'http'): Promise<RealEtcd> {
  const folder = mkdtempSync(join(tmpdir(), 'kvs-ctl-etcd-'))
  const client = `${scheme}://127.0.0.1:${await freePort()}`
  const peer = `http://127.0.0.1:${await freePort()}`
  const args = [
    ...['--data-dir', folder, '--listen-client-urls', client, '--advertise-client-urls', client],
    ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer, '--initial-cluster', `default=${peer}`],
    ...extra,
  ]
  const child = spawn(etcdBinary, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  await ready(child)
  return {
    endpoint: client.replace(`${scheme}://`, ''),
    folder,
    stop: () =>
      new Promise(resolve => {
        child.removeAllListeners('exit')
        child.once('exit', () => {
          rmSync(folder, { recursive: true, force: true })
          resolve()
        })
        child.kill('SIGTERM')
      }),
  }
}
