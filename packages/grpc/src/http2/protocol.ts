/** Names of RFC 9113: frame types and flags (6), error codes (7), settings (6.5.2). */
export const FrameType = {
  DATA: 0,
  HEADERS: 1,
  PRIORITY: 2,
  RST_STREAM: 3,
  SETTINGS: 4,
  PUSH_PROMISE: 5,
  PING: 6,
  GOAWAY: 7,
  WINDOW_UPDATE: 8,
  CONTINUATION: 9,
} as const
export type FrameType = (typeof FrameType)[keyof typeof FrameType]

export const FrameFlag = {
  /** DATA, HEADERS. */
  END_STREAM: 0x1,
  /** SETTINGS, PING. */
  ACK: 0x1,
  /** HEADERS, PUSH_PROMISE, CONTINUATION. */
  END_HEADERS: 0x4,
  /** DATA, HEADERS, PUSH_PROMISE. */
  PADDED: 0x8,
  /** HEADERS. */
  PRIORITY: 0x20,
} as const

export const Http2ErrorCode = {
  NO_ERROR: 0,
  PROTOCOL_ERROR: 1,
  INTERNAL_ERROR: 2,
  FLOW_CONTROL_ERROR: 3,
  SETTINGS_TIMEOUT: 4,
  STREAM_CLOSED: 5,
  FRAME_SIZE_ERROR: 6,
  REFUSED_STREAM: 7,
  CANCEL: 8,
  COMPRESSION_ERROR: 9,
  CONNECT_ERROR: 10,
  ENHANCE_YOUR_CALM: 11,
  INADEQUATE_SECURITY: 12,
  HTTP_1_1_REQUIRED: 13,
} as const
export type Http2ErrorName = keyof typeof Http2ErrorCode

const errorNames = Object.keys(Http2ErrorCode) as Http2ErrorName[]

/** The name of an error code; unknown codes count as INTERNAL_ERROR (RFC 9113, 7). */
export function http2ErrorName(code: number): Http2ErrorName {
  return errorNames[code] ?? 'INTERNAL_ERROR'
}

export const SettingId = {
  HEADER_TABLE_SIZE: 1,
  ENABLE_PUSH: 2,
  MAX_CONCURRENT_STREAMS: 3,
  INITIAL_WINDOW_SIZE: 4,
  MAX_FRAME_SIZE: 5,
  MAX_HEADER_LIST_SIZE: 6,
} as const

/** Bytes before the payload of every frame: length 3, type 1, flags 1, stream 4. */
export const FRAME_HEADER_BYTES = 9
/** Values that hold until SETTINGS say otherwise (RFC 9113, 6.5.2). */
export const INITIAL_WINDOW_BYTES = 65_535
export const INITIAL_FRAME_BYTES = 16_384
export const MAX_FRAME_BYTES = 0xff_ffff
export const INITIAL_TABLE_BYTES = 4_096
export const MAX_WINDOW_BYTES = 0x7fff_ffff
export const MAX_STREAM_ID = 0x7fff_ffff

/** What a client sends first: `PRI * HTTP/2.0`, empty line, `SM`, empty line. */
export const CLIENT_PREFACE: Uint8Array = Uint8Array.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', c => c.charCodeAt(0))
