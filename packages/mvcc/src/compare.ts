/** Conditions of transactions, evaluated against the newest state. */

import { compareBytes } from './bytes.ts'
import type { Compare, Cursor, StepBudget } from './contract.ts'
import { MvccError } from './errors.ts'
import { intervalOf, isSingleKey, KeyWalk } from './index/key-walk.ts'
import { recordsPerLook } from './limits.ts'
import type { Reader } from './reader.ts'

export class CompareRead implements Cursor<boolean> {
  private readonly reader: Reader
  private readonly compare: Compare
  private readonly revision: number
  private readonly walk: KeyWalk | undefined
  private found = false
  private holds: boolean | undefined

  constructor(reader: Reader, compare: Compare, revision: number) {
    this.reader = reader
    this.compare = compare
    this.revision = revision
    const interval = isSingleKey(compare) ? undefined : intervalOf(compare)
    if (interval !== undefined) this.walk = new KeyWalk(reader.index, interval)
  }

  step(budget: StepBudget = {}): boolean {
    if (this.holds !== undefined) return true
    const { index, limits } = this.reader
    if (this.walk === undefined) {
      if (isSingleKey(this.compare)) this.visit(index.lookup(this.compare.key, 0, this.compare.key.length))
    } else if (!this.walkSome(this.walk, budget.records ?? limits.sliceRecords, budget.isDue)) return false
    this.holds ??= this.found || this.missingHolds()
    return true
  }

  private walkSome(walk: KeyWalk, records: number, isDue: StepBudget['isDue']): boolean {
    walk.resume()
    for (let left = records; left > 0; left--) {
      const handle = walk.next()
      if (handle === 0) return true
      this.visit(handle)
      if (this.holds === false) return true
      if (left % recordsPerLook === 1 && isDue?.() === true) break
    }
    walk.park()
    return false
  }

  private visit(handle: number): void {
    if (handle === 0 || !this.reader.index.isLiveAt(handle, this.revision)) return
    this.found = true
    if (!ordered(this.order(handle), this.compare.result)) this.holds = false
  }

  /** Sign of (the pair's) − (the operand). */
  private order(handle: number): number {
    const { reader, compare } = this
    const { index } = reader
    if (compare.target === 'value') {
      const view = reader.read(handle)
      return compareBytes(view.bytes.subarray(view.valueStart, view.valueEnd), compare.operand)
    }
    if (compare.target === 'lease') return orderLeases(reader.read(handle).lease, compare.operand)
    if (compare.target === 'mod') return index.main - compare.operand
    const inEntry = index.isNewest
    if (compare.target === 'create') {
      return (inEntry ? index.createRevision(handle) : reader.read(handle).createRevision) - compare.operand
    }
    return (inEntry ? index.version(handle) : reader.read(handle).version) - compare.operand
  }

  private missingHolds(): boolean {
    const { compare } = this
    // There is no way to say "no value", so nothing is equal, less or different.
    if (compare.target === 'value') return false
    const order = compare.target === 'lease' ? orderLeases(0n, compare.operand) : 0 - compare.operand
    return ordered(order, compare.result)
  }

  result(): boolean {
    if (this.holds === undefined) throw new MvccError('MISUSE', 'a comparison was asked for its result before its end')
    return this.holds
  }

  close(): void {
    this.holds ??= false
  }
}

function orderLeases(left: bigint, right: bigint): number {
  return left < right ? -1 : Number(left > right)
}

function ordered(order: number, result: Compare['result']): boolean {
  if (result === 'equal') return order === 0
  if (result === 'notEqual') return order !== 0
  return result === 'greater' ? order > 0 : order < 0
}
