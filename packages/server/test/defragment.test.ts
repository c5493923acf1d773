import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Health } from '@kvs/proto/health'
import { Maintenance } from '@kvs/proto/rpc'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type EmbeddedMember, type EmbedOptions, startEmbedded } from '../src/embed.ts'
import { parseFeatureGates } from '../src/feature-gates.ts'
import { keepingLogger, type LogLine } from './log.ts'
import { type TestMember, World } from './member.ts'

/** What operators may ask about defragmentation: at the start, and what clients are told meanwhile. */

let world: World
let member: TestMember

beforeEach(() => {
  world = new World()
})
afterEach(async () => {
  await member.member.stop()
  world.close()
})

const messages = (): readonly string[] => world.log.map(({ message }) => message)

describe('--bootstrap-defrag-threshold-megabytes', () => {
  test('off, nothing is done and nothing said', async () => {
    member = await world.start()
    expect(messages().filter(message => /defrag/i.test(message))).toEqual([])
  })

  test('too little to free is told', async () => {
    member = await world.start({ bootstrapDefragThresholdMegabytes: 1000 })
    expect(world.log.find(({ message }) => message === 'Skipping defragmentation')?.fields).toMatchObject({
      'bootstrap-defrag-threshold-bytes': 1000 * 1024 * 1024,
    })
  })

  test('enough to free is freed before the member serves', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'kvs-defragment-'))
    const lines: LogLine[] = []
    const start = (options: Partial<EmbedOptions>): Promise<EmbeddedMember> =>
      startEmbedded({
        ...{ dataDir: folder, listenClientUrls: ['http://127.0.0.1:0'], listenPeerUrls: ['http://127.0.0.1:0'] },
        ...options,
      })
    const real = await start({})
    const ask = (path: string, body: object): Promise<Response> =>
      fetch(`http://${real.clientAddresses[0]}/v3/kv/${path}`, { method: 'POST', body: JSON.stringify(body) })
    const value = Buffer.alloc(1024 * 1024).toString('base64')
    for (let i = 0; i < 5; i++) await ask('put', { key: 'aw==', value })
    await ask('deleterange', { key: 'aw==' })
    await ask('compaction', { revision: 7, physical: true })
    await real.stop()
    await (await start({ bootstrapDefragThresholdMegabytes: 1, logger: keepingLogger(lines) })).stop()
    rmSync(folder, { recursive: true })
    const said = lines.map(({ message }) => message)
    const done = said.indexOf('finished defragmenting directory')
    expect(done).toBeGreaterThan(0)
    expect(done).toBeLessThan(said.indexOf('ready to serve client requests'))
    expect(lines[done]?.fields['current-db-size-bytes-diff']).toBeLessThan(-1024 * 1024)
  })
})

describe('the gate StopGRPCServiceOnDefrag', () => {
  async function statusesDuringDefragment(gates: string): Promise<readonly unknown[]> {
    member = await world.start({ featureGates: parseFeatureGates(gates) })
    const watched = member.stream(Health.watch)
    watched.send({ service: '' })
    const first = await watched.next()
    await member.call(Maintenance.defragment, {})
    await world.settled()
    watched.cancel()
    return [first, ...watched.rest()].map(({ status }) => status)
  }

  test('on, clients are sent elsewhere until it is through', async () => {
    expect(await statusesDuringDefragment('StopGRPCServiceOnDefrag=true')).toEqual([1, 2, 1])
    expect(await member.call(Health.check, {})).toEqual({ status: 1 })
  })

  test('off, they are not', async () => {
    expect(await statusesDuringDefragment('')).toEqual([1])
  })
})
