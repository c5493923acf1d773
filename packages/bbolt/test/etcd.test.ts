import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decodeKeyValue, encodeKeyValue } from '@kvs/proto/mvcc'
import { nodeFs } from '@kvs/vfs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  type BoltReader,
  type BoltRecord,
  type BucketSource,
  boltPages,
  check,
  describeCheck,
  openBolt,
  statusOf,
  verifyTrailer,
  writeBolt,
} from '../src/index.ts'
import { collect, contentOf, text } from './bytes.ts'
import { allKeys, etcdctl, hasEtcd, type RealEtcd, startEtcd } from './real-etcd.ts'

const fs = nodeFs()
const sha256 = () => createHash('sha256')
const base64 = (value: string | Uint8Array): string => Buffer.from(value).toString('base64')

/** What etcdctl 3.4 says about a file, after its consistency check. */
async function officialStatus(path: string): Promise<Record<string, number>> {
  return JSON.parse(await etcdctl(['snapshot', 'status', path, '-w', 'json'])) as Record<string, number>
}

async function ourStatus(reader: BoltReader): Promise<Record<string, number>> {
  const { hash, revision, recordCount, totalSizeBytes } = await statusOf(reader)
  return { hash, revision, totalKey: recordCount, totalSize: totalSizeBytes }
}

/** The live keys in bucket `key`: what a member that starts from the file serves. */
async function liveKeys(reader: BoltReader): Promise<[string, string][]> {
  const live = new Map<string, string>()
  for await (const [revision, value] of reader.records('key')) {
    const record = decodeKeyValue(value)
    const key = Buffer.from(record.key).toString('hex')
    if (revision.length === 18) live.delete(key)
    else live.set(key, base64(record.value))
  }
  return [...live].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, value]) => [base64(Buffer.from(key, 'hex')), value])
}

/** Many keys, a value of 100 kB, leases, tombstones, a compaction: branches, overflow and free pages. */
async function fillEtcd(etcd: RealEtcd): Promise<void> {
  for (let batch = 0; batch < 40; batch++) {
    const success = Array.from({ length: 100 }, (_, at) => {
      const key = `key-${String(batch * 100 + at).padStart(6, '0')}`
      return { requestPut: { key: base64(key), value: base64(`${key} `.repeat(20)) } }
    })
    await etcd.call('/v3/kv/txn', { success })
  }
  await etcd.call('/v3/kv/put', { key: base64('big'), value: base64(new Uint8Array(100_000).fill(7)) })
  for (let id = 1; id <= 5; id++) {
    await etcd.call('/v3/lease/grant', { ID: id, TTL: 3600 })
    await etcd.call('/v3/kv/put', { key: base64(`leased-${id}`), value: base64('v'), lease: id })
  }
  await etcd.call('/v3/kv/deleterange', { key: base64('key-0005'), range_end: base64('key-0009') })
  await etcd.call('/v3/kv/compaction', { revision: 20, physical: true })
  await etcd.call('/v3/kv/put', { key: base64('last'), value: '' })
}

if (!hasEtcd)
  console.warn('SKIPPED: /usr/bin/etcd or /usr/bin/etcdctl is missing, nothing is compared with the real etcd')

describe.skipIf(!hasEtcd)('against the real etcd', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kvs-bbolt-etcd-'))
  const db = join(folder, 'data', 'member', 'snap', 'db')
  const backup = join(folder, 'backup.db')
  let served: [string, string][] = []

  beforeAll(async () => {
    const etcd = await startEtcd(join(folder, 'data'))
    try {
      await fillEtcd(etcd)
      served = await allKeys(etcd)
      await etcdctl(['--endpoints', etcd.endpoint, 'snapshot', 'save', backup])
    } finally {
      await etcd.stop()
    }
  })

  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it.each(['db', 'backup'])('reads its files: %s', async which => {
    const path = which === 'db' ? db : backup
    const reader = await openBolt({ fs, path })
    const report = await check(reader)
    expect(describeCheck(report)).toMatch(/^sound: /)
    expect(report.pages.branch).toBeGreaterThan(0)
    expect(report.pages.overflow).toBeGreaterThan(20)
    expect(report.pages.free).toBeGreaterThan(0)
    expect(await ourStatus(reader)).toEqual(await officialStatus(path))
    expect(await liveKeys(reader)).toEqual(served)
    expect((await statusOf(reader)).liveKeyCount).toBe(served.length)
    const names = (await collect(reader.buckets())).map(bucket => bucket.text)
    expect(names).toEqual([
      'alarm',
      'auth',
      'authRoles',
      'authUsers',
      'cluster',
      'key',
      'lease',
      'members',
      'members_removed',
      'meta',
    ])
    expect((await collect(reader.records('lease'))).length).toBe(5)
    await reader.close()
    expect(await verifyTrailer({ fs, path, sha256 })).toBe(which === 'db' ? 'missing' : 'verified')
  })

  it.each([1024, 4096, 16_384])('accepts our copy with pages of %i bytes, and serves the same keys', async pageSize => {
    const source = await openBolt({ fs, path: backup })
    const path = join(folder, `copy-${pageSize}.db`)
    const buckets = (await collect(source.buckets())).map(({ name }): BucketSource => [name, source.records(name)])
    await writeBolt({ fs, path, pageSize, sha256, buckets })
    const copy = await openBolt({ fs, path })
    expect(await contentOf(copy)).toEqual(await contentOf(source))
    expect(await officialStatus(path)).toEqual(await ourStatus(copy))
    expect((await statusOf(copy)).hash).toBe((await statusOf(source)).hash)
    await Promise.all([source.close(), copy.close()])
    expect(await serveRestored(path)).toEqual(served)
  })

  it('accepts a stream of 20 000 records with a value of 100 kB', async () => {
    const source = await openBolt({ fs, path: backup })
    const names = (await collect(source.buckets())).map(bucket => bucket.name)
    const buckets = () =>
      names.map(
        (name): BucketSource => [name, base64(name) === base64('key') ? revisions(20_000) : source.records(name)],
      )
    const { pieces, sizeBytes } = await boltPages({ buckets, sha256 })
    const path = join(folder, 'stream.db')
    const file = await fs.open(path, { mode: 'create-new' })
    let position = 0
    for await (const piece of pieces) {
      await file.write(piece, position)
      position += piece.length
    }
    await file.close()
    expect(position).toBe(sizeBytes)
    const copy = await openBolt({ fs, path })
    expect((await check(copy)).pages.branch).toBeGreaterThan(1)
    expect(await officialStatus(path)).toEqual(await ourStatus(copy))
    const expected = await liveKeys(copy)
    await Promise.all([source.close(), copy.close()])
    expect(expected.length).toBe(20_000)
    expect(await serveRestored(path)).toEqual(expected)
  })

  /** Restores a backup with etcdctl, starts a member from it and reads all keys. */
  async function serveRestored(path: string): Promise<[string, string][]> {
    const dataDir = `${path}.etcd`
    await etcdctl(['snapshot', 'restore', path, '--data-dir', dataDir])
    const etcd = await startEtcd(dataDir)
    try {
      const keys = await allKeys(etcd)
      // It also takes writes: its own bbolt changes the pages that we laid out.
      await etcd.call('/v3/kv/put', { key: base64('after'), value: base64('restore') })
      await etcd.call('/v3/kv/deleterange', { key: base64('key-0030'), range_end: base64('key-0035') })
      return keys
    } finally {
      await etcd.stop()
      const reader = await openBolt({ fs, path: join(dataDir, 'member', 'snap', 'db') })
      expect(describeCheck(await check(reader))).toMatch(/^sound: /)
      await reader.close()
    }
  }
})

/** Records of bucket `key`: one put per revision, the one in the middle with a value of 100 kB. */
function* revisions(count: number): Generator<BoltRecord> {
  for (let at = 0; at < count; at++) {
    const key = new Uint8Array(17)
    new DataView(key.buffer).setUint32(4, at + 2)
    key[8] = 0x5f
    const value = new Uint8Array(at === count / 2 ? 100_000 : 200).fill(at)
    const revision = at + 2
    const record = {
      key: text(`k${String(at).padStart(8, '0')}`),
      createRevision: revision,
      modRevision: revision,
      version: 1,
      value,
    }
    yield [key, encodeKeyValue(record)]
  }
}
