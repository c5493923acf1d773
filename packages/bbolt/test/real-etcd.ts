/** The real etcd and etcdctl, where Debian's packages `etcd-server` and `etcd-client` are installed. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { promisify } from 'node:util'

const etcdBinary = '/usr/bin/etcd'
const etcdctlBinary = '/usr/bin/etcdctl'
export const hasEtcd: boolean = existsSync(etcdBinary) && existsSync(etcdctlBinary)
const run = promisify(execFile)

export interface RealEtcd {
  readonly endpoint: string
  /** Calls the JSON gateway: `/v3/kv/put` and the like. */
  call(route: string, body: unknown): Promise<Record<string, unknown>>
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

export async function etcdctl(args: readonly string[]): Promise<string> {
  const { stdout } = await run(etcdctlBinary, [...args], { env: { ETCDCTL_API: '3' } })
  return stdout
}

/** Starts a member on free ports. A data directory that exists already is taken as it is. */
export async function startEtcd(dataDir: string): Promise<RealEtcd> {
  const client = `http://127.0.0.1:${await freePort()}`
  const peer = `http://127.0.0.1:${await freePort()}`
  const args = [
    ...['--data-dir', dataDir, '--listen-client-urls', client, '--advertise-client-urls', client],
    ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer, '--initial-cluster', `default=${peer}`],
  ]
  const child = spawn(etcdBinary, args, { stdio: ['ignore', 'ignore', 'pipe'] })
  await ready(child)
  return {
    endpoint: client.replace('http://', ''),
    call: async (route, body) => {
      const answer = await fetch(client + route, { method: 'POST', body: JSON.stringify(body) })
      if (!answer.ok) throw new Error(`${route}: ${answer.status} ${await answer.text()}`)
      return (await answer.json()) as Record<string, unknown>
    },
    stop: () =>
      new Promise(resolve => {
        child.removeAllListeners('exit')
        child.once('exit', () => resolve())
        child.kill('SIGTERM')
      }),
  }
}

/** Keys and values of the member, in key order, both base64. */
export async function allKeys(etcd: RealEtcd): Promise<[string, string][]> {
  const everything = { key: 'AA==', range_end: 'AA==' }
  const { kvs } = (await etcd.call('/v3/kv/range', everything)) as { kvs?: { key: string; value?: string }[] }
  return (kvs ?? []).map(({ key, value }) => [key, value ?? ''])
}
