import { decodeRequest } from '@kvs/proto/etcdserver'
import {
  decodeClusterMemberAttrSetRequest,
  decodeClusterVersionSetRequest,
  decodeDowngradeInfoSetRequest,
} from '@kvs/proto/membership'
import {
  AlarmRequestAlarmAction,
  AlarmType,
  type Compare,
  CompareResult,
  CompareTarget,
  type DeleteRangeRequest,
  decodeAlarmRequest,
  decodeCompactionRequest,
  decodeDeleteRangeRequest,
  decodeLeaseCheckpointRequest,
  decodeLeaseGrantRequest,
  decodeLeaseRevokeRequest,
  decodePutRequest,
  decodeRangeRequest,
  decodeTxnRequest,
  type PutRequest,
  type RangeRequest,
  RangeRequestSortOrder,
  RangeRequestSortTarget,
  type RequestOp,
  type TxnRequest,
} from '@kvs/proto/rpc'
import * as limits from '../limits.ts'
import { OperationField, ParsedEntry } from './entry.ts'

/**
 * Requests as they stand in etcd's log lines: the compact text of Go's protobuf, in which every field is followed by a
 * space and what is zero is left out. Values are never shown, only their sizes.
 */

/** An entry of the log: its header, then its operation. Empty if it is none. */
export function describeEntry(data: Uint8Array): string {
  const entry = new ParsedEntry()
  if (!entry.parse(data)) return ''
  const describe = describers[entry.operation]
  const header = `header:<ID:${requestId(entry)} ${text('username', entry.username)}${number('auth_revision', entry.authRevision)}> `
  return shortened(describe === undefined ? header : header + describe(data, entry.start, entry.end))
}

export function describeRangeRequest(request: RangeRequest): string {
  return shortened(rangeFields(request))
}

export function describeTxnRequest(request: TxnRequest): string {
  return shortened(txnFields(request))
}

/** The request alone, for those whose content etcd shows; undefined for all others. */
export function describeContent(data: Uint8Array): string | undefined {
  const entry = new ParsedEntry()
  if (!entry.parse(data)) return undefined
  const { operation, start, end } = entry
  if (operation === OperationField.put) return shortened(putFields(decodePutRequest(data, start, end)))
  if (operation === OperationField.deleteRange)
    return shortened(deleteFields(decodeDeleteRangeRequest(data, start, end)))
  if (operation === OperationField.txn) return describeTxnRequest(decodeTxnRequest(data, start, end))
  return undefined
}

function requestId({ idPrefix, idSuffix }: ParsedEntry): bigint {
  return (BigInt(idPrefix) << 48n) | BigInt(idSuffix)
}

type Describer = (data: Uint8Array, start: number, end: number) => string

const describers: Readonly<Record<number, Describer>> = {
  [OperationField.v2]: (...at) => {
    const { method, path, val } = decodeRequest(...at)
    return `v2:<${text('method', method)}${text('path', path)}${number('value_size', val.length)}> `
  },
  [OperationField.range]: (...at) => `range:<${rangeFields(decodeRangeRequest(...at))}> `,
  [OperationField.put]: (...at) => `put:<${putFields(decodePutRequest(...at))}>`,
  [OperationField.deleteRange]: (...at) => `delete_range:<${deleteFields(decodeDeleteRangeRequest(...at))}> `,
  [OperationField.txn]: (...at) => `txn:<${txnFields(decodeTxnRequest(...at))}>`,
  [OperationField.compaction]: (...at) => {
    const { revision, physical } = decodeCompactionRequest(...at)
    return `compaction:<${number('revision', revision)}${flag('physical', physical)}> `
  },
  [OperationField.leaseGrant]: (...at) => {
    const { ttl, id } = decodeLeaseGrantRequest(...at)
    return `lease_grant:<ttl:${ttl}-second id:${hex(id)}>`
  },
  [OperationField.leaseRevoke]: (...at) => `lease_revoke:<id:${hex(decodeLeaseRevokeRequest(...at).id)}>`,
  [OperationField.leaseCheckpoint]: (...at) => {
    const { checkpoints } = decodeLeaseCheckpointRequest(...at)
    const all = checkpoints.map(({ id, remainingTtl }) => {
      return `checkpoints:<${number('ID', id)}${number('remaining_TTL', remainingTtl)}> `
    })
    return `lease_checkpoint:<${all.join('')}> `
  },
  [OperationField.alarm]: (...at) => {
    const { action, memberId, alarm } = decodeAlarmRequest(...at)
    const subject = `${number('memberID', memberId)}${name('alarm', AlarmType, alarm)}`
    return `alarm:<${name('action', AlarmRequestAlarmAction, action)}${subject}> `
  },
  [OperationField.clusterVersionSet]: (...at) => {
    return `cluster_version_set:<${text('ver', decodeClusterVersionSetRequest(...at).ver)}> `
  },
  [OperationField.downgradeInfoSet]: (...at) => {
    const { enabled, ver } = decodeDowngradeInfoSetRequest(...at)
    return `downgrade_info_set:<${flag('enabled', enabled)}${text('ver', ver)}> `
  },
  [OperationField.clusterMemberAttrSet]: (...at) => {
    const { memberId, memberAttributes } = decodeClusterMemberAttrSetRequest(...at)
    const { name: memberName = '', clientUrls = [] } = memberAttributes ?? {}
    const attributes = text('name', memberName) + clientUrls.map(url => text('client_urls', url)).join('')
    return `cluster_member_attr_set:<${number('member_ID', memberId)}member_attributes:<${attributes}> > `
  },
}

function rangeFields(request: RangeRequest): string {
  return [
    bytes('key', request.key),
    bytes('range_end', request.rangeEnd),
    number('limit', request.limit),
    number('revision', request.revision),
    name('sort_order', RangeRequestSortOrder, request.sortOrder),
    name('sort_target', RangeRequestSortTarget, request.sortTarget),
    flag('serializable', request.serializable),
    flag('keys_only', request.keysOnly),
    flag('count_only', request.countOnly),
    number('min_mod_revision', request.minModRevision),
    number('max_mod_revision', request.maxModRevision),
    number('min_create_revision', request.minCreateRevision),
    number('max_create_revision', request.maxCreateRevision),
  ].join('')
}

function putFields(request: PutRequest): string {
  const kept = flag('ignore_value', request.ignoreValue) + flag('ignore_lease', request.ignoreLease)
  const size = number('value_size', request.value.length)
  return `${bytes('key', request.key)}${size}${number('lease', request.lease)}${flag('prev_kv', request.prevKv)}${kept}`
}

function deleteFields({ key, rangeEnd, prevKv }: DeleteRangeRequest): string {
  return `${bytes('key', key)}${bytes('range_end', rangeEnd)}${flag('prev_kv', prevKv)}`
}

function txnFields({ compare, success, failure }: TxnRequest): string {
  const operations = (all: readonly RequestOp[]): string => all.map(operationFields).join(' ')
  return `compare:<${compare.map(compareFields).join(' ')}> success:<${operations(success)}> failure:<${operations(failure)}>`
}

function operationFields(op: RequestOp): string {
  if (op.requestRange !== undefined) return `request_range:<${rangeFields(op.requestRange)}> `
  if (op.requestPut !== undefined) return `request_put:<${putFields(op.requestPut)}>`
  if (op.requestDeleteRange !== undefined) return `request_delete_range:<${deleteFields(op.requestDeleteRange)}> `
  return op.requestTxn === undefined ? '' : `request_txn:<${txnFields(op.requestTxn)}>`
}

/** What the target is compared with is shown even if it is zero. */
function compareFields(compare: Compare): string {
  const head = name('result', CompareResult, compare.result) + name('target', CompareTarget, compare.target)
  let operand = ''
  if (compare.version !== undefined) operand = `version:${compare.version} `
  else if (compare.createRevision !== undefined) operand = `create_revision:${compare.createRevision} `
  else if (compare.modRevision !== undefined) operand = `mod_revision:${compare.modRevision} `
  else if (compare.value !== undefined) operand = `value_size:${compare.value.length} `
  else if (compare.lease !== undefined) operand = `lease:${compare.lease} `
  return `${head}${bytes('key', compare.key)}${operand}${bytes('range_end', compare.rangeEnd)}`
}

function number(field: string, value: number | bigint): string {
  return value === 0 || value === 0n ? '' : `${field}:${value} `
}

function flag(field: string, value: boolean): string {
  return value ? `${field}:true ` : ''
}

function name(field: string, names: Readonly<Record<string, number>>, value: number): string {
  if (value === 0) return ''
  return `${field}:${Object.entries(names).find(([, known]) => known === value)?.[0] ?? value} `
}

const encoder = new TextEncoder()

function text(field: string, value: string): string {
  return bytes(field, encoder.encode(value))
}

function bytes(field: string, value: Uint8Array): string {
  return value.length === 0 ? '' : `${field}:"${escaped(value)}" `
}

const escapes: Readonly<Record<number, string>> = { 9: '\\t', 10: '\\n', 13: '\\r', 34: '\\"', 92: '\\\\' }

function escaped(value: Uint8Array): string {
  let shown = ''
  for (const byte of value.subarray(0, limits.describedBytesMax)) {
    const isPrintable = byte >= 0x20 && byte < 0x7f
    shown += escapes[byte] ?? (isPrintable ? String.fromCharCode(byte) : `\\${byte.toString(8).padStart(3, '0')}`)
  }
  return shown
}

function hex(id: bigint): string {
  return BigInt.asUintN(64, id).toString(16).padStart(16, '0')
}

function shortened(whole: string): string {
  return whole.length <= limits.describedBytesMax ? whole : `${whole.slice(0, limits.describedBytesMax)}…`
}
