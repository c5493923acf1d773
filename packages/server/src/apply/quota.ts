import { decodeTxnRequest } from '@kvs/proto/rpc'
import type { Waiter } from '../consensus/waiting.ts'
import { Refusal } from '../errors.ts'
import { costBytesMax, leaseGrantCostBytes, putCostBytes, txnCostBytes } from '../requests/cost.ts'
import { OperationField, type ParsedEntry } from '../requests/entry.ts'
import { PutFields } from '../requests/put-fields.ts'
import type { Quota } from '../state/quota.ts'

const fields = new PutFields()

/** Whether an entry goes beyond this member's quota. Few entries are looked into: the bound is nearly always enough. */
export function isOverQuota(quota: Quota, data: Uint8Array, entry: ParsedEntry): boolean {
  const { operation, start, end } = entry
  if (operation === OperationField.put) {
    if (quota.admits(costBytesMax(end - start)) || !fields.parse(data, start, end)) return false
    return !quota.admits(putCostBytes(fields.keyEnd - fields.keyStart, fields.valueEnd - fields.valueStart))
  }
  if (operation === OperationField.leaseGrant) return !quota.admits(leaseGrantCostBytes)
  if (operation !== OperationField.txn || quota.admits(costBytesMax(end - start))) return false
  return !quota.admits(txnCostBytes(decodeTxnRequest(data, start, end)))
}

/**
 * Waits in the place of whoever waits for an entry beyond the quota, if anybody does. The entry is carried out like any
 * other, for apply must not depend on the size of a file; only the answer says that there is no space, once the alarm
 * is raised.
 */
export class OverQuota implements Waiter {
  readonly #quota: Quota
  readonly #waiter: Waiter | undefined

  constructor(quota: Quota, waiter: Waiter | undefined) {
    this.#quota = quota
    this.#waiter = waiter
  }

  applied(): void {
    this.#quota.raiseAlarm(() => this.#waiter?.refused(Refusal.of('NO_SPACE')))
  }

  refused(refusal: Refusal): void {
    this.#waiter?.refused(refusal)
  }
}
