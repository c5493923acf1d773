/** Requests in the words of the client, as the messages they become. Calls and transactions share them. */
import {
  type DeleteRangeRequestInit,
  type PutRequestInit,
  type RangeRequestInit,
  RangeRequestSortOrder,
  RangeRequestSortTarget,
} from '@kvs/proto/rpc'
import { type Bytes, type Range, rangeOf, toBytes } from './keys.ts'

export interface ReadOptions {
  /** Reads as of this revision; absent: the newest. */
  readonly revision?: number | undefined
  /** Answered by any member from what it has, which may be old. */
  readonly serializable?: boolean | undefined
  readonly keysOnly?: boolean | undefined
}

export interface RangeOptions extends ReadOptions {
  /** At most so many pairs; `more` tells whether there are others. */
  readonly limit?: number | undefined
  readonly countOnly?: boolean | undefined
  readonly order?: 'ascend' | 'descend' | undefined
  readonly sortBy?: 'key' | 'version' | 'create' | 'mod' | 'value' | undefined
  readonly minModRevision?: number | undefined
  readonly maxModRevision?: number | undefined
  readonly minCreateRevision?: number | undefined
  readonly maxCreateRevision?: number | undefined
}

export interface PutOptions {
  /** The key is deleted when this lease ends. */
  readonly lease?: bigint | undefined
  /** The answer has the pair as it was before. */
  readonly prevKv?: boolean | undefined
  /** Keeps the value (which must then be empty) or the lease as it is. */
  readonly ignoreValue?: boolean | undefined
  readonly ignoreLease?: boolean | undefined
}

export interface DeleteOptions {
  readonly prevKv?: boolean | undefined
}

const sortOrders = { ascend: RangeRequestSortOrder.ASCEND, descend: RangeRequestSortOrder.DESCEND } as const
const sortTargets = {
  key: RangeRequestSortTarget.KEY,
  version: RangeRequestSortTarget.VERSION,
  create: RangeRequestSortTarget.CREATE,
  mod: RangeRequestSortTarget.MOD,
  value: RangeRequestSortTarget.VALUE,
} as const

export function rangeRequest(range: Range, options: RangeOptions = {}): RangeRequestInit {
  const { order, sortBy, ...rest } = options
  return {
    ...rest,
    ...rangeOf(range),
    sortOrder: order === undefined ? undefined : sortOrders[order],
    sortTarget: sortBy === undefined ? undefined : sortTargets[sortBy],
  }
}

export function putRequest(key: Bytes, value: Bytes, options: PutOptions = {}): PutRequestInit {
  const { lease, prevKv, ignoreValue, ignoreLease } = options
  return { key: toBytes(key), value: toBytes(value), lease, prevKv, ignoreValue, ignoreLease }
}

export function deleteRequest(range: Range, options: DeleteOptions = {}): DeleteRangeRequestInit {
  return { ...rangeOf(range), prevKv: options.prevKv }
}
