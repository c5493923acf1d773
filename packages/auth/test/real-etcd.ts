/** The real etcd, where Debian's `etcd-server` is installed, on free ports with a folder of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const etcdBinary = '/usr/bin/etcd'
export const hasEtcd: boolean = existsSync(etcdBinary)

export interface RealEtcd {
  /** Calls the JSON gateway; an error is its text. */
  call(route: string, body: unknown, token?: string): Promise<{ readonly error?: string; readonly body: Answer }>
  stop(): Promise<void>
}

export type Answer = Readonly<Record<string, unknown>>

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

/** `files` are put into the folder `{folder}` of the arguments. */
export async function startEtcd(
  extra: readonly string[] = [],
  files: Readonly<Record<string, Uint8Array>> = {},
): Promise<RealEtcd> {
  const folder = mkdtempSync(join(tmpdir(), 'kvs-auth-etcd-'))
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content)
  const client = `http://127.0.0.1:${await freePort()}`
  const peer = `http://127.0.0.1:${await freePort()}`
  const args = [
    ...['--data-dir', join(folder, 'data'), '--listen-client-urls', client, '--advertise-client-urls', client],
    ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer, '--initial-cluster', `default=${peer}`],
    ...['--bcrypt-cost', '4'],
    ...extra.map(arg => arg.replaceAll('{folder}', folder)),
  ]
  const child = spawn(etcdBinary, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  await ready(child)
  return {
    async call(route, body, token) {
      const headers = token === undefined ? {} : { Authorization: token }
      const response = await fetch(client + route, { method: 'POST', body: JSON.stringify(body), headers })
      const answer = (await response.json()) as Answer
      return response.ok ? { body: answer } : { body: answer, error: String(answer['error']) }
    },
    async stop() {
      child.removeAllListeners('exit')
      const ended = new Promise(resolve => child.once('exit', resolve))
      child.kill('SIGTERM')
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
