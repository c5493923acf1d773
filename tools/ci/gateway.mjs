// @ts-check
// The JSON gateway beside that of the real etcd: both are asked the same, one request after the other, and whatever differs
// must stand below with the section of etcd.md that says why.
// apt: etcd-server etcd-client curl
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { build } from '../run/build.mjs'
import { fail } from '../run/command.mjs'
import { etcdProgram, freePorts, inFolder, memberFlags, run, startKvs, startServer } from './end-to-end/programs.mjs'
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
  [/maintenance\/status .*"dbSizeQuota".*"downgradeInfo"/, '1.2', 'fields since 3.6'],
  [
    /maintenance\/alarm .*, here 200 .*"alarms":.*"header"|"alarm":"NOSPACE"}: there 200 .* {}, here 200/,
    '1.4',
    'a header',
  ],
  [/(hashkv|auth\/status) .*: there 404 text/, '1.1', 'path since 3.5'],
  [/: there 404 text.*, here 200 .*"hash_revision"/, '1.1', 'path since 3.5'],
  [/here 501 .*unknown method (Member\w+|Downgrade) /, '1.1', 'kvs: clusters of more than one member, and downgrades'],
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
function compareAll() {
  return inFolder(async folder => {
    const ports = { real: await freePorts(), ours: await freePorts() }
    const servers = []
    try {
      servers.push(await startServer(etcdProgram, memberFlags(join(folder, 'etcd'), ports.real)))
      servers.push(await startKvs(join(folder, 'kvs'), ports.ours))
      const different = []
      for (const asked of requests) {
        const there = shown(withoutTwin(await answerOf(ports.real.client, asked)))
        const here = shown(await answerOf(ports.ours.client, asked))
        const { method = 'POST', path, body = '', headers } = asked
        const label = `${method} ${path} ${body.slice(0, 200)}${headers === undefined ? '' : ` ${JSON.stringify(headers)}`}`
        if (there !== here) different.push(`${label}: there ${there}, here ${here}`)
      }
      return different
    } finally {
      for (const server of servers) await server.end('SIGTERM')
    }
  })
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
} else suite.skip('the gateway beside that of etcd', `${etcdProgram} is not installed`)
process.exitCode = suite.conclude()
