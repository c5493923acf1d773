import type { RequestOp, TxnRequest } from '@kvs/proto/rpc'

/** What requests may add to the state, in bytes: etcd's estimate, which quota and alarms go by (etcd.md 2.5). */

const putOverheadBytes = 256
export const leaseGrantCostBytes = 64

export function putCostBytes(keyLength: number, valueLength: number): number {
  return putOverheadBytes + keyLength + valueLength
}

/** The dearer branch. 0 for a transaction that can only read and delete. */
export function txnCostBytes(request: TxnRequest): number {
  return Math.max(branchCost(request.success), branchCost(request.failure))
}

function branchCost(ops: readonly RequestOp[]): number {
  let cost = 0
  for (const { requestPut, requestTxn } of ops) {
    if (requestPut !== undefined) cost += putCostBytes(requestPut.key.length, requestPut.value.length)
    else if (requestTxn !== undefined) cost += txnCostBytes(requestTxn)
  }
  return cost
}

/** No request of so many bytes costs more: a put within a transaction takes four bytes at least. */
export function costBytesMax(requestLength: number): number {
  return putOverheadBytes + (1 + putOverheadBytes / 4) * requestLength
}
