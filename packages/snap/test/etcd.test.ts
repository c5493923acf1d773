import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { nodeFs } from '@kvs/vfs'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { listSnaps, readSnap, saveSnap } from '../src/index.ts'

/** The real one, from Debian's package `etcd-server`. */
const etcdBinary = '/usr/bin/etcd'
const isInstalled = existsSync(etcdBinary)
if (!isInstalled) console.warn('SKIPPED: etcd is not installed, snapshots are not shown to the real etcd')

let folder = ''
let running: ChildProcess | undefined

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kvs-snap-'))
})

afterEach(async () => {
  await stop()
  rmSync(folder, { recursive: true, force: true })
})

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

interface Urls {
  readonly client: string
  readonly peer: string
}

/** Starts etcd on the folder's data; resolves with its log when it serves. */
async function start({ client, peer }: Urls): Promise<string> {
  const args = ['--data-dir', join(folder, 'data'), '--listen-client-urls', client, '--advertise-client-urls', client]
  args.push('--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer, '--initial-cluster', `default=${peer}`)
  const etcd = spawn(etcdBinary, [...args, '--snapshot-count=5'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  running = etcd
  return new Promise((resolve, reject) => {
    let log = ''
    etcd.stderr.setEncoding('utf8').on('data', (text: string) => {
      log += text
      if (log.includes('ready to serve client requests')) resolve(log)
    })
    etcd.once('exit', code => reject(new Error(`etcd ended with ${code}: ${log.slice(-2000)}`)))
  })
}

async function stop(): Promise<void> {
  const etcd = running
  running = undefined
  if (etcd === undefined || etcd.exitCode !== null) return
  const ended = new Promise(resolve => etcd.once('exit', resolve))
  etcd.kill('SIGTERM')
  await ended
}

async function call(urls: Urls, route: string, body: unknown): Promise<Record<string, unknown>> {
  const answer = await fetch(urls.client + route, { method: 'POST', body: JSON.stringify(body) })
  expect(answer.ok, route).toBe(true)
  return (await answer.json()) as Record<string, unknown>
}

test.skipIf(!isInstalled)('etcd starts from snapshots that were read and written again', async () => {
  const urls = { client: `http://127.0.0.1:${await freePort()}`, peer: `http://127.0.0.1:${await freePort()}` }
  const encode = (text: string): string => Buffer.from(text).toString('base64')
  await start(urls)
  for (let number = 0; number < 17; number++) {
    await call(urls, '/v3/kv/put', { key: encode(`key ${number}`), value: encode('value') })
  }
  await stop()
  const dir = join(folder, 'data/member/snap')
  const at = { fs: nodeFs(), dir }
  const names = await listSnaps(at)
  expect(names.length).toBeGreaterThan(1)
  for (const name of names) {
    const snapshot = await readSnap(at, name)
    const { metadata } = snapshot
    if (metadata === undefined) throw new Error('a snapshot without metadata')
    const file = readdirSync(dir).find(each => each.endsWith(`${name.index.toString(16).padStart(16, '0')}.snap`))
    rmSync(join(dir, file ?? ''))
    await saveSnap(at, { data: snapshot.data, metadata })
  }
  const log = await start(urls)
  expect(log).toMatch(/recovered store from snapshot at index/)
  expect(readdirSync(dir).filter(name => name.endsWith('.broken'))).toEqual([])
  const { count } = await call(urls, '/v3/kv/range', { key: encode('\0'), range_end: encode('\0') })
  expect(count).toBe('17')
})
