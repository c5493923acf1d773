import { type Client, connect, KvsError, operation, toBytes } from '@kvs/client'
import { EventType, type KeyValue } from '@kvs/client/messages'
import type { Command, Flags } from '../command.ts'
import { CtlError } from '../errors.ts'
import { type Session, tlsOf } from '../session.ts'

/** How often the number of mirrored keys is printed. */
const reportIntervalMs = 30_000

interface Mirror {
  readonly session: Session
  readonly from: Client
  readonly to: Client
  readonly prefix: string
  readonly destPrefix: string
  readonly maxTxnOps: number
  mirrored: number
}

async function run(session: Session, args: readonly string[], flags: Flags): Promise<void> {
  const [destination] = args
  if (destination === undefined || args.length !== 1) {
    throw new CtlError('badArguments', 'make-mirror takes one destination argument')
  }
  if (flags.bool('no-dest-prefix') && flags.text('dest-prefix') !== '') {
    const text = '`--dest-prefix` and `--no-dest-prefix` cannot be set at the same time, choose one'
    throw new CtlError('badArguments', text)
  }
  const from = await session.client()
  const to = connect({ endpoints: destination.split(','), auth: destinationUser(flags), tls: tlsOf(flags, 'dest-') })
  const prefix = flags.text('prefix')
  const destPrefix = flags.bool('no-dest-prefix') ? '' : flags.text('dest-prefix') || prefix
  const mirror = {
    session,
    from,
    to,
    prefix,
    destPrefix,
    maxTxnOps: Math.max(1, flags.int('max-txn-ops')),
    mirrored: 0,
  }
  const report = setInterval(() => session.line(String(mirror.mirrored)), reportIntervalMs)
  try {
    const revision = flags.int('rev')
    // With a revision only what has happened since is mirrored.
    await follow(mirror, revision > 1 ? revision : (await copy(mirror)) + 1)
  } finally {
    clearInterval(report)
    await to.close()
  }
}

function destinationUser(flags: Flags): { readonly user: string; readonly password: string } | undefined {
  const [user = '', ...rest] = flags.text('dest-user').split(':')
  return user === '' ? undefined : { user, password: flags.text('dest-password') || rest.join(':') }
}

/** Copies what is there now; the revision that it was read at. */
async function copy(mirror: Mirror): Promise<number> {
  const { from, to, prefix, session } = mirror
  const { header } = await from.range('foo', { countOnly: true })
  const revision = header?.revision ?? 0
  for await (const { key, value } of from.pages({ prefix }, { revision })) {
    session.io.interrupted.throwIfAborted()
    await to.put(renamed(mirror, key), value)
    mirror.mirrored++
  }
  return revision
}

/** Does what is done there, one transaction for each revision, until the user has had enough. */
async function follow(mirror: Mirror, startRevision: number): Promise<void> {
  const { from, to, prefix, maxTxnOps, session } = mirror
  const signal = session.io.interrupted
  try {
    for await (const { events } of from.watch({ prefix }, { startRevision, signal })) {
      let operations: ReturnType<typeof operation.put>[] = []
      let revision = 0
      const commit = async (): Promise<void> => {
        if (operations.length > 0)
          await to
            .txn()
            .then(...operations)
            .commit()
        operations = []
      }
      for (const { type, kv } of events) {
        if (kv === undefined) continue
        if (kv.modRevision !== revision || operations.length >= maxTxnOps) await commit()
        revision = kv.modRevision
        const key = renamed(mirror, kv.key)
        operations.push(type === EventType.DELETE ? operation.delete(key) : operation.put(key, kv.value))
        if (type !== EventType.DELETE) mirror.mirrored++
      }
      await commit()
    }
  } catch (error) {
    if (signal.aborted) return
    const reason = error instanceof KvsError ? error.message : String(error)
    throw new CtlError('error', reason)
  }
}

function renamed({ prefix, destPrefix }: Mirror, key: KeyValue['key']): Uint8Array {
  return Buffer.concat([toBytes(destPrefix), key.subarray(toBytes(prefix).length)])
}

export const makeMirror: Command = {
  name: 'make-mirror',
  summary: 'Makes a mirror at the destination etcd cluster',
  usage: '[options] <destination>',
  examples: ['make-mirror --prefix config/ backup:2379', 'make-mirror --no-dest-prefix --prefix a/ 127.0.0.1:22379'],
  flags: [
    { name: 'prefix', kind: 'string', value: '', help: 'keys that begin with this' },
    { name: 'rev', kind: 'int', value: '0', help: 'nothing from before this revision' },
    { name: 'max-txn-ops', kind: 'uint', value: '128', help: 'most operations in a transaction at the destination' },
    { name: 'dest-prefix', kind: 'string', value: '', help: 'what keys begin with there (as here)' },
    { name: 'no-dest-prefix', kind: 'bool', value: 'false', help: 'leave the prefix away there' },
    { name: 'dest-cert', kind: 'string', value: '', help: 'certificate shown to the destination' },
    { name: 'dest-key', kind: 'string', value: '', help: 'its private key' },
    { name: 'dest-cacert', kind: 'string', value: '', help: 'authorities of the destination' },
    { name: 'dest-insecure-transport', kind: 'bool', value: 'true', help: 'no encryption on the way there' },
    { name: 'dest-user', kind: 'string', value: '', help: 'user there, name or name:password' },
    { name: 'dest-password', kind: 'string', value: '', help: 'password of that user' },
  ],
  run,
}
