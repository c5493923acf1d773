import * as limits from '../limits.ts'
import { JsonError } from './errors.ts'

/** What the next byte may be. */
const State = {
  value: 0,
  valueOrEnd: 1,
  key: 2,
  keyOrEnd: 3,
  afterValue: 4,
  text: 5,
  escape: 6,
  hex: 7,
  minus: 8,
  zero: 9,
  digits: 10,
  point: 11,
  fraction: 12,
  exponent: 13,
  exponentSign: 14,
  exponentDigits: 15,
  word: 16,
} as const
type State = (typeof State)[keyof typeof State]

/** What an open bracket waits for. */
const Open = { key: 0, member: 1, element: 2 } as const

const quote = 0x22
const backslash = 0x5c

/**
 * Cuts a body, as it comes, into the JSON values that stand in it one after the other, and checks their syntax. Errors
 * are in the words of Go's encoding/json.
 */
export class JsonValues {
  readonly #maxBytes: number
  #bytes: Uint8Array = new Uint8Array(0)
  #end = 0
  #at = 0
  /** Where the value begins; -1 in between. */
  #start = -1
  #state: State = State.value
  readonly #open: number[] = []
  #word = ''
  /** Position in the word, or digits of an escape. */
  #count = 0

  /** No value may be longer than `maxBytes`, or than one piece of the body more. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** More of the body, copied at once. */
  push(chunk: Uint8Array): void {
    const keepFrom = this.#start < 0 ? this.#at : this.#start
    const kept = this.#end - keepFrom
    if (kept + chunk.length > this.#bytes.length || keepFrom > 0) {
      const roomy = Math.max(kept + chunk.length, keepFrom === 0 ? 2 * this.#bytes.length : 0)
      const bytes = new Uint8Array(roomy)
      bytes.set(this.#bytes.subarray(keepFrom, this.#end))
      this.#bytes = bytes
      this.#at -= keepFrom
      if (this.#start >= 0) this.#start = 0
      this.#end = kept
    }
    this.#bytes.set(chunk, this.#end)
    this.#end += chunk.length
  }

  /** The next value that is complete. Throws `JsonError`. */
  next(): Uint8Array | undefined {
    while (this.#at < this.#end) {
      const byte = this.#bytes[this.#at] as number
      if (this.#start < 0) {
        if (isSpace(byte)) {
          this.#at++
          continue
        }
        this.#start = this.#at
      }
      if (this.#step(byte)) return this.#take()
    }
    if (this.#start >= 0 && this.#end - this.#start > this.#maxBytes) {
      throw new JsonError('TOO_LARGE', `a JSON value is larger than ${this.#maxBytes} bytes`)
    }
    return undefined
  }

  /** No more will come: the value that only the end completes, a number. Throws `JsonError` for what is left over. */
  finish(): Uint8Array | undefined {
    if (this.#start < 0) return undefined
    if (this.#open.length === 0 && this.#isWholeNumber()) return this.#take()
    throw new JsonError('SYNTAX', 'unexpected EOF')
  }

  #isWholeNumber(): boolean {
    const state = this.#state
    return state === State.zero || state === State.digits || state === State.fraction || state === State.exponentDigits
  }

  #take(): Uint8Array {
    const value = this.#bytes.subarray(this.#start, this.#at)
    this.#start = -1
    this.#state = State.value
    return value
  }

  /** Looks at one byte, or at a run of them; true when the value ends before `#at`. */
  #step(byte: number): boolean {
    switch (this.#state) {
      case State.text:
        return this.#text()
      case State.value:
      case State.valueOrEnd:
        return this.#beginValue(byte)
      case State.key:
      case State.keyOrEnd:
        return this.#beginKey(byte)
      case State.afterValue:
        return this.#afterValue(byte)
      case State.escape:
        return this.#escape(byte)
      case State.hex:
        return this.#hex(byte)
      case State.word:
        return this.#inWord(byte)
      default:
        return this.#number(byte)
    }
  }

  #text(): boolean {
    const bytes = this.#bytes
    let at = this.#at
    for (; at < this.#end; at++) {
      const byte = bytes[at] as number
      if (byte === quote) {
        this.#at = at + 1
        return this.#ended()
      }
      if (byte === backslash) {
        this.#at = at + 1
        this.#state = State.escape
        return false
      }
      if (byte < 0x20) {
        this.#at = at
        throw this.#unexpected(byte, 'in string literal')
      }
    }
    this.#at = at
    return false
  }

  #beginValue(byte: number): boolean {
    this.#at++
    if (isSpace(byte)) return false
    if (byte === 0x5d && this.#state === State.valueOrEnd) return this.#close()
    if (byte === 0x7b) return this.#push(Open.key, State.keyOrEnd)
    if (byte === 0x5b) return this.#push(Open.element, State.valueOrEnd)
    if (byte === quote) this.#state = State.text
    else if (byte === 0x2d) this.#state = State.minus
    else if (byte === 0x30) this.#state = State.zero
    else if (isDigit(byte)) this.#state = State.digits
    else {
      const word = words.get(byte)
      if (word === undefined) throw this.#unexpected(byte, 'looking for beginning of value')
      this.#word = word
      this.#count = 1
      this.#state = State.word
    }
    return false
  }

  #beginKey(byte: number): boolean {
    this.#at++
    if (isSpace(byte)) return false
    if (byte === 0x7d && this.#state === State.keyOrEnd) return this.#close()
    if (byte !== quote) throw this.#unexpected(byte, 'looking for beginning of object key string')
    this.#state = State.text
    return false
  }

  #afterValue(byte: number): boolean {
    this.#at++
    if (isSpace(byte)) return false
    const top = this.#open.length - 1
    const open = this.#open[top]
    if (open === Open.key) {
      if (byte !== 0x3a) throw this.#unexpected(byte, 'after object key')
      this.#open[top] = Open.member
      this.#state = State.value
    } else if (open === Open.member) {
      if (byte === 0x7d) return this.#close()
      if (byte !== 0x2c) throw this.#unexpected(byte, 'after object key:value pair')
      this.#open[top] = Open.key
      this.#state = State.key
    } else {
      if (byte === 0x5d) return this.#close()
      if (byte !== 0x2c) throw this.#unexpected(byte, 'after array element')
      this.#state = State.value
    }
    return false
  }

  #push(open: number, state: State): boolean {
    if (this.#open.length >= limits.jsonDepthMax) throw new JsonError('SYNTAX', 'exceeded max depth')
    this.#open.push(open)
    this.#state = state
    return false
  }

  #close(): boolean {
    this.#open.pop()
    return this.#ended()
  }

  #ended(): boolean {
    this.#state = State.afterValue
    return this.#open.length === 0
  }

  #escape(byte: number): boolean {
    this.#at++
    if (byte === 0x75) {
      this.#state = State.hex
      this.#count = 0
    } else if (escapes.includes(byte)) this.#state = State.text
    else throw this.#unexpected(byte, 'in string escape code')
    return false
  }

  #hex(byte: number): boolean {
    this.#at++
    const isHex = isDigit(byte) || ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x66)
    if (!isHex) throw this.#unexpected(byte, 'in \\u hexadecimal character escape')
    if (++this.#count === 4) this.#state = State.text
    return false
  }

  #inWord(byte: number): boolean {
    const word = this.#word
    const wanted = word[this.#count] as string
    if (String.fromCharCode(byte) !== wanted) throw this.#unexpected(byte, `in literal ${word} (expecting '${wanted}')`)
    this.#at++
    return ++this.#count === word.length && this.#ended()
  }

  /** A number goes on, or ends before this byte. */
  #number(byte: number): boolean {
    const next = nextInNumber(this.#state, byte)
    if (typeof next === 'string') throw this.#unexpected(byte, next)
    if (next === undefined) return this.#ended()
    this.#at++
    this.#state = next
    return false
  }

  #unexpected(byte: number, where: string): JsonError {
    return new JsonError('SYNTAX', `invalid character ${quoted(byte)} ${where}`)
  }
}

/** The state after this byte of a number; undefined: it is not part of it; text: what it is not allowed in. */
function nextInNumber(state: State, byte: number): State | string | undefined {
  const digit = isDigit(byte)
  switch (state) {
    case State.minus:
      if (!digit) return 'in numeric literal'
      return byte === 0x30 ? State.zero : State.digits
    case State.point:
      return digit ? State.fraction : 'after decimal point in numeric literal'
    case State.exponent:
      if (byte === 0x2b || byte === 0x2d) return State.exponentSign
      return digit ? State.exponentDigits : 'in exponent of numeric literal'
    case State.exponentSign:
      return digit ? State.exponentDigits : 'in exponent of numeric literal'
    case State.exponentDigits:
      return digit ? State.exponentDigits : undefined
    default:
      if (digit && state !== State.zero) return state
      if (byte === 0x2e && state !== State.fraction) return State.point
      return (byte | 0x20) === 0x65 ? State.exponent : undefined
  }
}

const words: ReadonlyMap<number, string> = new Map(['true', 'false', 'null'].map(word => [word.charCodeAt(0), word]))
/** `"\/bfnrt` after a backslash. */
const escapes: readonly number[] = [...'"\\/bfnrt'].map(character => character.charCodeAt(0))

export function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39
}

/** A byte as Go quotes a character. */
function quoted(byte: number): string {
  const named: Readonly<Record<number, string>> = { 7: 'a', 8: 'b', 9: 't', 10: 'n', 11: 'v', 12: 'f', 13: 'r' }
  if (byte === 0x27 || byte === backslash) return `'\\${String.fromCharCode(byte)}'`
  if (named[byte] !== undefined) return `'\\${named[byte]}'`
  const isControl = byte < 0x20 || byte === 0x7f
  if (isControl) return `'\\x${byte.toString(16).padStart(2, '0')}'`
  if (byte >= 0x80 && byte < 0xa0) return `'\\u00${byte.toString(16)}'`
  return `'${String.fromCharCode(byte)}'`
}
