import { type ChildProcess, spawn } from 'node:child_process'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { bundleKvsctl, run } from './programs.ts'
import { hasEtcd, type RealEtcd, startEtcd } from './real-etcd.ts'

if (!hasEtcd) console.warn('locks and elections: skipped, /usr/bin/etcd is not installed')

describe.skipIf(!hasEtcd)('locks and elections, mixed with those of the real etcdctl', () => {
  let etcd: RealEtcd
  let ours: readonly string[]
  let theirs: readonly string[]
  const open: ChildProcess[] = []

  beforeAll(async () => {
    etcd = await startEtcd()
    ours = [...(await bundleKvsctl()), '--endpoints', etcd.endpoint]
    theirs = ['/usr/bin/etcdctl', '--endpoints', etcd.endpoint]
  })
  afterEach(() => {
    for (const child of open.splice(0)) child.kill('SIGKILL')
  })
  afterAll(async () => {
    await etcd?.stop()
  })

  /** A program that stays, and what it has said. */
  class Staying {
    out = ''
    readonly ended: Promise<number | null>
    readonly #child: ChildProcess

    constructor(command: readonly string[]) {
      const [program = '', ...args] = command
      const env = { PATH: process.env['PATH'], ETCDCTL_API: '3' }
      const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'], env })
      child.stdout.on('data', chunk => {
        this.out += String(chunk)
      })
      this.ended = new Promise(resolve => child.once('close', resolve))
      this.#child = child
      open.push(child)
    }

    says(text: RegExp): Promise<void> {
      return expect.poll(() => this.out, { timeout: 10_000 }).toMatch(text)
    }

    interrupt(): Promise<number | null> {
      this.#child.kill('SIGINT')
      return this.ended
    }
  }

  const keys = async (prefix: string): Promise<readonly string[]> =>
    (await run([...ours, 'get', prefix, '--prefix', '--keys-only'])).out.split('\n').filter(Boolean)

  test.each([
    ['ours', 'theirs'],
    ['theirs', 'ours'],
  ])('who comes second waits until the first has gone: %s, then %s', async (first, second) => {
    const name = `lock-${first}`
    const of = (who: string): readonly string[] => [...(who === 'ours' ? ours : theirs), 'lock', name]
    const holder = new Staying(of(first))
    await holder.says(new RegExp(`^${name}/[0-9a-f]+\n\n$`))
    const waiter = new Staying(of(second))
    await expect.poll(() => keys(`${name}/`)).toHaveLength(2)
    expect(waiter.out).toBe('')
    expect(await holder.interrupt()).toBe(0)
    await waiter.says(new RegExp(`^${name}/[0-9a-f]+\n`))
    expect(await waiter.interrupt()).toBe(0)
    await expect.poll(() => keys(`${name}/`)).toEqual([])
  })

  test('a program that is run holds the lock, knows it, and says how to end', async () => {
    const script = 'echo "$ETCD_LOCK_KEY $ETCD_LOCK_REV"; exit 7'
    const said = await run([...ours, 'lock', 'program', '--', 'sh', '-c', script])
    expect(said.status).toBe(7)
    expect(said.out).toMatch(/^program\/[0-9a-f]+ \d+\n$/)
    expect(await keys('program/')).toEqual([])
    expect(await run([...ours, 'lock', 'program', '--', '/nonexistent'])).toMatchObject({ status: 1 })
    expect(await run([...ours, 'lock'])).toMatchObject({ status: 128 })
  })

  test('a lock whose lease is gone is lost', async () => {
    const holder = new Staying([...ours, 'lock', 'lost', '--ttl', '2'])
    await holder.says(/^lost\//)
    await run([...ours, 'lease', 'revoke', holder.out.trim().split('/')[1] ?? ''])
    expect(await holder.ended).toBe(1)
  })

  test('leaders follow one another, and listeners see each', async () => {
    const listener = new Staying([...ours, 'elect', '-l', 'primary'])
    const first = new Staying([...ours, 'elect', 'primary', 'one'])
    await first.says(/^primary\/[0-9a-f]+\none\n$/)
    const second = new Staying([...theirs, 'elect', 'primary', 'two'])
    await listener.says(/\none\n$/)
    await expect.poll(() => keys('primary/')).toHaveLength(2)
    await first.interrupt()
    await second.says(/\ntwo\n$/)
    await listener.says(/\none\n(.*\none\n)*primary\/[0-9a-f]+\ntwo\n$/)
    expect(await listener.interrupt()).toBe(0)
    expect(await run([...ours, 'elect', '-l', 'primary', 'x'])).toMatchObject({ status: 128 })
  })
})
