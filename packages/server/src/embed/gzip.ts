import { gunzipSync, gzipSync } from 'node:zlib'
import type { Compressor } from '@kvs/grpc'
import * as limits from '../limits.ts'

/**
 * gzip for clients that compress what they send, and are answered alike. It is done on the loop: quickly, and longer
 * messages are only wrapped, for compressing a megabyte would take longer than others should wait.
 */
export const gzip: Compressor = {
  name: 'gzip',
  compress: bytes => gzipSync(bytes, { level: bytes.length > limits.compressedBytesMax ? 0 : 1 }),
  decompress(bytes, maxBytes) {
    try {
      return gunzipSync(bytes, { maxOutputLength: Math.max(1, maxBytes) })
    } catch (error) {
      if ((error as { readonly code?: string }).code === 'ERR_BUFFER_TOO_LARGE') return undefined
      throw error
    }
  },
}
