import {
  type CompareInit,
  CompareResult,
  type CompareResult as CompareResultValue,
  CompareTarget,
  KV,
  type RequestOpInit,
  type TxnRequestInit,
  type TxnResponse,
} from '@kvs/proto/rpc'
import type { Caller, RequestOptions } from './calls.ts'
import { KvsError } from './errors.ts'
import { type Bytes, type Range, rangeOf, toBytes } from './keys.ts'
import {
  type DeleteOptions,
  deleteRequest,
  type PutOptions,
  putRequest,
  type RangeOptions,
  rangeRequest,
} from './operations.ts'

export type CompareOperator = '=' | '!=' | '<' | '>'

const results: Readonly<Record<CompareOperator, CompareResultValue>> = {
  '=': CompareResult.EQUAL,
  '!=': CompareResult.NOT_EQUAL,
  '<': CompareResult.LESS,
  '>': CompareResult.GREATER,
}

/** `compare.version('k', '=', 0)`: what must hold. With a range, it must hold for every key of it. */
export const compare: {
  readonly version: (range: Range, operator: CompareOperator, version: number) => CompareInit
  readonly createRevision: (range: Range, operator: CompareOperator, revision: number) => CompareInit
  readonly modRevision: (range: Range, operator: CompareOperator, revision: number) => CompareInit
  readonly value: (range: Range, operator: CompareOperator, value: Bytes) => CompareInit
  readonly lease: (range: Range, operator: CompareOperator, lease: bigint) => CompareInit
  readonly exists: (key: Bytes) => CompareInit
  readonly missing: (key: Bytes) => CompareInit
} = {
  version: (range, operator, version) => ({ ...base(range, operator), target: CompareTarget.VERSION, version }),
  createRevision: (range, operator, createRevision) => ({
    ...base(range, operator),
    target: CompareTarget.CREATE,
    createRevision,
  }),
  modRevision: (range, operator, modRevision) => ({
    ...base(range, operator),
    target: CompareTarget.MOD,
    modRevision,
  }),
  value: (range, operator, value) => ({
    ...base(range, operator),
    target: CompareTarget.VALUE,
    value: toBytes(value),
  }),
  lease: (range, operator, lease) => ({ ...base(range, operator), target: CompareTarget.LEASE, lease }),
  exists: key => compare.version(key, '>', 0),
  missing: key => compare.version(key, '=', 0),
}

function base(range: Range, operator: CompareOperator): CompareInit {
  return { ...rangeOf(range), result: results[operator] }
}

/** `operation.put('k', 'v')`: one step of a transaction. */
export const operation: {
  readonly get: (range: Range, options?: RangeOptions) => RequestOpInit
  readonly put: (key: Bytes, value: Bytes, options?: PutOptions) => RequestOpInit
  readonly delete: (range: Range, options?: DeleteOptions) => RequestOpInit
  readonly txn: (txn: TxnRequestInit) => RequestOpInit
} = {
  get: (range, options) => ({ requestRange: rangeRequest(range, options) }),
  put: (key, value, options) => ({ requestPut: putRequest(key, value, options) }),
  delete: (range, options) => ({ requestDeleteRange: deleteRequest(range, options) }),
  txn: requestTxn => ({ requestTxn }),
}

/** `client.txn().if(…).then(…).else(…).commit()`. */
export class TxnBuilder {
  readonly #caller: Caller
  #compares: readonly CompareInit[] | undefined
  #success: readonly RequestOpInit[] | undefined
  #failure: readonly RequestOpInit[] | undefined

  constructor(caller: Caller) {
    this.#caller = caller
  }

  /** All must hold, else the operations of `else` are done. */
  if(...compares: readonly CompareInit[]): this {
    once(this.#compares, 'if')
    this.#compares = compares
    return this
  }

  // biome-ignore lint/suspicious/noThenProperty: the word of every etcd client; it takes operations, so `await` on the builder is a type error.
  then(...operations: readonly RequestOpInit[]): this {
    once(this.#success, 'then')
    this.#success = operations
    return this
  }

  else(...operations: readonly RequestOpInit[]): this {
    once(this.#failure, 'else')
    this.#failure = operations
    return this
  }

  /** The message, for a transaction inside another. */
  request(): TxnRequestInit {
    return { compare: this.#compares, success: this.#success, failure: this.#failure }
  }

  /** Repeated only if no server can have begun to process it. */
  commit(options?: RequestOptions): Promise<TxnResponse> {
    return this.#caller.unary(KV.txn, this.request(), options)
  }
}

function once(part: unknown, name: string): void {
  if (part !== undefined) throw new KvsError('INVALID_ARGUMENT', `${name}() may be called once per transaction`)
}
