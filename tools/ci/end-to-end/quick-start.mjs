// @ts-check
// The first steps of a user, with a command line client: put, get, watch, lease, transaction, compaction, and what is
// there after `kill -9`. The same for etcdctl and kvsctl.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePorts, inFolder, startKvs } from './programs.mjs'

/** @typedef {import('./suite.mjs').Suite} Suite */
/** @typedef {import('./programs.mjs').Ctl} Ctl */

/**
 * @param {Suite} suite
 * @param {(port: number) => Ctl} client
 */
export async function quickStart(suite, client) {
  await inFolder(async folder => {
    const ports = await freePorts()
    const dataDir = join(folder, 'data')
    const ctl = client(ports.client)
    /** @param {string} name @param {() => Promise<void>} body */
    const check = (name, body) => suite.check(`${ctl.name}: ${name}`, body)
    let server = await startKvs(dataDir, ports)
    try {
      await putAndGet(check, ctl)
      await watching(check, ctl)
      await leases(check, ctl)
      await txnAndCompaction(check, ctl)
      await status(check, ctl, ports.client)
      await check('after kill -9 and another start everything is there', async () => {
        const everything = () => ctl.ask('get', '', '--prefix', '-w', 'json')
        await ctl.ask('put', 'last', 'words')
        const before = JSON.parse(await everything()).kvs
        await server.end('SIGKILL')
        server = await startKvs(dataDir, ports)
        assert.deepEqual(JSON.parse(await everything()).kvs, before)
        assert.equal(await ctl.ask('get', 'last'), 'last\nwords\n')
      })
      await check('SIGTERM ends it by the signal, in less than a second, with a watcher connected', async () => {
        const watcher = ctl.start('watch', 'x')
        await ctl.ask('put', 'y', '1')
        const startedAt = performance.now()
        const { signal, stderr } = await server.end('SIGTERM')
        const tookMs = performance.now() - startedAt
        await watcher.end('SIGKILL')
        assert.equal(signal, 'SIGTERM')
        assert.ok(tookMs < 1000, `it took ${tookMs} ms`)
        for (const line of stderr.trim().split('\n')) {
          const { level, ts, caller, msg } = JSON.parse(line)
          assert.ok(level !== 'error' && ts && caller && msg, line)
        }
      })
    } finally {
      await server.end('SIGKILL')
    }
  })
}

/** @typedef {(name: string, body: () => Promise<void>) => Promise<void>} Check */

/** @param {Check} check @param {Ctl} ctl */
async function putAndGet(check, ctl) {
  await check('put and get', async () => {
    assert.equal(await ctl.ask('put', 'a', 'b'), 'OK\n')
    assert.equal(await ctl.ask('get', 'a'), 'a\nb\n')
    assert.equal(await ctl.ask('get', 'missing'), '')
    assert.equal(await ctl.ask('put', '--prev-kv', 'a', 'c'), 'OK\na\nb\n')
    assert.equal(await ctl.ask('put', '--ignore-value', 'a'), 'OK\n')
    assert.match(await ctl.refused('put', '--ignore-value', 'missing'), /etcdserver: key not found/)
  })
  await check('get with its flags', async () => {
    for (const [key, value] of [
      ['k1', '3'],
      ['k2', '1'],
      ['k3', '2'],
      ['l', 'x'],
    ])
      await ctl.ask('put', key ?? '', value ?? '')
    /** @param {string[]} args */
    const values = async (...args) => (await ctl.ask('get', ...args, '--print-value-only')).trim().split('\n').join('')
    assert.equal(await values('k', '--prefix'), '312')
    assert.equal(await values('k1', 'k3'), '31')
    assert.equal(await values('k2', '--from-key'), '12x')
    assert.equal(await values('', '--prefix', '--limit=2'), 'c3')
    assert.equal(await values('k', '--prefix', '--sort-by=VALUE', '--order=DESCEND'), '321')
    assert.equal(await values('k', '--prefix', '--sort-by=MODIFY', '--order=DESCEND', '--limit=1'), '2')
    assert.equal(await ctl.ask('get', 'k', '--prefix', '--keys-only'), 'k1\n\nk2\n\nk3\n\n')
    // Debian's etcdctl, of version 3.4, does not know this flag.
    if (ctl.name === 'kvsctl') {
      assert.match(await ctl.ask('get', 'k', '--prefix', '--count-only', '-w', 'fields'), /"Count" : 3/)
    }
    assert.equal(await values('a', '--rev=2'), 'b')
    assert.equal(await values('a', '--consistency=s'), 'c')
    assert.equal(await ctl.ask('get', 'a', '--hex'), '\\x61\n\\x63\n')
    assert.match(await ctl.refused('get', 'a', '--rev=999'), /required revision is a future revision/)
    const { header, kvs, count } = JSON.parse(await ctl.ask('get', 'a', '-w', 'json'))
    assert.equal(count, 1)
    assert.deepEqual(Object.keys(header).sort(), ['cluster_id', 'member_id', 'raft_term', 'revision'])
    assert.equal(kvs[0].create_revision, 2)
    assert.equal(kvs[0].version, 3)
  })
  await check('del with its flags', async () => {
    assert.equal(await ctl.ask('del', 'l', '--prev-kv'), '1\nl\nx\n')
    assert.equal(await ctl.ask('del', 'k1', 'k3'), '2\n')
    assert.equal(await ctl.ask('del', 'k', '--prefix'), '1\n')
    assert.equal(await ctl.ask('del', 'k', '--prefix'), '0\n')
    assert.equal(await ctl.ask('get', 'k', '--prefix'), '')
  })
}

/** @param {Check} check @param {Ctl} ctl */
async function watching(check, ctl) {
  await check('watch, from now on and from a revision, with the pairs before', async () => {
    const revision = JSON.parse(await ctl.ask('get', 'w', '-w', 'json')).header.revision
    await ctl.ask('put', 'w1', '1')
    const history = ctl.start('watch', 'w', '--prefix', '--prev-kv', `--rev=${revision + 1}`)
    await history.until('the event of before', () => history.stdout.includes('w1\n1\n'))
    await ctl.ask('put', 'w1', '2')
    await ctl.ask('del', 'w1')
    await ctl.ask('put', 'other', 'x')
    await history.until('the deletion', () => history.stdout.includes('DELETE'))
    await history.end('SIGINT')
    assert.equal(history.stdout, 'PUT\nw1\n1\nPUT\nw1\n1\nw1\n2\nDELETE\nw1\n2\nw1\n\n')
  })
  await check('watch of one key', async () => {
    const watcher = ctl.start('watch', 'w2')
    // It says nothing before the first event, so the key is written until one comes.
    await watcher.until('an event', async () => {
      await ctl.ask('put', 'w2', 'v')
      return watcher.stdout !== ''
    })
    await watcher.end('SIGINT')
    assert.match(watcher.stdout, /^(PUT\nw2\nv\n)+$/)
  })
}

/** @param {Check} check @param {Ctl} ctl */
async function leases(check, ctl) {
  /** @param {string} ttl */
  const grant = async ttl => {
    const said = await ctl.ask('lease', 'grant', ttl)
    const match = /^lease ([0-9a-f]{16}) granted with TTL\((\d+)s\)\n$/.exec(said)
    assert.ok(match !== null, said)
    return { id: match[1] ?? '', ttl: Number(match[2]) }
  }
  await check('lease grant, timetolive, list and revoke', async () => {
    const { id, ttl } = await grant('60')
    assert.equal(ttl, 60)
    await ctl.ask('put', 'leased', 'v', `--lease=${id}`)
    assert.match(
      await ctl.ask('lease', 'timetolive', id, '--keys'),
      /granted with TTL\(60s\), remaining\(5\ds\), attached keys\(\[leased\]\)/,
    )
    assert.match(await ctl.ask('lease', 'list'), new RegExp(id))
    assert.equal(await ctl.ask('lease', 'revoke', id), `lease ${id} revoked\n`)
    assert.equal(await ctl.ask('get', 'leased'), '')
    assert.match(await ctl.refused('lease', 'revoke', id), /requested lease not found/)
    assert.match(await ctl.ask('lease', 'timetolive', id), /already expired/)
  })
  await check('lease keep-alive renews, and without it the lease ends with its keys', async () => {
    const { id } = await grant('2')
    await ctl.ask('put', 'brief', 'v', `--lease=${id}`)
    assert.match(
      await ctl.ask('lease', 'keep-alive', '--once', id),
      new RegExp(`lease ${id} keepalived with TTL\\(2\\)`),
    )
    const renewing = ctl.start('lease', 'keep-alive', id)
    const startedAt = performance.now()
    await renewing.until('three renewals', () => (renewing.stdout.match(/keepalived/g) ?? []).length >= 3)
    // Longer than it would have lived by itself.
    await sleep(Math.max(0, 3500 - (performance.now() - startedAt)))
    assert.equal(await ctl.ask('get', 'brief'), 'brief\nv\n')
    const watcher = ctl.start('watch', 'brief')
    await renewing.end('SIGKILL')
    await watcher.until('the end of the lease', () => watcher.stdout.includes('DELETE\nbrief\n'))
    await watcher.end('SIGINT')
    assert.equal(await ctl.ask('get', 'brief'), '')
  })
  await check('lease grant 5 ends after five seconds', async () => {
    const { id } = await grant('5')
    const startedAt = performance.now()
    await ctl.ask('put', 'five', 'v', `--lease=${id}`)
    const watcher = ctl.start('watch', 'five')
    await watcher.until('the end of the lease', () => watcher.stdout.includes('DELETE\nfive\n'))
    const tookMs = performance.now() - startedAt
    await watcher.end('SIGINT')
    assert.ok(tookMs > 4500 && tookMs < 8000, `${tookMs} ms`)
    assert.doesNotMatch(await ctl.ask('lease', 'list'), new RegExp(id))
  })
}

/** @param {Check} check @param {Ctl} ctl */
async function txnAndCompaction(check, ctl) {
  await check('txn', async () => {
    await ctl.ask('put', 't', '1')
    const request = 'value("t") = "1"\n\nput t 2\nget t\n\nput t 3\n\n'
    assert.equal(await ctl.askWith(request, 'txn'), 'SUCCESS\n\nOK\n\nt\n2\n')
    assert.equal(await ctl.askWith(request, 'txn'), 'FAILURE\n\nOK\n')
    assert.equal(await ctl.ask('get', 't'), 't\n3\n')
  })
  await check('compaction', async () => {
    const { revision } = JSON.parse(await ctl.ask('get', 't', '-w', 'json')).header
    assert.equal(await ctl.ask('compaction', String(revision), '--physical'), `compacted revision ${revision}\n`)
    assert.match(await ctl.refused('get', 't', `--rev=${revision - 1}`), /required revision has been compacted/)
    assert.match(await ctl.refused('compaction', String(revision)), /required revision has been compacted/)
    assert.equal(await ctl.ask('get', 't', `--rev=${revision}`), 't\n3\n')
  })
}

/** @param {Check} check @param {Ctl} ctl @param {number} port */
async function status(check, ctl, port) {
  await check('endpoint status and health, member list', async () => {
    const [entry] = JSON.parse(await ctl.ask('endpoint', 'status', '-w', 'json'))
    assert.equal(entry.Endpoint, `127.0.0.1:${port}`)
    assert.equal(entry.Status.version, '3.7.1')
    assert.equal(entry.Status.leader, entry.Status.header.member_id)
    assert.equal(entry.Status.raftTerm, 2)
    assert.match(await ctl.ask('endpoint', 'status', '-w', 'table'), /3\.7\.1/)
    // It fails unless the endpoint is healthy; version 3.4 says so on standard error.
    await ctl.ask('endpoint', 'health')
    assert.match(
      await ctl.ask('member', 'list'),
      /^[0-9a-f]{15,16}, started, default, http:\/\/127\.0\.0\.1:\d+, http:\/\/127\.0\.0\.1:\d+, false\n$/,
    )
    const { members } = JSON.parse(await ctl.ask('member', 'list', '-w', 'json'))
    assert.deepEqual(members[0].clientURLs, [`http://127.0.0.1:${port}`])
  })
  await check('plain HTTP on the same port', async () => {
    const versions = await (await fetch(`http://127.0.0.1:${port}/version`)).text()
    assert.equal(JSON.parse(versions).etcdserver, '3.7.1')
    assert.equal((await fetch(`http://127.0.0.1:${port}/health`)).status, 200)
    assert.equal((await fetch(`http://127.0.0.1:${port}/nothing`)).status, 404)
  })
}
