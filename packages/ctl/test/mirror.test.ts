import { type ChildProcess, spawn } from 'node:child_process'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { bundleKvsctl, run } from './programs.ts'
import { hasEtcd, type RealEtcd, startEtcd } from './real-etcd.ts'

if (!hasEtcd) console.warn('mirrors and checks: skipped, /usr/bin/etcd is not installed')

describe.skipIf(!hasEtcd)('mirrors and checks', () => {
  let from: RealEtcd
  let to: RealEtcd
  let kvsctl: readonly string[]
  const open: ChildProcess[] = []

  beforeAll(async () => {
    kvsctl = await bundleKvsctl()
    from = await startEtcd()
    to = await startEtcd()
  })
  afterEach(() => {
    for (const child of open.splice(0)) child.kill('SIGKILL')
  })
  afterAll(async () => {
    await from?.stop()
    await to?.stop()
  })

  const at = (etcd: RealEtcd, ...args: readonly string[]) => run([...kvsctl, '--endpoints', etcd.endpoint, ...args])

  /** Mirrors until the test is over; resolves with the status when it ends. */
  function mirror(...flags: readonly string[]): Promise<number | null> {
    const [program = '', ...args] = [...kvsctl, '--endpoints', from.endpoint, 'make-mirror', ...flags, to.endpoint]
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'] })
    open.push(child)
    return new Promise(resolve => child.once('close', resolve))
  }

  const there = async (prefix: string): Promise<string> => (await at(to, 'get', '--prefix', prefix)).out

  test('what is there, and what is done from then on, under another prefix', async () => {
    for (const i of [1, 2, 3]) await at(from, 'put', `a/${i}`, `v${i}`)
    await at(from, 'put', 'b/1', 'not this')
    const ended = mirror('--prefix', 'a/', '--dest-prefix', 'copy/', '--max-txn-ops', '2')
    await expect.poll(() => there('copy/'), { timeout: 10_000 }).toBe('copy/1\nv1\ncopy/2\nv2\ncopy/3\nv3\n')
    await run([...kvsctl, '--endpoints', from.endpoint, 'txn'], {
      input: '\nput a/4 v4\nput a/5 v5\nput a/6 v6\ndel a/1\n\n\n',
    })
    await expect.poll(() => there('copy/')).toBe('copy/2\nv2\ncopy/3\nv3\ncopy/4\nv4\ncopy/5\nv5\ncopy/6\nv6\n')
    expect(await there('b/')).toBe('')
    open[0]?.kill('SIGINT')
    expect(await ended).toBe(0)
  })

  test('from a revision on, without the prefix', async () => {
    await at(from, 'put', 'c/old', '1')
    const revision = Number(/"revision":(\d+)/.exec((await at(from, 'get', 'x', '-w', 'json')).out)?.[1])
    mirror('--prefix', 'c/', '--no-dest-prefix', '--rev', String(revision + 1)).catch(() => {})
    await at(from, 'put', 'c/new', '2')
    await expect.poll(() => there('new')).toBe('new\n2\n')
    expect(await there('old')).toBe('')
  })

  test('what cannot be is refused', async () => {
    expect(await at(from, 'make-mirror')).toMatchObject({ status: 128 })
    const both = ['--dest-prefix', 'a', '--no-dest-prefix']
    expect((await at(from, 'make-mirror', ...both, to.endpoint)).err).toContain('cannot be set at the same time')
  })

  test('check perf judges throughput, the slowest write and how they spread, and leaves nothing behind', async () => {
    const said = await at(from, 'check', 'perf', '--seconds', '2', '--auto-compact', '--auto-defrag')
    expect(said.out).toMatch(/^(PASS: Throughput is|FAIL: Throughput too low:) \d+ writes\/s$/m)
    expect(said.out).toMatch(/^(PASS|FAIL): Slowest request took .*\d\.\d{6}s$/m)
    expect(said.out).toMatch(/^(PASS|FAIL): Stddev /m)
    expect(said.out).toMatch(/^Compacted with revision \d+$/m)
    expect(said.out).toMatch(/^Defragmented "/m)
    expect([0, 1]).toContain(said.status)
    expect((await at(from, 'get', '--prefix', '/etcdctl-check-perf/')).out).toBe('')
    await at(from, 'put', '/etcdctl-check-perf/mine', '1')
    expect(await at(from, 'check', 'perf', '--seconds', '1')).toMatchObject({ status: 3, out: '' })
    expect(await at(from, 'check', 'perf', '--load', 'huge')).toMatchObject({ status: 4 })
  })

  test('check datascale tells what the data cost', async () => {
    const said = await at(from, 'check', 'datascale', '--load', 's')
    expect(said.out).toMatch(/^PASS: Approximate system memory used : -?\d+\.\d\d MB\.$/m)
    expect(said.status).toBe(0)
  })
})
