const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

/** Base64 with padding (RFC 4648, section 4). */
export function encodeBase64(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length; at += 3) {
    const left = bytes.length - at
    const bits = (bytes[at]! << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0)
    text += alphabet[bits >> 18]! + alphabet[(bits >> 12) & 63]!
    text += (left > 1 ? alphabet[(bits >> 6) & 63]! : '=') + (left > 2 ? alphabet[bits & 63]! : '=')
  }
  return text
}

/**
 * Undefined if it is none. As strict as Go's standard decoding, for what members of a cluster take must not differ:
 * padding is required, line ends are passed over, bits behind the last byte may be anything.
 */
export function decodeBase64(text: string): Uint8Array | undefined {
  const plain = text.replaceAll(/[\r\n]/g, '')
  const padding = plain.endsWith('==') ? 2 : plain.endsWith('=') ? 1 : 0
  if (plain.length % 4 !== 0) return undefined
  const count = plain.length - padding
  const bytes = new Uint8Array((plain.length / 4) * 3 - padding)
  let bits = 0
  let next = 0
  for (let at = 0; at < count; at++) {
    const digit = alphabet.indexOf(plain[at]!)
    if (digit < 0) return undefined
    bits = ((bits << 6) | digit) & 0xffffff
    if (at % 4 > 0) bytes[next++] = (bits >> (6 - 2 * (at % 4))) & 0xff
  }
  return bytes
}
