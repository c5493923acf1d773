/** Base64 of RFC 4648 for `-bin` metadata: written without padding, read with or without. */
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const values = new Int8Array(256).fill(-1)
for (let i = 0; i < 64; i++) values[alphabet.charCodeAt(i)] = i

export function encodeBase64(bytes: Uint8Array): string {
  let text = ''
  for (let i = 0; i < bytes.length; i += 3) {
    const left = bytes.length - i
    const group = (bytes[i]! << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0)
    text += alphabet[group >> 18]! + alphabet[(group >> 12) & 63]!
    if (left > 1) text += alphabet[(group >> 6) & 63]!
    if (left > 2) text += alphabet[group & 63]!
  }
  return text
}

/** Undefined if the text is no Base64. */
export function decodeBase64(text: string): Uint8Array | undefined {
  let length = text.length
  if (length % 4 === 0 && text.endsWith('=')) length -= text.endsWith('==') ? 2 : 1
  if (length % 4 === 1) return undefined
  const bytes = new Uint8Array((length * 3) >> 2)
  let group = 0
  let at = 0
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i)
    const value = code < 256 ? values[code]! : -1
    if (value < 0) return undefined
    group = (group << 6) | value
    if ((i & 3) !== 0) bytes[at++] = group >> (6 - 2 * (i & 3))
  }
  return bytes
}
