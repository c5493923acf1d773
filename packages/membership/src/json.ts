import { MembershipError } from './errors.ts'

/** A JSON value whose integers are exact: ids have 64 bits and stand unquoted, which `JSON.parse` rounds. */
export type ExactJson = null | boolean | string | number | bigint | readonly ExactJson[] | ExactObject
export type ExactObject = { readonly [key: string]: ExactJson }

const depthMax = 32

/** Parses JSON; integers become bigints, other numbers numbers. Throws `MembershipError` (`MALFORMED`). */
export function parseExactJson(text: string): ExactJson {
  const reader = new Reader(text)
  const value = reader.value(0)
  reader.end()
  return value
}

class Reader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  value(depth: number): ExactJson {
    if (depth > depthMax) throw this.#error('is nested too deeply')
    this.#space()
    const char = this.#text[this.#at]
    if (char === '{') return this.#object(depth)
    if (char === '[') return this.#array(depth)
    if (char === '"') return this.#string()
    const word = /^(?:true|false|null)/.exec(this.#text.slice(this.#at, this.#at + 5))?.[0]
    if (word === undefined) return this.#number()
    this.#at += word.length
    return word === 'null' ? null : word === 'true'
  }

  end(): void {
    this.#space()
    if (this.#at < this.#text.length) throw this.#error('goes on after its end')
  }

  #object(depth: number): ExactObject {
    const object: Record<string, ExactJson> = Object.create(null) as Record<string, ExactJson>
    this.#at++
    if (this.#take('}')) return object
    do {
      this.#space()
      if (this.#text[this.#at] !== '"') throw this.#error('lacks a key')
      const key = this.#string()
      if (!this.#take(':')) throw this.#error('lacks a colon')
      object[key] = this.value(depth + 1)
    } while (this.#take(','))
    if (!this.#take('}')) throw this.#error('lacks a closing brace')
    return object
  }

  #array(depth: number): ExactJson[] {
    const array: ExactJson[] = []
    this.#at++
    if (this.#take(']')) return array
    do array.push(this.value(depth + 1))
    while (this.#take(','))
    if (!this.#take(']')) throw this.#error('lacks a closing bracket')
    return array
  }

  #string(): string {
    const match = /^"(?:[^"\\]|\\.)*"/s.exec(this.#text.slice(this.#at))
    if (match === null) throw this.#error('has a string without an end')
    try {
      const text = JSON.parse(match[0]) as string
      this.#at += match[0].length
      return text
    } catch (cause) {
      throw this.#error('has a malformed string', cause)
    }
  }

  #number(): number | bigint {
    const match = /^-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/.exec(this.#text.slice(this.#at, this.#at + 40))
    if (match === null) throw this.#error('has an unexpected character')
    this.#at += match[0].length
    return match[1] === undefined && match[2] === undefined ? BigInt(match[0]) : Number(match[0])
  }

  #take(char: string): boolean {
    this.#space()
    if (this.#text[this.#at] !== char) return false
    this.#at++
    return true
  }

  #space(): void {
    while (/[ \t\r\n]/.test(this.#text[this.#at] ?? '')) this.#at++
  }

  #error(what: string, cause?: unknown): MembershipError {
    return new MembershipError('MALFORMED', `JSON ${what} at ${this.#at}`, { cause })
  }
}
