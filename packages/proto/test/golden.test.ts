import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import * as election from '../src/gen/election.ts'
import * as lock from '../src/gen/lock.ts'
import * as rpc from '../src/gen/rpc.ts'
import type { Method } from '../src/index.ts'
import { caseNamed } from './schema.ts'

type AnyMethod = Method<unknown, unknown, unknown, unknown>

const methods = new Map<string, AnyMethod>()
for (const service of [
  rpc.KV,
  rpc.Watch,
  rpc.Lease,
  rpc.Cluster,
  rpc.Maintenance,
  rpc.Auth,
  lock.Lock,
  election.Election,
]) {
  for (const method of Object.values(service) as unknown as AnyMethod[]) methods.set(method.path, method)
}

const readLines = (file: string): string[][] =>
  readFileSync(join(import.meta.dirname, 'testdata/golden', file), 'utf8')
    .trim()
    .split('\n')
    .map(line => line.split(' '))

const fromHex = (hex: string): Uint8Array => new Uint8Array(hex === '-' ? [] : Buffer.from(hex, 'hex'))
const toHex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex') || '-'

describe('what etcd and etcdctl say to each other is decoded and encoded to the same bytes', () => {
  const lines = readLines('calls.txt')

  test.each(lines.map((line, i) => [i + 1, line[0], line[1], line[2]]))('calls.txt:%s %s %s', (_at, path, way, hex) => {
    const method = methods.get(path as string) as AnyMethod
    const bytes = fromHex(hex as string)
    const again =
      way === '>'
        ? method.encodeRequest(method.decodeRequest(bytes))
        : method.encodeResponse(method.decodeResponse(bytes))
    expect(toHex(again)).toBe(hex)
  })

  test('every service that etcdctl speaks is there', () => {
    const seen = new Set(lines.map(([path]) => (path as string).split('/')[1]))
    const services = ['Auth', 'Cluster', 'KV', 'Lease', 'Maintenance', 'Watch'].map(name => `etcdserverpb.${name}`)
    expect([...seen].sort()).toEqual(services)
    expect(lines.length).toBeGreaterThan(150)
  })
})

describe('what etcd writes into its log is decoded and encoded to the same bytes', () => {
  test.each(readLines('wal.txt').map((line, i) => [i + 1, line[0], line[1]]))('wal.txt:%s %s', (_at, name, hex) => {
    const item = caseNamed(name as string)
    expect(toHex(item.encode(item.decode(fromHex(hex as string))))).toBe(hex)
  })
})
