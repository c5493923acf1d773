/** Status codes of gRPC, by their names in the gRPC documentation. */
export const StatusCode = {
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const
export type StatusCode = (typeof StatusCode)[keyof typeof StatusCode]

/** How a call ended. `message` is what clients match on; it may hold any text (percent-encoded on the wire). */
export interface Status {
  readonly code: StatusCode
  readonly message: string
  /** `grpc-status-details-bin`, if any. */
  readonly details?: Uint8Array
  /** Further trailers. */
  readonly trailers?: MetadataInit
}

/** Header or trailer pairs in wire order, names in lower case; `-bin` values are the decoded bytes. */
export type MetadataInit = readonly (readonly [name: string, value: string | Uint8Array])[]

/** Metadata of a call. Lookup is by lower-case name. */
export interface Metadata {
  /** The first value, or undefined. For `-bin` names use `getBytes`. */
  get(name: string): string | undefined
  getAll(name: string): readonly string[]
  getBytes(name: string): Uint8Array | undefined
  entries(): MetadataInit
}
