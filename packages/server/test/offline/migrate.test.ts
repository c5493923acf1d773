import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeBolt } from '@kvs/bbolt'
import { migrateFromEtcd, migrateInPlace } from '@kvs/server/offline'
import { nodeFs } from '@kvs/vfs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { snapDir, stateFile, walDir } from '../../src/layout.ts'
import { hashState } from '../../src/offline/hash-kv.ts'
import { openStateReader, type StateReader } from '../../src/offline/state-reader.ts'
import { allBuckets } from '../../src/state/buckets.ts'
import { type Content, contentOf, Etcd, etcdctl, filesBelow, hasEtcd, identityOf, startKvs } from './etcd.ts'

const fs = nodeFs()
let folder = ''
let from = ''
let dataDir = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kvs-migrate-'))
  from = join(folder, 'etcd')
  dataDir = join(folder, 'kvs')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const migrate = (): ReturnType<typeof migrateFromEtcd> =>
  migrateFromEtcd({ from, fromWalDir: '', dataDir, walDir: '', timeoutMs: 200 })

/** Writes of every kind. */
async function write(endpoint: string, count: number): Promise<void> {
  const at = ['--endpoints', endpoint] as const
  const [, lease = ''] = /lease (\w+)/.exec(await etcdctl(...at, 'lease', 'grant', '1000')) ?? []
  for (let number = 0; number < count; number++) {
    const options = number % 7 === 0 ? [`--lease=${lease}`] : []
    await etcdctl(...at, 'put', `key ${number % 20}`, `value ${number}`, ...options)
    if (number % 5 === 0) await etcdctl(...at, 'del', `key ${(number + 3) % 20}`)
  }
}

interface Shown {
  readonly content: Content
  readonly identity: unknown
}

const shown = async (endpoint: string): Promise<Shown> => ({
  content: await contentOf(endpoint),
  identity: await identityOf(endpoint),
})

/** Starts kvs on what was made of etcd's, twice, and compares; writes go on from there. */
async function expectSame(before: Shown): Promise<void> {
  let { revision } = before.content
  for (const key of ['new', 'newer']) {
    const kvs = await startKvs(dataDir)
    try {
      const [endpoint = ''] = kvs.clientAddresses
      const { content, identity } = await shown(endpoint)
      if (key === 'new') expect(content).toEqual(before.content)
      expect(identity).toEqual(before.identity)
      expect(content.revision).toBe(revision)
      await etcdctl('--endpoints', endpoint, 'put', key, 'value')
      revision++
    } finally {
      await kvs.stop()
    }
  }
}

/** Keys and values in hexadecimal. */
async function recordsOf(state: StateReader, bucket: string): Promise<string[]> {
  const records: string[] = []
  for await (const record of state.records(bucket)) {
    records.push(record.map(bytes => Buffer.from(bytes).toString('hex')).join(' '))
  }
  return records
}

/** What a member of etcd 3.7 leaves, made of what kvs left: the same log, and the state as a bbolt file. */
async function makeNewerEtcd(): Promise<void> {
  const state = await openStateReader(fs, stateFile(dataDir))
  mkdirSync(snapDir(from), { recursive: true })
  cpSync(walDir({ dataDir, walDir: '' }), walDir({ dataDir: from, walDir: '' }), { recursive: true })
  const number = (value: number): Uint8Array => {
    const bytes = Buffer.alloc(8)
    bytes.writeBigUInt64BE(BigInt(value))
    return bytes
  }
  const { index, term } = state.consistent
  const meta = [
    ['consistent_index', number(index)],
    ['storageVersion', Buffer.from('3.7.0')],
    ['term', number(term)],
  ] as const
  const names = allBuckets.map(({ name }) => name).toSorted()
  await writeBolt({
    fs,
    path: stateFile(from),
    buckets: names.map(name => [
      name,
      name === 'meta' ? meta.map(([key, value]) => [Buffer.from(key), value]) : state.records(name),
    ]),
  })
  await state.close()
}

test.skipIf(!hasEtcd)('a data directory of etcd 3.7, where the database says who is a member', async () => {
  let before: Shown
  const kvs = await startKvs(dataDir)
  try {
    const [endpoint = ''] = kvs.clientAddresses
    await write(endpoint, 10)
    before = await shown(endpoint)
  } finally {
    await kvs.stop()
  }
  await makeNewerEtcd()
  rmSync(dataDir, { recursive: true })
  const { members } = await migrate()
  expect(members.map(({ name }) => name)).toEqual(['default'])
  await expectSame(before)
})

describe.skipIf(!hasEtcd)('a data directory of the real etcd', () => {
  test.each(['SIGTERM', 'SIGKILL'] as const)('whose member ended by %s', async signal => {
    const etcd = await Etcd.start(from)
    await write(etcd.endpoint, 30)
    const before = await shown(etcd.endpoint)
    await etcd.end(signal)
    const files = filesBelow(from)
    const made = await migrate()
    expect(filesBelow(from)).toEqual(files)
    expect(made.members.map(({ name }) => name)).toEqual(['default'])
    await expectSame(before)
  })

  test('with snapshots and without the beginning of its log, with keys of the second API', async () => {
    const etcd = await Etcd.start(from, ['--snapshot-count=20', '--enable-v2'])
    for (const key of ['a', 'b/c']) {
      await fetch(`http://${etcd.endpoint}/v2/keys/${key}`, {
        method: 'PUT',
        body: new URLSearchParams({ value: 'x' }),
      })
    }
    await write(etcd.endpoint, 60)
    const before = await shown(etcd.endpoint)
    await etcd.end('SIGKILL')
    const made = await migrate()
    expect(made.foreignKeys).toBe(2)
    await expectSame(before)
  })

  test('that has nothing in it yet', async () => {
    const etcd = await Etcd.start(from)
    const before = await shown(etcd.endpoint)
    await etcd.end('SIGKILL')
    await migrate()
    await expectSame(before)
  })

  test('record by record, users and alarms too', async () => {
    const etcd = await Etcd.start(from, ['--quota-backend-bytes=200000'])
    const at = ['--endpoints', etcd.endpoint]
    for (const line of ['role add root', 'user add root:secret', 'user grant-role root root', 'role add reader']) {
      await etcdctl(...at, ...line.split(' '))
    }
    await write(etcd.endpoint, 10)
    // etcd looks at the size of its file, which grows when a batch is committed: ten times a second.
    const fill = async (): Promise<void> => {
      for (let round = 0; round < 50; round++) await etcdctl(...at, 'put', 'long', 'x'.repeat(120_000))
    }
    await expect(fill()).rejects.toThrow(/database space exceeded/)
    await etcdctl(...at, 'auth', 'enable')
    await etcd.end()
    const { index } = await migrate()
    const [theirs, ours] = [await openStateReader(fs, stateFile(from)), await openStateReader(fs, stateFile(dataDir))]
    expect(ours.consistent.index).toBe(index)
    for (const name of ['alarm', 'auth', 'authRoles', 'authUsers', 'cluster', 'key', 'lease', 'members']) {
      const records = await recordsOf(ours, name)
      expect([name, ...records]).toEqual([name, ...(await recordsOf(theirs, name))])
      expect(records.length).toBeGreaterThan(0)
    }
    expect(await hashState(ours, 0)).toEqual(await hashState(theirs, 0))
    await Promise.all([theirs.close(), ours.close()])
  })

  test('with a learner that was added before a kill', async () => {
    const etcd = await Etcd.start(from)
    await write(etcd.endpoint, 3)
    const at = ['--endpoints', etcd.endpoint]
    await etcdctl(...at, 'member', 'add', 'n2', '--learner', '--peer-urls=http://127.0.0.1:1')
    const before = await shown(etcd.endpoint)
    await etcd.end('SIGKILL')
    const { members, entriesBehind } = await migrate()
    expect(members.map(({ isLearner }) => isLearner)).toEqual(entriesBehind > 0 ? [false] : [false, true])
    await expectSame(before)
  })

  test('that is in use is refused, as is a target that holds something', async () => {
    const etcd = await Etcd.start(from)
    await expect(migrate()).rejects.toThrow(`data directory '${from}' is in use by another process`)
    await etcd.end()
    mkdirSync(dataDir)
    writeFileSync(join(dataDir, 'mine'), '')
    await expect(migrate()).rejects.toThrow(`data-dir "${dataDir}" not empty or could not be read`)
    expect(readdirSync(dataDir)).toEqual(['mine'])
    rmSync(dataDir, { recursive: true })
    await migrate()
    await expect(
      migrateFromEtcd({ from: dataDir, fromWalDir: '', dataDir: `${dataDir}2`, walDir: '', timeoutMs: 200 }),
    ).rejects.toThrow(/is a state file of kvs: there is nothing to migrate/)
  })

  test('whose database is behind its log: the rest is applied at the first start, but for what a power cut tore', async () => {
    let etcd = await Etcd.start(from)
    await write(etcd.endpoint, 5)
    await etcd.end()
    const database = readFileSync(stateFile(from))
    etcd = await Etcd.start(from)
    await write(etcd.endpoint, 20)
    const at = ['--endpoints', etcd.endpoint]
    await etcdctl(...at, 'member', 'add', 'n2', '--learner', '--peer-urls=http://127.0.0.1:1')
    const before = await shown(etcd.endpoint)
    await etcdctl(...at, 'put', 'torn', 'x'.repeat(3000))
    await etcd.end('SIGKILL')
    writeFileSync(stateFile(from), database)
    const [name = ''] = readdirSync(walDir({ dataDir: from, walDir: '' })).filter(each => each.endsWith('.wal'))
    const log = join(walDir({ dataDir: from, walDir: '' }), name)
    const bytes = readFileSync(log)
    // What stands behind the first 512 bytes of that put never reached the disk.
    writeFileSync(log, bytes.fill(0, (Math.floor(bytes.indexOf('xxxxxxxx') / 512) + 2) * 512))
    const { entriesBehind, members } = await migrate()
    expect(entriesBehind).toBeGreaterThan(20)
    expect(members).toHaveLength(1)
    await expectSame(before)
  })

  test('at its place, with the old one beside it', async () => {
    const etcd = await Etcd.start(from)
    await write(etcd.endpoint, 5)
    const before = await shown(etcd.endpoint)
    const running = migrateInPlace({ from, timeoutMs: 200 })
    await expect(running).rejects.toThrow(`data directory '${from}' is in use by another process`)
    await etcd.end('SIGKILL')
    const digests = Object.values(filesBelow(from))
    await migrateInPlace({ from: `${from}/`, timeoutMs: 200 })
    expect(readdirSync(folder).toSorted()).toEqual(['etcd', 'etcd.etcd'])
    expect(Object.values(filesBelow(`${from}.etcd`))).toEqual(digests)
    dataDir = from
    await expectSame(before)
    await expect(migrateInPlace({ from, timeoutMs: 200 })).rejects.toThrow(`'${from}.etcd' exists`)
  })

  test('is refused by a start, with the command that imports it, and left as it was', async () => {
    const etcd = await Etcd.start(from)
    await write(etcd.endpoint, 3)
    await etcd.end()
    const files = filesBelow(from)
    const command = `kvsutl migrate --from-etcd '${from}' --data-dir NEW`
    await expect(startKvs(from)).rejects.toMatchObject({ code: 'DATA_DIR', message: expect.stringContaining(command) })
    await expect(startKvs(from)).rejects.toThrow(/^[^\n]*$/)
    expect(filesBelow(from)).toEqual(files)
  })

  test('of three: each member keeps who it is, and all have the same', async () => {
    const dirs = ['a', 'b', 'c'].map(name => join(folder, name))
    const etcds = await Etcd.startCluster(dirs)
    const [first] = etcds
    await write(first?.endpoint ?? '', 20)
    const identities = await Promise.all(etcds.map(({ endpoint }) => identityOf(endpoint)))
    await Promise.all(etcds.map(etcd => etcd.end('SIGKILL')))
    const hashes: unknown[] = []
    for (const [i, dir] of dirs.entries()) {
      const made = await migrateFromEtcd({
        ...{ from: dir, fromWalDir: '', walDir: '', timeoutMs: 200 },
        dataDir: `${dir}.kvs`,
      })
      expect(made.members.map(({ name }) => name).toSorted()).toEqual(['n0', 'n1', 'n2'])
      expect(made.members.map(({ id }) => Number(id))).toEqual((identities[i] as { members: number[] }).members)
      expect([Number(made.clusterId), Number(made.memberId)]).toEqual([
        (identities[i] as { cluster: number }).cluster,
        (identities[i] as { member: number }).member,
      ])
      // The log holds what the state does not.
      const [theirs, ours] = [
        await openStateReader(fs, stateFile(dir)),
        await openStateReader(fs, stateFile(`${dir}.kvs`)),
      ]
      expect(await hashState(ours, 0)).toEqual(await hashState(theirs, 0))
      expect(ours.consistent.index).toBe(theirs.consistent.index)
      hashes.push(made.index + made.entriesBehind)
      await Promise.all([theirs.close(), ours.close()])
    }
    expect(Math.max(...(hashes as number[])) - Math.min(...(hashes as number[]))).toBeLessThanOrEqual(1)
  })

  test('whose files are damaged is refused with file and place, and nothing is made', async () => {
    const etcd = await Etcd.start(from)
    await write(etcd.endpoint, 20)
    await etcd.end()
    const damage = async (path: string, at: number): Promise<void> => {
      const bytes = readFileSync(path)
      writeFileSync(path, Uint8Array.from(bytes).fill((bytes[at] ?? 0) ^ 0xff, at, at + 1))
      await expect(migrate()).rejects.toThrow(/(offset|position).*\d+/)
      await expect(migrate()).rejects.toThrow(/0000000000000000-0000000000000000\.wal|snap\/db/)
      expect(readdirSync(folder)).toEqual(['etcd'])
      writeFileSync(path, bytes)
    }
    const [segment = ''] = readdirSync(walDir({ dataDir: from, walDir: '' })).filter(name => name.endsWith('.wal'))
    const log = join(walDir({ dataDir: from, walDir: '' }), segment)
    // In the middle of a record that others follow.
    await damage(log, readFileSync(log).indexOf('key 3') + 1)
    // The kind of the page at the root; the newer of the two first pages says which one that is.
    const db = readFileSync(stateFile(from))
    const [newer = 0] = [0, 4096].toSorted((a, b) => Number(db.readBigUInt64LE(b + 64) - db.readBigUInt64LE(a + 64)))
    await damage(stateFile(from), Number(db.readBigUInt64LE(newer + 32)) * 4096 + 8)
  })
})
