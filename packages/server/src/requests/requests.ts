import type { Compare, RangeRequest } from '@kvs/mvcc'
import {
  type CompareResult,
  type CompareTarget,
  CompareTarget as On,
  RangeRequestSortOrder as Order,
  CompareResult as Result,
  RangeRequestSortTarget as Target,
  type Compare as WireCompare,
  type RangeRequest as WireRange,
} from '@kvs/proto/rpc'

/** Translates requests of the wire into those of the store. */

const orders = { [Order.NONE]: 'none', [Order.ASCEND]: 'ascend', [Order.DESCEND]: 'descend' } as const
const targets = {
  [Target.KEY]: 'key',
  [Target.VERSION]: 'version',
  [Target.CREATE]: 'create',
  [Target.MOD]: 'mod',
  [Target.VALUE]: 'value',
} as const
const results: Partial<Record<CompareResult, Compare['result']>> = {
  [Result.EQUAL]: 'equal',
  [Result.GREATER]: 'greater',
  [Result.LESS]: 'less',
  [Result.NOT_EQUAL]: 'notEqual',
}

export function storeRange(request: WireRange): RangeRequest {
  return {
    key: request.key,
    rangeEnd: request.rangeEnd,
    limit: request.limit,
    revision: request.revision,
    countOnly: request.countOnly,
    keysOnly: request.keysOnly,
    sortOrder: orders[request.sortOrder],
    sortTarget: targets[request.sortTarget],
    minModRevision: request.minModRevision,
    maxModRevision: request.maxModRevision,
    minCreateRevision: request.minCreateRevision,
    maxCreateRevision: request.maxCreateRevision,
  }
}

const noBytes = new Uint8Array(0)

/**
 * `true` for a condition that holds whatever is stored: an unknown result. An unknown target compares as equal, so what
 * the condition demands decides.
 */
export function storeCompare(compare: WireCompare): Compare | boolean {
  const result = results[compare.result]
  if (result === undefined) return true
  const at = { key: compare.key, rangeEnd: compare.rangeEnd, result }
  switch (compare.target as CompareTarget) {
    case On.VERSION:
      return { ...at, target: 'version', operand: compare.version ?? 0 }
    case On.CREATE:
      return { ...at, target: 'create', operand: compare.createRevision ?? 0 }
    case On.MOD:
      return { ...at, target: 'mod', operand: compare.modRevision ?? 0 }
    case On.LEASE:
      return { ...at, target: 'lease', operand: compare.lease ?? 0n }
    case On.VALUE:
      return { ...at, target: 'value', operand: compare.value ?? noBytes }
    default:
      return result === 'equal'
  }
}
