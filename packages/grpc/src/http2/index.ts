/**
 * HTTP/2 (RFC 9113) and HPACK (RFC 7541) as a machine over a byte pipe: no socket, no timer of its own, no promise.
 *
 * The owner of an `Http2Connection` gets header blocks and data as callbacks and sends through the connection. Bytes given to
 * a callback are valid until it returns. What is sent leaves with `flush`: the connection flushes itself at the end of each
 * chunk it reads; at all other times it asks its scheduler.
 */
export {
  type FlushScheduler,
  Http2Connection,
  type Http2ConnectionOptions,
  type Http2Owner,
  type Http2Usage,
  type ResetCause,
} from './connection.ts'
export { Http2Error } from './errors.ts'
export type { FloodBudgets } from './flood-guard.ts'
export { FrameReader, type FrameSink } from './frame-reader.ts'
export { FieldKind, HeaderBlock, type HeaderField, type HeaderPair } from './header-field.ts'
export { HpackDecoder, type HpackDecoderLimits } from './hpack-decoder.ts'
export { HpackEncoder, PreparedBlock } from './hpack-encoder.ts'
export { defaultHttp2Limits, type Http2Limits } from './limits.ts'
export { type MessageHead, type MessageKind, messageHead } from './message-head.ts'
export {
  CLIENT_PREFACE,
  FrameFlag,
  FrameType,
  Http2ErrorCode,
  type Http2ErrorName,
  http2ErrorName,
  SettingId,
} from './protocol.ts'
export { Http2Stream, type SendBlock } from './stream.ts'
export { Alarm, type Timed, Timers } from './timers.ts'
