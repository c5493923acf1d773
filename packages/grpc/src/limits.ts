/** Bounds of the gRPC layer; those of HTTP/2, per connection, are `Http2Limits`. */
export interface GrpcLimits {
  /** Longest message that is accepted, after decompression. */
  readonly maxReceiveBytes: number
  /** Longest message that is sent, before compression; the call fails otherwise. */
  readonly maxSendBytes: number
  /** Unfinished and undelivered messages of one connection; the call that goes beyond it fails. */
  readonly maxPartialBytes: number
  /**
   * What a server keeps of requests for all its clients together: unfinished and undelivered messages, and bodies that wait.
   * Beyond it the call fails that has waited longest for its next bytes.
   */
  readonly maxServerHeldBytes: number
  /**
   * Output of a server that waits for all its clients together. Beyond it those who have more than `fairShareBytes` to read get
   * no more until they have read.
   */
  readonly maxServerWaitingBytes: number
  readonly fairShareBytes: number
  /** From the headers of a unary call to its complete message. */
  readonly firstMessageTimeoutMs: number
}

/** 4 MiB and 2 GiB are gRPC's usual limits for messages; the others keep one connection below about 64 MiB. */
export const defaultGrpcLimits: GrpcLimits = {
  maxReceiveBytes: 4_194_304,
  maxSendBytes: 2_147_483_647,
  maxPartialBytes: 67_108_864,
  maxServerHeldBytes: 134_217_728,
  maxServerWaitingBytes: 268_435_456,
  fairShareBytes: 65_536,
  firstMessageTimeoutMs: 30_000,
}
