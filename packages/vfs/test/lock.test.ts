import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { nodeFs } from '@kvs/vfs'
import { afterEach, beforeEach, expect, test } from 'vitest'

/** The lock against other processes: another Node and etcd itself. */

const ETCD = '/usr/bin/etcd'
let root: string
const children: ChildProcess[] = []

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'kvs-vfs-'))
})

afterEach(async () => {
  for (const child of children.splice(0)) await stop(child)
  await rm(root, { recursive: true })
})

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGKILL')
  await once(child, 'exit')
}

interface Running {
  readonly child: ChildProcess
  /** Resolves when the output has the text; rejects if the process ends before. */
  says(text: string): Promise<void>
}

function start(command: string, args: readonly string[]): Running {
  const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
  children.push(child)
  let output = ''
  let ended = false
  let look = (): void => undefined
  const hear = (chunk: unknown): void => {
    output += String(chunk)
    look()
  }
  child.stdout.on('data', hear)
  child.stderr.on('data', hear)
  child.on('close', () => {
    ended = true
    look()
  })
  const says = (text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      look = () => {
        if (output.includes(text)) resolve()
        else if (ended) reject(new Error(`ended before "${text}":\n${output}`))
      }
      look()
    })
  return { child, says }
}

const LOCKER = `
const { createRequire } = require('node:module')
const fs = require('node:fs')
const locks = createRequire(process.argv[2])('fs-native-extensions')
const fd = fs.openSync(process.argv[1], 'r+')
console.log(locks.tryLock(fd, 0, 0) ? 'taken' : 'refused')
setInterval(() => {}, 1000)
`

test('a second process is refused, and refuses us', async () => {
  const path = join(root, 'file')
  const file = await nodeFs().open(path, { mode: 'create' })
  file.lock()
  const manifest = join(import.meta.dirname, '../package.json')
  const first = start(process.execPath, ['-e', LOCKER, path, manifest])
  await first.says('refused')
  await file.close()
  const second = start(process.execPath, ['-e', LOCKER, path, manifest])
  await second.says('taken')
  const again = await nodeFs().open(path, { mode: 'write' })
  expect(() => again.lock()).toThrow(expect.objectContaining({ code: 'LOCKED' }))
  await stop(second.child)
  again.lock()
  await again.close()
})

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}

async function startEtcd(dataDir: string): Promise<Running> {
  const client = `http://127.0.0.1:${await freePort()}`
  const peer = `http://127.0.0.1:${await freePort()}`
  return start(ETCD, [
    ...['--data-dir', dataDir, '--logger', 'zap'],
    ...['--listen-client-urls', client, '--advertise-client-urls', client],
    ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer],
    ...['--initial-cluster', `default=${peer}`],
  ])
}

test.skipIf(!existsSync(ETCD))('etcd and we exclude each other from a log segment (skipped without etcd)', async () => {
  const dataDir = join(root, 'data')
  const fs = nodeFs()
  const etcd = await startEtcd(dataDir)
  await etcd.says('serving client traffic insecurely')
  const walDir = join(dataDir, 'member/wal')
  const segment = join(walDir, (await fs.readDir(walDir)).find(name => name.endsWith('.wal'))!)
  const file = await fs.open(segment, { mode: 'write' })
  expect(() => file.lock()).toThrow(expect.objectContaining({ code: 'LOCKED' }))
  await stop(etcd.child)
  file.lock()
  const refused = await startEtcd(dataDir)
  await refused.says('file already locked')
  await file.close()
})
