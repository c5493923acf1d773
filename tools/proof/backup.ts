/**
 * npm run proof -- backup: a backup of kvs in the hands of the real tools. It is saved while puts go on, checked and
 * restored by etcdctl, and served by etcd, which then has the same pairs, past, leases and HashKV.
 */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Client, connect, operation } from '@kvs/client'
import {
  etcdctl,
  etcdctlProgram,
  etcdProgram,
  freePorts,
  inFolder,
  kvsctl,
  memberFlags,
  run,
  startKvs,
  startServer,
} from '../ci/end-to-end/programs.mjs'
import { Suite } from '../ci/end-to-end/suite.mjs'

const keyCount = 100_000
const putsPerSecond = 5000
/** Keys that one transaction of the preparation puts; etcd's limit is 128. */
const opsPerTxn = 100

type Operation = ReturnType<typeof operation.put>

const clientOf = (port: number): Client => connect({ endpoints: [`127.0.0.1:${port}`], timeoutMs: 60_000 })

const keyOf = (number: number): string => `key/${String(number).padStart(6, '0')}`

/**
 * Keys with a past: 100 000 of them, every third overwritten, every tenth deleted, every hundredth on a lease, and a
 * compaction half way.
 */
async function fill(client: Client): Promise<void> {
  const leases: bigint[] = []
  for (let id = 1n; id <= 10n; id++) leases.push((await client.lease.grant(100_000, { id: id * 1000n })).id)
  let revision = 0
  const each = async (step: number, operationOf: (number: number) => Operation): Promise<void> => {
    for (let from = 0; from < keyCount; from += opsPerTxn * step) {
      const operations = []
      for (let i = 0; i < opsPerTxn && from + i * step < keyCount; i++) operations.push(operationOf(from + i * step))
      const { header } = await client
        .txn()
        .then(...operations)
        .commit()
      revision = header?.revision ?? 0
    }
  }
  await each(1, number => {
    const lease = number % 100 === 0 ? leases[(number / 100) % leases.length] : undefined
    return operation.put(
      keyOf(number),
      `value ${number} ${'x'.repeat(number % 200)}`,
      lease === undefined ? {} : { lease },
    )
  })
  await client.compact(Math.floor(revision / 2), { physical: true })
  await each(3, number => operation.put(keyOf(number), `again ${number}`))
  await each(10, number => operation.delete(keyOf(number)))
}

/**
 * Puts at a fixed rate until `stop`, which says how many were acknowledged.
 */
function load(client: Client): { readonly stop: () => Promise<{ readonly puts: number; readonly perSecond: number }> } {
  const state = { running: true, done: 0 }
  const startedAtMs = performance.now()
  const ended = (async () => {
    let sent = 0
    let open: Promise<unknown>[] = []
    while (state.running) {
      const due = Math.floor(((performance.now() - startedAtMs) / 1000) * putsPerSecond)
      for (; sent < due; sent++) {
        open.push(client.put(`load/${sent % 1000}`, `v${sent}`).then(() => state.done++))
      }
      await new Promise(resolve => setTimeout(resolve, 2))
      if (open.length > 5000) {
        await Promise.all(open)
        open = []
      }
    }
    await Promise.all(open)
  })()
  return {
    stop: async () => {
      state.running = false
      const seconds = (performance.now() - startedAtMs) / 1000
      await ended
      return { puts: state.done, perSecond: state.done / seconds }
    },
  }
}

/** All pairs at a revision. */
async function contentsAt(client: Client, revision: number): Promise<string[]> {
  const lines: string[] = []
  for await (const pair of client.pages({ prefix: '' }, { revision })) {
    const { key, value, createRevision, modRevision, version, lease } = pair
    lines.push([Buffer.from(key), Buffer.from(value), createRevision, modRevision, version, lease].join(' '))
  }
  return lines
}

/** All leases with what they were granted and their keys. */
async function leasesOf(client: Client): Promise<string[]> {
  const { leases } = await client.lease.list()
  const lines: string[] = []
  for (const { id } of leases) {
    const { grantedTtl, keys } = await client.lease.timeToLive(id, { keys: true })
    lines.push(`${id} ${grantedTtl} ${keys.map(key => Buffer.from(key).toString()).sort()}`)
  }
  return lines.sort()
}

const suite = new Suite()

if (!existsSync(etcdProgram) || !existsSync(etcdctlProgram)) {
  suite.skip('a backup in the hands of the real tools', `${etcdProgram} or ${etcdctlProgram} is not installed`)
} else {
  await inFolder(async folder => {
    const ports = await freePorts()
    const server = await startKvs(join(folder, 'kvs'), ports)
    const kvs = clientOf(ports.client)
    const [file, second] = [join(folder, 'backup.db'), join(folder, 'second.db')]
    let status = { hash: 0, revision: 0, totalKey: 0, totalSize: 0 }
    let restored = false

    await suite.check(
      `etcdctl saves ${keyCount} keys with their past while ${putsPerSecond} puts a second go on`,
      async () => {
        await fill(kvs)
        const before = (await kvs.get('key/000001'))?.modRevision ?? 0
        assert.ok(before > 0)
        const puts = load(kvs)
        await new Promise(resolve => setTimeout(resolve, 500))
        await etcdctl(ports.client).ask('snapshot', 'save', file)
        await new Promise(resolve => setTimeout(resolve, 500))
        const { puts: count, perSecond } = await puts.stop()
        console.log(`     ${count} puts meanwhile, ${Math.round(perSecond)} per second`)
        assert.ok(perSecond > putsPerSecond * 0.9, `only ${perSecond} puts per second`)
      },
    )
    await suite.check('etcdctl snapshot status finds it sound', async () => {
      const ended = await run(etcdctlProgram, ['snapshot', 'status', file, '-w', 'json'], { env: { ETCDCTL_API: '3' } })
      assert.equal(ended.status, 0, ended.stderr)
      status = JSON.parse(ended.stdout)
      console.log(`     ${ended.stdout.trim()}`)
      assert.ok(status.totalKey > keyCount && status.revision > keyCount / opsPerTxn)
    })
    await suite.check('kvsctl saves the same kind of file', async () => {
      await kvsctl(ports.client).ask('snapshot', 'save', second)
      const ended = await run(etcdctlProgram, ['snapshot', 'status', second, '-w', 'json'], {
        env: { ETCDCTL_API: '3' },
      })
      assert.equal(ended.status, 0, ended.stderr)
    })
    const otherPorts = await freePorts()
    const dataDir = join(folder, 'etcd')
    await suite.check('etcdctl snapshot restore takes it', async () => {
      const peer = `http://127.0.0.1:${otherPorts.peer}`
      const args = ['snapshot', 'restore', file, `--data-dir=${dataDir}`, `--initial-cluster=default=${peer}`]
      const ended = await run(etcdctlProgram, [...args, `--initial-advertise-peer-urls=${peer}`], {
        env: { ETCDCTL_API: '3' },
      })
      assert.equal(ended.status, 0, ended.stderr)
      restored = true
    })
    await suite.check('etcd serves from it what kvs had at that revision: pairs, past, leases, HashKV', async () => {
      assert.ok(restored, 'nothing was restored')
      const etcd = await startServer(etcdProgram, memberFlags(dataDir, otherPorts))
      const client = clientOf(otherPorts.client)
      try {
        for (const revision of [status.revision, status.revision - 1, status.revision - 500]) {
          assert.deepEqual(await contentsAt(client, revision), await contentsAt(kvs, revision))
        }
        const hashes = await Promise.all(
          [client, kvs].map(side => side.maintenance.hashKv({ revision: status.revision })),
        )
        console.log(`     HashKV at ${status.revision}: ${hashes.map(({ hash }) => hash).join(' and ')}`)
        assert.equal(hashes[0]?.hash, hashes[1]?.hash)
        assert.deepEqual(await leasesOf(client), await leasesOf(kvs))
      } finally {
        await client.close()
        await etcd.end('SIGTERM')
      }
    })
    await kvs.close()
    await server.end('SIGTERM')
  })
}

process.exitCode = suite.conclude()
