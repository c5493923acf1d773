/** The real etcd and etcdctl (3.4.23, where Debian's packages are installed), and a member of kvs, on data directories. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type EmbeddedMember, startEmbedded } from '@kvs/server/embed'

export const hasEtcd: boolean = existsSync('/usr/bin/etcd') && existsSync('/usr/bin/etcdctl')

/** A member of etcd's on a data directory. */
export class Etcd {
  readonly endpoint: string
  readonly #child: ChildProcess
  readonly #ended: Promise<unknown>

  private constructor(endpoint: string, child: ChildProcess) {
    this.endpoint = endpoint
    this.#child = child
    this.#ended = new Promise(resolve => child.once('exit', resolve))
  }

  /** Resolves when it serves. */
  static async start(dataDir: string, extra: readonly string[] = []): Promise<Etcd> {
    const client = `http://127.0.0.1:${await freePort()}`
    const peer = `http://127.0.0.1:${await freePort()}`
    return Etcd.#run({ dataDir, client, peer }, ['--initial-cluster', `default=${peer}`, ...extra])
  }

  /** A cluster of members named n0, n1, …, one per directory. */
  static async startCluster(dataDirs: readonly string[]): Promise<Etcd[]> {
    const peers: string[] = []
    for (const _ of dataDirs) peers.push(`http://127.0.0.1:${await freePort()}`)
    const cluster = peers.map((peer, i) => `n${i}=${peer}`).join(',')
    const starting = dataDirs.map(async (dataDir, i) => {
      const client = `http://127.0.0.1:${await freePort()}`
      return Etcd.#run({ dataDir, client, peer: peers[i] ?? '' }, ['--name', `n${i}`, '--initial-cluster', cluster])
    })
    return Promise.all(starting)
  }

  static async #run(
    { dataDir, client, peer }: { readonly dataDir: string; readonly client: string; readonly peer: string },
    extra: readonly string[],
  ): Promise<Etcd> {
    const args = [
      ...['--data-dir', dataDir, '--listen-client-urls', client, '--advertise-client-urls', client],
      ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer],
      ...extra,
    ]
    const child = spawn('/usr/bin/etcd', args, { stdio: ['ignore', 'ignore', 'pipe'] })
    await new Promise<void>((resolve, reject) => {
      let log = ''
      child.stderr?.on('data', (chunk: Buffer) => {
        log += chunk.toString()
        if (/ready to serve client requests/.test(log)) resolve()
      })
      child.once('exit', code => reject(new Error(`etcd ended with ${code}: ${log.slice(-2000)}`)))
    })
    return new Etcd(client.replace('http://', ''), child)
  }

  async end(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    this.#child.kill(signal)
    await this.#ended
  }
}

/** kvs on a data directory. */
export function startKvs(dataDir: string): Promise<EmbeddedMember> {
  const any = ['http://127.0.0.1:0']
  return startEmbedded({ dataDir, listenClientUrls: any, listenPeerUrls: any })
}

const run = promisify(execFile)

/** Runs etcdctl; what it writes. Rejects if it fails. */
export async function etcdctl(...args: readonly string[]): Promise<string> {
  const { stdout } = await run('/usr/bin/etcdctl', args, {
    env: { ...process.env, ETCDCTL_API: '3' },
    maxBuffer: 1e9,
  })
  return stdout
}

export interface Content {
  readonly revision: number
  readonly kvs: readonly unknown[]
  readonly leases: readonly unknown[]
}

/** Everything that a server has, but who it is. */
export async function contentOf(endpoint: string): Promise<Content> {
  const at = ['--endpoints', endpoint, '-w', 'json'] as const
  const { header, kvs } = JSON.parse(await etcdctl(...at, 'get', '', '--prefix'))
  const { leases = [] } = JSON.parse(await etcdctl(...at, 'lease', 'list'))
  // They come in the order of their ends, which every start moves.
  const byId = (left: { id: number }, right: { id: number }): number => left.id - right.id
  return { revision: header.revision, kvs, leases: leases.toSorted(byId) }
}

/** Who it is. */
export async function identityOf(endpoint: string): Promise<unknown> {
  const { header, members } = JSON.parse(await etcdctl('--endpoints', endpoint, '-w', 'json', 'member', 'list'))
  return { cluster: header.cluster_id, member: header.member_id, members: members.map(({ ID }: { ID: number }) => ID) }
}

/** All files below a folder with a digest of what is in them. */
export function filesBelow(folder: string): Record<string, string> {
  const found: Record<string, string> = {}
  for (const name of readdirSync(folder).toSorted()) {
    const path = join(folder, name)
    if (statSync(path).isDirectory()) Object.assign(found, filesBelow(path))
    else found[path] = createHash('sha256').update(readFileSync(path)).digest('hex')
  }
  return found
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
