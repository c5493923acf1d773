import { type DeleteOptions, type PutOptions, type Range, type RangeOptions, rangeOf } from '@kvs/client'
import { KV } from '@kvs/client/messages'
import type { Command, Flags } from '../command.ts'
import { CtlError } from '../errors.ts'
import { parseInt64, quote } from '../go-text.ts'
import type { Session } from '../session.ts'
import { expectCount, leaseFlag, textOrInput } from './arguments.ts'

const badArguments = (message: string): CtlError => new CtlError('badArguments', message)

/** Key, or range, from the arguments and the flags `--prefix` and `--from-key` of get and del. */
function rangeArgument(args: readonly string[], flags: Flags, command: 'get' | 'del'): Range {
  const [key, end] = args
  if (key === undefined || (command === 'del' && args.length > 2)) {
    throw badArguments(`${command} command needs one argument as key and an optional argument as range_end`)
  }
  const prefix = flags.bool('prefix')
  const fromKey = flags.bool('from-key')
  if (prefix && fromKey) throw badArguments('`--prefix` and `--from-key` cannot be set at the same time, choose one')
  if (end !== undefined && (prefix || fromKey)) {
    throw badArguments('too many arguments, only accept one argument when `--prefix` or `--from-key` is set')
  }
  if (prefix) return { prefix: key }
  if (fromKey) return { from: key }
  return end === undefined ? key : { key, end }
}

export interface PutArguments {
  readonly key: string
  readonly value: Uint8Array | string
  readonly options: PutOptions
}

export async function putArguments(
  args: readonly string[],
  flags: Flags,
  input: () => Promise<Uint8Array>,
): Promise<PutArguments> {
  const [key, value] = args
  const needs = 'put command needs 1 argument and input from stdin or 2 arguments'
  if (key === undefined) throw badArguments(needs)
  const ignoreValue = flags.bool('ignore-value')
  if (ignoreValue && args.length > 1) {
    throw badArguments("put command needs only 1 argument when 'ignore-value' is set")
  }
  const bytes = ignoreValue ? '' : await textOrInput(value, input)
  if (!ignoreValue && value === undefined && bytes.length === 0) throw badArguments(needs)
  const lease = leaseFlag(flags.text('lease'))
  return {
    key,
    value: bytes,
    options: { lease, ignoreValue, ignoreLease: flags.bool('ignore-lease'), prevKv: flags.bool('prev-kv') },
  }
}

export const put: Command = {
  name: 'put',
  summary: 'Puts the given key into the store',
  usage: '<key> <value> (value may come from standard input)',
  examples: ['put greeting hello', 'put config < config.json'],
  flags: [
    { name: 'lease', kind: 'string', value: '0', help: 'lease (in hexadecimal) that the key is bound to' },
    { name: 'prev-kv', kind: 'bool', value: 'false', help: 'print the pair as it was before' },
    { name: 'ignore-value', kind: 'bool', value: 'false', help: 'keep the value as it is' },
    { name: 'ignore-lease', kind: 'bool', value: 'false', help: 'keep the lease as it is' },
  ],
  run: async (session, args, flags) => {
    const { key, value, options } = await putArguments(args, flags, () => session.io.readInput())
    const response = await (await session.client()).put(key, value, { ...options, ...session.timeout })
    session.print('put', { response })
  },
}

const orders: Readonly<Record<string, RangeOptions['order']>> = { '': undefined, ASCEND: 'ascend', DESCEND: 'descend' }
const targets: Readonly<Record<string, RangeOptions['sortBy']>> = {
  '': undefined,
  CREATE: 'create',
  KEY: 'key',
  MODIFY: 'mod',
  VALUE: 'value',
  VERSION: 'version',
}

export interface GetArguments {
  readonly range: Range
  readonly options: RangeOptions
}

export function getArguments(args: readonly string[], flags: Flags): GetArguments {
  const consistency = flags.text('consistency')
  if (args.length > 0 && flags.bool('keys-only') && flags.bool('count-only')) {
    throw badArguments('`--keys-only` and `--count-only` cannot be set at the same time, choose one')
  }
  const range = rangeArgument(args, flags, 'get')
  if (consistency !== 'l' && consistency !== 's') {
    throw new CtlError('badFeature', `unknown consistency flag ${quote(consistency)}`)
  }
  const order = flags.text('order')
  if (!(order.toUpperCase() in orders)) throw new CtlError('badFeature', `bad sort order ${order}`)
  const target = flags.text('sort-by')
  if (!(target.toUpperCase() in targets)) throw new CtlError('badFeature', `bad sort target ${target}`)
  const positive = (name: string): number | undefined => (flags.int(name) > 0 ? flags.int(name) : undefined)
  return {
    range,
    options: {
      serializable: consistency === 's',
      order: orders[order.toUpperCase()],
      sortBy: targets[target.toUpperCase()],
      limit: flags.int('limit'),
      revision: positive('rev'),
      keysOnly: flags.bool('keys-only'),
      countOnly: flags.bool('count-only'),
      minCreateRevision: positive('min-create-rev'),
      maxCreateRevision: positive('max-create-rev'),
      minModRevision: positive('min-mod-rev'),
      maxModRevision: positive('max-mod-rev'),
    },
  }
}

async function runGet(session: Session, args: readonly string[], flags: Flags): Promise<void> {
  const { range, options } = getArguments(args, flags)
  const valueOnly = flags.bool('print-value-only')
  const checkFormat = (): void => {
    if (flags.bool('count-only') && session.formatName !== 'fields') {
      throw badArguments('--count-only is only for `--write-out=fields`')
    }
    if (valueOnly && session.formatName !== 'simple') {
      throw badArguments('print-value-only is only for `--write-out=simple`')
    }
  }
  const client = await session.client()
  if (!flags.bool('stream')) {
    const response = await client.range(range, { ...options, ...session.timeout })
    checkFormat()
    session.print('get', { response, valueOnly })
    return
  }
  checkFormat()
  const { revision, limit, keysOnly, serializable } = options
  const request = { ...rangeOf(range), revision, limit, keysOnly, serializable }
  for await (const { rangeResponse } of client.stream(KV.rangeStream, request)) {
    if (rangeResponse !== undefined) session.print('get', { response: rangeResponse, valueOnly })
  }
}

const revisionFlag = (name: string, help: string): NonNullable<Command['flags']>[number] => ({
  name,
  kind: 'int',
  value: '0',
  help,
})

export const get: Command = {
  name: 'get',
  summary: 'Gets the key or a range of keys',
  usage: '<key> [range_end]',
  examples: ['get greeting', 'get --prefix config/', "get --from-key '' --limit 10 -w json"],
  flags: [
    { name: 'consistency', kind: 'string', value: 'l', help: 'linearizable (l) or serializable (s)' },
    { name: 'order', kind: 'string', value: '', help: 'ASCEND or DESCEND' },
    { name: 'sort-by', kind: 'string', value: '', help: 'CREATE, KEY, MODIFY, VALUE or VERSION' },
    { name: 'limit', kind: 'int', value: '0', help: 'at most so many pairs' },
    { name: 'prefix', kind: 'bool', value: 'false', help: 'all keys that begin with the given one' },
    { name: 'from-key', kind: 'bool', value: 'false', help: 'all keys from the given one on' },
    revisionFlag('rev', 'as of this revision'),
    { name: 'keys-only', kind: 'bool', value: 'false', help: 'no values' },
    { name: 'count-only', kind: 'bool', value: 'false', help: 'only the number of pairs (with -w fields)' },
    { name: 'print-value-only', kind: 'bool', value: 'false', help: 'no keys (with -w simple)' },
    revisionFlag('min-create-rev', 'created at this revision or later'),
    revisionFlag('max-create-rev', 'created at this revision or before'),
    revisionFlag('min-mod-rev', 'changed at this revision or later'),
    revisionFlag('max-mod-rev', 'changed at this revision or before'),
    { name: 'stream', kind: 'bool', value: 'false', help: 'print the answer in pieces as they come (etcd 3.7)' },
  ],
  run: runGet,
}

export interface DeleteArguments {
  readonly range: Range
  readonly options: DeleteOptions
}

export function deleteArguments(args: readonly string[], flags: Flags): DeleteArguments {
  return { range: rangeArgument(args, flags, 'del'), options: { prevKv: flags.bool('prev-kv') } }
}

/** How long a range without `--range` waits for second thoughts. */
const secondThoughtsMs = 2_000

async function runDelete(session: Session, args: readonly string[], flags: Flags): Promise<void> {
  const { range, options } = deleteArguments(args, flags)
  const [key, end] = args
  if (key !== undefined && end !== undefined && !flags.bool('range')) {
    session.errorLine(
      `Warning: Keys between ${quote(key)} and ${quote(end)} will be deleted. Please interrupt the command within next 2 seconds to cancel. You can provide \`--range\` flag to avoid the delay.`,
    )
    await pause(secondThoughtsMs, session.io.interrupted)
  }
  const response = await (await session.client()).delete(range, { ...options, ...session.timeout })
  session.print('delete', { response })
}

function pause(ms: number, interrupted: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms)
    interrupted.addEventListener('abort', () => {
      clearTimeout(timer)
      reject(new CtlError('interrupted', 'interrupted'))
    })
  })
}

export const del: Command = {
  name: 'del',
  summary: 'Removes the specified key or range of keys [key, range_end)',
  usage: '<key> [range_end]',
  examples: ['del greeting', 'del --prefix config/', 'del --range a z'],
  flags: [
    { name: 'prefix', kind: 'bool', value: 'false', help: 'all keys that begin with the given one' },
    { name: 'prev-kv', kind: 'bool', value: 'false', help: 'print the pairs that were deleted' },
    { name: 'from-key', kind: 'bool', value: 'false', help: 'all keys from the given one on' },
    { name: 'range', kind: 'bool', value: 'false', help: 'delete [key, range_end) without waiting' },
  ],
  run: runDelete,
}

export const compaction: Command = {
  name: 'compaction',
  summary: 'Compacts the event history in etcd',
  usage: '<revision>',
  flags: [{ name: 'physical', kind: 'bool', value: 'false', help: 'wait until the old revisions are gone from disk' }],
  run: async (session, args, flags) => {
    expectCount(args, 1, 'compaction command needs 1 argument')
    const revision = parseInt64(args[0] as string)
    const physical = flags.bool('physical')
    const timeout = physical ? { timeoutMs: Number.POSITIVE_INFINITY } : session.timeout
    await (await session.client()).compact(revision, { physical, ...timeout })
    session.line(`compacted revision ${revision}`)
  },
}
