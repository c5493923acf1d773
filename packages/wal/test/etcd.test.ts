import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, renameSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encodeInternalRaftRequest } from '@kvs/proto/internal'
import { nodeFs } from '@kvs/vfs'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createWal, openWal, readWal } from '../src/index.ts'
import { zero } from './log.ts'

/** The real ones, from the packages `etcd-server` and `etcd-client` of Debian. */
const programs = { server: 'etcd', control: 'etcdctl' }
const isInstalled = Object.values(programs).every(program => spawnSync(program, ['--help']).error === undefined)
if (!isInstalled) console.warn('SKIPPED: etcd and etcdctl are not installed, logs are not shown to the real etcd')

let folder = ''
let running: ChildProcess | undefined

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kvs-wal-'))
})

afterEach(async () => {
  await stop()
  rmSync(folder, { recursive: true, force: true })
})

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.on('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => (typeof address === 'object' && address !== null ? resolve(address.port) : reject()))
    })
  })
}

interface Etcd {
  readonly client: string
  readonly peer: string
}

/** Starts etcd on the folder's data and waits until it serves. */
async function start(urls: Etcd): Promise<void> {
  const { client, peer } = urls
  const args = ['--name', 'n1', '--data-dir', join(folder, 'data'), '--listen-client-urls', client]
  args.push('--advertise-client-urls', client, '--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer)
  args.push('--initial-cluster', `n1=${peer}`, '--logger', 'zap', '--log-level', 'error')
  const etcd = spawn(programs.server, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  running = etcd
  let output = ''
  etcd.stderr.on('data', chunk => {
    output += chunk
  })
  const ended = new Promise<never>((_, reject) => {
    etcd.once('exit', code => reject(new Error(`etcd ended with ${code}: ${output}`)))
  })
  ended.catch(() => {})
  await Promise.race([ended, healthy(client)])
}

async function healthy(client: string): Promise<void> {
  while (true) {
    const response = await fetch(`${client}/health`).catch(() => undefined)
    const text = await response?.text()
    if (text?.includes('"true"')) return
    await new Promise(resolve => setTimeout(resolve, 20))
  }
}

async function stop(): Promise<void> {
  const etcd = running
  running = undefined
  if (etcd === undefined || etcd.exitCode !== null) return
  const ended = new Promise(resolve => etcd.once('exit', resolve))
  etcd.kill('SIGTERM')
  await ended
}

function etcdctl(urls: Etcd, ...args: string[]): string {
  const env = { ...process.env, ETCDCTL_API: '3' }
  return execFileSync(programs.control, ['--endpoints', urls.client, ...args], { env, encoding: 'utf8' })
}

function put(id: bigint, key: string, value: string): Uint8Array {
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
  return encodeInternalRaftRequest({ header: { id }, put: { key: bytes(key), value: bytes(value) } })
}

async function etcdWithKeys(): Promise<Etcd> {
  const urls = { client: `http://127.0.0.1:${await freePort()}`, peer: `http://127.0.0.1:${await freePort()}` }
  await start(urls)
  for (const key of ['a', 'b', 'c']) etcdctl(urls, 'put', key, `${key} of etcd`)
  await stop()
  return urls
}

test.skipIf(!isInstalled)('etcd goes on with its own log after kvs appended to it', async () => {
  const urls = await etcdWithKeys()
  const dir = join(folder, 'data/member/wal')
  const { wal, content } = await openWal({ fs: nodeFs(), dir, snapshot: zero })
  const { term, vote } = content.hardState
  const last = content.entries.length
  for (let index = last + 1; index <= last + 3; index++) {
    const data = put(BigInt(index), `k${index - last}`, 'value of kvs')
    await wal.append({ entries: [{ index, term, type: 0, data }], hardState: { term, vote, commit: index } })
  }
  await wal.close()
  await start(urls)
  expect(etcdctl(urls, 'get', '', '--prefix').split('\n')).toEqual([
    'a',
    'a of etcd',
    'b',
    'b of etcd',
    'c',
    'c of etcd',
    'k1',
    'value of kvs',
    'k2',
    'value of kvs',
    'k3',
    'value of kvs',
    '',
  ])
  etcdctl(urls, 'put', 'd', 'd of etcd')
  await stop()
  const again = await readWal({ fs: nodeFs(), dir, snapshot: zero })
  expect(again.entries.slice(0, last + 3).map(entry => entry.index)).toEqual(
    Array.from({ length: last + 3 }, (_, at) => at + 1),
  )
  expect(Buffer.from(again.entries.at(-1)!.data).includes('d of etcd')).toBe(true)
})

test.skipIf(!isInstalled)(
  'etcd starts from a log that kvs wrote from its first byte, cut into many segments',
  async () => {
    const urls = await etcdWithKeys()
    const dir = join(folder, 'data/member/wal')
    const fs = nodeFs()
    const { metadata, entries, hardState } = await readWal({ fs, dir, snapshot: zero })
    renameSync(dir, join(folder, 'old'))
    const wal = await createWal({ fs, dir, metadata, segmentSizeBytes: 2048 })
    const { term, vote } = hardState
    for (const entry of entries) await wal.append({ entries: [entry], hardState: { term, vote, commit: entry.index } })
    for (let number = 1; number <= 20; number++) {
      const index = entries.length + number
      const data = put(BigInt(index), `k${number}`, 'v'.repeat(number * 50))
      await wal.append({ entries: [{ index, term, type: 0, data }], hardState: { term, vote, commit: index } })
    }
    await wal.close()
    expect((await fs.readDir(dir)).length).toBeGreaterThan(5)
    await start(urls)
    expect(etcdctl(urls, 'get', 'c', '--print-value-only')).toBe('c of etcd\n')
    expect(etcdctl(urls, 'get', 'k20', '--print-value-only')).toBe(`${'v'.repeat(1000)}\n`)
    etcdctl(urls, 'put', 'd', 'd of etcd')
    await stop()
    const again = await readWal({ fs, dir, snapshot: zero })
    expect(Buffer.from(again.entries.at(-1)!.data).includes('d of etcd')).toBe(true)
  },
)
