import type { ServerCall } from './service.ts'
import { type Metadata, StatusCode } from './status.ts'

/** Plain numbers of calls that are counted together. Counting makes no object and calls nothing. */
export interface CallCounters {
  /** Unary calls whose request was read, streams that were opened. */
  started: number
  messagesReceived: number
  messagesSent: number
  /** Started calls that are over, by status code. */
  readonly ended: number[]
}

/** What a call took. One object serves all calls: read it during the callback. */
export interface CallEnd {
  code: StatusCode
  durationMs: number
  /** Length of a unary call's request; 0 for streams. */
  requestBytes: number
  /** The answer of a unary call, where it lies in `response`; undefined for streams, failures, answers in pieces. */
  response: Uint8Array | undefined
  responseStart: number
  responseEnd: number
}

export interface CallObserver {
  /**
   * Where calls of this method with this metadata are counted. It is asked once for a block of headers, which a client
   * sends again and again, not once per call.
   */
  countersOf(path: string, metadata: Metadata): CallCounters
  /** A started call is over. Each call then costs a look at the clock. */
  ended?(call: ServerCall, end: Readonly<CallEnd>): void
}

const codes = Object.keys(StatusCode).length

export function newCallCounters(): CallCounters {
  return { started: 0, messagesReceived: 0, messagesSent: 0, ended: new Array<number>(codes).fill(0) }
}

/** Where calls are counted that nobody asks about. */
export const uncounted: CallCounters = newCallCounters()
