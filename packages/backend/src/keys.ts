/** Order and spelling of keys. */

/** Byte order, a prefix before what it begins: negative, zero or positive. */
export function compareKeys(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length)
  for (let at = 0; at < length; at++) {
    const difference = a[at]! - b[at]!
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

export function keyHex(key: Uint8Array): string {
  let text = ''
  for (const byte of key) text += byte.toString(16).padStart(2, '0')
  return text
}
