import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createGrpcChannel, createGrpcServer, type GrpcServer } from '@kvs/grpc'
import { formatAddress, type Listener, nodeNet, parseAddress } from '@kvs/net'
import { Reader } from '@kvs/proto'
import { Cluster, KV, Lease } from '@kvs/proto/rpc'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { systemClock } from '../src/embed/clock.ts'
import { type EmbeddedMember, startEmbedded } from '../src/embed.ts'
import type { TracingOptions } from '../src/tracing/options.ts'
import { exportPath } from '../src/tracing/otlp.ts'
import { parseTraceParent } from '../src/tracing/trace-context.ts'
import { keepingLogger, type LogLine } from './log.ts'
import { bytesOf } from './messages.ts'

/** A member that sends its traces to a collector, which reads them by hand. */

describe('traceparent', () => {
  const [trace, span] = ['0af7651916cd43dd8448eb211c80319c', 'b7ad6b7169203331']

  test('of this version and of later ones', () => {
    expect(parseTraceParent(`00-${trace}-${span}-01`, 'a=b')).toEqual({
      traceId: new Uint8Array(Buffer.from(trace, 'hex')),
      spanId: new Uint8Array(Buffer.from(span, 'hex')),
      isSampled: true,
      state: 'a=b',
    })
    expect(parseTraceParent(`00-${trace}-${span}-fe`)?.isSampled).toBe(false)
    expect(parseTraceParent(`cc-${trace}-${span}-03-what comes then`)?.isSampled).toBe(true)
  })

  test.each([
    '',
    `00-${trace}-${span}`,
    `00-${trace}-${span}-01-more`,
    `ff-${trace}-${span}-01`,
    `00-${'0'.repeat(32)}-${span}-01`,
    `00-${trace}-${'0'.repeat(16)}-01`,
    `00-${trace.toUpperCase()}-${span}-01`,
    `00-${trace}-${span}-0g`,
    `cc-${trace}-${span}-01-${'x'.repeat(500)}`,
  ])('%j is none', parent => {
    expect(parseTraceParent(parent)).toBeUndefined()
  })
})

type Fields = Map<number, (Uint8Array | bigint)[]>

/** Any message, by field number. */
function fieldsOf(bytes: Uint8Array): Fields {
  const reader = Reader.create(bytes)
  const fields: Fields = new Map()
  while (reader.pos < reader.len) {
    const tag = reader.uint32()
    const wire = tag & 7
    const list = fields.get(tag >>> 3) ?? []
    if (wire === 2) list.push(reader.bytes().slice())
    else if (wire === 0) list.push(BigInt(reader.uint64().toString()))
    else {
      list.push(new DataView(bytes.buffer, bytes.byteOffset + reader.pos, 8).getBigUint64(0, true))
      reader.skip(8)
    }
    fields.set(tag >>> 3, list)
  }
  return fields
}

const message = (fields: Fields, id: number): Fields => fieldsOf(fields.get(id)?.[0] as Uint8Array)
const textOf = (value: Uint8Array | bigint | undefined): string => Buffer.from((value ?? []) as Uint8Array).toString()
const hex = (value: Uint8Array | bigint | undefined): string => Buffer.from((value ?? []) as Uint8Array).toString('hex')

function attributesIn(fields: Fields, id: number): Record<string, unknown> {
  const entries = (fields.get(id) ?? []).map(bytes => {
    const attribute = fieldsOf(bytes as Uint8Array)
    const value = message(attribute, 2)
    const scalar = value.has(1)
      ? textOf(value.get(1)?.[0])
      : value.has(2)
        ? value.get(2)?.[0] === 1n
        : Number(value.get(3)?.[0])
    return [textOf(attribute.get(1)?.[0]), scalar] as const
  })
  return Object.fromEntries(entries)
}

interface SeenSpan {
  readonly name: string
  readonly trace: string
  readonly id: string
  readonly parent: string
  readonly kind: bigint
  readonly tookMs: number
  readonly attributes: Record<string, unknown>
  readonly failure: string | undefined
}

let spans: SeenSpan[]
let resource: Record<string, unknown>
let collector: GrpcServer
let listener: Listener
let folder: string
let member: EmbeddedMember | undefined

beforeEach(async () => {
  spans = []
  folder = mkdtempSync(join(tmpdir(), 'kvs-tracing-'))
  collector = createGrpcServer({
    clock: systemClock,
    methods: [
      [
        exportPath,
        {
          kind: 'unary',
          handle: (call, body, start, end) => {
            collected(body.slice(start, end))
            call.reply(new Uint8Array(0), 0, 0)
            collector.flush()
          },
        },
      ],
    ],
  })
  listener = await nodeNet().listen({ kind: 'tcp', host: '127.0.0.1', port: 0 }, pipe => collector.accept(pipe))
})
afterEach(async () => {
  await member?.stop()
  member = undefined
  await listener.close()
  await collector.close({ timeoutMs: 0 })
  rmSync(folder, { recursive: true, force: true })
})

function collected(bytes: Uint8Array): void {
  const resourceSpans = message(fieldsOf(bytes), 1)
  resource = attributesIn(message(resourceSpans, 1), 1)
  for (const each of message(resourceSpans, 2).get(2) ?? []) {
    const span = fieldsOf(each as Uint8Array)
    const [start, end] = [span.get(7)?.[0] as bigint, span.get(8)?.[0] as bigint]
    spans.push({
      ...{ name: textOf(span.get(5)?.[0]), trace: hex(span.get(1)?.[0]), id: hex(span.get(2)?.[0]) },
      ...{ parent: hex(span.get(4)?.[0]), kind: span.get(6)?.[0] as bigint, tookMs: Number(end - start) / 1e6 },
      attributes: attributesIn(span, 9),
      failure: span.has(15) ? textOf(message(span, 15).get(2)?.[0]) : undefined,
    })
  }
}

async function start(options: Partial<TracingOptions> = {}, lines: LogLine[] = []): Promise<void> {
  member = await startEmbedded({
    ...{ dataDir: folder, listenClientUrls: ['http://127.0.0.1:0'], listenPeerUrls: ['http://127.0.0.1:0'] },
    logger: keepingLogger(lines),
    tracing: {
      ...{ address: formatAddress(listener.address), serviceName: 'etcd', instanceId: 'one', samplesPerMillion: 0 },
      ...options,
    },
  })
}

const parent = (flags: string): string => `00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-${flags}`

async function call(path: string, body: Uint8Array, traceparent?: string): Promise<void> {
  const dial = () => nodeNet().dial(parseAddress(`http://${member?.clientAddresses[0]}`).address)
  const channel = createGrpcChannel({ clock: systemClock, dial, authority: 'member' })
  await channel.connect()
  const metadata: [string, string][] = traceparent === undefined ? [] : [['traceparent', traceparent]]
  await channel.call(path, body, { metadata }).catch(() => {})
  await channel.close()
}

const put = KV.put.encodeRequest({ key: bytesOf('k'), value: bytesOf('secret') })

test('a call that its client traces is traced, with what it did; others are not', async () => {
  await start()
  await call(KV.put.path, put, parent('01'))
  await call(KV.put.path, put, parent('00'))
  await call(KV.put.path, put)
  await member?.stop()
  expect(spans.map(({ name }) => name)).toEqual(['etcdserverpb.KV/Put', 'put'])
  const [server, operation] = spans
  expect(server).toMatchObject({
    ...{ trace: '0af7651916cd43dd8448eb211c80319c', parent: 'b7ad6b7169203331', kind: 2n, failure: undefined },
    attributes: { 'rpc.system': 'grpc', 'rpc.method': 'Put', 'rpc.grpc.status_code': 0 },
  })
  expect(operation).toMatchObject({ trace: server?.trace, parent: server?.id, kind: 1n, attributes: { key: 'k' } })
  expect(server?.tookMs).toBeGreaterThan(0)
  expect(server?.tookMs).toBeLessThan(5000)
  expect(resource).toEqual({ 'service.name': 'etcd', 'service.instance.id': 'one' })
  expect(JSON.stringify(spans, (_key, value) => String(value))).not.toContain('secret')
})

test('of those whose clients say nothing so many are, each with a trace of its own', async () => {
  await start({ samplesPerMillion: 1_000_000, instanceId: '' })
  const key = bytesOf('k')
  await call(KV.range.path, KV.range.encodeRequest({ key, rangeEnd: bytesOf('l'), limit: 3, keysOnly: true }))
  const success = [{ requestPut: { key, value: key } }, { requestRange: { key } }]
  await call(KV.txn.path, KV.txn.encodeRequest({ compare: [{ key }], success }))
  await call(KV.deleteRange.path, KV.deleteRange.encodeRequest({ key }))
  await call(Lease.leaseGrant.path, Lease.leaseGrant.encodeRequest({ id: 255n, ttl: 60 }))
  await call(Lease.leaseRevoke.path, Lease.leaseRevoke.encodeRequest({ id: 255n }))
  await call(KV.compact.path, KV.compact.encodeRequest({ revision: 2, physical: true }))
  await call(Cluster.memberList.path, Cluster.memberList.encodeRequest({}))
  await call('/etcdserverpb.KV/Put', Uint8Array.of(0x0a, 0x7f))
  await member?.stop()
  const operations = Object.fromEntries(
    spans.filter(({ kind }) => kind === 1n).map(span => [span.name, span.attributes]),
  )
  expect(operations).toMatchObject({
    range: { range_begin: 'k', range_end: 'l', rev: 0, limit: 3, count_only: false, keys_only: true },
    txn: {
      ...{ compare_first_key: 'k', compare_len: 1, success_len: 2, failure_len: 0, read_only: false },
      ...{ success_first_type: 'put', success_first_key: 'k', success_first_lease: '0' },
    },
    delete_range: { range_begin: 'k', range_end: '' },
    lease_grant: { id: 'ff', ttl: 60 },
    lease_revoke: { id: 'ff' },
    compact: { rev: 2, is_physical: true },
  })
  expect(new Set(spans.map(({ trace }) => trace)).size).toBe(8)
  expect(spans.find(({ name }) => name === 'etcdserverpb.KV/Put')?.failure).toBe('INTERNAL')
  expect(resource).toEqual({ 'service.name': 'etcd' })
})

test('a collector that is not there holds nobody up, and is told of', async () => {
  const lines: LogLine[] = []
  await start({ address: '127.0.0.1:1', samplesPerMillion: 1_000_000 }, lines)
  await call(KV.put.path, put)
  const startedAt = performance.now()
  await member?.stop()
  expect(performance.now() - startedAt).toBeLessThan(1500)
  expect(lines.find(({ message: said }) => said === 'failed to export traces')?.fields).toMatchObject({
    'dropped-spans': 2,
  })
})

test('an address that is none is refused', async () => {
  await expect(start({ address: 'collector' })).rejects.toThrow(/^--distributed-tracing-address: .*bad address/)
})
