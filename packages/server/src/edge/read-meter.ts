import type { UnaryCall } from '@kvs/grpc'
import type { RangeResult } from '@kvs/mvcc'
import type { RangeRequest, TxnRequest } from '@kvs/proto/rpc'
import type { OpOutcome } from '../apply/outcome.ts'
import type { Refusal } from '../errors.ts'
import type { Member } from './member.ts'

/** Measures one range from when it is read, and keeps its request for what is said about slow calls. */
export class RangeMeter {
  readonly member: Member
  readonly call: UnaryCall
  readonly request: RangeRequest
  /** Keys in the range, once they are known. */
  count = 0
  /** When what a wide range asks for was read; 0: that took no time of its own. */
  readMs = 0
  readonly startMs: number

  constructor(member: Member, call: UnaryCall, request: RangeRequest) {
    this.member = member
    this.call = call
    this.request = request
    this.startMs = member.clock.now()
    call.context = this
  }

  ended(result: RangeResult | undefined, refusal: Refusal | undefined): void {
    const { member, call, request } = this
    const { metrics } = member.state
    const nowMs = member.clock.now()
    const isSuccess = refusal === undefined
    metrics.rangeReads.observe(isSuccess, (nowMs - this.startMs) / 1000)
    metrics.rangeRequests.observe(isSuccess, (nowMs - call.openedMs) / 1000)
    member.slow.rangeRead(request, nowMs - call.openedMs, result, refusal)
  }
}

/** A read-only transaction is through. */
export function txnReadEnded(
  member: Member,
  call: UnaryCall,
  txn: { readonly request: TxnRequest; readonly ops: readonly OpOutcome[]; readonly refusal: Refusal | undefined },
): void {
  const { request, ops, refusal } = txn
  const { metrics } = member.state
  const tookMs = member.clock.now() - call.openedMs
  metrics.txnReadRequests.observe(refusal === undefined, tookMs / 1000)
  if (ops.length + request.compare.length > 1) metrics.txnReads++
  const results = ops.flatMap(op => (op.kind === 'range' ? [op.result] : []))
  member.slow.txnRead(request, tookMs, results, refusal)
}
