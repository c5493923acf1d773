import { gunzipSync, gzipSync } from 'node:zlib'
import type { Compressor } from '../src/index.ts'

export const gzip: Compressor = {
  name: 'gzip',
  compress: bytes => Uint8Array.from(gzipSync(bytes)),
  decompress(bytes, maxBytes) {
    try {
      return Uint8Array.from(gunzipSync(bytes, { maxOutputLength: Math.max(1, maxBytes) }))
    } catch (error) {
      if ((error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE') return undefined
      throw error
    }
  },
}
