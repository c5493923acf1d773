/** Base-128 varints of protobuf. Hot room: no objects, the end of the last read stands in `varintEnd`. */

/** Position after the varint that `readVarint` read last. */
export let varintEnd = 0

/**
 * The varint at `at`, or -1 if it does not end before `end` or has more than ten bytes. Values beyond 2^53 - 1 come back
 * rounded: callers refuse what is not a safe integer.
 */
export function readVarint(bytes: Uint8Array, at: number, end: number): number {
  let value = 0
  let scale = 1
  const last = Math.min(end, at + 10)
  for (let next = at; next < last; next++) {
    const byte = bytes[next]!
    value += (byte & 0x7f) * scale
    if (byte < 0x80) {
      varintEnd = next + 1
      return value
    }
    scale *= 128
  }
  return -1
}

/** Bytes of `value` (a safe integer >= 0) as a varint. */
export function varintSize(value: number): number {
  if (value < 0x80) return 1
  if (value < 0x4000) return 2
  if (value < 0x20_0000) return 3
  if (value < 0x1000_0000) return 4
  let size = 5
  for (let bound = 0x8_0000_0000; value >= bound; bound *= 128) size++
  return size
}

/** Writes `value` (a safe integer >= 0) at `at`; returns the position after it. */
export function writeVarint(bytes: Uint8Array, at: number, value: number): number {
  let rest = value
  let next = at
  while (rest >= 0x1000_0000) {
    bytes[next++] = (rest % 128) | 0x80
    rest = Math.floor(rest / 128)
  }
  while (rest >= 0x80) {
    bytes[next++] = (rest & 0x7f) | 0x80
    rest >>>= 7
  }
  bytes[next] = rest
  return next + 1
}
