import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { databaseStatus, dumpLog, type RestoreOptions, restoreSnapshot } from '@kvs/server/offline'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { stateFile } from '../../src/layout.ts'
import { type Content, contentOf, Etcd, etcdctl, hasEtcd, startKvs } from './etcd.ts'

describe.skipIf(!hasEtcd)('a backup of the real etcd', () => {
  let backups = ''
  let backup = ''
  let before: Content
  let folder = ''
  let dataDir = ''

  beforeAll(async () => {
    backups = mkdtempSync(join(tmpdir(), 'kvs-backup-'))
    backup = join(backups, 'backup.db')
    const etcd = await Etcd.start(join(backups, 'etcd'))
    const at = ['--endpoints', etcd.endpoint]
    for (let number = 0; number < 30; number++) await etcdctl(...at, 'put', `key ${number % 10}`, `value ${number}`)
    await etcdctl(...at, 'compact', '12')
    await etcdctl(...at, 'del', 'key 3')
    await etcdctl(...at, 'snapshot', 'save', backup)
    before = await contentOf(etcd.endpoint)
    await etcd.end()
  })
  afterAll(() => rmSync(backups, { recursive: true, force: true }))
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'kvs-restore-'))
    dataDir = join(folder, 'data')
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  const restore = (options: Partial<RestoreOptions> = {}): ReturnType<typeof restoreSnapshot> =>
    restoreSnapshot({
      snapshotPath: backup,
      dataDir,
      walDir: '',
      name: 'default',
      initialCluster: 'default=http://localhost:2380',
      initialClusterToken: 'etcd-cluster',
      initialAdvertisePeerUrls: ['http://localhost:2380'],
      skipHashCheck: false,
      bumpRevision: 0,
      timeoutMs: 200,
      ...options,
    })

  /** Starts kvs there, twice. */
  async function expectContent(content: Content): Promise<void> {
    for (let starts = 2; starts > 0; starts--) {
      const kvs = await startKvs(dataDir)
      try {
        expect(await contentOf(kvs.clientAddresses[0] ?? '')).toEqual(content)
      } finally {
        await kvs.stop()
      }
    }
  }

  test('becomes a cluster of one', async () => {
    await restore()
    await expectContent(before)
  })

  test('with its log elsewhere', async () => {
    const walDir = join(folder, 'fast', 'wal')
    await restore({ walDir })
    expect(readdirSync(walDir)).toContain('0000000000000000-0000000000000000.wal')
    expect(readdirSync(join(dataDir, 'member'))).toEqual(['snap'])
    await expect(restore({ walDir, dataDir: join(folder, 'other') })).rejects.toThrow(`wal-dir "${walDir}" exists`)
  })

  /** Records without their places and checksums. */
  async function recordsIn(dir: string): Promise<string[]> {
    const lines: string[] = []
    await dumpLog({ dir, startIndex: 0, line: text => lines.push(text.replace(/^\S+ /, '')) })
    return lines.filter(line => !line.startsWith('crc'))
  }

  test('becomes a member of a cluster as by the real etcdctl', async () => {
    const initialCluster = 'n1=http://127.0.0.1:1,n2=http://127.0.0.1:2,n3=http://127.0.0.1:3,n3=http://127.0.0.1:4'
    const theirs = join(folder, 'theirs')
    const flags = ['--initial-advertise-peer-urls=http://127.0.0.1:2', `--initial-cluster=${initialCluster}`]
    const more = ['--name=n2', '--initial-cluster-token=other', `--data-dir=${theirs}`]
    await etcdctl('snapshot', 'restore', backup, ...flags, ...more)
    const { members } = await restore({
      name: 'n2',
      initialCluster,
      initialClusterToken: 'other',
      initialAdvertisePeerUrls: ['http://127.0.0.1:2'],
    })
    const expected = await recordsIn(theirs)
    const voters = members.map(({ id }) => id.toString(16)).join(' ')
    // Up to 3.4 the record of a snapshot does not say who was a member.
    expect(await recordsIn(dataDir)).toEqual(
      expected.map(line => (line === 'snapshot index=3 term=1' ? `${line} voters=[${voters}]` : line)),
    )
  })

  test('with a raised revision, up to which everything is compacted', async () => {
    await restore({ bumpRevision: 1000 })
    const revision = before.revision + 1000
    await expectContent({ ...before, revision })
    const kvs = await startKvs(dataDir)
    try {
      const at = ['--endpoints', kvs.clientAddresses[0] ?? '']
      await expect(etcdctl(...at, 'get', 'key 1', `--rev=${revision - 1}`)).rejects.toThrow(/has been compacted/)
      await etcdctl(...at, 'put', 'key 1', 'new')
      expect(await etcdctl(...at, 'get', 'key 1', '--print-value-only')).toBe('new\n')
    } finally {
      await kvs.stop()
    }
  })

  test('its figures are those of the real etcdctl', async () => {
    const theirs = JSON.parse(await etcdctl('snapshot', 'status', backup, '-w', 'json'))
    const { hash, revision, totalSizeBytes, totalKey, version } = await databaseStatus({ path: backup, timeoutMs: 200 })
    expect({ hash, revision, totalSize: totalSizeBytes }).toMatchObject({
      hash: theirs.hash,
      revision: theirs.revision,
      totalSize: theirs.totalSize,
    })
    expect([totalKey, version]).toEqual([before.kvs.length, ''])
  })

  test('must be whole', async () => {
    const bytes = readFileSync(backup)
    const path = join(folder, 'damaged')
    writeFileSync(path, Uint8Array.from(bytes).fill(7, 5000, 5001))
    await expect(restore({ snapshotPath: path })).rejects.toThrow(/expected sha256 \[[\d ]+\], got \[[\d ]+\]/)
    writeFileSync(path, bytes.subarray(0, -32))
    await expect(restore({ snapshotPath: path })).rejects.toThrow('snapshot missing hash but --skip-hash-check=false')
    expect(readdirSync(folder)).toEqual(['damaged'])
    await restore({ snapshotPath: path, skipHashCheck: true })
    await expectContent(before)
  })

  test('a state file of kvs does as well', async () => {
    await restore()
    const again = join(folder, 'again')
    await restore({ snapshotPath: stateFile(dataDir), dataDir: again, skipHashCheck: true })
    dataDir = again
    await expectContent(before)
    expect(await databaseStatus({ path: stateFile(dataDir), timeoutMs: 200 })).toMatchObject({
      ...{ revision: before.revision, totalKey: before.kvs.length, version: '3.7.0' },
    })
    const kvs = await startKvs(dataDir)
    try {
      const status = databaseStatus({ path: stateFile(dataDir), timeoutMs: 200 })
      await expect(status).rejects.toThrow(`data directory '${dataDir}' is in use by another process`)
      const copy = restore({ snapshotPath: stateFile(dataDir), dataDir: join(folder, 'third'), skipHashCheck: true })
      await expect(copy).rejects.toThrow('in use by another process')
    } finally {
      await kvs.stop()
    }
  })

  const refusals: [string, Partial<RestoreOptions>, string][] = [
    ['a name that is not in the cluster', { name: 'n9' }, `couldn't find local name "n9"`],
    [
      'other peer URLs',
      { initialAdvertisePeerUrls: ['http://localhost:2381'] },
      '--initial-cluster has default=http://localhost:2380 but missing from --initial-advertise-peer-urls=',
    ],
    ['a cluster of nothing', { initialCluster: '' }, 'error setting up initial cluster: no member is named'],
    ['URLs that are none', { initialAdvertisePeerUrls: ['x'] }, '--initial-advertise-peer-urls: URL scheme must be'],
    ['a file that is no backup', { snapshotPath: import.meta.filename, skipHashCheck: true }, 'not a state file'],
    ['a file that is not there', { snapshotPath: '/nowhere' }, '/nowhere'],
  ]
  test.each(refusals)('refused: %s', async (_name, options, message) => {
    await expect(restore(options)).rejects.toThrow(message)
    expect(readdirSync(folder)).toEqual([])
  })

  test('nothing is overwritten, and nothing half made is left', async () => {
    mkdirSync(dataDir)
    writeFileSync(join(dataDir, 'mine'), '')
    await expect(restore()).rejects.toThrow(`data-dir "${dataDir}" not empty or could not be read`)
    rmSync(join(dataDir, 'mine'))
    const long = join(folder, 'long')
    writeFileSync(long, readFileSync(backup).subarray(0, -32))
    // The last page of the file belongs to a tree: without it the copy fails in its middle.
    const bytes = readFileSync(long)
    writeFileSync(long, Uint8Array.from(bytes).fill(0, 3 * 4096))
    await expect(restore({ snapshotPath: long, skipHashCheck: true })).rejects.toThrow(/bbolt: /)
    expect(readdirSync(dataDir)).toEqual([])
  })
})
