/** Keys and values: text is taken as UTF-8. */
export type Bytes = Uint8Array | string

const encoder = new TextEncoder()
const decoder = new TextDecoder()

export const toBytes = (value: Bytes): Uint8Array => (typeof value === 'string' ? encoder.encode(value) : value)

/** Bytes as text; what is no UTF-8 becomes U+FFFD. */
export const toText = (bytes: Uint8Array): string => decoder.decode(bytes)

/** `rangeEnd` that means "to the end of all keys". */
const openEnd: Uint8Array = new Uint8Array([0])

/**
 * The smallest key greater than every key that begins with `prefix`. If there is none (empty prefix, or bytes 0xff only),
 * the end of all keys.
 */
export function prefixEnd(prefix: Bytes): Uint8Array {
  const bytes = toBytes(prefix)
  for (let i = bytes.length - 1; i >= 0; i--) {
    const byte = bytes[i] as number
    if (byte === 0xff) continue
    // Not `slice`: of a Buffer it would be a view, and the caller's bytes would change.
    const end = new Uint8Array(bytes.subarray(0, i + 1))
    end[i] = byte + 1
    return end
  }
  return openEnd
}

/**
 * Which keys: one key, all with a prefix (`''`: all keys), all from a key on, or `key ≤ k < end`.
 */
export type Range =
  | Bytes
  | { readonly prefix: Bytes }
  | { readonly from: Bytes }
  | { readonly key: Bytes; readonly end: Bytes }

/** `key` and `rangeEnd` as requests carry them. An empty key cannot be sent: 0 is the first possible one. */
export function rangeOf(range: Range): { readonly key: Uint8Array; readonly rangeEnd: Uint8Array | undefined } {
  if (typeof range === 'string' || range instanceof Uint8Array) return { key: toBytes(range), rangeEnd: undefined }
  if ('prefix' in range) {
    const key = toBytes(range.prefix)
    return { key: key.length === 0 ? openEnd : key, rangeEnd: prefixEnd(key) }
  }
  if ('from' in range) {
    const key = toBytes(range.from)
    return { key: key.length === 0 ? openEnd : key, rangeEnd: openEnd }
  }
  return { key: toBytes(range.key), rangeEnd: toBytes(range.end) }
}
