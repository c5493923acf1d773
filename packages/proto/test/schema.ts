/**
 * The schema as protobufjs reads it, and the generated codecs beside it: what the tests compare.
 *
 * Fields of a generated record are found by position (both are in the order of field numbers), not by rules for names,
 * so that a mistake in those rules does not hide here.
 */
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import protobuf from 'protobufjs'
import * as auth from '../src/gen/auth.ts'
import * as election from '../src/gen/election.ts'
import * as etcdserver from '../src/gen/etcdserver.ts'
import * as health from '../src/gen/health.ts'
import * as internal from '../src/gen/internal.ts'
import * as lease from '../src/gen/lease.ts'
import * as lock from '../src/gen/lock.ts'
import * as membership from '../src/gen/membership.ts'
import * as mvcc from '../src/gen/mvcc.ts'
import * as raft from '../src/gen/raft.ts'
import * as reflection from '../src/gen/reflection.ts'
import * as rpc from '../src/gen/rpc.ts'
import * as snap from '../src/gen/snap.ts'
import * as wal from '../src/gen/wal.ts'

const modules: Record<string, object> = {
  'auth.proto': auth,
  'etcdserver.proto': etcdserver,
  'health.proto': health,
  'kv.proto': mvcc,
  'lease.proto': lease,
  'membership.proto': membership,
  'raft-internal.proto': internal,
  'raft.proto': raft,
  'record.proto': wal,
  'reflection.proto': reflection,
  'rpc.proto': rpc,
  'snap.proto': snap,
  'v3election.proto': election,
  'v3lock.proto': lock,
}

/** Files whose integers come from clients; all others must be exact. */
const fromClients = new Set(['rpc.proto', 'raft-internal.proto', 'v3lock.proto', 'v3election.proto', 'health.proto'])

export type GeneratedRecord = Record<string, unknown>

export interface MessageCase {
  readonly name: string
  readonly type: protobuf.Type
  /** By field number. */
  readonly fields: readonly protobuf.Field[]
  /** Names in the generated record, in the same order. */
  readonly keys: readonly string[]
  /** The record an empty input gives. */
  readonly zero: GeneratedRecord
  readonly exact: boolean
  readonly encode: (message: GeneratedRecord) => Uint8Array
  readonly decode: (bytes: Uint8Array, start?: number, end?: number) => GeneratedRecord
}

const protoDir: string = join(import.meta.dirname, '../proto')

function loadRoot(): protobuf.Root {
  const require = createRequire(import.meta.url)
  const loaded = new protobuf.Root()
  loaded.resolvePath = (_origin, target) =>
    target.startsWith('google/') ? join(dirname(require.resolve('protobufjs')), target) : join(protoDir, target)
  loaded.loadSync(Object.keys(modules), { keepCase: true })
  loaded.resolveAll()
  return loaded
}

const root: protobuf.Root = loadRoot()

function* walk(parent: protobuf.NamespaceBase): Iterable<protobuf.ReflectionObject> {
  for (const object of parent.nestedArray) {
    yield object
    if (object instanceof protobuf.Namespace) yield* walk(object)
  }
}

/** Everything that stands in our own files. */
export const objects: readonly protobuf.ReflectionObject[] = [...walk(root)].filter(object =>
  Object.keys(modules).some(file => object.filename === join(protoDir, file)),
)

function fileOf(object: protobuf.ReflectionObject): string {
  return (object.filename ?? '').slice(protoDir.length + 1)
}

export const fieldsOf = (type: protobuf.Type): protobuf.Field[] =>
  type.fieldsArray.map(field => field.resolve()).sort((a, b) => a.id - b.id)

function caseOf(type: protobuf.Type): MessageCase {
  const file = fileOf(type)
  const module = modules[file] as Record<string, unknown>
  const encode = module[`encode${type.name}`] as MessageCase['encode']
  const decode = module[`decode${type.name}`] as MessageCase['decode']
  const zero = decode(new Uint8Array())
  const fields = fieldsOf(type)
  const keys = Object.keys(zero)
  const exact = !fromClients.has(file)
  return { name: type.fullName.slice(1), type, fields, keys, zero, exact, encode, decode }
}

export const cases: readonly MessageCase[] = objects.filter(object => object instanceof protobuf.Type).map(caseOf)

const byName = new Map(cases.map(item => [item.name, item]))

export function caseNamed(name: string): MessageCase {
  const found = byName.get(name)
  if (found === undefined) throw new Error(`no message ${name}`)
  return found
}

/** The exports of the module that was generated from the file of `object`. */
export const moduleOf = (object: protobuf.ReflectionObject): Record<string, unknown> =>
  modules[fileOf(object)] as Record<string, unknown>

export const is64Bit = (field: protobuf.Field): boolean => field.type === 'int64' || field.type === 'uint64'

/** Whether the generated record holds a bigint here. A member of a oneof or a list shows no zero value to tell by. */
export const isBigint = (item: MessageCase, index: number): boolean =>
  typeof item.zero[item.keys[index] ?? ''] === 'bigint' ||
  item.fields[index]?.repeated === true ||
  item.fields[index]?.name === 'lease'
