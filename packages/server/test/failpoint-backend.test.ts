import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type EmbeddedMember, startEmbedded } from '../src/embed.ts'
import { Failpoints } from '../src/failpoints/failpoints.ts'
import { type FailpointName, failpointPlaces } from '../src/failpoints/names.ts'
import { backendFailpoints } from './failpoint-names.ts'

/** A member with its state in LMDB is brought to the failpoints that stand there. */

let folder: string
let member: EmbeddedMember
const blocked: number[] = []
const failpoints = new Failpoints({
  setTimer: (delayMs, callback) => setTimeout(callback, delayMs),
  block: durationMs => blocked.push(durationMs),
  random: Math.random,
  crash: line => {
    throw new Error(line)
  },
  print: () => {},
})

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'kvs-failpoints-'))
  const url = ['http://127.0.0.1:0']
  member = await startEmbedded({ dataDir: folder, listenClientUrls: url, listenPeerUrls: url, failpoints })
})
afterAll(async () => {
  await member.stop()
  rmSync(folder, { recursive: true, force: true })
})
beforeEach(() => {
  for (const { name, terms } of failpoints.list()) if (terms !== '') failpoints.remove(name)
})

async function ask(path: string, body: object = {}): Promise<Record<string, unknown>> {
  const url = `http://${member.clientAddresses[0]}/v3/${path}`
  const response = await fetch(url, { method: 'POST', body: JSON.stringify(body) })
  return (await response.json()) as Record<string, unknown>
}
const key = btoa('k')
const read = async (): Promise<unknown> => {
  const { kvs = [] } = (await ask('kv/range', { key })) as { readonly kvs?: readonly { readonly value: string }[] }
  return kvs[0] && atob(kvs[0].value)
}

/** A write, a commit that holds it, and a new file. */
async function write(value: string): Promise<void> {
  await ask('kv/put', { key, value: btoa(value) })
  await ask('maintenance/hash')
  await ask('maintenance/defragment')
}

describe('a member comes to', () => {
  test.each(backendFailpoints)('%s', async name => {
    failpoints.set(name, 'off')
    await write(name)
    expect(failpoints.status(name).count).toBeGreaterThan(0)
    expect(await read()).toBe(name)
  })
})

describe('while it sleeps there, reads and writes go on', () => {
  const waiting = backendFailpoints.filter(name => failpointPlaces[name].sleep === 'waits')
  test.each(waiting)('%s', async name => {
    let letGo: (() => void) | undefined
    const held = new Promise<void>(resolve => {
      letGo = resolve
    })
    const reached = reach(name, held)
    const written = write('1')
    await reached
    await ask('kv/put', { key, value: btoa('2') })
    expect(await read()).toBe('2')
    letGo?.()
    await written
    expect(await read()).toBe('2')
  })
})

/** Holds whoever comes to a failpoint for as long as it takes; resolves when somebody has come. */
function reach(name: FailpointName, held: Promise<void>): Promise<void> {
  return new Promise(resolve => {
    const { wait } = failpoints
    failpoints.wait = at => {
      if (at !== name) return undefined
      failpoints.wait = wait
      resolve()
      return held.then(() => undefined)
    }
  })
}

test('the others block', async () => {
  for (const name of backendFailpoints) {
    if (failpointPlaces[name].sleep !== 'blocks') continue
    blocked.length = 0
    failpoints.set(name, '1*sleep("3s")')
    await write(name)
    expect(blocked).toEqual([3000])
  }
})

test.each(['defragOpenFileError', 'defragdbFail'])('%s fails a defragmentation, and nothing else', async name => {
  failpoints.set(name, 'return("no space")')
  expect((await ask('maintenance/defragment'))['message']).toContain('no space')
  expect((await ask('maintenance/hash'))['hash']).toBeGreaterThan(0)
  failpoints.remove(name)
  await write(name)
  expect(await read()).toBe(name)
})
