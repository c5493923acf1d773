/**
 * `NOT_FOUND` no such lease · `EXISTS` the id is taken · `TTL_TOO_LARGE` above `ttlSecondsMax` · `NOT_PRIMARY` only the
 * primary lessor can do this.
 */
export type LeaseErrorCode = 'NOT_FOUND' | 'EXISTS' | 'TTL_TOO_LARGE' | 'NOT_PRIMARY'

export class LeaseError extends Error {
  override readonly name: string = 'LeaseError'
  readonly code: LeaseErrorCode
  readonly leaseId: bigint

  constructor(code: LeaseErrorCode, leaseId: bigint, message: string) {
    super(`lease ${formatLeaseId(leaseId)}: ${message}`)
    this.code = code
    this.leaseId = leaseId
  }
}

/** Ids are shown as etcd shows them: 16 hexadecimal digits of the 64-bit number. */
export function formatLeaseId(leaseId: bigint): string {
  return BigInt.asUintN(64, leaseId).toString(16).padStart(16, '0')
}
