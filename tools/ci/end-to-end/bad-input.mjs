// @ts-check
// What a server process does with what it cannot use: one clear line, a bad status, and nothing damaged.
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import {
  contentsOf,
  etcdctl,
  etcdProgram,
  freePorts,
  inFolder,
  kvsProgram,
  memberFlags,
  run,
  startKvs,
  startServer,
} from './programs.mjs'

/** @typedef {import('./suite.mjs').Suite} Suite */

/**
 * Runs kvs, which must end by itself with one line of complaint.
 * @param {readonly string[]} args
 * @param {RegExp} wanted
 * @param {{ status?: number, env?: Record<string, string> }} [options]
 */
async function isRefused(args, wanted, { status = 1, env = {} } = {}) {
  const ended = await run(process.execPath, [kvsProgram, ...args], { env })
  const complaints = ended.stderr.split('\n').filter(line => line !== '' && !line.startsWith('{'))
  assert.equal(complaints.length, 1, `one line of complaint, not:\n${ended.stderr}`)
  assert.match(complaints[0] ?? '', wanted)
  assert.equal(ended.status, status)
  assert.equal(ended.stdout, '')
}

/** @param {Suite} suite */
async function commandLine(suite) {
  await suite.check('an unknown flag names the nearest one', () =>
    isRefused(['--nmae=x'], /^kvs: flag provided but not defined: -nmae \(did you mean --name\?\)$/, { status: 2 }),
  )
  await suite.check('a bad value names its flag', () =>
    isRefused(['--max-txn-ops=x'], /^kvs: invalid value "x" for flag -max-txn-ops: parse error$/, { status: 2 }),
  )
  await suite.check('a bad value in the environment names its variable', () =>
    isRefused([], /ETCD_MAX_TXN_OPS/, { env: { ETCD_MAX_TXN_OPS: 'x' } }),
  )
  await suite.check('what is no flag', () => isRefused(['serve'], /^kvs: "serve" is not a valid flag$/))
  await suite.check('a flag that etcd once had', () =>
    isRefused(['--enable-v2'], /^kvs: .* -enable-v2 \(the v2 API is gone since 3\.6\)$/, { status: 2 }),
  )
  await suite.check('timeouts that cannot work', () =>
    inFolder(folder =>
      isRefused([`--data-dir=${folder}/data`, '--election-timeout=200'], /should be at least as 5 times as/),
    ),
  )
  await suite.check('--version and --help', async () => {
    const { status, stdout } = await run(process.execPath, [kvsProgram, '--version'])
    assert.equal(status, 0)
    assert.match(
      stdout,
      /^kvs Version: \d+\.\d+\.\d+.*\netcd Version: 3\.7\.1\nGit SHA: .+\nGo Version: .+\nGo OS\/Arch: .+\n$/,
    )
    const help = await run(process.execPath, [kvsProgram, '--help'])
    assert.equal(help.status, 0)
    assert.match(help.stdout, /--listen-client-urls/)
  })
}

/** @param {Suite} suite */
async function addresses(suite) {
  for (const kind of /** @type {const} */ (['client', 'peer'])) {
    await suite.check(`a used ${kind} port`, () =>
      inFolder(async folder => {
        const ports = await freePorts()
        const holder = createServer().listen(ports[kind], '127.0.0.1')
        try {
          await isRefused(
            memberFlags(join(folder, 'data'), ports),
            new RegExp(`cannot listen on .*:${ports[kind]} .*${kind} endpoint.*in use`, 'i'),
          )
          assert.equal(existsSync(join(folder, 'data')), false, 'nothing was written')
        } finally {
          holder.close()
        }
      }),
    )
  }
  await suite.check('an address that is none', () =>
    inFolder(async folder => {
      const flags = memberFlags(join(folder, 'data'), await freePorts())
      await isRefused([...flags, '--listen-client-urls=ftp://127.0.0.1:1'], /ftp/, { status: 2 })
    }),
  )
}

/** @param {Suite} suite */
async function unwritable(suite) {
  await suite.check('a file where the data directory should be', () =>
    inFolder(async folder => {
      const path = join(folder, 'data')
      writeFileSync(path, 'mine')
      await isRefused(memberFlags(path, await freePorts()), /cannot use data directory '.*data'/)
      assert.equal(contentsOf(folder).split('\n').length, 1)
    }),
  )
  await suite.check('a file where the log should be', () =>
    inFolder(async folder => {
      mkdirSync(join(folder, 'data/member'), { recursive: true })
      writeFileSync(join(folder, 'data/member/wal'), 'mine')
      await isRefused(memberFlags(join(folder, 'data'), await freePorts()), /wal/)
      assert.match(contentsOf(join(folder, 'data')), /^member\/wal /m)
    }),
  )
  await inFolder(async folder => {
    const mount = spawnSync('/bin/mount', ['-t', 'tmpfs', '-o', 'ro', 'tmpfs', folder])
    const name = 'a read-only file system'
    if (mount.status !== 0) return suite.skip(name, 'mounting one is not allowed here')
    try {
      await suite.check(name, async () =>
        isRefused(
          memberFlags(join(folder, 'data'), await freePorts()),
          /cannot use data directory .*(read-only|EROFS)/i,
        ),
      )
    } finally {
      spawnSync('/bin/umount', [folder])
    }
  })
}

/** @param {Suite} suite */
async function foreign(suite) {
  await suite.check('a data directory that another process uses', () =>
    inFolder(async folder => {
      const dataDir = join(folder, 'data')
      const ports = await freePorts()
      const server = await startKvs(dataDir, ports)
      try {
        await isRefused(memberFlags(dataDir, await freePorts()), /data directory '.*' is in use by another process/)
        assert.match(await etcdctl(ports.client).ask('put', 'a', 'b'), /OK/)
      } finally {
        await server.end('SIGTERM')
      }
    }),
  )
  await suite.check('a founded cluster keeps its identity, whatever later flags say', () =>
    inFolder(async folder => {
      const dataDir = join(folder, 'data')
      const ports = await freePorts()
      const identity = async () => {
        const status = JSON.parse(await etcdctl(ports.client).ask('endpoint', 'status', '-w', 'json'))
        const { cluster_id: cluster, member_id: member } = status[0].Status.header
        return `${cluster} ${member}`
      }
      const server = await startKvs(dataDir, ports)
      const first = await identity()
      await server.end('SIGKILL')
      const again = await startKvs(dataDir, ports, ['--initial-cluster-token=other', '--initial-cluster=x=http://h:1'])
      try {
        assert.equal(await identity(), first)
      } finally {
        await again.end('SIGTERM')
      }
    }),
  )
  await suite.check('founding or joining a cluster by flags that cannot be is refused', () =>
    inFolder(async folder => {
      const dataDir = join(folder, 'data')
      const ports = await freePorts()
      const flags = memberFlags(dataDir, ports)
      const own = `default=http://127.0.0.1:${ports.peer}`
      const two = [...flags, `--initial-cluster=${own},other=http://127.0.0.1:1`]
      await isRefused([...two, '--initial-cluster-state=existing'], /cannot fetch cluster info from peer urls/)
      await isRefused([...flags, '--initial-cluster=other=http://127.0.0.1:1'], /couldn't find local name "default"/)
      await isRefused([...flags, '--initial-cluster=default'], /error setting up initial cluster/)
    }),
  )
  const name = 'a data directory of the real etcd is recognised and left alone'
  if (!existsSync(etcdProgram)) return suite.skip(name, 'etcd is not installed')
  await suite.check(name, () =>
    inFolder(async folder => {
      const dataDir = join(folder, 'data')
      const ports = await freePorts()
      const flags = memberFlags(dataDir, ports)
      const real = await startServer(etcdProgram, flags)
      await etcdctl(ports.client).ask('put', 'a', 'b')
      await real.end('SIGTERM')
      const before = contentsOf(dataDir)
      await isRefused(flags, /is the database of Go's etcd/)
      assert.equal(contentsOf(dataDir), before)
      const back = await startServer(etcdProgram, flags)
      try {
        assert.equal(await etcdctl(ports.client).ask('get', 'a'), 'a\nb\n')
      } finally {
        await back.end('SIGTERM')
      }
    }),
  )
}

/** @param {Suite} suite */
export async function badInput(suite) {
  await commandLine(suite)
  await addresses(suite)
  await unwritable(suite)
  await foreign(suite)
}
