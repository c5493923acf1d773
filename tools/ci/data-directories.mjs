// @ts-check
// Data directories and backups between kvs and the real etcd, by `kvsutl` as it was built.
// apt: etcd-server etcd-client
import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { build } from '../run/build.mjs'
import { fail, workspaceRoot } from '../run/command.mjs'
import {
  contentsOf,
  etcdctl,
  etcdctlProgram,
  etcdProgram,
  freePorts,
  inFolder,
  kvsProgram,
  memberFlags,
  run,
  startKvs,
  startServer,
} from './end-to-end/programs.mjs'
import { Suite } from './end-to-end/suite.mjs'

/** @typedef {import('./end-to-end/programs.mjs').Ctl} Ctl */

const kvsutlProgram = join(workspaceRoot, 'packages/ctl/dist/kvsutl.mjs')
const asRoot = '--user=root:secret'

/** @param {readonly string[]} args */
const kvsutl = args => run(process.execPath, [kvsutlProgram, ...args])

/**
 * @param {readonly string[]} args
 * @returns {Promise<string>} what it says; throws if it fails
 */
async function utl(...args) {
  const { status, stdout, stderr } = await kvsutl(args)
  assert.equal(status, 0, `kvsutl ${args.join(' ')} ended with ${status}: ${stderr}${stdout}`)
  return stdout
}

/**
 * Keys with history, tombstones and a compaction, leases, users with roles, authentication.
 * @param {Ctl} ctl
 */
async function fill(ctl) {
  const [, lease = ''] = /lease (\w+)/.exec(await ctl.ask('lease', 'grant', '1000')) ?? []
  for (let number = 0; number < 110; number++) {
    const puts = Array.from({ length: 5 }, (_, i) => `put key-${number % 10}-${i} value-${number}`).join('\n')
    await ctl.askWith(`\n${puts}\nput leased-${number % 10} x --lease=${lease}\n\n\n`, 'txn')
    if (number % 4 === 0) await ctl.ask('del', `key-${(number + 3) % 10}-1`)
    if (number === 20) await ctl.ask('compaction', '12')
  }
  for (const line of [
    ...['role add reader', 'role grant-permission reader read key- --prefix', 'role add root'],
    ...['user add root:secret', 'user add eve:word', 'user grant-role root root', 'user grant-role eve reader'],
    'auth enable',
  ]) {
    await ctl.ask(...line.split(' '))
  }
}

/**
 * Everything that a client can ask about.
 * @param {Ctl} ctl
 */
async function shown(ctl) {
  /** @param {string[]} args */
  const ask = async (...args) => JSON.parse(await ctl.ask(asRoot, '-w', 'json', ...args))
  const { header, kvs, count } = await ask('get', '', '--prefix')
  const [{ HashKV: hashKv }] = await ask('endpoint', 'hashkv')
  const [, ...leases] = (await ctl.ask(asRoot, 'lease', 'list')).trim().split('\n')
  assert.equal(leases.length, 1)
  const held = await Promise.all(
    leases.map(async id => {
      const { keys, 'granted-ttl': grantedTtl } = await ask('lease', 'timetolive', id, '--keys')
      return { id, keys: keys.toSorted(), grantedTtl }
    }),
  )
  const members = await ask('member', 'list')
  return {
    ...{ revision: header.revision, kvs, count, held },
    hash: { hash: hashKv.hash, compactRevision: hashKv.compact_revision },
    users: (await ask('user', 'list')).users,
    roles: (await ask('role', 'get', 'reader')).perm,
    identity: { cluster: header.cluster_id, member: header.member_id, members: members.members },
    old: (await ask('get', 'key-', '--prefix', '--rev=30')).kvs,
    eve: await ctl.ask('--user=eve:word', 'get', 'key-', '--prefix'),
    refused: (await ctl.refused('--user=eve:word', 'put', 'key-1', 'x')).trim().split('\n').at(-1),
  }
}

/** @param {Suite} suite */
async function takeOver(suite) {
  await suite.check('a data directory of the real etcd, by the command that a start of kvs names', () =>
    inFolder(async folder => {
      const from = join(folder, 'etcd')
      const ports = await freePorts()
      const etcd = await startServer(etcdProgram, [...memberFlags(from, ports), '--snapshot-count=50'])
      await fill(etcdctl(ports.client))
      const before = await shown(etcdctl(ports.client))
      const inUse = await kvsutl(['migrate', '--timeout=100ms', '--from-etcd', from, '--data-dir', join(folder, 'x')])
      assert.match(inUse.stderr, /^Error: data directory '.*' is in use by another process\n$/)
      assert.equal(inUse.status, 1)
      await etcd.end('SIGKILL')
      assert.ok(readdirSync(join(from, 'member/snap')).filter(name => name.endsWith('.snap')).length > 1)

      const files = contentsOf(from)
      const { status, stderr } = await run(process.execPath, [kvsProgram, ...memberFlags(from, ports)])
      assert.equal(status, 1)
      const [, command = ''] = /kvsutl (migrate --from-etcd .* --data-dir NEW)/.exec(stderr) ?? assert.fail(stderr)
      const dataDir = join(folder, 'kvs')
      const words = command.replaceAll("'", '').replace('NEW', dataDir).split(' ')
      assert.match(await utl(...words), /^'.*' is member \w+ of cluster \w+, 1 member\nits state contains entry \d+, /)
      assert.equal(contentsOf(from), files)

      for (const starts of [1, 2]) {
        const server = await startKvs(dataDir, ports)
        try {
          assert.deepEqual(await shown(etcdctl(ports.client)), before, `start ${starts}`)
        } finally {
          await server.end(starts === 1 ? 'SIGKILL' : 'SIGTERM')
        }
      }
      const server = await startKvs(dataDir, ports)
      try {
        await etcdctl(ports.client).ask(asRoot, 'put', 'new', 'x')
        const { revision } = await shown(etcdctl(ports.client))
        assert.equal(revision, before.revision + 1)
      } finally {
        await server.end('SIGTERM')
      }
      assert.match(await utl('db', 'check', join(dataDir, 'member/snap/db')), /: state of kvs, sound: /)
      assert.match(await utl('db', 'check', join(from, 'member/snap/db')), /: database of etcd, sound: /)
      for (const dir of [from, dataDir]) {
        assert.match(await utl('wal', 'dump', dir), /\n\S+ end(, behind which a record was begun)?\n$/)
      }
    }),
  )
}

/** @param {Suite} suite */
async function backups(suite) {
  await suite.check('a backup of kvs: the figures of etcdctl, and a new cluster', () =>
    inFolder(async folder => {
      const ports = await freePorts()
      const ctl = etcdctl(ports.client)
      const backup = join(folder, 'backup.db')
      const server = await startKvs(join(folder, 'first'), ports)
      let before
      try {
        await fill(ctl)
        await ctl.ask(asRoot, 'snapshot', 'save', backup)
        before = await shown(ctl)
      } finally {
        await server.end('SIGKILL')
      }
      const theirs = JSON.parse(await ctl.ask('snapshot', 'status', backup, '-w', 'json'))
      const ours = JSON.parse(await utl('snapshot', 'status', backup, '-w', 'json'))
      // Up to 3.4 records are counted, since 3.5 keys.
      assert.deepEqual({ ...ours, totalKey: theirs.totalKey, version: undefined }, { ...theirs, version: undefined })
      assert.deepEqual([ours.totalKey, ours.version], [before.count, '3.7.0'])
      const { hash } = JSON.parse(await utl('hashkv', backup, '-w', 'json'))
      assert.equal(hash, before.hash.hash)

      const dataDir = join(folder, 'second')
      const cluster = memberFlags(dataDir, ports).filter(flag => /^--(initial|data-dir)/.test(flag))
      const restored = await kvsutl(['snapshot', 'restore', backup, ...cluster])
      assert.equal(restored.status, 0, restored.stderr)
      assert.match(restored.stderr, /\trestoring snapshot\t.*\n.*\tadded member\t.*\n.*\trestored snapshot\t/)
      const again = await startKvs(dataDir, ports)
      try {
        const { identity: _, ...content } = await shown(ctl)
        const { identity: __, ...expected } = before
        assert.deepEqual(content, expected)
      } finally {
        await again.end('SIGTERM')
      }
      const exists = await kvsutl(['snapshot', 'restore', backup, ...cluster])
      assert.deepEqual(
        [exists.status, exists.stderr.split('\n')[1]],
        [1, `Error: data-dir "${dataDir}" not empty or could not be read`],
      )
      assert.match((await kvsutl(['defrag', '--data-dir', dataDir])).stderr, /\tfinished defragmenting directory\t/)
      await (await startKvs(dataDir, ports)).end('SIGTERM')
    }),
  )
}

/**
 * Flags of three members of one cluster, whose data directories are below `folder`.
 * @param {string} folder
 * @param {readonly import('./end-to-end/programs.mjs').Ports[]} ports
 */
function clusterFlags(folder, ports) {
  const cluster = ports.map(({ peer }, i) => `n${i}=http://127.0.0.1:${peer}`).join(',')
  return ports.map((own, i) => {
    const flags = memberFlags(join(folder, `n${i}`), own).filter(flag => !flag.startsWith('--initial-cluster='))
    return [...flags, `--name=n${i}`, `--initial-cluster=${cluster}`]
  })
}

/** @param {Suite} suite */
async function clusters(suite) {
  await suite.check('a cluster of three of the real etcd goes on as one of kvs, and its backup as another', () =>
    inFolder(async folder => {
      const ports = [await freePorts(), await freePorts(), await freePorts()]
      // Besides that of the first, which etcdctl gets anyhow.
      const others = `--endpoints=${ports
        .slice(1)
        .map(({ client }) => `127.0.0.1:${client}`)
        .join(',')}`
      const ctl = etcdctl(ports[0]?.client ?? 0)
      const flags = clusterFlags(folder, ports)
      const hashes = async () =>
        (await ctl.ask(others, 'endpoint', 'hashkv'))
          .trim()
          .split('\n')
          .map(line => line.split(', ')[1])
      const etcds = await Promise.all(flags.map(each => startServer(etcdProgram, each)))
      for (let number = 0; number < 30; number++) await ctl.ask('put', `key-${number % 7}`, `value-${number}`)
      const members = await ctl.ask('member', 'list')
      const [hash] = await hashes()
      await Promise.all(etcds.map(etcd => etcd.end('SIGKILL')))
      for (const i of ports.keys()) {
        assert.match(await utl('migrate', '--in-place', '--from-etcd', join(folder, `n${i}`)), /, 3 members\n/)
      }
      const backup = join(folder, 'backup.db')
      const kvs = await Promise.all(flags.map(each => startServer(process.execPath, [kvsProgram, ...each])))
      try {
        assert.deepEqual(await hashes(), [hash, hash, hash])
        assert.equal(await ctl.ask('member', 'list'), members)
        await ctl.ask('put', 'new', 'x')
        assert.equal(await etcdctl(ports[2]?.client ?? 0).ask('get', 'new'), 'new\nx\n')
        await ctl.ask('snapshot', 'save', backup)
      } finally {
        await Promise.all(kvs.map(server => server.end('SIGTERM')))
      }
      const restored = clusterFlags(join(folder, 'restored'), ports)
      for (const each of restored) {
        const own = each.filter(flag => /^--(initial|data-dir|name)/.test(flag))
        const { status, stderr } = await kvsutl(['snapshot', 'restore', backup, ...own])
        assert.deepEqual([status, stderr.match(/\tadded member\t/g)?.length], [0, 3], stderr)
      }
      const again = await Promise.all(restored.map(each => startServer(process.execPath, [kvsProgram, ...each])))
      try {
        assert.equal(await etcdctl(ports[1]?.client ?? 0).ask('get', 'new'), 'new\nx\n')
        assert.equal(new Set(await hashes()).size, 1)
      } finally {
        await Promise.all(again.map(server => server.end('SIGTERM')))
      }
    }),
  )
}

await build([]).catch(fail)
const suite = new Suite()
if (existsSync(etcdProgram) && existsSync(etcdctlProgram)) {
  await takeOver(suite)
  await backups(suite)
  await clusters(suite)
} else suite.skip('data directories and backups', 'etcd is not installed')
process.exitCode = suite.conclude()
