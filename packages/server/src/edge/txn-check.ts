import type { DeleteRangeRequest, PutRequest, RangeRequest, RequestOp, TxnRequest } from '@kvs/proto/rpc'
import { Refusal } from '../errors.ts'

/** Checks of key-value requests before they are proposed (etcd.md 1.4). Each returns the refusal, or undefined. */

export function checkRangeRequest(request: RangeRequest): Refusal | undefined {
  if (request.key.length === 0) return Refusal.of('EMPTY_KEY')
  if ((request.sortOrder as number) > 2 || (request.sortOrder as number) < 0) return Refusal.of('INVALID_SORT_OPTION')
  if ((request.sortTarget as number) > 4 || (request.sortTarget as number) < 0) return Refusal.of('INVALID_SORT_OPTION')
  return undefined
}

export function checkPutRequest(request: PutRequest): Refusal | undefined {
  if (request.key.length === 0) return Refusal.of('EMPTY_KEY')
  if (request.ignoreValue && request.value.length > 0) return Refusal.of('VALUE_PROVIDED')
  if (request.ignoreLease && request.lease !== 0n) return Refusal.of('LEASE_PROVIDED')
  return undefined
}

export function checkDeleteRequest(request: DeleteRangeRequest): Refusal | undefined {
  return request.key.length === 0 ? Refusal.of('EMPTY_KEY') : undefined
}

export function checkTxnRequest(request: TxnRequest, opsMax: number): Refusal | undefined {
  return checkOps(request, opsMax) ?? checkBranch(request.success).refusal ?? checkBranch(request.failure).refusal
}

function checkOps(request: TxnRequest, opsMax: number): Refusal | undefined {
  const most = Math.max(request.compare.length, request.success.length, request.failure.length)
  if (most > opsMax) return Refusal.of('TOO_MANY_OPS')
  if (request.compare.some(compare => compare.key.length === 0)) return Refusal.of('EMPTY_KEY')
  for (const op of [...request.success, ...request.failure]) {
    const refusal = checkOp(op, opsMax - most)
    if (refusal !== undefined) return refusal
  }
  return undefined
}

function checkOp(op: RequestOp, opsLeft: number): Refusal | undefined {
  if (op.requestRange !== undefined) return checkRangeRequest(op.requestRange)
  if (op.requestPut !== undefined) return checkPutRequest(op.requestPut)
  if (op.requestDeleteRange !== undefined) return checkDeleteRequest(op.requestDeleteRange)
  if (op.requestTxn !== undefined) return checkOps(op.requestTxn, opsLeft)
  return Refusal.of('KEY_NOT_FOUND')
}

/** What one branch puts and deletes, with the duplicate rule of etcd: both its holes are visible to clients. */
interface BranchWrites {
  readonly puts: Set<string>
  readonly deletes: KeyInterval[]
  readonly refusal?: Refusal
}

interface KeyInterval {
  readonly from: string
  /** Undefined: the single key `from`. */
  readonly to: string | undefined
}

function checkBranch(ops: readonly RequestOp[]): BranchWrites {
  const deletes = ops.flatMap(op => (op.requestDeleteRange === undefined ? [] : [intervalOf(op.requestDeleteRange)]))
  const puts = new Set<string>()
  const duplicate = { puts, deletes, refusal: Refusal.of('DUPLICATE_KEY') }
  for (const { requestTxn } of ops) {
    if (requestTxn === undefined) continue
    const branches = [checkBranch(requestTxn.success), checkBranch(requestTxn.failure)]
    const nestedPuts = new Set<string>()
    for (const branch of branches) {
      if (branch.refusal !== undefined) return { puts, deletes, refusal: branch.refusal }
      for (const key of branch.puts) {
        if (puts.has(key) || covered(key, deletes)) return duplicate
        nestedPuts.add(key)
      }
    }
    for (const key of nestedPuts) puts.add(key)
    for (const branch of branches) deletes.push(...branch.deletes)
  }
  for (const { requestPut } of ops) {
    if (requestPut === undefined) continue
    const key = keyText(requestPut.key)
    if (puts.has(key) || covered(key, deletes)) return duplicate
    puts.add(key)
  }
  return { puts, deletes }
}

function intervalOf(request: DeleteRangeRequest): KeyInterval {
  const to = request.rangeEnd.length === 0 ? undefined : keyText(request.rangeEnd)
  return { from: keyText(request.key), to }
}

/** The end is taken literally: `"\0"` gives an empty interval. */
function covered(key: string, deletes: readonly KeyInterval[]): boolean {
  return deletes.some(({ from, to }) => (to === undefined ? key === from : key >= from && key < to))
}

/** Bytes as a string of the same order. */
function keyText(key: Uint8Array): string {
  let text = ''
  for (let i = 0; i < key.length; i += 4096) text += String.fromCharCode(...key.subarray(i, i + 4096))
  return text
}
