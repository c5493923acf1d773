/** As much of ASN.1's DER as key files need (X.690). */
export const derTag = {
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  sequence: 0x30,
} as const

/** An element: its tag, and its content at [start, end). */
export interface DerElement {
  readonly tag: number
  readonly start: number
  readonly end: number
}

/** The element at `at`; undefined if there is no whole one before `limit`. */
export function readDer(bytes: Uint8Array, at: number, limit: number): DerElement | undefined {
  if (at + 2 > limit) return undefined
  const short = bytes[at + 1]!
  let start = at + 2
  let length = short
  if (short >= 0x80) {
    const count = short & 0x7f
    if (count === 0 || count > 3 || start + count > limit) return undefined
    length = 0
    for (const end = start + count; start < end; start++) length = length * 256 + bytes[start]!
  }
  const end = start + length
  return end > limit ? undefined : { tag: bytes[at]!, start, end }
}

/** The tags of the elements in a sequence that is all of `bytes`, the first few; empty if it is none. */
export function sequenceTags(bytes: Uint8Array): number[] {
  return sequenceElements(bytes).map(({ tag }) => tag)
}

export function sequenceElements(bytes: Uint8Array): DerElement[] {
  const elements: DerElement[] = []
  const outer = readDer(bytes, 0, bytes.length)
  if (outer === undefined || outer.tag !== derTag.sequence || outer.end !== bytes.length) return elements
  let at = outer.start
  while (at < outer.end && elements.length < 16) {
    const element = readDer(bytes, at, outer.end)
    if (element === undefined) return []
    elements.push(element)
    at = element.end
  }
  return elements
}

export function writeDer(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  const length = contents.reduce((sum, content) => sum + content.length, 0)
  const head = [tag, ...lengthBytes(length)]
  const bytes = new Uint8Array(head.length + length)
  bytes.set(head)
  let at = head.length
  for (const content of contents) {
    bytes.set(content, at)
    at += content.length
  }
  return bytes
}

function lengthBytes(length: number): number[] {
  if (length < 0x80) return [length]
  if (length < 0x100) return [0x81, length]
  return length < 0x1_0000
    ? [0x82, length >> 8, length & 0xff]
    : [0x83, length >> 16, (length >> 8) & 0xff, length & 0xff]
}
