// @ts-check
// Clusters of three real processes in the hands of the real etcdctl and of kvsctl, beside a cluster of the real etcd; and
// `npm run cluster`.
// apt: etcd-server etcd-client
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { build } from '../run/build.mjs'
import { fail, workspaceRoot } from '../run/command.mjs'
import { Cluster, etcd, kvs, until } from './end-to-end/cluster.mjs'
import { etcdctl, etcdctlProgram, etcdProgram, inFolder, kvsctl, Program } from './end-to-end/programs.mjs'
import { Suite } from './end-to-end/suite.mjs'

/** @typedef {import('./end-to-end/programs.mjs').Ctl} Ctl */

/** What a cluster whose leader died may take until it serves again, on a machine that has other work. */
const failoverMsMax = 5000

await build([]).catch(fail)
const suite = new Suite()
const hasEtcdctl = existsSync(etcdctlProgram)
/** @type {((...ports: number[]) => Ctl)[]} */
const ctls = hasEtcdctl ? [etcdctl, kvsctl] : [kvsctl]
if (!hasEtcdctl) suite.skip('the real etcdctl', `${etcdctlProgram} is not installed`)

/** @param {Cluster} cluster @param {string} command */
async function statusOf(cluster, command) {
  const answers = []
  for (const ctl of ctls) {
    answers.push(JSON.parse(await ctl(cluster.clients[0] ?? 0).ask('endpoint', command, '--cluster', '-w', 'json')))
  }
  return answers
}

/** @param {Cluster} cluster */
async function throughEveryMember(cluster) {
  for (const [i, ctl] of ctls.entries()) {
    for (const writer of cluster.members) {
      await ctl(writer.client).ask('put', `${i}/${writer.name}`, writer.name)
      // A linearizable read elsewhere sees what was acknowledged, at once.
      for (const reader of cluster.members) {
        const shown = await ctl(reader.client).ask('get', `${i}/${writer.name}`, '--print-value-only')
        assert.equal(shown, `${writer.name}\n`, `written through ${writer.name}, read through ${reader.name}`)
      }
    }
  }
}

/** @param {Cluster} cluster */
async function endpoints(cluster) {
  for (const all of await statusOf(cluster, 'status')) {
    assert.equal(all.length, 3)
    const statuses = all.map((/** @type {{ Status: unknown }} */ { Status }) => Status)
    for (const of of ['leader', 'raftTerm'])
      assert.equal(new Set(statuses.map((/** @type {any} */ s) => s[of])).size, 1)
    const ids = statuses.map((/** @type {any} */ { header }) => header.member_id)
    assert.equal(new Set(ids).size, 3)
    assert.ok(ids.includes(statuses[0].leader))
  }
  for (const all of await statusOf(cluster, 'health')) {
    assert.deepEqual(
      all.map((/** @type {any} */ { health }) => health),
      [true, true, true],
    )
  }
  for (const all of await statusOf(cluster, 'hashkv')) {
    assert.equal(new Set(all.map((/** @type {any} */ { HashKV }) => HashKV.hash)).size, 1, JSON.stringify(all))
  }
}

/** @param {Cluster} cluster */
async function leases(cluster) {
  for (const ctl of ctls) {
    for (const [i, member] of cluster.members.entries()) {
      const at = (/** @type {number} */ step) => ctl(cluster.clients[(i + step) % 3] ?? 0)
      const id = /lease ([0-9a-f]+) granted/.exec(await ctl(member.client).ask('lease', 'grant', '60'))?.[1] ?? ''
      await at(1).ask('put', `--lease=${id}`, 'leased', 'value')
      assert.match(
        await at(2).ask('lease', 'timetolive', id, '--keys'),
        /granted with TTL\(60s\).*attached keys\(\[leased\]\)/,
      )
      assert.match(await at(1).ask('lease', 'keep-alive', id, '--once'), /keepalived with TTL\(60\)/)
      assert.match(await at(1).ask('lease', 'list'), new RegExp(id))
      await at(2).ask('lease', 'revoke', id)
      assert.equal(await ctl(member.client).ask('get', 'leased'), '')
    }
    const short = /lease ([0-9a-f]+) granted/.exec(await ctl(cluster.clients[2] ?? 0).ask('lease', 'grant', '2'))?.[1]
    await ctl(cluster.clients[1] ?? 0).ask('put', `--lease=${short}`, 'brief', 'value')
    const look = ctl(cluster.clients[0] ?? 0)
    await until('end of the lease', async () => (await look.ask('get', 'brief')) === '')
  }
}

/** @param {Cluster} cluster */
async function watching(cluster) {
  const [follower] = await cluster.followers()
  if (follower === undefined) throw new Error('no follower')
  for (const ctl of ctls) {
    const watch = ctl(follower.client).start('watch', '--prefix', 'watched/', '-w', 'simple')
    try {
      const before = await ctl(follower.client).ask('get', 'none', '-w', 'json')
      const isWatched = async () => {
        const metrics = await (await fetch(`http://127.0.0.1:${follower.client}/metrics`)).text()
        return metrics.includes('\netcd_debugging_mvcc_watcher_total 1\n')
      }
      assert.ok(JSON.parse(before).header)
      await watch.until('watcher', isWatched)
      for (let i = 0; i < 9; i++) await ctl(cluster.clients[i % 3] ?? 0).ask('put', `watched/${i}`, `${i}`)
      await watch.until('events', () => watch.stdout.includes('watched/8'))
      const keys = watch.stdout.split('\n').filter(line => line.startsWith('watched/'))
      assert.deepEqual(
        keys,
        Array.from({ length: 9 }, (_, i) => `watched/${i}`),
      )
    } finally {
      await watch.end('SIGKILL')
    }
    await until('end of the watcher', async () => {
      const metrics = await (await fetch(`http://127.0.0.1:${follower.client}/metrics`)).text()
      return metrics.includes('\netcd_debugging_mvcc_watcher_total 0\n')
    })
  }
}

/** @param {Cluster} cluster @returns {Promise<{ id: string, name: string }[]>} */
async function listed(cluster) {
  const lines = (await kvsctl(cluster.clients[0] ?? 0).ask('member', 'list')).trim().split('\n')
  return lines.map(line => {
    const [id = '', , name = ''] = line.split(', ')
    return { id, name }
  })
}

/** @param {Cluster} cluster */
async function movingTheLeader(cluster) {
  for (const ctl of ctls) {
    const leader = await cluster.leader()
    const to = (await listed(cluster)).find(({ name }) => name !== leader.name)
    const [follower] = await cluster.followers()
    assert.match(await ctl(follower?.client ?? 0).refused('move-leader', to?.id ?? ''), /no leader endpoint given at/)
    const said = await ctl(...cluster.clients).ask('move-leader', to?.id ?? '')
    assert.match(said, /Leadership transferred from [0-9a-f]+ to [0-9a-f]+/)
    await until('new leader', async () => (await cluster.leader()).name === to?.name)
    for (const client of cluster.clients) await ctl(client).ask('put', 'after', 'the move')
  }
}

/** @param {Cluster} cluster @param {string} folder */
async function snapshots(cluster, folder) {
  const [follower] = await cluster.followers()
  const keys = Number(
    (await kvsctl(...cluster.clients).ask('get', '', '--prefix', '--count-only', '-w', 'fields')).match(
      /"Count" : (\d+)/,
    )?.[1],
  )
  for (const [i, ctl] of ctls.entries()) {
    const path = join(folder, `backup-${i}`)
    await ctl(follower?.client ?? 0).ask('snapshot', 'save', path)
    if (!hasEtcdctl) continue
    const status = JSON.parse(await etcdctl(0).ask('snapshot', 'status', path, '-w', 'json'))
    assert.ok(status.totalKey >= keys, `${status.totalKey} of at least ${keys} keys`)
  }
}

/** @param {Cluster} cluster */
async function losingTheLeader(cluster) {
  for (const signal of /** @type {const} */ (['SIGKILL', 'SIGTERM'])) {
    const leader = await cluster.leader()
    const followers = await cluster.followers()
    await leader.end(signal)
    const startedAt = performance.now()
    const left = kvsctl(...followers.map(({ client }) => client))
    await until('write', async () => (await left.run('put', 'lost', signal)).status === 0, failoverMsMax)
    console.log(`     ${signal}: writes again after ${Math.round(performance.now() - startedAt)} ms`)
    // Three endpoints of which one is dead serve whoever has them all.
    for (const ctl of ctls) await ctl(...cluster.clients).ask('put', 'all endpoints', ctl.name)
    await leader.start()
    assert.equal(await leader.kvsctl.ask('get', 'lost', '--print-value-only'), `${signal}\n`)
    await until('the same history', async () => {
      const [all] = await statusOf(cluster, 'hashkv')
      return new Set(all.map((/** @type {any} */ { HashKV }) => HashKV.hash)).size === 1
    })
  }
}

/** A full disk of one is told by all, and lifted through any. @param {Cluster} cluster */
async function alarms(cluster) {
  const big = 'x'.repeat(1_000_000)
  const [first, second, third] = cluster.members
  if (first === undefined || second === undefined || third === undefined) throw new Error('no cluster')
  for (let i = 0; ; i++) {
    if (!(await puts(second.kvsctl, `big/${i}`, big))) break
    assert.ok(i < 40, 'no end of room')
  }
  for (const ctl of ctls) {
    for (const member of cluster.members) {
      assert.match(await ctl(member.client).ask('alarm', 'list'), /alarm:NOSPACE/)
      assert.match(await ctl(member.client).refused('put', 'small', 'value'), /database space exceeded/)
    }
  }
  await third.kvsctl.ask('del', '--prefix', 'big/')
  const shown = JSON.parse(await first.kvsctl.ask('get', 'none', '-w', 'json'))
  await first.kvsctl.ask('compaction', String(shown.header.revision), '--physical')
  for (const member of cluster.members) await member.kvsctl.ask('defrag')
  await third.etcdctl.ask('alarm', 'disarm')
  for (const member of cluster.members) {
    assert.equal(await member.kvsctl.ask('alarm', 'list'), '')
    await member.kvsctl.ask('put', 'small', 'value')
  }
}

/** @param {Ctl} ctl @param {string} key @param {string} value */
async function puts(ctl, key, value) {
  try {
    await ctl.askWith(value, 'put', key)
    return true
  } catch (error) {
    assert.match(String(error), /database space exceeded/)
    return false
  }
}

await inFolder(async folder => {
  const cluster = await Cluster.start(kvs, folder, ['--quota-backend-bytes=12000000'])
  try {
    await suite.check('writes through every member are read through every other', () => throughEveryMember(cluster))
    await suite.check('status, health and hash of all endpoints', () => endpoints(cluster))
    await suite.check('leases through any member', () => leases(cluster))
    await suite.check('a watch through a follower', () => watching(cluster))
    await suite.check('leadership is moved', () => movingTheLeader(cluster))
    await suite.check('a backup of a follower', () => snapshots(cluster, folder))
    await suite.check('the leader is killed, is stopped, and comes back', () => losingTheLeader(cluster))
    await suite.check('an alarm is everywhere', () => alarms(cluster))
  } finally {
    await cluster.close()
  }
})

/**
 * What both say to the same commands, without ids, ports and times.
 * @param {Cluster} cluster
 */
async function transcript(cluster) {
  const leader = await cluster.leader()
  const [follower] = await cluster.followers()
  const member = (await listed(cluster)).find(({ name }) => name === follower?.name)
  /** @type {string[]} */
  const lines = []
  for (const [through, ctl] of Object.entries({ leader: leader.etcdctl, follower: follower?.etcdctl })) {
    const commands = [
      ['put', `key/${through}`, 'value'],
      ['get', '--prefix', 'key/', '--order=descend'],
      ['get', '--consistency=s', `key/${through}`],
      ['get', `key/${through}`, '-w', 'fields'],
      ['get', '--rev=100', 'key'],
      ['del', '--prev-kv', 'key/leader'],
      ['compact', '2'],
      ['compact', '2'],
      ['get', '--rev=1', 'key'],
      ['member', 'list'],
      ['endpoint', 'health', '--cluster'],
      ['lease', 'revoke', '123'],
      ['lease', 'timetolive', '123'],
      ['lease', 'keep-alive', '123', '--once'],
      ['alarm', 'list'],
      ['move-leader', '8'],
      ['move-leader', through === 'follower' ? (member?.id ?? '') : '8'],
      ['role', 'add', `role-${through}`],
      ['role', 'list'],
      ['defrag'],
    ]
    for (const command of commands) {
      const { status, stdout, stderr } = (await ctl?.run(...command)) ?? {}
      const said = `${stdout}${stderr?.replace(/^\{.*\}\n/gm, '')}`
      lines.push(`${through}: ${command.join(' ').replaceAll(member?.id ?? ' ', 'ID')} -> ${status} ${plain(said)}`)
    }
  }
  return lines
}

/** @param {string} said */
function plain(said) {
  return said
    .replace(/\b[0-9a-f]{15,16}\b/g, 'ID')
    .replace(/127\.0\.0\.1:\d+/g, 'ENDPOINT')
    .replace(/"(ClusterID|MemberID|RaftTerm|Revision)" : \d+/g, '"$1" : N')
    .replace(/took = [^ \n]+/g, 'took = TIME')
    .split('\n')
    .sort()
    .join('\n')
}

/** @param {string} folder */
async function oneTerminal(folder) {
  const program = new Program(process.execPath, [
    join(workspaceRoot, 'tools/run/cluster.mjs'),
    `--data-dir=${join(folder, 'cluster')}`,
    '--log-level=info',
  ])
  try {
    await program.until('help', () => program.stdout.includes('Ctrl-C ends all'), 60_000)
    const shown = /--endpoints=([^ ]+)/.exec(program.stdout)?.[1] ?? ''
    const ports = shown.split(',').map(endpoint => Number(endpoint.split(':')[1]))
    assert.equal(ports.length, 3)
    const pid = Number(/^kvs2 {2}pid (\d+)/m.exec(program.stdout)?.[1])
    process.kill(pid, 'SIGKILL')
    await program.until('end', () => program.stdout.includes('kvs2 | ended with SIGKILL'))
    await kvsctl(ports[0] ?? 0, ports[2] ?? 0).ask('put', 'without', 'kvs2')
    program.write('kvs2\n')
    await program.until('second start', () => program.stdout.split('ready to serve client requests').length === 5)
    assert.equal(await kvsctl(ports[1] ?? 0).ask('get', 'without', '--print-value-only'), 'kvs2\n')
  } finally {
    await program.end('SIGINT')
  }
  assert.equal(program.stdout.split('ended with SIGTERM').length, 4)
  assert.match(program.stdout, /^kvs1 \| \d\d:\d\d:\d\d\.\d{3} info {2}/m)
}

await suite.check('npm run cluster', () => inFolder(oneTerminal))

if (existsSync(etcdProgram) && hasEtcdctl) {
  await suite.check('what clusters of both say is the same', () =>
    inFolder(async folder => {
      const said = []
      for (const [i, program] of [etcd, kvs].entries()) {
        const cluster = await Cluster.start(program, join(folder, String(i)))
        try {
          said.push(await transcript(cluster))
        } finally {
          await cluster.close()
        }
      }
      assert.deepEqual(said[1], said[0])
    }),
  )
} else suite.skip('clusters beside those of etcd', `${etcdProgram} or ${etcdctlProgram} is not installed`)

process.exitCode = suite.conclude()
