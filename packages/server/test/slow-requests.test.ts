import { encodeClusterMemberAttrSetRequest, encodeClusterVersionSetRequest } from '@kvs/proto/membership'
import {
  CompareResult,
  CompareTarget,
  encodeAlarmRequest,
  encodeCompactionRequest,
  encodeDeleteRangeRequest,
  encodeLeaseGrantRequest,
  encodeLeaseRevokeRequest,
  encodePutRequest,
  encodeRangeRequest,
  encodeTxnRequest,
  KV,
  Lease,
  RangeRequestSortOrder,
  RangeRequestSortTarget,
} from '@kvs/proto/rpc'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import * as limits from '../src/limits.ts'
import { describeEntry } from '../src/requests/describe-request.ts'
import { encodeEntry, OperationField } from '../src/requests/entry.ts'
import { StageTimes, stageFields } from '../src/stages.ts'
import type { LogLine } from './log.ts'
import { type TestMember, World } from './member.ts'
import { bytesOf, compareOf, del, get, nested, put, txnOf } from './messages.ts'

const described = (field: OperationField, body: Uint8Array): string =>
  describeEntry(encodeEntry(field, body, 0, body.length, 0, 7))

/** What etcd 3.4 to 3.6 print for the same requests. */
test.each<[OperationField, Uint8Array, string]>([
  [
    OperationField.put,
    encodePutRequest({ key: bytesOf('a"\\\n\u0001é'), value: bytesOf('secret'), lease: 5n, prevKv: true }),
    'put:<key:"a\\"\\\\\\n\\001\\303\\251" value_size:6 lease:5 prev_kv:true >',
  ],
  [
    OperationField.put,
    encodePutRequest({ key: bytesOf('a'), ignoreValue: true, ignoreLease: true }),
    'put:<key:"a" ignore_value:true ignore_lease:true >',
  ],
  [
    OperationField.range,
    encodeRangeRequest({
      key: bytesOf('a'),
      rangeEnd: Uint8Array.of(0),
      limit: 3,
      revision: 4,
      sortOrder: RangeRequestSortOrder.DESCEND,
      sortTarget: RangeRequestSortTarget.MOD,
      serializable: true,
      keysOnly: true,
      countOnly: true,
      minModRevision: 5,
      maxCreateRevision: 6,
    }),
    'range:<key:"a" range_end:"\\000" limit:3 revision:4 sort_order:DESCEND sort_target:MOD serializable:true ' +
      'keys_only:true count_only:true min_mod_revision:5 max_create_revision:6 > ',
  ],
  [
    OperationField.deleteRange,
    encodeDeleteRangeRequest({ key: bytesOf('a'), rangeEnd: bytesOf('b') }),
    'delete_range:<key:"a" range_end:"b" > ',
  ],
  [
    OperationField.compaction,
    encodeCompactionRequest({ revision: 9, physical: true }),
    'compaction:<revision:9 physical:true > ',
  ],
  [
    OperationField.leaseGrant,
    encodeLeaseGrantRequest({ id: 0x7bn, ttl: 60 }),
    'lease_grant:<ttl:60-second id:000000000000007b>',
  ],
  [OperationField.leaseRevoke, encodeLeaseRevokeRequest({ id: -1n }), 'lease_revoke:<id:ffffffffffffffff>'],
  [
    OperationField.alarm,
    encodeAlarmRequest({ action: 1, memberId: 8n, alarm: 1 }),
    'alarm:<action:ACTIVATE memberID:8 alarm:NOSPACE > ',
  ],
  [
    OperationField.clusterVersionSet,
    encodeClusterVersionSetRequest({ ver: '3.7.0' }),
    'cluster_version_set:<ver:"3.7.0" > ',
  ],
  [
    OperationField.clusterMemberAttrSet,
    encodeClusterMemberAttrSetRequest({ memberId: 8n, memberAttributes: { name: 'n', clientUrls: ['u'] } }),
    'cluster_member_attr_set:<member_ID:8 member_attributes:<name:"n" client_urls:"u" > > ',
  ],
  [
    OperationField.txn,
    encodeTxnRequest({
      compare: [
        { ...compareOf('a'), target: CompareTarget.VALUE, result: CompareResult.GREATER, value: bytesOf('secret') },
        { ...compareOf('b'), target: CompareTarget.VERSION, version: 0 },
      ],
      ...txnOf([put('a', 'secret'), get('b')], [del('c', 'd'), nested([put('e', 'secret')])]),
    }),
    'txn:<compare:<result:GREATER target:VALUE key:"a" value_size:6  key:"b" version:0 > ' +
      'success:<request_put:<key:"a" value_size:6 > request_range:<key:"b" > > ' +
      'failure:<request_delete_range:<key:"c" range_end:"d" >  ' +
      'request_txn:<compare:<> success:<request_put:<key:"e" value_size:6 >> failure:<>>>>',
  ],
])('operation %d is described without its values', (field, body, text) => {
  expect(described(field, body)).toBe(`header:<ID:7 > ${text}`)
  expect(text).not.toContain('secret')
})

test('a description has an end', () => {
  const body = encodePutRequest({ key: new Uint8Array(100_000).fill(97) })
  expect(described(OperationField.put, body).length).toBeLessThanOrEqual(limits.describedBytesMax + 1)
  expect(describeEntry(Uint8Array.of(0xff))).toBe('')
})

describe('a member', () => {
  let world: World
  let member: TestMember
  const start = async (options: Parameters<World['start']>[0]): Promise<void> => {
    member = await world.start(options)
  }

  beforeEach(() => {
    world = new World()
  })
  afterEach(async () => {
    world.lookCostMs = 0
    await member.member.stop()
    world.close()
  })

  const lines = (message: string): readonly LogLine[] => world.log.filter(line => line.message === message)
  const metric = (name: string): number =>
    member.member.metricFamilies.find(family => family.name === name)?.samples()[0]?.value ?? Number.NaN

  test('warns of entries and reads that take too long, and counts them', async () => {
    await start({})
    await member.call(KV.put, { key: bytesOf('a'), value: bytesOf('secret') })
    expect(lines('apply request took too long')).toEqual([])
    world.lookCostMs = 150
    await member.call(KV.put, { key: bytesOf('a'), value: bytesOf('secret') })
    const [put] = lines('apply request took too long')
    expect(put).toMatchObject({ level: 'warn', fields: { 'expected-duration': '100ms', prefix: '' } })
    expect(put?.fields['took']).toMatch(/^[1-9]50ms$|^[1-9]00ms$/)
    expect(put?.fields['request']).toMatch(/^header:<ID:\d+ > put:<key:"a" value_size:6 >$/)
    expect(metric('etcd_server_slow_apply_total')).toBe(1)
    await member.call(KV.range, { key: bytesOf('a') })
    expect(lines('apply request took too long')[1]?.fields).toMatchObject({
      prefix: 'read-only range ',
      request: 'key:"a" ',
      response: expect.stringMatching(/^range_response_count:1 size:\d+$/),
    })
    await member.call(KV.txn, txnOf([get('a'), get('b')]))
    expect(lines('apply request took too long')[2]?.fields).toMatchObject({
      prefix: 'read-only txn ',
      request: 'compare:<> success:<request_range:<key:"a" >  request_range:<key:"b" > > failure:<>',
      response: expect.stringMatching(/^responses:<range_response_count:1 range_response_count:0> size:\d+$/),
    })
    expect(metric('etcd_server_slow_apply_total')).toBe(3)
    expect(JSON.stringify(world.log)).not.toContain('secret')
  })

  test('the time to warn about is an option', async () => {
    await start({ warningApplyDurationMs: 1000 })
    world.lookCostMs = 150
    await member.call(KV.put, { key: bytesOf('a') })
    expect(lines('apply request took too long')).toEqual([])
  })

  test('says which entries were refused, a few of them in a second', async () => {
    await start({})
    for (let i = 0; i < 120; i++) {
      expect(await member.refusal(KV.put, { key: bytesOf('a'), lease: 9n })).toContain('lease not found')
    }
    const failed = lines('failed to apply request')
    expect(failed).toHaveLength(limits.requestLinesPerSecondMax)
    expect(failed[0]?.fields).toMatchObject({
      took: '0s',
      request: expect.stringMatching(/^header:<ID:\d+ > put:<key:"a" lease:9 >$/),
      response: '',
      error: 'etcdserver: requested lease not found',
    })
    await world.advance(1000)
    expect(await member.refusal(KV.put, { key: bytesOf('a'), lease: 9n })).toContain('lease not found')
    expect(lines('failed to apply request')).toHaveLength(limits.requestLinesPerSecondMax + 1)
    // What a compaction refuses as done already is no failure.
    expect(await member.refusal(KV.compact, { revision: -1 })).toContain('has been compacted')
    expect(lines('failed to apply request')).toHaveLength(limits.requestLinesPerSecondMax + 1)
  })

  test('counts what it gave up', async () => {
    await start({})
    world.holdDisk()
    const refused = member.refusal(KV.put, { key: bytesOf('a') })
    await world.settled()
    expect(metric('etcd_server_proposals_pending')).toBe(1)
    await world.advance(8000)
    expect(await refused).toBe('14 etcdserver: request timed out')
    expect([metric('etcd_server_proposals_pending'), metric('etcd_server_proposals_failed_total')]).toEqual([0, 1])
    const requests = member.member.metricFamilies.find(({ name }) => name === 'etcd_server_request_duration_seconds')
    const failed = requests?.samples().filter(({ suffix, labels }) => suffix !== '_bucket' && labels['type'] === 'Put')
    expect(failed).toMatchObject([
      { suffix: '_sum', labels: { success: 'false' }, value: 7 },
      { suffix: '_count', labels: { success: 'false' }, value: 1 },
    ])
    world.releaseDisk()
  })

  describe('names the stage that took longest', () => {
    const stagesOf = (line: LogLine | undefined): Readonly<Record<string, string>> =>
      line?.fields['stages'] as Readonly<Record<string, string>>

    test('the disk', async () => {
      await start({ warningUnaryRequestDurationMs: 300 })
      world.holdDisk()
      const put = member.call(KV.put, { key: bytesOf('a') })
      await world.settled()
      await world.advance(2000)
      world.releaseDisk()
      await put
      const [line] = lines('request stats')
      expect(line?.fields['slowest stage']).toBe('fsync')
      expect(stagesOf(line)).toEqual({ queue: '0s', fsync: '2s', network: '0s', apply: '0s', send: '0s' })
    })

    test('the queue: a request that comes while the disk is busy waits for its turn', async () => {
      await start({ warningUnaryRequestDurationMs: 300 })
      world.holdDisk()
      const first = member.call(KV.put, { key: bytesOf('a') })
      await world.settled()
      const second = member.call(KV.put, { key: bytesOf('b') })
      await world.settled()
      await world.advance(1000)
      world.releaseDisk()
      await Promise.all([first, second])
      const [one, other] = lines('request stats')
      expect([one?.fields['slowest stage'], other?.fields['slowest stage']]).toEqual(['fsync', 'queue'])
      expect(stagesOf(other)['queue']).toBe('1s')
    })

    test('the network, where others have to say that they have it', () => {
      let nowMs = 0
      const times = new StageTimes({ now: () => nowMs })
      const write = times.timed(7, async () => {
        nowMs = 30
      })
      return write.then(() => {
        nowMs = 530
        times.committed(7)
        const stages = times.of(6, { openedMs: -5, applyMs: 540, appliedMs: 545 })
        expect(stages).toEqual({ queueMs: 15, fsyncMs: 30, networkMs: 500, applyMs: 5 })
        expect(stageFields(stages, 560)).toEqual({
          'slowest stage': 'network',
          stages: { queue: '15ms', fsync: '30ms', network: '500ms', apply: '5ms', send: '10ms' },
        })
        // A leader that was slower than the others.
        const early = new StageTimes({ now: () => 10 })
        early.committed(7)
        expect(early.of(7, { openedMs: 0, applyMs: 12, appliedMs: 12 })).toMatchObject({ fsyncMs: 0, networkMs: 10 })
      })
    })

    test('applying, of entries and reads', async () => {
      await start({ warningUnaryRequestDurationMs: 300 })
      await member.call(KV.put, { key: bytesOf('a') })
      world.lookCostMs = 400
      await member.call(KV.range, { key: bytesOf('a') })
      const stages = stagesOf(lines('request stats')[0])
      expect(Object.keys(stages)).toEqual(['queue', 'fsync', 'network', 'apply', 'send'])
      expect(stages['apply']).not.toBe('0s')
    })

    test('and forgets what was long ago', () => {
      const times = new StageTimes({ now: () => 1 })
      for (let i = 0; i < 10_000; i++) times.committed(i)
      expect(times.of(3, { openedMs: 0, applyMs: 5, appliedMs: 6 })).toMatchObject({ fsyncMs: 0, applyMs: 1 })
    })
  })

  test('says what slow calls were, whose, and how large', async () => {
    await start({ warningUnaryRequestDurationMs: 0.001 })
    world.lookCostMs = 1
    await member.call(KV.put, { key: bytesOf('a'), value: bytesOf('secret') })
    await member.call(KV.range, { key: bytesOf('a'), rangeEnd: bytesOf('b') })
    await member.call(KV.txn, txnOf([put('b', 'secret'), get('a')]))
    await member.call(KV.deleteRange, { key: bytesOf('a'), rangeEnd: bytesOf('c') })
    await member.call(Lease.leaseLeases, {})
    const stats = lines('request stats')
    expect(stats.every(({ level }) => level === 'warn')).toBe(true)
    const shown = stats.map(({ fields }) =>
      ['response type', 'request count', 'response count', 'request content'].map(field => fields[field]),
    )
    expect(shown).toEqual([
      [KV.put.path, 1, 0, 'key:"a" value_size:6 '],
      [KV.range.path, 0, 1, 'key:"a" range_end:"b" '],
      [
        KV.txn.path,
        0,
        0,
        'compare:<> success:<request_put:<key:"b" value_size:6 > request_range:<key:"a" > > failure:<>',
      ],
      [KV.deleteRange.path, 0, 2, 'key:"a" range_end:"c" '],
      [Lease.leaseLeases.path, -1, -1, ''],
    ])
    const [{ fields }] = stats as [LogLine]
    expect(Object.keys(fields)).toEqual([
      'start time',
      'time spent',
      'remote',
      'response type',
      'request count',
      'request size',
      'response count',
      'response size',
      'request content',
      'slowest stage',
      'stages',
    ])
    expect(fields).toMatchObject({
      'start time': expect.stringMatching(/^202[56]-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      'request size': 11,
    })
    expect(JSON.stringify(world.log)).not.toContain('secret')
  })
})
