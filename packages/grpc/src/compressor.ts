/** A message encoding such as gzip. Brought by the user of the package: it needs more than this language has. */
export interface Compressor {
  /** What stands in `grpc-encoding`. */
  readonly name: string
  compress(bytes: Uint8Array): Uint8Array
  /** Throws when the bytes are broken; returns undefined when the result would be longer than `maxBytes`. */
  decompress(bytes: Uint8Array, maxBytes: number): Uint8Array | undefined
}
