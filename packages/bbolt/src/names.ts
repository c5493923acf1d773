import { BoltError } from './errors.ts'

/** A bucket's name: bytes, or text of printable ASCII characters that stands for its bytes. */
export type BucketName = string | Uint8Array

/** The bytes of a name. `BAD_KEY` for text that is not ASCII: such names must be given as bytes. */
export function nameBytes(name: BucketName): Uint8Array {
  if (typeof name !== 'string') return name
  const bytes = new Uint8Array(name.length)
  for (let at = 0; at < name.length; at++) {
    const code = name.charCodeAt(at)
    if (code < 0x20 || code > 0x7e) {
      throw new BoltError('BAD_KEY', `the bucket name ${JSON.stringify(name)} is not plain ASCII: give its bytes`)
    }
    bytes[at] = code
  }
  return bytes
}

/** A key or name for people: the text if it is printable ASCII, else `0x` and at most 32 bytes in hex. */
export function showBytes(bytes: Uint8Array): string {
  if (bytes.length > 0 && bytes.length <= 64 && bytes.every(byte => byte >= 0x20 && byte <= 0x7e)) {
    return String.fromCharCode(...bytes)
  }
  const hex = Array.from(bytes.subarray(0, 32), byte => byte.toString(16).padStart(2, '0')).join('')
  return `0x${hex}${bytes.length > 32 ? '…' : ''}`
}

/** Bytewise order, a prefix first: negative, zero or positive. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length)
  for (let at = 0; at < length; at++) {
    const difference = a[at]! - b[at]!
    if (difference !== 0) return difference
  }
  return a.length - b.length
}
