/** Bounds of the gRPC layer; those of HTTP/2 are `Http2Limits`. */
export interface GrpcLimits {
  /** Longest message that is accepted, after decompression. */
  readonly maxReceiveBytes: number
  /** Longest message that is sent, before compression; the call fails otherwise. */
  readonly maxSendBytes: number
  /** Unfinished and undelivered messages of one connection; the call that goes beyond it fails. */
  readonly maxPartialBytes: number
  /** From the headers of a unary call to its complete message. */
  readonly firstMessageTimeoutMs: number
}

/** 4 MiB and 2 GiB are gRPC's usual limits for messages; the others keep one connection below about 64 MiB. */
export const defaultGrpcLimits: GrpcLimits = {
  maxReceiveBytes: 4_194_304,
  maxSendBytes: 2_147_483_647,
  maxPartialBytes: 67_108_864,
  firstMessageTimeoutMs: 30_000,
}
