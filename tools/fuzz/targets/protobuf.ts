import { ProtoError } from '@kvs/proto'
import * as auth from '@kvs/proto/auth'
import * as election from '@kvs/proto/election'
import * as etcdserver from '@kvs/proto/etcdserver'
import * as health from '@kvs/proto/health'
import * as internal from '@kvs/proto/internal'
import * as lease from '@kvs/proto/lease'
import * as lock from '@kvs/proto/lock'
import * as membership from '@kvs/proto/membership'
import * as mvcc from '@kvs/proto/mvcc'
import * as raft from '@kvs/proto/raft'
import * as rpc from '@kvs/proto/rpc'
import * as snap from '@kvs/proto/snap'
import * as wal from '@kvs/proto/wal'
import { type FuzzTarget, mustHold } from '../target.ts'

interface Codec {
  readonly name: string
  readonly decode: (bytes: Uint8Array) => unknown
  readonly encode: (message: unknown) => Uint8Array
}

const modules = { auth, election, etcdserver, health, internal, lease, lock, membership, mvcc, raft, rpc, snap, wal }

/** All messages, in an order that does not change when one is added to a later package. */
const codecs: readonly Codec[] = Object.entries(modules).flatMap(([door, module]) => {
  const functions = module as unknown as Readonly<Record<string, unknown>>
  return Object.keys(functions)
    .filter(name => name.startsWith('decode'))
    .sort()
    .flatMap(name => {
      const encode = functions[name.replace(/^decode/, 'encode')]
      if (typeof encode !== 'function') return []
      return [
        {
          name: `${door}.${name.slice(6)}`,
          decode: functions[name] as Codec['decode'],
          encode: encode as Codec['encode'],
        },
      ]
    })
})

/** Two bytes choose the message. */
const HEAD_BYTES = 2

function run(input: Uint8Array): string {
  const codec = codecs[(((input[0] ?? 0) << 8) | (input[1] ?? 0)) % codecs.length] as Codec
  let message: unknown
  try {
    message = codec.decode(input.subarray(HEAD_BYTES))
  } catch (error) {
    if (error instanceof ProtoError) return `${codec.name} ${error.code}`
    throw error
  }
  // What was read can be written, and what is written means what was read.
  const once = codec.encode(message)
  const twice = codec.encode(codec.decode(once))
  mustHold(Buffer.compare(once, twice) === 0, `${codec.name} changes when it is read and written again`)
  return `${codec.name} ok`
}

/** Messages of anybody: read or refused, never half of each. */
export const protobuf: FuzzTarget = {
  name: 'protobuf',
  maxBytes: 2_048,
  dictionary: [
    [0x0a, 0x01, 0x61],
    [0x12, 0x00],
    [0x0a, 0x02, 0x0a, 0x00],
    [0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
    [0x08, 0x80, 0x80, 0x80, 0x80, 0x10],
    [0xff, 0xff, 0xff, 0xff, 0x0f],
    [0x0b, 0x0c],
    [0x0d, 0, 0, 0, 0],
    [0x09, 0, 0, 0, 0, 0, 0, 0, 0],
    [0xc3, 0x28],
  ].map(bytes => Uint8Array.from(bytes)),
  seeds: () => codecs.map((_, i) => Uint8Array.of(i >> 8, i & 255, 0x0a, 1, 0x61, 0x12, 1, 0x62, 0x18, 1)),
  run,
}
