import type { ServerCall } from '@kvs/grpc'
import {
  decodeCompactionRequest,
  decodeDeleteRangeRequest,
  decodeLeaseGrantRequest,
  decodeLeaseRevokeRequest,
  decodePutRequest,
  decodeTxnRequest,
  type RangeRequest,
  type RequestOp,
  type TxnRequest,
} from '@kvs/proto/rpc'
import { WaitingCall } from '../edge/answer.ts'
import { RangeMeter } from '../edge/read-meter.ts'
import { OperationField, ParsedEntry } from '../requests/entry.ts'
import type { SpanAttributes } from './span.ts'

/** What a call did to the store. */
interface Operation {
  readonly name: string
  readonly attributes: SpanAttributes
}

type Describe = (data: Uint8Array, start: number, end: number) => Operation

/** Values are never shown, and of keys so much. */
const keyBytesShown = 256

const shown = (key: Uint8Array): string => Buffer.from(key.subarray(0, keyBytesShown)).toString()

const describers: Partial<Record<number, Describe>> = {
  [OperationField.put]: (data, start, end) => ({
    name: 'put',
    attributes: { key: shown(decodePutRequest(data, start, end).key) },
  }),
  [OperationField.deleteRange]: (data, start, end) => {
    const { key, rangeEnd } = decodeDeleteRangeRequest(data, start, end)
    return { name: 'delete_range', attributes: { range_begin: shown(key), range_end: shown(rangeEnd) } }
  },
  [OperationField.txn]: (data, start, end) => ({
    name: 'txn',
    attributes: txnAttributes(decodeTxnRequest(data, start, end)),
  }),
  [OperationField.compaction]: (data, start, end) => {
    const { revision, physical } = decodeCompactionRequest(data, start, end)
    return { name: 'compact', attributes: { rev: revision, is_physical: physical } }
  },
  [OperationField.leaseGrant]: (data, start, end) => {
    const { id, ttl } = decodeLeaseGrantRequest(data, start, end)
    return { name: 'lease_grant', attributes: { id: id.toString(16), ttl } }
  },
  [OperationField.leaseRevoke]: (data, start, end) => ({
    name: 'lease_revoke',
    attributes: { id: decodeLeaseRevokeRequest(data, start, end).id.toString(16) },
  }),
}

/** Read of what the handler keeps with the call; undefined where it keeps nothing. */
export function operationOf({ context }: ServerCall): Operation | undefined {
  if (context instanceof RangeMeter) return { name: 'range', attributes: rangeAttributes(context.request) }
  if (!(context instanceof WaitingCall) || context.entry === undefined) return undefined
  const entry = new ParsedEntry()
  if (!entry.parse(context.entry)) return undefined
  return describers[entry.operation]?.(context.entry, entry.start, entry.end)
}

function rangeAttributes(request: RangeRequest): SpanAttributes {
  return {
    range_begin: shown(request.key),
    range_end: shown(request.rangeEnd),
    rev: request.revision,
    limit: request.limit,
    count_only: request.countOnly,
    keys_only: request.keysOnly,
  }
}

function txnAttributes({ compare, success, failure }: TxnRequest): SpanAttributes {
  const [first] = success
  const all = [...success, ...failure]
  return {
    compare_first_key: shown(compare[0]?.key ?? new Uint8Array(0)),
    compare_len: compare.length,
    ...(first === undefined ? {} : firstAttributes(first)),
    success_len: success.length,
    failure_len: failure.length,
    read_only: all.every(({ requestRange }) => requestRange !== undefined),
  }
}

function firstAttributes({ requestPut, requestRange, requestDeleteRange, requestTxn }: RequestOp): SpanAttributes {
  if (requestPut !== undefined) {
    const { key, lease } = requestPut
    return { success_first_type: 'put', success_first_key: shown(key), success_first_lease: lease.toString(16) }
  }
  if (requestRange !== undefined) return { success_first_type: 'range', success_first_key: shown(requestRange.key) }
  if (requestDeleteRange !== undefined) {
    return { success_first_type: 'delete_range', success_first_key: shown(requestDeleteRange.key) }
  }
  return requestTxn === undefined ? {} : { success_first_type: 'txn' }
}
