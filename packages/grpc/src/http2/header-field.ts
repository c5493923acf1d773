import type { MessageHead } from './message-head.ts'

/** What a field's name and value alone say about it. */
export const FieldKind = {
  REGULAR: 0,
  /** Begins with a colon. */
  PSEUDO: 1,
  /** Not allowed in HTTP/2: upper case or other bad bytes in the name, bad bytes in the value, a field about the connection. */
  MALFORMED: 2,
} as const
export type FieldKind = (typeof FieldKind)[keyof typeof FieldKind]

/** One header line. Text is Latin-1: one character per byte. */
export interface HeaderField {
  readonly name: string
  readonly value: string
  readonly kind: FieldKind
}

export type HeaderPair = readonly [name: string, value: string]

/** Fields about one HTTP/1.1 connection, malformed in HTTP/2 (RFC 9113, 8.2.2). `te` may only say `trailers`. */
const connectionFields: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
])

/** Token characters of RFC 9110 without upper case. */
const namePattern = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/
/** No NUL, CR, LF anywhere; no blank at either end (RFC 9113, 8.2.1). */
const badValuePattern = /[\0\r\n]|^[ \t]|[ \t]$/

/** Makes a field and judges it; done once per field that enters a table, not once per request. */
export function headerField(name: string, value: string): HeaderField {
  return { name, value, kind: kindOf(name, value) }
}

function kindOf(name: string, value: string): FieldKind {
  if (badValuePattern.test(value)) return FieldKind.MALFORMED
  if (name.charCodeAt(0) === 0x3a) return FieldKind.PSEUDO
  if (!namePattern.test(name) || connectionFields.has(name)) return FieldKind.MALFORMED
  if (name === 'te' && value.toLowerCase() !== 'trailers') return FieldKind.MALFORMED
  return FieldKind.REGULAR
}

/** A decoded header block. Blocks are shared between requests whose bytes were the same: do not change them. */
export class HeaderBlock {
  readonly fields: readonly HeaderField[]
  /** The block was larger than allowed: `fields` holds only its beginning. */
  readonly tooLarge: boolean
  /** What HTTP reads out of it; see `messageHead`. */
  head: MessageHead | undefined = undefined
  /** Place for what the owner of the connection derives from the block, once for all requests that share it. */
  context: unknown = undefined

  constructor(fields: readonly HeaderField[], tooLarge: boolean) {
    this.fields = fields
    this.tooLarge = tooLarge
  }

  /** The first value of the name, or undefined. */
  get(name: string): string | undefined {
    for (const field of this.fields) if (field.name === name) return field.value
    return undefined
  }
}

/** The text of `bytes[start..end)`, one character per byte. */
export function latin1(bytes: Uint8Array, start: number, end: number): string {
  if (end - start > 4096) {
    const middle = (start + end) >> 1
    return latin1(bytes, start, middle) + latin1(bytes, middle, end)
  }
  return String.fromCharCode.apply(null, bytes.subarray(start, end) as unknown as number[])
}
