import { MembershipError } from './errors.ts'

/**
 * JSON with whole numbers of 64 bits, which the built-in reader rounds: member ids stand in it as plain numbers.
 * Integers come as `bigint`, everything else as usual.
 */
export type Json = string | bigint | number | boolean | null | readonly Json[] | { readonly [name: string]: Json }

/** Nesting that no record reaches. */
const depthMax = 32

export function parseJson(text: string): Json {
  const reader = new JsonReader(text)
  const value = reader.value(0)
  reader.end()
  return value
}

/** A string as Go writes it: also `<`, `>`, `&` and the two line separators are escaped. */
export function jsonString(text: string): string {
  return JSON.stringify(text.replace(/\p{Surrogate}/gu, '\ufffd')).replace(
    /[<>&\u2028\u2029]/g,
    character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

class JsonReader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  end(): void {
    this.#space()
    if (this.#at < this.#text.length) throw this.#error('more than one value')
  }

  value(depth: number): Json {
    if (depth > depthMax) throw this.#error('nested too deep')
    this.#space()
    switch (this.#text[this.#at]) {
      case '{':
        return this.#object(depth)
      case '[':
        return this.#array(depth)
      case '"':
        return this.#string()
      case 't':
        return this.#word('true', true)
      case 'f':
        return this.#word('false', false)
      case 'n':
        return this.#word('null', null)
      default:
        return this.#number()
    }
  }

  #object(depth: number): Json {
    const members: { [name: string]: Json } = Object.create(null)
    this.#at++
    this.#space()
    if (this.#skip('}')) return members
    do {
      this.#space()
      if (this.#text[this.#at] !== '"') throw this.#error('a name is missing')
      const name = this.#string()
      this.#space()
      if (!this.#skip(':')) throw this.#error("':' is missing")
      members[name] = this.value(depth + 1)
      this.#space()
    } while (this.#skip(','))
    if (!this.#skip('}')) throw this.#error("'}' is missing")
    return members
  }

  #array(depth: number): Json {
    const values: Json[] = []
    this.#at++
    this.#space()
    if (this.#skip(']')) return values
    do {
      values.push(this.value(depth + 1))
      this.#space()
    } while (this.#skip(','))
    if (!this.#skip(']')) throw this.#error("']' is missing")
    return values
  }

  #string(): string {
    const token = this.#match(/"(?:[^"\\]|\\.)*"/y)
    try {
      if (token !== undefined) return JSON.parse(token) as string
    } catch {
      // Told below.
    }
    throw this.#error('a string is malformed')
  }

  #number(): Json {
    const token = this.#match(/-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y)
    if (token === undefined || token.length > 40) throw this.#error('a value is missing')
    return /^-?\d+$/.test(token) ? BigInt(token) : Number(token)
  }

  #word<Value>(word: string, value: Value): Value {
    if (!this.#text.startsWith(word, this.#at)) throw this.#error('a value is missing')
    this.#at += word.length
    return value
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at
    const token = pattern.exec(this.#text)?.[0]
    if (token !== undefined) this.#at += token.length
    return token
  }

  #skip(character: string): boolean {
    if (this.#text[this.#at] !== character) return false
    this.#at++
    return true
  }

  #space(): void {
    while (' \t\n\r'.includes(this.#text[this.#at] ?? 'x')) this.#at++
  }

  #error(what: string): MembershipError {
    return new MembershipError('BAD_JSON', `membership: JSON at character ${this.#at}: ${what}`)
  }
}
