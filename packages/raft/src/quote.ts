/*
 * Bytes as text in logs: double-quoted, everything printable as it is, the rest escaped, nothing lost. These are the
 * forms of Go's `%q` and of protobuf's text format, which tools that read etcd's logs expect.
 */

/** Letters, marks, numbers, punctuation, symbols, and of the spaces only the common one. */
const printable = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u

const goEscapes: Readonly<Record<number, string>> = {
  7: '\\a',
  8: '\\b',
  9: '\\t',
  10: '\\n',
  11: '\\v',
  12: '\\f',
  13: '\\r',
  34: '\\"',
  92: '\\\\',
}

/** `bytes` as a Go string literal. */
export function goQuote(bytes: Uint8Array): string {
  return quote(bytes, codePoint => {
    const short = goEscapes[codePoint]
    if (short !== undefined) return short
    if (codePoint < 0x20 || codePoint === 0x7f) return hexEscape(codePoint)
    const char = String.fromCodePoint(codePoint)
    return printable.test(char) ? char : unicodeEscape(codePoint)
  })
}

const protoEscapes: Readonly<Record<number, string>> = { 9: '\\t', 10: '\\n', 13: '\\r', 34: '\\"', 92: '\\\\' }

/** `bytes` as the value of a field in protobuf's text format. */
export function protoQuote(bytes: Uint8Array): string {
  return quote(bytes, codePoint => {
    const short = protoEscapes[codePoint]
    if (short !== undefined) return short
    if (codePoint < 0x20 || codePoint === 0x7f) return hexEscape(codePoint)
    return codePoint >= 0x80 && codePoint <= 0x9f ? unicodeEscape(codePoint) : String.fromCodePoint(codePoint)
  })
}

/** Bytes that are no UTF-8 are escaped one by one. */
function quote(bytes: Uint8Array, charOf: (codePoint: number) => string): string {
  let text = '"'
  for (let at = 0; at < bytes.length; ) {
    const first = bytes[at] as number
    const length = sequenceLength(bytes, at)
    if (length === 0) {
      text += hexEscape(first)
      at++
      continue
    }
    // The first byte of n > 1 holds n ones, a zero, and the highest bits.
    let codePoint = length === 1 ? first : first & (0x7f >> length)
    for (let i = 1; i < length; i++) codePoint = codePoint * 64 + ((bytes[at + i] as number) & 0x3f)
    text += charOf(codePoint)
    at += length
  }
  return `${text}"`
}

/** Bytes of the well-formed UTF-8 sequence at `at` (Unicode standard, table 3-7), or 0 if there is none. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at] as number
  if (first < 0x80) return 1
  if (first < 0xc2 || first > 0xf4) return 0
  const length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4
  // The second byte's range is narrower where it keeps out overlong forms, surrogates and what lies beyond U+10FFFF.
  const low = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80
  const high = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf
  for (let i = 1; i < length; i++) {
    const byte = bytes[at + i]
    if (byte === undefined || byte < (i === 1 ? low : 0x80) || byte > (i === 1 ? high : 0xbf)) return 0
  }
  return length
}

function hexEscape(byte: number): string {
  return `\\x${byte.toString(16).padStart(2, '0')}`
}

function unicodeEscape(codePoint: number): string {
  const digits = codePoint.toString(16)
  return codePoint < 0x10000 ? `\\u${digits.padStart(4, '0')}` : `\\U${digits.padStart(8, '0')}`
}
