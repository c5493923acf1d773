import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bundleKvsctl, run } from './programs.ts'
import { hasEtcd, type RealEtcd, startEtcd } from './real-etcd.ts'

let kvsctl: readonly string[]

beforeAll(async () => {
  kvsctl = await bundleKvsctl()
})

test('version and help need no server', async () => {
  expect(await run([...kvsctl, 'version'])).toEqual({
    status: 0,
    out: 'etcdctl version: 3.7.1\nAPI version: 3.7\n',
    err: '',
  })
  const help = await run([...kvsctl, '--help'])
  expect(help).toMatchObject({ status: 0, err: '' })
  for (const command of ['get', 'put', 'del', 'txn', 'watch', 'lease', 'member', 'endpoint', 'alarm', 'snapshot']) {
    expect(help.out).toMatch(new RegExp(`^  ${command} `, 'm'))
  }
  expect((await run([...kvsctl, 'lease', 'grant', '--help'])).out).toContain('<ttl in seconds>')
  expect((await run([...kvsctl, 'options'])).out).toContain('--endpoints=127.0.0.1:2379')
})

test('half of a certificate is refused', async () => {
  expect(await run([...kvsctl, '--cert', 'me.pem', 'get', 'a'])).toMatchObject({
    status: 128,
    err: 'Error: KeyFile and CertFile must both be present[key: , cert: me.pem]\n',
  })
})

describe.skipIf(!hasEtcd)('encryption', () => {
  let etcd: RealEtcd
  beforeAll(async () => {
    etcd = await startEtcd(['--auto-tls'], 'https')
  })
  afterAll(() => etcd?.stop())

  const put = (endpoint: string, ...flags: readonly string[]): Promise<{ readonly status: number | null }> =>
    run([...kvsctl, '--endpoints', endpoint, '--command-timeout', '2s', ...flags, 'put', 'a', 'b'])

  test('is spoken where the endpoint or a flag asks for it, and never passed over', async () => {
    const caFile = join(etcd.folder, 'fixtures/client/cert.pem')
    const https = `https://${etcd.endpoint}`
    expect(await put(https, '--insecure-skip-tls-verify')).toMatchObject({ status: 0, out: 'OK\n' })
    expect(await put(etcd.endpoint, '--insecure-skip-tls-verify')).toMatchObject({ status: 0, out: 'OK\n' })
    expect(await put(https, '--cacert', caFile)).toMatchObject({ status: 0, out: 'OK\n' })
    for (const said of await Promise.all([
      put(https),
      put(etcd.endpoint),
      put(etcd.endpoint, '--insecure-transport=false'),
      put(https, '--cacert', '/nowhere'),
    ])) {
      expect(said.status).not.toBe(0)
    }
  })
})

if (!hasEtcd) console.warn('kvsctl as a program: skipped, /usr/bin/etcd is not installed')

describe.skipIf(!hasEtcd)('as a program', () => {
  let etcd: RealEtcd
  let command: readonly string[]

  beforeAll(async () => {
    etcd = await startEtcd()
    command = [...kvsctl, '--endpoints', etcd.endpoint]
  })

  afterAll(async () => {
    await etcd?.stop()
  })

  test('a value from standard input comes back byte for byte', async () => {
    expect(await run([...command, 'put', 'k'], { input: 'two\nlines\n' })).toMatchObject({ status: 0, out: 'OK\n' })
    expect((await run([...command, 'get', 'k', '--print-value-only'])).out).toBe('two\nlines\n\n')
  })

  test('an interrupted watch ends at once', async () => {
    const [program = '', ...args] = [...command, 'watch', 'w']
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    const ended = new Promise<number | null>(resolve => child.once('close', resolve))
    const seen = new Promise<string>(resolve => child.stdout.once('data', chunk => resolve(String(chunk))))
    // The watch may begin only after some of these.
    let stop = false
    const putting = (async () => {
      while (!stop) await run([...command, 'put', 'w', '1'])
    })()
    expect(await seen).toBe('PUT\nw\n1\n')
    stop = true
    child.kill('SIGINT')
    expect(await ended).toBe(5)
    await putting
  })

  test('txn reads its lines from standard input', async () => {
    const said = await run([...command, 'txn'], { input: 'ver("t") = "0"\n\nput t first\n\nget t\n\n' })
    expect(said).toMatchObject({ status: 0, out: 'SUCCESS\n\nOK\n', err: '' })
  })

  test('interactive watch: watch, progress, and what it does not know', async () => {
    const said = await run([...command, 'watch', '-i'], {
      input: 'nonsense\nwatch\nwatch k --rev 1\nprogress\n',
      lines: 4,
    })
    expect(said.err).toContain('Invalid command nonsense (only support watch)\n')
    expect(said.err).toContain('Invalid command watch (command type or key is not provided)\n')
  })

  test('a snapshot is saved whole', async () => {
    const file = join(mkdtempSync(join(tmpdir(), 'kvsctl-snapshot-')), 'backup.db')
    expect(await run([...command, 'snapshot', 'save', file])).toMatchObject({
      status: 0,
      out: `Snapshot saved at ${file}\n`,
    })
    expect(readFileSync(file).length % 512).toBe(32)
    expect(existsSync(`${file}.part`)).toBe(false)
  })
})
