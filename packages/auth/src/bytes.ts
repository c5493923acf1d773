/** Byte order, as of keys: negative if `a` is before `b`. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length)
  for (let at = 0; at < length; at++) {
    const difference = a[at]! - b[at]!
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

export function areEqualBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && compareBytes(a, b) === 0
}

/** Order of the UTF-8 bytes of two texts, which is that of their code points and not that of JavaScript's halves. */
export function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let at = 0; at < length; at++) {
    const left = a.charCodeAt(at)
    const right = b.charCodeAt(at)
    if (left === right) continue
    const leftIsHalf = left >= 0xd800 && left <= 0xdfff
    const rightIsHalf = right >= 0xd800 && right <= 0xdfff
    // Halves stand for characters above all that need only one unit.
    if (leftIsHalf !== rightIsHalf) return leftIsHalf ? 1 : -1
    return left - right
  }
  return a.length - b.length
}

/** Bytes of a text in UTF-8. */
export function utf8Length(text: string): number {
  let length = 0
  for (const character of text) {
    const code = character.codePointAt(0)!
    length += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x1_0000 ? 3 : 4
  }
  return length
}

/** Bytes of a text of ASCII characters. */
export function asciiBytes(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length)
  for (let at = 0; at < text.length; at++) bytes[at] = text.charCodeAt(at)
  return bytes
}

/** One character per byte. For small things: keys of a file, hashes. */
export function latin1Text(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += String.fromCharCode(byte)
  return text
}
