// @ts-check
// Metrics of kvs beside those of the real etcd: both do the same work, both are scraped, and whatever differs in names,
// types, labels or bounds must stand below with its reason. What both count must have the same values.
// apt: etcd-server etcd-client
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { build } from '../run/build.mjs'
import { fail } from '../run/command.mjs'
import {
  etcdctl,
  etcdctlProgram,
  etcdProgram,
  freePorts,
  inFolder,
  memberFlags,
  startKvs,
  startServer,
} from './end-to-end/programs.mjs'
import { Suite } from './end-to-end/suite.mjs'

/** Families of etcd 3.4.23 that kvs does not have, and why. */
const missing = [
  [/^go_/, 'the Go runtime; Node tells of itself as nodejs_*'],
  [/^etcd_grpc_proxy_/, 'of another process that is in the same binary there'],
  [/^etcd_debugging_store_/, 'the v2 store'],
  [
    /^etcd_debugging_mvcc_(db_total_size_in_bytes|delete_total|put_total|range_total|txn_total)$/,
    'gone since 3.5: the same without debugging_',
  ],
]

/** Families of kvs that etcd 3.4.23 does not have, and why. */
const added = [
  [/^nodejs_/, 'the Node runtime'],
  [/^kvs_/, 'ours'],
  [/^etcd_server_(apply|range|request)_duration_seconds$/, 'since 3.5 and 3.7'],
  [/^etcd_server_feature_enabled$/, 'since 3.6'],
  [/^etcd_disk_wal_write_duration_seconds$/, 'since 3.6'],
  [/^etcd_debugging_server_watch_send_loop_/, 'since 3.7'],
  [/^etcd_debugging_mvcc_db_compaction_last$/, 'since 3.5'],
  [/^etcd_network_known_peers$/, '3.4.23 does not show it on a member that is alone'],
]

/** Differences in families that both have, and why. */
const different = [
  [/: method AuthStatus here only$/, 'since 3.5'],
  [/: method Downgrade here only$/, 'since 3.5'],
  [/: method List here only$/, "gRPC's health service has it since 1.72"],
  [/: method RangeStream here only$/, 'since 3.7'],
]

/** What the same work must make of the same counters. */
const counted = [
  'etcd_debugging_lease_granted_total',
  'etcd_debugging_lease_renewed_total',
  'etcd_debugging_lease_revoked_total',
  'etcd_debugging_lease_ttl_total_count',
  'etcd_debugging_lease_ttl_total_sum',
  'etcd_debugging_mvcc_compact_revision',
  'etcd_debugging_mvcc_current_revision',
  'etcd_debugging_mvcc_keys_total',
  'etcd_debugging_mvcc_pending_events_total',
  'etcd_debugging_mvcc_slow_watcher_total',
  'etcd_debugging_mvcc_total_put_size_in_bytes',
  'etcd_debugging_mvcc_watch_stream_total',
  'etcd_debugging_mvcc_watcher_total',
  'etcd_debugging_mvcc_events_total',
  'etcd_disk_backend_defrag_duration_seconds_count',
  'etcd_disk_backend_snapshot_duration_seconds_count',
  'etcd_mvcc_delete_total',
  'etcd_mvcc_hash_rev_duration_seconds_count',
  'etcd_mvcc_put_total',
  'etcd_mvcc_range_total',
  'etcd_mvcc_txn_total',
  'etcd_server_has_leader',
  'etcd_server_health_success',
  'etcd_server_is_leader',
  'etcd_server_leader_changes_seen_total',
  'etcd_server_proposals_failed_total',
  'etcd_server_proposals_pending',
  'etcd_server_quota_backend_bytes',
  'etcd_server_slow_apply_total',
  'process_max_fds',
  ...['Put', 'Range', 'DeleteRange', 'Txn', 'Compact'].flatMap(method => calls('KV', method, 'unary')),
  ...['LeaseGrant', 'LeaseRevoke', 'LeaseTimeToLive', 'LeaseLeases'].flatMap(name => calls('Lease', name, 'unary')),
  ...['Status', 'HashKV', 'Defragment', 'Alarm'].flatMap(method => calls('Maintenance', method, 'unary')),
  ...calls('Maintenance', 'Snapshot', 'server_stream').slice(0, 1),
  // How 3.4 ends a stream of renewals whose client goes away is a fault that 3.5 mended.
  ...calls('Lease', 'LeaseKeepAlive', 'bidi_stream').slice(0, 3),
  ...calls('Watch', 'Watch', 'bidi_stream'),
]

/**
 * The four counters of one method.
 * @param {string} service
 * @param {string} method
 * @param {string} type
 * @returns {string[]}
 */
function calls(service, method, type) {
  const labels = `grpc_method="${method}",grpc_service="etcdserverpb.${service}",grpc_type="${type}"`
  const names = ['started_total', 'msg_received_total', 'msg_sent_total'].map(name => `grpc_server_${name}{${labels}}`)
  const codes = ['OK', 'Canceled', 'NotFound', 'OutOfRange', 'InvalidArgument']
  return [...names, ...codes.map(code => `grpc_server_handled_total{grpc_code="${code}",${labels}}`)]
}

/**
 * @typedef {object} Family
 * @property {string} type
 * @property {Set<string>} labels names of labels
 * @property {Set<string>} bounds of a histogram's buckets
 * @property {Set<string>} methods of gRPC
 */

/**
 * @typedef {object} Scrape
 * @property {Map<string, Family>} families
 * @property {Map<string, number>} values
 */

/** @param {string} text @returns {Scrape} */
function parse(text) {
  /** @type {Map<string, Family>} */
  const families = new Map()
  const values = new Map()
  /** @type {Family | undefined} */
  let family
  for (const line of text.split('\n')) {
    const [, name, type] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? []
    if (name !== undefined && type !== undefined) {
      family = { type, labels: new Set(), bounds: new Set(), methods: new Set() }
      families.set(name, family)
    }
    const [, metric, labels = '', value] = /^([a-zA-Z_:]+)(\{.*\})? (\S+)$/.exec(line) ?? []
    if (metric === undefined || family === undefined) continue
    values.set(`${metric}${labels}`, Number(value))
    for (const [, label = '', said = ''] of labels.matchAll(/([A-Za-z_]+)="((?:[^"\\]|\\.)*)"/g)) {
      if (label === 'le') family.bounds.add(said)
      else family.labels.add(label)
      if (label === 'grpc_method') family.methods.add(said)
    }
  }
  return { families, values }
}

/** @param {ReadonlySet<string>} set */
const shown = set => [...set].sort().join(' ')

/**
 * @param {Family} real
 * @param {Family} ours
 * @returns {string[]} what differs
 */
function differences(real, ours) {
  const found = []
  if (real.type !== ours.type) found.push(`type ${real.type} there, ${ours.type} here`)
  // A family without children shows no labels.
  const hasChildren = real.labels.size > 0 && ours.labels.size > 0
  if (hasChildren && shown(real.labels) !== shown(ours.labels)) {
    found.push(`labels ${shown(real.labels)} there, ${shown(ours.labels)} here`)
  }
  if (shown(real.bounds) !== shown(ours.bounds))
    found.push(`bounds ${shown(real.bounds)} there, ${shown(ours.bounds)} here`)
  for (const method of real.methods) if (!ours.methods.has(method)) found.push(`method ${method} there only`)
  for (const method of ours.methods) if (!real.methods.has(method)) found.push(`method ${method} here only`)
  return found
}

/**
 * Sorts what was found by its reason; returns what has none, and reasons that explain nothing.
 * @param {readonly string[]} found
 * @param {readonly (readonly [RegExp, string])[]} reasons
 * @returns {string[]}
 */
function unexplained(found, reasons) {
  const left = []
  const idle = new Set(reasons)
  for (const item of found) {
    const reason = reasons.find(([pattern]) => pattern.test(item))
    if (reason === undefined) left.push(item)
    else {
      idle.delete(reason)
      console.log(`     ${item} (${reason[1]})`)
    }
  }
  return [...left, ...[...idle].map(([pattern, why]) => `nothing is left of ${pattern} (${why})`)]
}

/**
 * The same for both: keys, leases, a watcher, compaction, upkeep, things that are refused.
 * @param {number} port
 * @param {string} folder
 */
async function work(port, folder) {
  const { ask, askWith, refused, start } = etcdctl(port)
  for (let i = 0; i < 5; i++) await ask('put', `key${i}`, 'value')
  await ask('put', 'key0', 'again', '--prev-kv')
  await ask('get', 'key', '--prefix')
  await ask('get', 'key0', '--rev=2')
  await refused('get', 'key0', '--rev=100')
  await ask('del', 'key1', 'key3', '--prev-kv')
  await ask('del', 'nothing')
  await askWith('value("key0") = "again"\n\nput a 1\nget a\ndel key4\n\nget key0\n\n', 'txn')
  await askWith('\nget key0\nget key3\n\n\n', 'txn')
  const granted = await ask('lease', 'grant', '100')
  const lease = /lease (\S+) granted/.exec(granted)?.[1] ?? ''
  await ask('put', 'leased', 'value', `--lease=${lease}`)
  await ask('lease', 'timetolive', lease)
  await ask('lease', 'keep-alive', '--once', lease)
  await ask('lease', 'list')
  await ask('lease', 'revoke', lease)
  await refused('lease', 'revoke', lease)
  const watch = start('watch', 'w', '--prefix')
  await metricAt(port, 'etcd_debugging_mvcc_watcher_total', 1)
  await ask('put', 'w1', 'value')
  await watch.until('event', () => watch.stdout.includes('value'))
  await watch.end('SIGKILL')
  await metricAt(port, 'etcd_debugging_mvcc_watcher_total', 0)
  await ask('compaction', '5')
  await refused('compaction', '5')
  await ask('endpoint', 'hashkv')
  await ask('endpoint', 'status')
  await ask('alarm', 'list')
  await ask('defrag')
  await ask('snapshot', 'save', join(folder, `backup.${port}`))
  assert.equal((await fetch(`http://127.0.0.1:${port}/health`)).status, 200)
}

/** @param {number} port */
async function scrape(port) {
  const response = await fetch(`http://127.0.0.1:${port}/metrics`)
  assert.equal(response.status, 200)
  assert.equal(response.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8')
  return parse(await response.text())
}

/**
 * Waits until a metric has a value.
 * @param {number} port
 * @param {string} name
 * @param {number} value
 */
async function metricAt(port, name, value) {
  for (let tries = 0; tries < 1000; tries++) {
    if ((await scrape(port)).values.get(name) === value) return
    await new Promise(resolve => setTimeout(resolve, 5))
  }
  throw new Error(`${name} does not become ${value}`)
}

/** @returns {Promise<{ real: Scrape, ours: Scrape }>} */
function bothScraped() {
  return inFolder(async folder => {
    const ports = { real: await freePorts(), ours: await freePorts() }
    const flags = ['--metrics=extensive']
    const etcdFlags = [...memberFlags(join(folder, 'etcd'), ports.real), ...flags]
    const servers = []
    try {
      servers.push(await startServer(etcdProgram, etcdFlags))
      servers.push(await startKvs(join(folder, 'kvs'), ports.ours, flags))
      await work(ports.real.client, folder)
      await work(ports.ours.client, folder)
      return { real: await scrape(ports.real.client), ours: await scrape(ports.ours.client) }
    } finally {
      for (const server of servers) await server.end('SIGTERM')
    }
  })
}

const suite = new Suite()

if (existsSync(etcdProgram) && existsSync(etcdctlProgram)) {
  await build([]).catch(fail)
  const { real, ours } = await bothScraped()
  await suite.check('families of etcd that kvs lacks', async () => {
    const names = [...real.families.keys()].filter(name => !ours.families.has(name))
    assert.deepEqual(unexplained(names, /** @type {[RegExp, string][]} */ (missing)), [])
  })
  await suite.check('families of kvs that etcd lacks', async () => {
    const names = [...ours.families.keys()].filter(name => !real.families.has(name))
    assert.deepEqual(unexplained(names, /** @type {[RegExp, string][]} */ (added)), [])
  })
  await suite.check('types, labels, bounds and methods of families that both have', async () => {
    const found = [...real.families].flatMap(([name, family]) => {
      const own = ours.families.get(name)
      return own === undefined ? [] : differences(family, own).map(text => `${name}: ${text}`)
    })
    assert.deepEqual(unexplained(found, /** @type {[RegExp, string][]} */ (different)), [])
  })
  await suite.check(`values of ${counted.length} counters after the same work`, async () => {
    const wrong = counted.flatMap(name => {
      const [there, here] = [real.values.get(name), ours.values.get(name)]
      return there !== undefined && there === here ? [] : [`${name}: ${there} there, ${here} here`]
    })
    assert.deepEqual(wrong, [])
  })
} else suite.skip('metrics beside those of etcd', `${etcdProgram} or ${etcdctlProgram} is not installed`)

process.exitCode = suite.conclude()
