// @ts-check
// Changes of a cluster of real processes through the real etcdctl and kvsctl, beside the real etcd: members come, get a
// vote, go; what a process says and how it ends when it is no member any more, or never gets to be one.
// apt: etcd-server etcd-client
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { build } from '../run/build.mjs'
import { fail } from '../run/command.mjs'
import { Cluster, ClusterMember, etcd, kvs, until } from './end-to-end/cluster.mjs'
import { etcdctl, etcdctlProgram, etcdProgram, inFolder, kvsctl } from './end-to-end/programs.mjs'
import { Suite } from './end-to-end/suite.mjs'

/** @typedef {import('./end-to-end/programs.mjs').Ctl} Ctl */

await build([]).catch(fail)
const suite = new Suite()
const hasEtcd = existsSync(etcdctlProgram) && existsSync(etcdProgram)

/** Without ids, ports and log lines. @param {string} said */
function plain(said) {
  return said
    .replace(/^\{.*\}\n/gm, '')
    .replace(/\b[0-9a-f]{14,16}\b/g, 'ID')
    .replace(/127\.0\.0\.1:\d+/g, 'ADDRESS')
    .replace(/(?<=ETCD_INITIAL_CLUSTER=")[^"]*/, list => list.split(',').sort().join())
}

/**
 * The life of a fourth member, and what the command line says of it.
 * @param {Cluster} cluster
 * @param {(port: number) => Ctl} ctl
 */
async function fourth(cluster, ctl) {
  /** @type {string[]} */
  const lines = []
  /** @param {number} port @param {readonly string[]} command */
  const say = async (port, ...command) => {
    const { status, stdout, stderr } = await ctl(port).run(...command)
    const asked = plain(command.filter(part => !part.startsWith('--')).join(' '))
    lines.push(`${asked} -> ${status} ${plain(`${stdout}${stderr}`)}`)
    return stdout
  }
  const leader = await cluster.leader()
  const [follower] = await cluster.followers()
  if (follower === undefined) throw new Error('no follower')
  const added = await cluster.further('four')
  // A cluster that has just come together is not taken for healthy: nothing is said of the first tries.
  await until('healthy cluster', async () => {
    const before = lines.length
    await say(follower.client, 'member', 'add', 'four', `--peer-urls=${added.peerUrl}`, '--learner')
    const isHealthy = lines.at(-1)?.includes('unhealthy cluster') === false
    if (!isHealthy) lines.length = before
    return isHealthy
  })
  await say(follower.client, 'member', 'add', 'five', '--peer-urls=http://127.0.0.1:1', '--learner')
  await say(follower.client, 'member', 'add', 'five', '--peer-urls=127.0.0.1')
  const list = await ctl(leader.client).ask('member', 'list')
  const id = list.match(new RegExp(`^([0-9a-f]+), unstarted, , ${added.peerUrl}, `, 'm'))?.[1] ?? ''
  await say(leader.client, 'member', 'promote', id)
  await added.start()
  await say(added.client, 'get', 'key', '--consistency=s')
  await say(added.client, 'get', 'key')
  await say(added.client, 'put', 'key', 'value')
  await say(added.client, 'member', 'list')
  await say(leader.client, 'move-leader', id)
  await until('a learner that has followed', async () => {
    const { status } = await ctl(follower.client).run('member', 'promote', id)
    return status === 0
  })
  await say(follower.client, 'member', 'promote', id)
  await say(leader.client, 'member', 'update', id, '--peer-urls=http://127.0.0.1:2')
  await say(leader.client, 'member', 'update', id, `--peer-urls=${added.peerUrl}`)
  await say(leader.client, 'move-leader', id)
  await until('leader', () => added.leads())
  await say(follower.client, 'put', 'key', 'value')
  await say(follower.client, 'member', 'remove', id)
  lines.push(`removed: ${(await added.server?.ended)?.status}`)
  assert.match(added.server?.stderr ?? '', /the member has been permanently removed from the cluster/)
  assert.match(added.server?.stderr ?? '', /data-dir used by this member must be removed/)
  cluster.members.pop()
  await until('writes', async () => (await ctl(follower.client).run('put', 'key', 'other')).status === 0)
  await say(follower.client, 'member', 'remove', id)
  await say(follower.client, 'get', 'key')
  added.launch()
  lines.push(`removed and started: ${(await added.server?.ended)?.status}`)
  return lines
}

/** @param {readonly string[]} program @param {(port: number) => Ctl} ctl */
const transcriptOf = (program, ctl) =>
  inFolder(async folder => {
    const cluster = await Cluster.start(program, folder)
    try {
      return await fourth(cluster, ctl)
    } finally {
      await cluster.close()
    }
  })

await suite.check('kvsctl changes a cluster', async () => {
  const lines = await transcriptOf(kvs, kvsctl)
  assert.ok(lines.includes('removed: 0') && lines.includes('removed and started: 0'), lines.join('\n'))
})

if (hasEtcd) {
  await suite.check('etcdctl and the processes say what those of etcd say', async () => {
    assert.deepEqual(await transcriptOf(kvs, etcdctl), await transcriptOf(etcd, etcdctl))
  })
} else suite.skip('beside etcd', `${etcdProgram} or ${etcdctlProgram} is not installed`)

await suite.check('a member that waits for the others in vain ends when it is told to', () =>
  inFolder(async folder => {
    for (const [i, signal] of /** @type {const} */ (['SIGTERM', 'SIGINT']).entries()) {
      const member = new ClusterMember({
        program: kvs,
        name: 'one',
        dataDir: join(folder, String(i)),
        client: 0,
        peer: 0,
        flags: ['--initial-cluster=one=http://127.0.0.1:0,two=http://127.0.0.1:1'],
      })
      member.launch()
      const { server } = member
      await server?.until('start', () => server.stderr.includes('starting member'))
      const startMs = performance.now()
      const ended = await member.end(signal)
      assert.equal(ended?.signal, signal)
      assert.match(ended?.stderr ?? '', /received signal; shutting down/)
      assert.ok(performance.now() - startMs < 3000)
    }
  }),
)

process.exitCode = suite.conclude()
