/**
 * Ids of proposals, in etcd's layout: the low 16 bits of the member's id, then 40 bits of milliseconds, then 8 bits of
 * a counter that spills into the milliseconds. Ids of one member never repeat, across restarts either.
 *
 * Half of it is constant, the other half fits into a safe integer: an id is kept as its 48-bit `suffix`.
 */
export class RequestIds {
  /** The member's part, 16 bits. */
  readonly prefix: number
  #suffix: number

  constructor(memberId: bigint, wallNowMs: number) {
    this.prefix = Number(memberId & 0xffffn)
    this.#suffix = (Math.floor(wallNowMs) % 2 ** 40) * 256
  }

  /** The next suffix. */
  next(): number {
    this.#suffix = (this.#suffix + 1) % 2 ** 48
    return this.#suffix
  }

  /** The whole 64-bit id of a suffix. */
  whole(suffix: number): bigint {
    return (BigInt(this.prefix) << 48n) | BigInt(suffix)
  }

  /** A fresh id with the sign bit cleared: what a lease gets whose client did not choose. */
  nextLeaseId(): bigint {
    return this.whole(this.next()) & 0x7fff_ffff_ffff_ffffn
  }
}
