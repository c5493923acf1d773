import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createGrpcChannel, type GrpcChannel } from '@kvs/grpc'
import { nodeNet, parseAddress } from '@kvs/net'
import { AlarmRequestAlarmAction as Action, AlarmType, Cluster, KV, Lease, Maintenance, Watch } from '@kvs/proto/rpc'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '../src/embed/clock.ts'
import { MetricsPage } from '../src/embed/metrics-page.ts'
import { type EmbeddedMember, type EmbedOptions, startEmbedded } from '../src/embed.ts'
import { counter, gauges, goFloat } from '../src/metrics/family.ts'
import { exponentialBounds, Histogram } from '../src/metrics/histogram.ts'
import { bytesOf, compareOf, put as putOp, txnOf } from './messages.ts'
import { type ExpectedFamily, extensive, served } from './metrics-table.ts'

/** A family as the text of a scrape has it. */
interface Scraped {
  type: string
  readonly labels: Set<string>
  readonly bounds: Set<string>
  /** By labels as they are printed. */
  readonly values: Map<string, number>
}

/** Reads Prometheus' text format. */
function parse(text: string): Map<string, Scraped> {
  const families = new Map<string, Scraped>()
  let name = ''
  for (const line of text.split('\n')) {
    const head = /^# TYPE (\S+) (\S+)$/.exec(line)
    if (head !== null) {
      name = head[1] as string
      families.set(name, { type: head[2] as string, labels: new Set(), bounds: new Set(), values: new Map() })
    }
    const sample = /^([a-zA-Z_:]+)(\{.*\})? (\S+)$/.exec(line)
    const family = families.get(name)
    if (sample === null || family === undefined) continue
    const [, metric = '', labels = '', value] = sample
    expect(metric.startsWith(name), `${metric} stands below ${name}`).toBe(true)
    for (const [, label = '', said = ''] of labels.matchAll(/([A-Za-z_]+)="((?:[^"\\]|\\.)*)"/g)) {
      if (label === 'le') family.bounds.add(said)
      else family.labels.add(label)
    }
    family.values.set(`${metric.slice(name.length)}${labels}`, Number(value))
  }
  return families
}

let folder: string
let member: EmbeddedMember
let channel: GrpcChannel

async function start(options: Partial<EmbedOptions> = {}): Promise<void> {
  member = await startEmbedded({
    dataDir: join(folder, 'data'),
    listenClientUrls: ['http://127.0.0.1:0'],
    listenPeerUrls: ['http://127.0.0.1:0'],
    listenMetricsUrls: ['http://127.0.0.1:0'],
    ...options,
  })
  const dial = () => nodeNet().dial(parseAddress(`http://${member.clientAddresses[0]}`).address)
  channel = createGrpcChannel({ clock: systemClock, dial, authority: 'member' })
  await channel.connect()
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kvs-metrics-'))
})
afterEach(async () => {
  await channel.close()
  await member.stop()
  rmSync(folder, { recursive: true, force: true })
})

const get = (path: string): Promise<Response> => fetch(`http://${member.clientAddresses[0]}${path}`)

async function scrape(): Promise<Map<string, Scraped>> {
  const response = await get('/metrics')
  expect([response.status, response.headers.get('content-type')]).toEqual([
    200,
    'text/plain; version=0.0.4; charset=utf-8',
  ])
  return parse(await response.text())
}

const metadata = [['client-api-version', '3.7.1']] as const

/** A little of everything, so that every family with labels has a child. */
async function useEverything(): Promise<void> {
  const call = (path: string, request: Uint8Array) => channel.call(path, request, { metadata }).catch(() => {})
  await call(KV.put.path, KV.put.encodeRequest({ key: bytesOf('abc'), value: bytesOf('defg') }))
  await call(KV.put.path, KV.put.encodeRequest({ key: bytesOf('b'), lease: 404n }))
  await call(KV.range.path, KV.range.encodeRequest({ key: bytesOf('abc') }))
  await call(KV.range.path, KV.range.encodeRequest({ key: bytesOf('abc'), revision: 99 }))
  await call(
    KV.txn.path,
    KV.txn.encodeRequest({ ...txnOf([putOp('c', 'd')], [putOp('c', 'd')]), compare: [compareOf('abc')] }),
  )
  await call(KV.deleteRange.path, KV.deleteRange.encodeRequest({ key: bytesOf('c') }))
  await call(Lease.leaseGrant.path, Lease.leaseGrant.encodeRequest({ id: 7n, ttl: 100 }))
  await call(KV.compact.path, KV.compact.encodeRequest({ revision: 2, physical: true }))
  await call(Maintenance.hashKV.path, Maintenance.hashKV.encodeRequest({}))
  await call(Maintenance.hash.path, Maintenance.hash.encodeRequest({}))
  await call(Maintenance.defragment.path, Maintenance.defragment.encodeRequest({}))
  const alarm = { action: Action.ACTIVATE, memberId: member.id, alarm: AlarmType.CORRUPT }
  await call(Maintenance.alarm.path, Maintenance.alarm.encodeRequest(alarm))
  await keepAlive(Lease.leaseKeepAlive.encodeRequest({ id: 7n }))
  await keepAlive(Uint8Array.of(0xff))
  await call(Cluster.memberPromote.path, Cluster.memberPromote.encodeRequest({ id: 5n }))
  await get('/readyz')
}

/** Sends one message on a stream of renewals and waits for its answer, or its end. */
function keepAlive(message: Uint8Array): Promise<void> {
  return new Promise(resolve => {
    const stream = channel.stream(
      Lease.leaseKeepAlive.path,
      { message: () => stream.cancel(), end: () => resolve() },
      { metadata },
    )
    stream.send(message, 0, message.length)
  })
}

const shapeOf = ({ type, labels, bounds }: Scraped): Omit<ExpectedFamily, 'name'> => ({
  type: type as ExpectedFamily['type'],
  labels: [...labels].sort(),
  bounds: [...bounds],
})

test('names, types, labels and bounds are those of etcd', async () => {
  await start()
  await useEverything()
  const families = await scrape()
  for (const { name, type, labels, bounds } of served) {
    const family = families.get(name)
    expect(family && { name, ...shapeOf(family) }).toEqual({ name, type, labels: [...labels].sort(), bounds })
  }
  const known = new Set(served.map(({ name }) => name))
  expect([...families.keys()].filter(name => !known.has(name) && !/^(nodejs|kvs)_/.test(name))).toEqual([])
  expect(families.has('nodejs_eventloop_lag_p99_seconds')).toBe(true)
})

test('values follow what happens', async () => {
  await start()
  await useEverything()
  const families = await scrape()
  const value = (name: string, labels = ''): number | undefined => families.get(name)?.values.get(labels)
  expect(value('etcd_mvcc_put_total')).toBe(2)
  expect(value('etcd_mvcc_delete_total')).toBe(1)
  expect(value('etcd_debugging_mvcc_keys_total')).toBe(1)
  expect(value('etcd_debugging_mvcc_total_put_size_in_bytes')).toBe(9)
  expect(value('etcd_debugging_mvcc_current_revision')).toBe(4)
  expect(value('etcd_debugging_mvcc_compact_revision')).toBe(2)
  expect(value('etcd_debugging_lease_granted_total')).toBe(1)
  expect(value('etcd_debugging_lease_renewed_total')).toBe(1)
  expect(value('etcd_debugging_lease_ttl_total', '_bucket{le="64"}')).toBe(0)
  expect(value('etcd_debugging_lease_ttl_total', '_bucket{le="128"}')).toBe(1)
  expect(value('etcd_debugging_lease_ttl_total', '_sum')).toBe(100)
  expect(value('etcd_disk_backend_defrag_duration_seconds', '_count')).toBe(1)
  expect(value('etcd_mvcc_hash_duration_seconds', '_count')).toBe(1)
  expect(value('etcd_mvcc_hash_rev_duration_seconds', '_count')).toBe(1)
  expect(value('etcd_mvcc_db_open_read_transactions')).toBe(0)
  expect(value('etcd_debugging_mvcc_db_compaction_total_duration_milliseconds', '_count')).toBe(1)
  expect(value('etcd_server_has_leader')).toBe(1)
  expect(value('etcd_server_is_leader')).toBe(1)
  expect(value('etcd_server_leader_changes_seen_total')).toBe(1)
  expect(value('etcd_server_id', `{server_id="${member.id.toString(16)}"}`)).toBe(1)
  expect(value('etcd_server_version', '{server_version="3.7.1"}')).toBe(1)
  expect(value('etcd_cluster_version', '{cluster_version="3.7"}')).toBe(1)
  expect(value('etcd_server_quota_backend_bytes')).toBe(2 ** 31)
  expect(value('etcd_server_proposals_applied_total')).toBe(value('etcd_server_proposals_committed_total'))
  expect(value('etcd_server_proposals_pending')).toBe(0)
  expect(value('etcd_server_health_success')).toBe(0)
  expect(value('etcd_server_healthcheck', '{name="data_corruption",type="readyz"}')).toBe(0)
  expect(value('etcd_server_healthcheck', '{name="serializable_read",type="readyz"}')).toBe(1)
  expect(value('etcd_server_healthchecks_total', '{name="data_corruption",status="error",type="readyz"}')).toBe(1)
  const alarm = `{alarm_type="CORRUPT",server_id="${member.id.toString(16)}"}`
  expect(value('etcd_debugging_server_alarms', alarm)).toBe(1)
  expect(value('etcd_network_server_stream_failures_total', '{API="lease-keepalive",Type="receive"}')).toBe(1)
  expect(value('etcd_server_client_requests_total', '{client_api_version="3.7.1",type="stream"}')).toBe(2)
  expect(value('etcd_server_apply_duration_seconds', '_count{op="Put",success="true",version="v3"}')).toBe(1)
  expect(value('etcd_server_apply_duration_seconds', '_count{op="Put",success="false",version="v3"}')).toBe(1)
  expect(value('etcd_server_request_duration_seconds', '_count{success="true",type="Range"}')).toBe(1)
  expect(value('etcd_server_request_duration_seconds', '_count{success="false",type="Range"}')).toBe(1)
  expect(value('etcd_server_request_duration_seconds', '_count{success="true",type="Txn"}')).toBe(1)
  expect(value('etcd_server_range_duration_seconds', '_count{success="true"}')).toBe(1)
  for (const name of ['etcd_disk_wal_fsync_duration_seconds', 'etcd_disk_backend_commit_duration_seconds']) {
    expect(value(name, '_count')).toBeGreaterThan(0)
    expect(value(name, '_bucket{le="+Inf"}')).toBe(value(name, '_count'))
  }
  for (const name of ['etcd_disk_wal_write_bytes_total', 'os_fd_used', 'process_resident_memory_bytes']) {
    expect(value(name)).toBeGreaterThan(0)
  }
  expect(value('etcd_network_client_grpc_received_bytes_total')).toBeGreaterThan(60)
  const putLabels = 'grpc_method="Put",grpc_service="etcdserverpb.KV",grpc_type="unary"'
  expect(value('grpc_server_started_total', `{${putLabels}}`)).toBe(2)
  expect(value('grpc_server_handled_total', `{grpc_code="OK",${putLabels}}`)).toBe(1)
  expect(value('grpc_server_handled_total', `{grpc_code="NotFound",${putLabels}}`)).toBe(1)
  expect(value('grpc_server_msg_sent_total', `{${putLabels}}`)).toBe(1)
})

test('before anybody calls, every method and every status is there at zero', async () => {
  await start()
  const { values } = (await scrape()).get('grpc_server_handled_total') as Scraped
  expect([...new Set(values.values())]).toEqual([0])
  const watch = 'grpc_method="Watch",grpc_service="etcdserverpb.Watch",grpc_type="bidi_stream"'
  const codes = [...values.keys()]
    .filter(key => key.endsWith(`${watch}}`))
    .map(key => /grpc_code="(\w+)"/.exec(key)?.[1])
  expect(codes).toEqual([
    'Aborted',
    'AlreadyExists',
    'Canceled',
    'DataLoss',
    'DeadlineExceeded',
    'FailedPrecondition',
    'Internal',
    'InvalidArgument',
    'NotFound',
    'OK',
    'OutOfRange',
    'PermissionDenied',
    'ResourceExhausted',
    'Unauthenticated',
    'Unavailable',
    'Unimplemented',
    'Unknown',
  ])
  expect(values.size).toBe(17 * (await scrape()).get('grpc_server_started_total')!.values.size)
  const backup =
    '{grpc_code="OK",grpc_method="Snapshot",grpc_service="etcdserverpb.Maintenance",grpc_type="server_stream"}'
  expect(values.get(backup)).toBe(0)
})

test('extensive metrics have the latencies of gRPC by method, basic ones do not', async () => {
  await start()
  expect((await scrape()).has(extensive.name)).toBe(false)
  await channel.close()
  await member.stop()
  await start({ metrics: 'extensive', dataDir: join(folder, 'other') })
  await useEverything()
  const family = (await scrape()).get(extensive.name) as Scraped
  const { labels, ...shape } = extensive
  expect(shapeOf(family)).toEqual({ type: shape.type, bounds: shape.bounds, labels: [...labels].sort() })
  const putLabels = 'grpc_method="Put",grpc_service="etcdserverpb.KV",grpc_type="unary"'
  expect(family.values.get(`_count{${putLabels}}`)).toBe(2)
  expect(family.values.get(`_sum{${putLabels}}`)).toBeGreaterThan(0)
})

test('watchers and their events are seen while they are there', async () => {
  await start()
  const events: number[] = []
  const stream = channel.stream(Watch.watch.path, { message: () => events.push(1), end: () => {} })
  const create = Watch.watch.encodeRequest({ createRequest: { key: bytesOf('k') } })
  stream.send(create, 0, create.length)
  while (events.length < 1) await new Promise(resolve => setTimeout(resolve, 1))
  await channel.call(KV.put.path, KV.put.encodeRequest({ key: bytesOf('k') }))
  while (events.length < 2) await new Promise(resolve => setTimeout(resolve, 1))
  const during = await scrape()
  const value = (name: string, suffix = ''): number | undefined =>
    during.get(`etcd_debugging_${name}`)?.values.get(suffix)
  expect([value('mvcc_watch_stream_total'), value('mvcc_watcher_total'), value('mvcc_events_total')]).toEqual([1, 1, 1])
  expect(value('server_watch_send_loop_watch_stream_duration_seconds', '_count')).toBe(1)
  expect(value('server_watch_send_loop_control_stream_duration_seconds', '_count')).toBe(1)
  stream.cancel()
})

test('a port for metrics serves metrics and health, and nothing else', async () => {
  await start()
  const [address] = member.metricsAddresses
  const status = async (path: string): Promise<number> => (await fetch(`http://${address}${path}`)).status
  expect(await Promise.all(['/metrics', '/health', '/livez', '/readyz', '/readyz/non_learner'].map(status))).toEqual(
    Array(5).fill(200),
  )
  expect(await Promise.all(['/version', '/debug/vars', '/'].map(status))).toEqual([404, 404, 404])
})

test('the variables of the process are those etcd publishes', async () => {
  await start({ commandLine: ['kvs', '--name=x'] })
  const vars = (await (await get('/debug/vars')).json()) as Record<string, unknown>
  const id = member.id.toString(16)
  expect(vars).toMatchObject({
    cmdline: ['kvs', '--name=x'],
    memstats: { HeapAlloc: expect.any(Number) },
    'raft.status': {
      id,
      lead: id,
      raftState: 'StateLeader',
      progress: { [id]: { state: 'StateReplicate' } },
      leadtransferee: '0',
    },
  })
  expect(vars['file_descriptor_limit']).toBeGreaterThan(0)
})

describe('the page', () => {
  const request = {
    method: 'GET',
    path: '/metrics',
    query: '',
    header: () => undefined,
    headers: [],
    remote: '',
    isEncrypted: false,
    commonName: undefined,
  }
  async function* noBody(): AsyncGenerator<Uint8Array> {}
  const ask = async (page: MetricsPage): Promise<string> => {
    const { body } = await page.handle(request, noBody(), new AbortController().signal)
    return new TextDecoder().decode(body as Uint8Array)
  }

  test('makes one text for all who ask at once, and a fresh one afterwards', async () => {
    let reads = 0
    const family = counter('reads_total', 'How often it was read.', () => ++reads)
    const page = new MetricsPage([family])
    const texts = await Promise.all(Array.from({ length: 20 }, () => ask(page)))
    expect([new Set(texts).size, reads]).toEqual([1, 1])
    expect(await ask(page)).toContain(
      '\n# HELP reads_total How often it was read.\n# TYPE reads_total counter\nreads_total 2\n',
    )
  })

  test('quotes what labels say', async () => {
    const said = 'a"b\\c\nd'
    const page = new MetricsPage([gauges('told', 'x', () => [{ labels: { said }, value: 1 }])])
    expect(await ask(page)).toContain('\ntold{said="a\\"b\\\\c\\nd"} 1\n')
  })
})

describe('numbers', () => {
  test('are spelled as Go spells them', () => {
    const spelled = [
      0.0001,
      0.00005,
      1,
      0.1 + 0.2,
      524_288,
      1_048_576,
      8_388_608,
      1e21,
      0,
      -2e6,
      Number.POSITIVE_INFINITY,
    ]
    expect(spelled.map(goFloat)).toEqual([
      '0.0001',
      '5e-05',
      '1',
      '0.30000000000000004',
      '524288',
      '1.048576e+06',
      '8.388608e+06',
      '1e+21',
      '0',
      '-2e+06',
      '+Inf',
    ])
  })

  test('a histogram counts each observation below the first bound that is not less', () => {
    const histogram = new Histogram(exponentialBounds(1, 2, 3))
    for (const value of [0, 1, 1.5, 2, 4, 4.1, 100]) histogram.observe(value)
    expect([...histogram.counts]).toEqual([2, 2, 1, 2])
    expect([histogram.count, histogram.sum]).toEqual([7, 112.6])
  })
})
