// @ts-check
// The program as those meet it who operate it: signals, log lines, health over HTTP beside the real etcd's, flags that
// show only in a process of its own.
// apt: etcd-server
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { join } from 'node:path'
import { build } from '../run/build.mjs'
import { fail } from '../run/command.mjs'
import {
  etcdProgram,
  freePorts,
  inFolder,
  kvsctl,
  kvsProgram,
  memberFlags,
  Program,
  startKvs,
  startServer,
} from './end-to-end/programs.mjs'
import { Suite } from './end-to-end/suite.mjs'

/** Stopping may take so long: etcd's own test of it allows no more. */
const stopMsMax = 1500

await build([]).catch(fail)
const suite = new Suite()

/**
 * Runs a body with a server, which is ended afterwards if the body did not.
 * @param {readonly string[]} flags
 * @param {(server: Program, port: number, folder: string) => Promise<void>} body
 */
function withKvs(flags, body) {
  return inFolder(async folder => {
    const ports = await freePorts()
    const server = await startKvs(join(folder, 'data'), ports, flags)
    try {
      await body(server, ports.client, folder)
    } finally {
      await server.end('SIGKILL')
    }
  })
}

/**
 * @typedef {object} Answer
 * @property {number | undefined} status
 * @property {Record<string, unknown>} headers those that say what the body is
 * @property {string} body
 */

/**
 * @param {number} port
 * @param {string} method
 * @param {string} path
 * @param {Agent} [agent]
 * @returns {Promise<Answer>}
 */
function ask(port, method, path, agent) {
  return new Promise((resolve, reject) => {
    const asking = request({ host: '127.0.0.1', port, method, path, agent }, response => {
      let body = ''
      response.setEncoding('utf8').on('data', chunk => {
        body += chunk
      })
      const { allow, 'content-type': type, 'x-content-type-options': options } = response.headers
      response.on('end', () => resolve({ status: response.statusCode, headers: { allow, type, options }, body }))
    })
    asking.on('error', reject).end()
  })
}

/** @param {number} port */
async function isWatched(port) {
  return (await ask(port, 'GET', '/metrics')).body.includes('\netcd_debugging_mvcc_watcher_total 1\n')
}

/** @param {string} text @returns {Record<string, unknown>[]} */
function jsonLines(text) {
  return text
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line))
}

for (const signal of /** @type {const} */ (['SIGTERM', 'SIGINT'])) {
  await suite.check(`${signal} ends it soon, with a watcher, a connection that is kept and what was written`, () =>
    inFolder(async folder => {
      const ports = await freePorts()
      const server = await startKvs(join(folder, 'data'), ports)
      const ctl = kvsctl(ports.client)
      const watch = ctl.start('watch', 'key')
      const agent = new Agent({ keepAlive: true })
      try {
        assert.equal((await ask(ports.client, 'GET', '/readyz', agent)).body, 'ok\n')
        await watch.until('watcher', async () => isWatched(ports.client))
        await ctl.ask('put', 'key', 'value')
        await watch.until('event', () => watch.stdout.includes('value'))
        const startedAt = performance.now()
        const ended = await server.end(signal)
        const tookMs = performance.now() - startedAt
        assert.deepEqual([ended.status, ended.signal], [null, signal])
        assert.ok(tookMs < stopMsMax, `it took ${Math.round(tookMs)} ms`)
        const lines = jsonLines(ended.stderr)
        assert.ok(lines.some(({ msg }) => msg === 'received signal; shutting down'))
        const errors = lines.filter(({ level }) => level === 'error')
        assert.deepEqual(errors, [])
      } finally {
        agent.destroy()
        await watch.end('SIGKILL')
        await server.end('SIGKILL')
      }
      const again = await startKvs(join(folder, 'data'), ports)
      try {
        assert.match(await ctl.ask('get', 'key'), /value/)
      } finally {
        await again.end('SIGKILL')
      }
    }),
  )
}

await suite.check('every log line is JSON as zap writes it, on standard error and in a file alike', () =>
  inFolder(async outside => {
    const file = join(outside, 'log')
    const flags = ['--log-level=debug', `--log-outputs=stderr,${file}`, '--warning-unary-request-duration=1us']
    await withKvs(flags, async (server, port) => {
      await kvsctl(port).ask('put', 'key', 'secret')
      const { stderr, stdout } = await server.end('SIGTERM')
      assert.equal(stdout, '')
      assert.equal(readFileSync(file, 'utf8'), stderr)
      const lines = jsonLines(stderr)
      for (const line of lines) {
        assert.deepEqual(Object.keys(line).slice(0, 4), ['level', 'ts', 'caller', 'msg'])
        assert.match(String(line['ts']), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/)
        assert.match(String(line['caller']), /^[a-z0-9-]+\/[a-z0-9-]+\.ts:\d+$|^[A-Za-z.#<>]+$/)
        assert.notEqual(line['level'], 'error')
      }
      const byPlace = lines.filter(({ caller }) => String(caller).includes('.ts:'))
      assert.ok(byPlace.length > lines.length / 2, `${byPlace.length} of ${lines.length} lines name a place`)
      const ready = lines.find(({ msg }) => msg === 'ready to serve client requests')
      assert.match(String(ready?.['caller']), /^server\/kvs-member\.ts:\d+$/)
      const messages = lines.map(({ msg }) => msg)
      for (const message of ['starting an etcd server', 'ready to serve client requests', 'serving client traffic']) {
        assert.ok(messages.includes(message), message)
      }
      const stats = lines.find(({ msg }) => msg === 'request stats')
      assert.equal(stats?.['level'], 'warn')
      assert.equal(stats?.['request content'], 'key:"key" value_size:6 ')
      assert.doesNotMatch(stderr, /secret/)
    })
  }),
)

await suite.check('the console format, standard output as the only output', () =>
  inFolder(async folder => {
    const flags = ['--log-format=console', '--log-outputs=stdout']
    const ports = await freePorts()
    const server = new Program(process.execPath, [kvsProgram, ...memberFlags(join(folder, 'data'), ports), ...flags])
    try {
      await server.until('readiness', () => server.stdout.includes('ready to serve client requests'))
    } finally {
      await server.end('SIGTERM')
    }
    assert.equal(server.stderr, '')
    for (const line of server.stdout.trimEnd().split('\n')) {
      assert.match(line, /^\d\d:\d\d:\d\d\.\d{3} (debug|info|warn) /)
    }
  }),
)

await suite.check('a port of their own for metrics and health', async () => {
  const { client: port } = await freePorts()
  await withKvs([`--listen-metrics-urls=http://127.0.0.1:${port}`], async () => {
    for (const path of ['/metrics', '/health', '/livez', '/readyz'])
      assert.equal((await ask(port, 'GET', path)).status, 200)
    assert.equal((await ask(port, 'GET', '/version')).status, 404)
  })
})

await suite.check('log files give way to new ones when they are full', () =>
  inFolder(async outside => {
    const config = JSON.stringify({ maxsize: 1, maxbackups: 2, compress: true })
    const flags = [`--log-outputs=${outside}/kvs.log`, '--enable-log-rotation', `--log-rotation-config-json=${config}`]
    writeFileSync(join(outside, 'kvs.log'), 'x'.repeat(1024 * 1024))
    const ports = await freePorts()
    const server = new Program(process.execPath, [kvsProgram, ...memberFlags(join(outside, 'data'), ports), ...flags])
    try {
      const isReady = () => readFileSync(join(outside, 'kvs.log'), 'utf8').includes('ready to serve client requests')
      await server.until('readiness', isReady)
      await server.until('compression', () => readdirSync(outside).some(name => name.endsWith('.log.gz')))
    } finally {
      await server.end('SIGTERM')
    }
  }),
)

await suite.check('systemd is told when the member serves and when it stops', () =>
  inFolder(async outside => {
    const told = join(outside, 'told')
    writeFileSync(join(outside, 'systemd-notify'), `#!/bin/sh\necho "$@" >> ${told}\n`, { mode: 0o755 })
    const env = { NOTIFY_SOCKET: join(outside, 'socket'), PATH: `${outside}:${process.env['PATH']}` }
    const ports = await freePorts()
    const args = [kvsProgram, ...memberFlags(join(outside, 'data'), ports)]
    const server = new Program(process.execPath, args, { env })
    try {
      await server.until('word of readiness', () => existsSync(told) && readFileSync(told, 'utf8') === 'READY=1\n')
      assert.match(server.stderr, /ready to serve client requests/)
    } finally {
      await server.end('SIGTERM')
    }
    assert.equal(readFileSync(told, 'utf8'), 'READY=1\nSTOPPING=1\n')
  }),
)

await suite.check('the level of the log changes while it runs, and profiles are served where asked for', () =>
  withKvs(['--enable-pprof', '--log-outputs=stderr'], async (server, port) => {
    const url = `http://127.0.0.1:${port}`
    const put = (/** @type {string} */ body) => fetch(`${url}/config/local/log`, { method: 'PUT', body })
    assert.equal((await put('{"Level":"DEBUG"}')).status, 204)
    await ask(port, 'GET', '/health')
    await server.until('debug line', () => server.stderr.includes('"level":"debug"'))
    assert.equal((await put('{"Level":"ERROR"}')).status, 204)
    const profile = await (await fetch(`${url}/debug/pprof/profile?seconds=0.2`)).text()
    assert.ok(JSON.parse(profile).nodes.length > 0)
    const heap = await (await fetch(`${url}/debug/pprof/heap`)).text()
    assert.ok(JSON.parse(heap).snapshot.node_count > 1000)
  }),
)

await suite.check('the log in a directory of its own', () =>
  inFolder(async outside => {
    const dir = join(outside, 'deep', 'wal')
    await withKvs([`--wal-dir=${dir}`], async (_server, port, folder) => {
      await kvsctl(port).ask('put', 'key', 'value')
      assert.ok(readdirSync(dir).some(name => name.endsWith('.wal')))
      assert.equal(existsSync(join(folder, 'data/member/wal')), false)
    })
  }),
)

await suite.check('it compacts by itself, and says so', () =>
  withKvs(['--auto-compaction-mode=periodic', '--auto-compaction-retention=1s'], async (server, port) => {
    const ctl = kvsctl(port)
    for (const value of ['a', 'b', 'c']) await ctl.ask('put', 'key', value)
    await server.until('compaction', () => /"compact-revision":4/.test(server.stderr), 10_000)
    const lines = jsonLines(server.stderr).filter(({ msg }) => String(msg).includes('compaction'))
    const [first, second, third] = lines.map(({ msg }) => msg)
    assert.deepEqual(
      [first, second, third],
      ['starting auto periodic compaction', 'completed auto periodic compaction', 'finished scheduled compaction'],
    )
    assert.equal(lines[0]?.['compact-period'], '1s')
    assert.match(await ctl.refused('get', 'key', '--rev=3'), /required revision has been compacted/)
  }),
)

if (existsSync(etcdProgram)) {
  await suite.check('what both answer to operators is the same', () =>
    inFolder(async folder => {
      const ports = { real: await freePorts(), ours: await freePorts() }
      const servers = []
      try {
        servers.push(await startServer(etcdProgram, memberFlags(join(folder, 'etcd'), ports.real)))
        servers.push(await startKvs(join(folder, 'kvs'), ports.ours))
        const requests = ['/health', '/version', '/metrics', '/debug/vars', '/nothing', '/', '/health/'].flatMap(path =>
          ['GET', 'POST', 'HEAD'].map(method => /** @type {const} */ ([method, path])),
        )
        for (const [method, path] of requests) {
          const there = await ask(ports.real.client, method, path)
          const here = await ask(ports.ours.client, method, path)
          const isText = here.status !== 200
          const shown = (/** @type {Answer} */ answer) => ({ ...answer, body: isText ? answer.body : '' })
          assert.deepEqual({ method, path, ...shown(here) }, { method, path, ...shown(there) })
        }
      } finally {
        for (const server of servers) await server.end('SIGTERM')
      }
    }),
  )
} else suite.skip('answers beside those of etcd', `${etcdProgram} is not installed`)

process.exitCode = suite.conclude()
