import { createServer } from 'node:net'
import { Failpoints } from '@kvs/server/embed'
import { beforeEach, expect, test } from 'vitest'
import { openFailpoints, serveFailpoints } from '../src/failpoints.ts'

let failpoints: Failpoints
let base: string
let atCrash: string[]

beforeEach(async () => {
  atCrash = []
  failpoints = new Failpoints({
    setTimer: (delayMs, callback) => setTimeout(callback, delayMs),
    block: () => {},
    random: Math.random,
    crash: line => {
      atCrash.push(line)
      throw new Error(line)
    },
    print: () => {},
  })
  base = `http://127.0.0.1:${await serveFailpoints(failpoints, '127.0.0.1:0')}`
})

async function ask(method: string, path: string, body?: string): Promise<string> {
  const response = await fetch(base + path, { method, ...(body === undefined ? {} : { body }) })
  return `${response.status} ${await response.text()}`
}

test('lists all failpoints with what they are set to', async () => {
  expect(await ask('PUT', '/raftBeforeSave', 'sleep("1s")')).toBe('204 ')
  const listed = await ask('GET', '/')
  expect(listed).toMatch(/^200 afterCommit=\nafterStartDBTxn=\n/)
  expect(listed).toContain('\nraftBeforeSave=sleep("1s")\n')
  expect(listed.trim().split('\n')).toHaveLength(failpoints.list().length)
})

test('shows, counts, replaces and turns off one', async () => {
  expect(await ask('GET', '/raftBeforeSave')).toBe('404 failed to GET: failpoint: failpoint is disabled\n')
  expect(await ask('PUT', '/raftBeforeSave', '1*print->off')).toBe('204 ')
  expect(await ask('GET', '/raftBeforeSave')).toBe('200 1*print->off\n')
  failpoints.wait('raftBeforeSave')
  expect(await ask('GET', '/raftBeforeSave/count')).toBe('200 1')
  expect(await ask('PUT', '/go.etcd.io/etcd/server/v3/etcdserver/raftBeforeSave', 'off')).toBe('204 ')
  expect(await ask('GET', '/raftBeforeSave/count')).toBe('200 0')
  expect(await ask('DELETE', '/raftBeforeSave')).toBe('204 ')
  expect(await ask('DELETE', '/raftBeforeSave')).toBe(
    '400 failed to delete failpoint failpoint: failpoint is disabled\n',
  )
})

test('sets several, or none of them', async () => {
  expect(await ask('PUT', '/failpoints', 'beforeCommit=off;afterCommit=print')).toBe('204 ')
  expect(failpoints.status('afterCommit').terms).toBe('print')
  expect(await ask('PUT', '/failpoints', 'beforeCommit=panic;afterCommit=nonsense')).toMatch(/^400 .*unknown action/)
  expect(failpoints.status('beforeCommit').terms).toBe('off')
})

test('refuses what it does not know, and what it cannot read', async () => {
  const unknown = 'failpoint: failpoint does not exist\n'
  expect(await ask('GET', '/nowhere')).toBe(`404 failed to GET: ${unknown}`)
  expect(await ask('PUT', '/nowhere', 'off')).toBe(`400 failed to set failpoint nowhere: ${unknown}`)
  expect(await ask('DELETE', '/nowhere')).toBe(`400 failed to delete failpoint ${unknown}`)
  expect(await ask('PUT', '/beforeCommit', 'sleep')).toMatch(
    /^400 failed to set failpoint beforeCommit: failpoint: could/,
  )
  expect(await ask('PUT', '/beforeCommit', '')).toMatch(/^400 /)
  expect(await ask('PUT', '/beforeCommit', 'x'.repeat(100_000))).toBe('400 the body is too long\n')
  expect(await ask('GET', '/%')).toMatch(/^400 /)
  expect(await ask('POST', '/beforeCommit', 'off')).toBe('405 Method not allowed\n')
})

test('answers before what was set can end the process', async () => {
  const reached = new Promise<void>(resolve => {
    const look = (): void => {
      if (!failpoints.isSet('raftBeforeSave')) return void setImmediate(look)
      expect(() => failpoints.wait('raftBeforeSave')).toThrow('raftBeforeSave')
      resolve()
    }
    look()
  })
  expect(await ask('PUT', '/raftBeforeSave', 'panic')).toBe('204 ')
  await reached
  expect(atCrash).toEqual(['panic: failpoint panic: raftBeforeSave'])
})

test('nothing is there unless the environment asks for it', async () => {
  expect(await openFailpoints({}, () => {})).toBeUndefined()
  const warnings: string[] = []
  const settings = 'raftBeforeSave=sleep(1);afterLunch=panic;go.etcd.io/x/beforeCommit=off'
  const opened = await openFailpoints({ GOFAIL_FAILPOINTS: settings }, text => warnings.push(text))
  expect(opened?.list().filter(({ terms }) => terms !== '')).toEqual([
    { name: 'beforeCommit', terms: 'off' },
    { name: 'raftBeforeSave', terms: 'sleep(1)' },
  ])
  expect(warnings).toEqual(['GOFAIL_FAILPOINTS names afterLunch, which is no failpoint'])
})

test('what cannot be read, or listened at, is no start', async () => {
  const open = (environment: Record<string, string>) => openFailpoints(environment, () => {})
  await expect(open({ GOFAIL_FAILPOINTS: 'raftBeforeSave' })).rejects.toThrow('bad failpoint "raftBeforeSave"')
  await expect(open({ GOFAIL_FAILPOINTS: 'raftBeforeSave=wait(1)' })).rejects.toThrow('unknown action "wait"')
  await expect(open({ GOFAIL_HTTP: 'localhost' })).rejects.toThrow('GOFAIL_HTTP=localhost is no host:port')
  const taken = createServer().listen(0, '127.0.0.1')
  await new Promise(resolve => taken.once('listening', resolve))
  const { port } = taken.address() as { readonly port: number }
  await expect(open({ GOFAIL_HTTP: `127.0.0.1:${port}` })).rejects.toThrow('EADDRINUSE')
  taken.close()
})
