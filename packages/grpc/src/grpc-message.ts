/**
 * `grpc-message`: UTF-8 with everything outside printable ASCII, and the percent sign, as `%XX` (gRPC over HTTP/2,
 * "Responses").
 */
const plain = /^[ -$&-~]*$/

export function encodeGrpcMessage(message: string): string {
  if (plain.test(message)) return message
  let text = ''
  for (const character of message) {
    const point = character.codePointAt(0)!
    if (point >= 0x20 && point < 0x7f && point !== 0x25) text += character
    else for (const byte of utf8(point >= 0xd800 && point < 0xe000 ? 0xfffd : point)) text += hex(byte)
  }
  return text
}

/** Never fails: what is no escape stays as it is, what is no UTF-8 is read as Latin-1. */
export function decodeGrpcMessage(text: string): string {
  if (!text.includes('%')) return text
  const raw = text.replace(/%([0-9a-fA-F]{2})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  )
  try {
    return decodeURIComponent(raw.replace(/[^ -$&-~]/g, c => hex(c.charCodeAt(0))))
  } catch {
    return raw
  }
}

function utf8(point: number): readonly number[] {
  if (point < 0x80) return [point]
  if (point < 0x800) return [0xc0 | (point >> 6), 0x80 | (point & 63)]
  if (point < 0x1_0000) return [0xe0 | (point >> 12), 0x80 | ((point >> 6) & 63), 0x80 | (point & 63)]
  return [0xf0 | (point >> 18), 0x80 | ((point >> 12) & 63), 0x80 | ((point >> 6) & 63), 0x80 | (point & 63)]
}

function hex(byte: number): string {
  return `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
}
