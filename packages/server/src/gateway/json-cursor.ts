import { JsonError } from './errors.ts'
import { isSpace } from './json-values.ts'

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
const loneSurrogate = /\p{Surrogate}/u

/** A place in one JSON value whose syntax was checked (`JsonValues`). */
export class JsonCursor {
  readonly #bytes: Uint8Array
  at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /** The next byte that is no space; 0 at the end. */
  peek(): number {
    while (isSpace(this.#bytes[this.at] ?? 0)) this.at++
    return this.#bytes[this.at] ?? 0
  }

  /** Steps over one byte if it comes next. */
  takes(byte: number): boolean {
    if (this.peek() !== byte) return false
    this.at++
    return true
  }

  /** Steps over a string, number, word or bracket; returns where it began. */
  token(): number {
    const first = this.peek()
    const start = this.at
    if (first === 0x22) this.#overText()
    else if (isBracket(first)) this.at++
    else while (this.at < this.#bytes.length && !isDelimiter(this.#bytes[this.at] as number)) this.at++
    return start
  }

  /** Whether what begins there is a string. */
  isText(start: number): boolean {
    return this.#bytes[start] === 0x22
  }

  /** What stands from `start` to here, as it stands there. */
  raw(start: number): string {
    return new TextDecoder().decode(this.#bytes.subarray(start, this.at))
  }

  /** The string that stands from `start` to here. Throws `JsonError` if it is no Unicode. */
  text(start: number): string {
    const inner = this.#bytes.subarray(start + 1, this.at - 1)
    try {
      if (!inner.includes(0x5c)) return decoder.decode(inner)
      const text = JSON.parse(decoder.decode(this.#bytes.subarray(start, this.at))) as string
      if (!loneSurrogate.test(text)) return text
    } catch {
      throw this.syntaxError(start, 'invalid UTF-8 in string')
    }
    throw this.syntaxError(start, 'invalid escape code in string: half a surrogate pair')
  }

  /** The same for a string of ASCII, of which anything else is nothing. */
  asciiText(start: number): string | undefined {
    const inner = this.#bytes.subarray(start + 1, this.at - 1)
    if (inner.includes(0x5c)) return this.text(start)
    return Buffer.from(inner.buffer, inner.byteOffset, inner.length).toString('latin1')
  }

  /** Steps over a whole value, however deep. */
  skip(): void {
    let depth = 0
    do {
      const first = this.peek()
      if (first === 0x2c || first === 0x3a) this.at++
      else {
        this.token()
        if (first === 0x7b || first === 0x5b) depth++
        else if (first === 0x7d || first === 0x5d) depth--
      }
    } while (depth > 0)
  }

  #overText(): void {
    const bytes = this.#bytes
    let at = this.at + 1
    while (bytes[at] !== 0x22) at += bytes[at] === 0x5c ? 2 : 1
    this.at = at + 1
  }

  /** A value that is not of its field. */
  error(at: number, what: string): JsonError {
    return new JsonError('VALUE', `proto: (${this.#place(at)}): ${what}`)
  }

  /** Something else than what must come here. */
  syntaxError(at: number, what: string): JsonError {
    return new JsonError('VALUE', `proto: syntax error (${this.#place(at)}): ${what}`)
  }

  unexpected(start: number): JsonError {
    return this.syntaxError(start, `unexpected token ${this.raw(start)}`)
  }

  #place(at: number): string {
    const before = new TextDecoder().decode(this.#bytes.subarray(0, at))
    const lines = before.split('\n')
    return `line ${lines.length}:${[...(lines.at(-1) ?? '')].length + 1}`
  }
}

function isBracket(byte: number): boolean {
  return byte === 0x7b || byte === 0x7d || byte === 0x5b || byte === 0x5d
}

function isDelimiter(byte: number): boolean {
  return isSpace(byte) || isBracket(byte) || byte === 0x2c || byte === 0x3a
}
