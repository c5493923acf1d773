import type { KeyValueList } from '@kvs/mvcc'
import type { RangeRequest, TxnRequest } from '@kvs/proto/rpc'
import { formatDuration } from './duration.ts'
import type { Refusal } from './errors.ts'
import * as limits from './limits.ts'
import type { Metrics } from './metrics/metrics.ts'
import type { Clock, Logger } from './parts.ts'
import { describeEntry, describeRangeRequest, describeTxnRequest } from './requests/describe-request.ts'
import { StageTimes } from './stages.ts'

/** What etcd says about entries and reads that took too long, or were refused. */
export class SlowRequests {
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #metrics: Metrics
  readonly #expectedMs: number
  readonly stages: StageTimes
  /** Lines of the present second: describing a request costs more than applying it. */
  #lines = 0
  #secondEndsMs = 0

  constructor(parts: {
    readonly clock: Clock
    readonly logger: Logger
    readonly metrics: Metrics
    readonly expectedMs: number
  }) {
    this.#clock = parts.clock
    this.#logger = parts.logger
    this.#metrics = parts.metrics
    this.#expectedMs = parts.expectedMs
    this.stages = new StageTimes(parts.clock)
  }

  /** An entry was applied. */
  applied(entry: Uint8Array, tookMs: number, refusal: Refusal | undefined): void {
    if (tookMs > this.#expectedMs)
      this.#warn(tookMs, { prefix: '', request: () => describeEntry(entry), response: '' }, refusal)
    if (refusal === undefined || refusal.code === 'COMPACTED' || !this.#mayLog()) return
    this.#logger.warn('failed to apply request', {
      took: formatDuration(tookMs),
      request: describeEntry(entry),
      response: '',
      error: refusal.message,
    })
  }

  /** A range was read, or refused, so long after it came. */
  rangeRead(request: RangeRequest, tookMs: number, result: ReadResult | undefined, refusal: Refusal | undefined): void {
    if (tookMs <= this.#expectedMs) return
    const response =
      result === undefined ? '' : `range_response_count:${result.kvs.length} size:${result.kvs.byteLength}`
    const what = { prefix: 'read-only range ', request: () => describeRangeRequest(request), response }
    this.#warn(tookMs, what, refusal)
  }

  /** A read-only transaction was through; `ranges` has the results of its ranges. */
  txnRead(request: TxnRequest, tookMs: number, ranges: readonly ReadResult[], refusal: Refusal | undefined): void {
    if (tookMs <= this.#expectedMs) return
    const counts = ranges.map(({ kvs }) => `range_response_count:${kvs.length}`)
    const sizeBytes = ranges.reduce((sum, { kvs }) => sum + kvs.byteLength, 0)
    const response = `responses:<${counts.join(' ')}> size:${sizeBytes}`
    const what = { prefix: 'read-only txn ', request: () => describeTxnRequest(request), response }
    this.#warn(tookMs, what, refusal)
  }

  #warn(tookMs: number, { prefix, request, response }: SlowRequest, refusal: Refusal | undefined): void {
    this.#metrics.slowApplies++
    if (!this.#mayLog()) return
    this.#logger.warn('apply request took too long', {
      took: formatDuration(tookMs),
      'expected-duration': formatDuration(this.#expectedMs),
      prefix,
      request: request(),
      response,
      ...(refusal === undefined ? {} : { error: refusal.message }),
    })
  }

  #mayLog(): boolean {
    const nowMs = this.#clock.now()
    if (nowMs >= this.#secondEndsMs) {
      this.#secondEndsMs = nowMs + 1000
      this.#lines = 0
    }
    return ++this.#lines <= limits.requestLinesPerSecondMax
  }
}

interface SlowRequest {
  readonly prefix: string
  readonly request: () => string
  readonly response: string
}

interface ReadResult {
  readonly kvs: Pick<KeyValueList, 'length' | 'byteLength'>
}
