// @ts-check
// The JSON gateway beside that of the real etcd: both are asked the same, one request after the other, and whatever differs
// must stand below with the section of etcd.md that says why.
// apt: etcd-server etcd-client curl
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { build } from '../run/build.mjs'
import { fail } from '../run/command.mjs'
import {
  etcdProgram,
  freePorts,
  inFolder,
  memberFlags,
  Program,
  run,
  startKvs,
  startServer,
} from './end-to-end/programs.mjs'
import { Suite } from './end-to-end/suite.mjs'
import { answerOf } from './gateway/answer.mjs'
import { requests } from './gateway/requests.mjs'

const requestsMin = 150

/**
 * Differences between etcd 3.4.23 and 3.7.1, which kvs follows: pattern of a difference, section of etcd.md, reason.
 * @type {readonly (readonly [RegExp, string, string])[]}
 */
const intended = [
  [/: there 412 .*"code":9,(.*), here 400 .*"code":9,\1$/, '6.2', 'FailedPrecondition is 400 since grpc-gateway 2'],
  [
    /maintenance\/downgrade .*: there 404 .*, here 400 .*"etcdserver: invalid downgrade target version"/,
    '1.1',
    'since 3.5',
  ],
  [/: there 405 text.*, here 501 .*("code":12|\[\]$)/, '6.2', 'another method than POST: JSON with code 12'],
  [/: there 404 text.*, here 404 .*"code":5,"message":"Not Found"}$/, '6.2', 'an unknown path: JSON with code 5'],
  [
    /there 400 .*"message":"(json: |illegal base64 ).*, here 400 .*"code":3,"message":"proto: /,
    '6.2',
    "protojson's words",
  ],
  [/"limit":"x"}.*here 400 .*"code":3,"message":"proto: .*invalid value for int64 field/, '6.2', "protojson's words"],
  [/range null: there 400 .*"code":3.*, here 400 .*"code":3/, '6.2', 'protojson: null is no message'],
  [
    /"illegal base64 data at input byte \d"}, here 200 /,
    '6.2',
    'protojson: also without padding, and the other alphabet',
  ],
  [/"limit":1e0}: there 400 .*, here 200 /, '6.2', 'protojson: whole numbers however they are written'],
  [/"unknown value .*NOSUCH.*, here 200 /, '6.2', 'protojson with DiscardUnknown: names of enums are passed over, too'],
  [/"sort_order":77}: there 200 .*, here 400 .*invalid sort option/, '1.4', 'an unknown order is refused'],
  [/here 400 .*duplicate field/, '6.2', 'protojson: no field twice'],
  [
    /^POST \/v3\/watch (nonsense|{"create_request":): there 500 .*"code":2,(.*), here 400 .*"code":3,\2$/,
    '6.2',
    'as for unary calls',
  ],
  [
    /"start_revision":"-1".*"cancel_reason":"etcdserver: mvcc: required revision has been compacted"/,
    '1.4',
    'since 3.6',
  ],
  [/maintenance\/snapshot .*"version":"some version"}}$/, '1.2', 'a field since 3.6'],
  [/maintenance\/status .*"dbSizeQuota".*"downgradeInfo"/, '1.2', 'fields since 3.6'],
  [
    /maintenance\/alarm .*, here 200 .*"alarms":.*"header"|"alarm":"NOSPACE"}: there 200 .* {}, here 200/,
    '1.4',
    'a header',
  ],
  [/(hashkv|auth\/status) .*: there 404 text/, '1.1', 'path since 3.5'],
]

/** @param {import('./gateway/answer.mjs').Answer} answer */
function shown({ status, type, location, origin, body }) {
  return `${status} ${type}${location === '' ? '' : ` to ${location}`} (${origin}) ${JSON.stringify(body)}`
}

/**
 * The three fields of an error of 3.4: the text stands there twice.
 * @param {import('./gateway/answer.mjs').Answer} answer
 */
function withoutTwin(answer) {
  const { body } = answer
  if (typeof body !== 'object' || body === null || !('error' in body) || !('message' in body)) return answer
  const { error, ...rest } = body
  assert.equal(error, body.message)
  return { ...answer, body: rest }
}

/** @returns {Promise<string[]>} what differs, one line each */
async function compareAll() {
  /** @type {string[]} */
  const different = []
  await withBoth([], async ports => {
    for (const asked of requests) {
      const there = shown(withoutTwin(await answerOf(ports.real, asked)))
      const here = shown(await answerOf(ports.ours, asked))
      const { method = 'POST', path, body = '', headers } = asked
      const label = `${method} ${path} ${body.slice(0, 200)}${headers === undefined ? '' : ` ${JSON.stringify(headers)}`}`
      if (there !== here) different.push(`${label}: there ${there}, here ${here}`)
    }
  })
  return different
}

/** What is asked of members that know who may ask. */
const doors = [
  { path: '/version', method: 'GET', headers: { host: 'evil.example' } },
  { path: '/v3/kv/range', body: '{}', headers: { host: 'evil.example:2379' } },
  { path: '/v3/kv/range', body: '{"key":"YQ=="}', headers: { host: 'good.example:2379' } },
  { path: '/v3/kv/range', method: 'OPTIONS', headers: { origin: 'http://page.example:80' } },
  { path: '/v3/kv/range', method: 'OPTIONS', headers: { origin: 'http://other.example:80' } },
  { path: '/health', method: 'GET', headers: { origin: 'http://page.example:80', host: 'good.example' } },
]
const doorFlags = ['--host-whitelist=127.0.0.1,good.example', '--cors=http://page.example:80']

/**
 * Runs a body with both servers.
 * @param {readonly string[]} flags
 * @param {(ports: { real: number, ours: number }) => Promise<void>} body
 */
function withBoth(flags, body) {
  return inFolder(async folder => {
    const ports = { real: await freePorts(), ours: await freePorts() }
    const servers = []
    try {
      servers.push(await startServer(etcdProgram, [...memberFlags(join(folder, 'etcd'), ports.real), ...flags]))
      servers.push(await startKvs(join(folder, 'kvs'), ports.ours, flags))
      await body({ real: ports.real.client, ours: ports.ours.client })
    } finally {
      for (const server of servers) await server.end('SIGTERM')
    }
  })
}

/**
 * A watch by curl that sees two puts of another one, and how curl is told of them.
 * @param {number} port
 */
async function watchedByCurl(port) {
  const url = `http://127.0.0.1:${port}`
  const create = '{"create_request":{"key":"dw=="}}'
  const watch = new Program('curl', ['-sN', `${url}/v3/watch`, '-d', create], { input: '' })
  try {
    await watch.until('created', () => watch.stdout.includes('"created":true'))
    for (const value of ['MQ==', 'Mg==']) {
      const put = ['-s', `${url}/v3/kv/put`, '-d', JSON.stringify({ key: 'dw==', value })]
      assert.equal((await run('curl', put)).status, 0)
      await watch.until(value, () => watch.stdout.includes(`"value":"${value}"`))
    }
  } finally {
    await watch.end('SIGKILL')
  }
  return watch.stdout.replaceAll(/"(cluster_id|member_id|raft_term)":"\d+"/g, '"$1":""')
}

if (process.env['KVS_PROGRAM'] === undefined) await build([]).catch(fail)
const suite = new Suite()
if (existsSync(etcdProgram)) {
  await suite.check(`${requests.length} requests are answered alike`, async () => {
    const different = await compareAll()
    const idle = new Set(intended)
    const unlisted = different.filter(text => {
      const reason = intended.find(([pattern]) => pattern.test(text))
      if (reason === undefined) return true
      idle.delete(reason)
      console.log(`intended: ${text} (etcd.md ${reason[1]}: ${reason[2]})`)
      return false
    })
    for (const text of unlisted) console.log(`different: ${text}`)
    console.log(`${requests.length} compared, ${different.length} different, ${unlisted.length} of them unlisted`)
    assert.equal(unlisted.length, 0)
    assert.deepEqual([...idle].map(String), [], 'reasons that explain nothing')
    assert.ok(requests.length >= requestsMin)
  })
  await suite.check('hosts and origins that are not wanted', () =>
    withBoth(doorFlags, async ports => {
      for (const asked of doors) {
        const here = await answerOf(ports.ours, asked)
        // 3.4 says no reason where there is none.
        const body = asked.path === '/health' ? undefined : here.body
        const there = await answerOf(ports.real, asked)
        const wanted = asked.path === '/health' ? undefined : there.body
        assert.equal(shown({ ...here, body }), shown({ ...there, body: wanted }))
      }
    }),
  )
  await suite.check('without a gateway its paths are not there', () =>
    withBoth(['--enable-grpc-gateway=false'], async ports => {
      for (const path of ['/v3/kv/range', '/v3', '/v3beta/kv/range', '/version']) {
        const asked = { path, method: path === '/version' ? 'HEAD' : 'POST' }
        assert.equal(shown(await answerOf(ports.ours, asked)), shown(await answerOf(ports.real, asked)))
      }
    }),
  )
  await suite.check('a watch by curl', () =>
    withBoth([], async ports => {
      assert.equal(await watchedByCurl(ports.ours), await watchedByCurl(ports.real))
    }),
  )
} else suite.skip('the gateway beside that of etcd', `${etcdProgram} is not installed`)
process.exitCode = suite.conclude()
