import type { MethodHandler, UnaryCall, UnaryMethod } from '@kvs/grpc'
import { type RangeCursor, recyclePiece } from '@kvs/mvcc'
import { Writer } from '@kvs/proto'
import {
  KV,
  RangeRequestSortOrder as Order,
  type RangeRequest,
  RangeRequestSortTarget as Target,
  type TxnRequest,
  writeCompactionResponse,
} from '@kvs/proto/rpc'
import { refusalOf } from '../apply/kv.ts'
import type { DeleteOutcome, OpOutcome, PutOutcome, RevisionOutcome, TxnOutcome } from '../apply/outcome.ts'
import { atOnce, SliceBudget } from '../apply/slices.ts'
import { checkPlan, isReadOnly, isSerializable, planTxn, readPlan, type TxnPlan } from '../apply/txn.ts'
import { Refusal } from '../errors.ts'
import * as limits from '../limits.ts'
import { putCostBytes, txnCostBytes } from '../requests/cost.ts'
import { OperationField } from '../requests/entry.ts'
import { PutFields } from '../requests/put-fields.ts'
import { storeRange } from '../requests/requests.ts'
import { decodeOrFail, failMalformed, refuse, replyMessage, WaitingCall } from './answer.ts'
import { asCaller, type Caller, proposeAs, refusalOf as refusalOfVerdict } from './caller.ts'
import { notedCaller } from './guard.ts'
import {
  deletePieces,
  encodePut,
  encodeRange,
  pairBytesOf,
  rangePieces,
  txnPieces,
  writeDelete,
  writeTxn,
} from './kv-encode.ts'
import type { Member } from './member.ts'
import { refuseOverQuota } from './quota.ts'
import { RangeMeter, txnReadEnded } from './read-meter.ts'
import { checkDeleteRequest, checkRangeRequest, checkTxnRequest } from './txn-check.ts'

/** The KV service: Range, Put, DeleteRange, Txn, Compact. */
export function kvMethods(member: Member): Map<string, MethodHandler> {
  const unary = (handle: UnaryMethod['handle']): UnaryMethod => ({ kind: 'unary', handle })
  return new Map<string, MethodHandler>([
    [KV.put.path, unary((call, body, start, end) => put(member, call, body, start, end))],
    [KV.range.path, unary((call, body, start, end) => range(member, call, body, start, end))],
    [KV.deleteRange.path, unary((call, body, start, end) => deleteRange(member, call, body, start, end))],
    [KV.txn.path, unary((call, body, start, end) => txn(member, call, body, start, end))],
    [KV.compact.path, unary((call, body, start, end) => compact(member, call, body, start, end))],
  ])
}

const fields = new PutFields()

function put(member: Member, call: UnaryCall, body: Uint8Array, start: number, end: number): void {
  if (!fields.parse(body, start, end)) return failMalformed(call, new Error('proto: PutRequest is malformed'))
  const cost = putCostBytes(fields.keyEnd - fields.keyStart, fields.valueEnd - fields.valueStart)
  if (!member.quota.admits(cost)) return refuseOverQuota(member, call)
  if (fields.keyEnd === fields.keyStart) return refuse(call, Refusal.of('EMPTY_KEY'))
  if (fields.ignoreValue && fields.hasValue) return refuse(call, Refusal.of('VALUE_PROVIDED'))
  if (fields.ignoreLease && fields.hasLease) return refuse(call, Refusal.of('LEASE_PROVIDED'))
  proposeAs(member, call, OperationField.put, answerPut, body, start, end)
}

function answerPut(call: UnaryCall, outcome: PutOutcome, member: Member): void {
  const { bytes, end } = encodePut(member, outcome)
  call.reply(bytes, 0, end)
}

function range(member: Member, call: UnaryCall, body: Uint8Array, start: number, end: number): void {
  const decoded = decodeOrFail(call, KV.range, body, start, end)
  if (decoded === undefined) return
  const refusal = checkRangeRequest(decoded)
  if (refusal !== undefined) return refuse(call, refusal)
  if (decoded.serializable || member.readsAtOnce) return readRange(member, call, decoded)
  const kept = keepKeys(decoded)
  member.readLinearizable({
    applied: () => readRange(member, call, kept),
    refused: refused => {
      new RangeMeter(member, call, kept).ended(undefined, refused)
      refuse(call, refused)
    },
  })
}

/** The request with keys of its own: those that were decoded lie in bytes that are gone once the handler returns. */
function keepKeys(request: RangeRequest): RangeRequest {
  return { ...request, key: request.key.slice(), rangeEnd: request.rangeEnd.slice() }
}

/** Who asks is found out when the state is recent enough; without a leader, nobody is told what he may not do. */
function readRange(member: Member, call: UnaryCall, request: RangeRequest): void {
  const { auth } = member.state
  if (!auth.isEnabled) return readRangeAs(member, call, request, undefined)
  const kept = keepKeys(request)
  asCaller(member, call, caller => {
    const refusal = refusalOfVerdict(auth.access.checkRange(caller, kept))
    if (refusal === undefined) return readRangeAs(member, call, kept, caller)
    refuse(call, refusal)
    new RangeMeter(member, call, kept).ended(undefined, refusal)
  })
}

function readRangeAs(member: Member, call: UnaryCall, request: RangeRequest, caller: Caller): void {
  const { store, background } = member.state
  const isSmall = !isWide(request)
  const kept = isSmall ? request : keepKeys(request)
  const meter = new RangeMeter(member, call, kept)
  try {
    if (isSmall) {
      const result = store.range(storeRange(kept))
      const { bytes, end } = encodeRange(member, store.revision, result)
      meter.count = result.count
      call.reply(bytes, 0, end)
      return meter.ended(result, undefined)
    }
    const cursor = store.openRange(storeRange(kept))
    background.beginSlice()
    if (stepRange(meter, cursor, caller)) return
    background.add(() => {
      if (!call.ended) return stepRange(meter, cursor, caller)
      cursor.close()
      return true
    })
  } catch (error) {
    const refusal = refusalOf(error)
    refuse(call, refusal)
    meter.ended(undefined, refusal)
  }
}

/** Ranges that ask for at most so many keys are read in one go. */
const smallRange = 1000
const rangeBudget = { records: limits.sliceRangeRecords, bytes: limits.sliceRangeBytes }

/** Whether it may look at more keys: what is sorted or filtered is read whole before it is cut. */
function isWide(request: RangeRequest): boolean {
  if (request.rangeEnd.length === 0) return false
  if (request.countOnly) return true
  if (request.limit <= 0 || request.limit > smallRange) return true
  const { minModRevision, maxModRevision, minCreateRevision, maxCreateRevision } = request
  const isFiltered = minModRevision || maxModRevision || minCreateRevision || maxCreateRevision
  return request.sortOrder !== Order.NONE || request.sortTarget !== Target.KEY || Boolean(isFiltered)
}

/** One slice of a wide range; answers with the last one. */
function stepRange(meter: RangeMeter, cursor: RangeCursor, caller: Caller): boolean {
  const { member, call } = meter
  if (!cursor.step({ ...rangeBudget, isDue: member.state.background.isDue })) return false
  const changed = refusalOfVerdict(member.state.auth.access.checkUnchanged(caller))
  if (changed !== undefined) {
    refuse(call, changed)
    cursor.close()
    meter.ended(undefined, changed)
    return true
  }
  const result = cursor.result()
  const { revision } = member.state.store
  meter.count = result.count
  meter.readMs = member.clock.now()
  if (result.kvs.byteLength > limits.answerBytesAtOnce)
    call.replyPieces(rangePieces(member, revision, result), recyclePiece)
  else {
    const { bytes, end } = encodeRange(member, revision, result)
    call.reply(bytes, 0, end)
    result.kvs.release()
  }
  cursor.close()
  meter.ended(result, undefined)
  return true
}

function deleteRange(member: Member, call: UnaryCall, body: Uint8Array, start: number, end: number): void {
  const request = decodeOrFail(call, KV.deleteRange, body, start, end)
  if (request === undefined) return
  const refusal = checkDeleteRequest(request)
  if (refusal !== undefined) return refuse(call, refusal)
  proposeAs(member, call, OperationField.deleteRange, answerDelete, body, start, end)
}

const writer = new Writer()

function answerDelete(call: UnaryCall, outcome: DeleteOutcome, member: Member): void {
  if (outcome.previous.byteLength > limits.answerBytesAtOnce) {
    return call.replyPieces([headPiece(member, outcome.revision), ...deletePieces(writer, outcome)])
  }
  startAnswer(member, outcome.revision)
  writeDelete(writer, outcome)
  call.reply(writer.buf, 0, writer.pos)
}

function answerTxn(call: UnaryCall, outcome: TxnOutcome, member: Member): void {
  if (pairBytesOf(outcome.ops) > limits.answerBytesAtOnce) {
    return call.replyPieces([headPiece(member, outcome.revision), ...txnPieces(writer, outcome)])
  }
  startAnswer(member, outcome.revision)
  writeTxn(writer, outcome)
  call.reply(writer.buf, 0, writer.pos)
}

const head = new Uint8Array(64)

function startAnswer(member: Member, revision: number): void {
  writer.pos = 0
  writer.raw(head.subarray(0, member.header.write(head, 0, revision, member.term)))
}

function headPiece(member: Member, revision: number): Uint8Array {
  return head.slice(0, member.header.write(head, 0, revision, member.term))
}

function txn(member: Member, call: UnaryCall, body: Uint8Array, start: number, end: number): void {
  const request = decodeOrFail(call, KV.txn, body, start, end)
  if (request === undefined) return
  if (!member.quota.admits(txnCostBytes(request))) return refuseOverQuota(member, call)
  const refusal = checkTxnRequest(request, member.options.maxTxnOps)
  if (refusal !== undefined) return refuse(call, refusal)
  if (!isReadOnly(request)) return proposeAs(member, call, OperationField.txn, answerTxn, body, start, end)
  const readsAtOnce = isSerializable(request) || member.readsAtOnce
  if (readsAtOnce && !hasRanges(request)) return readTxn(member, call, request)
  // The bytes are gone once the handler returns: what waits is decoded from a copy.
  const kept = KV.txn.decodeRequest(body.slice(start, end))
  if (readsAtOnce) return readTxn(member, call, kept)
  member.readLinearizable({
    applied: () => readTxn(member, call, kept),
    refused: refused => refuse(call, refused),
  })
}

function readTxn(member: Member, call: UnaryCall, request: TxnRequest): void {
  const { auth } = member.state
  if (!auth.isEnabled) return readPermittedTxn(member, call, request, undefined)
  const kept = KV.txn.decodeRequest(KV.txn.encodeRequest(request))
  asCaller(member, call, caller => {
    const refusal = refusalOfVerdict(auth.access.checkTxn(caller, kept))
    if (refusal === undefined) return readPermittedTxn(member, call, kept, caller)
    refuse(call, refusal)
    txnReadEnded(member, call, { request: kept, ops: [], refusal })
  })
}

function readPermittedTxn(member: Member, call: UnaryCall, request: TxnRequest, caller: Caller): void {
  const { store, lessor, background, auth } = member.state
  // Everything is of one revision: conditions are decided in one go, and the ranges are opened in the same turn.
  const plan = atOnce(planTxn(store, request, new SliceBudget()))
  const refuseRead = (refusal: Refusal): void => {
    refuse(call, refusal)
    txnReadEnded(member, call, { request, ops: [], refusal })
  }
  const refusal = checkPlan(plan, store, lessor)
  if (refusal !== undefined) return refuseRead(refusal)
  background.beginSlice()
  const reads = readPlan(plan, store, background.isDue)
  const step = (): boolean => {
    const next = call.ended ? reads.return([]) : reads.next()
    if (next.done !== true) return false
    const changed = refusalOfVerdict(auth.access.checkUnchanged(caller))
    if (changed !== undefined) refuseRead(changed)
    else if (!call.ended) answerRead(member, call, { request, plan, ops: next.value })
    return true
  }
  if (!step()) background.add(step)
}

/** Whether it may take more than a turn: then it is read from a copy, for the bytes it came in are gone by then. */
function hasRanges({ success, failure }: TxnRequest): boolean {
  return [...success, ...failure].some(op => (op.requestRange?.rangeEnd.length ?? 0) > 0)
}

function answerRead(
  member: Member,
  call: UnaryCall,
  read: { readonly request: TxnRequest; readonly plan: TxnPlan; readonly ops: OpOutcome[] },
): void {
  const { request, plan, ops } = read
  answerTxn(call, { revision: member.state.store.revision, succeeded: plan.succeeded, ops }, member)
  txnReadEnded(member, call, { request, ops, refusal: undefined })
}

function compact(member: Member, call: UnaryCall, body: Uint8Array, start: number, end: number): void {
  if (decodeOrFail(call, KV.compact, body, start, end) === undefined) return
  const waiter = new WaitingCall<RevisionOutcome>(call, member, answerCompact, notedCaller(call))
  member.propose(OperationField.compaction, body, start, end, waiter)
}

function answerCompact(call: UnaryCall, { revision }: RevisionOutcome, member: Member): void {
  replyMessage(call, writeCompactionResponse, { header: member.messageHeader(revision) })
}
