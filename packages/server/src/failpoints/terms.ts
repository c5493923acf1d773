import { FailpointError } from './error.ts'

/**
 * What a failpoint does, in gofail's words: terms joined by `->`, of which the first that may acts.
 *
 *   terms  = term *("->" term)
 *   term   = *(number "%" / integer "*") action ["(" [integer / quoted text / "true" / "false"] ")"]
 *   action = "off" / "return" / "sleep" / "panic" / "print"
 *
 * `50%` acts half of the time, `3*` three times; several must all agree, from left to right. `sleep` takes milliseconds, or
 * a duration as Go writes it.
 */
export type Term = {
  readonly conditions: readonly Condition[]
} & (
  | { readonly action: 'off' | 'print' }
  | { readonly action: 'sleep'; readonly durationMs: number }
  | { readonly action: 'return' | 'panic'; readonly value: TermValue }
)

export type TermValue = string | number | boolean | undefined

/** `times` is how often it may act. */
export type Condition = { readonly chance: number } | { readonly times: number }

/** Longer sleeps are refused: no timer can be set for them. */
const sleepMsMax = 2_147_483_647
const textMax = 4096

/** Reads terms. Throws `FailpointError` (`BAD_TERMS`). */
export function parseTerms(text: string): readonly Term[] {
  if (text.length > textMax) throw bad(`longer than ${textMax} characters`)
  const cursor = { text, at: 0 }
  const terms = [parseTerm(cursor)]
  while (cursor.at < text.length) {
    if (!take(cursor, '->')) throw unexpected(cursor, '->')
    terms.push(parseTerm(cursor))
  }
  return terms
}

/** A text that is read from left to right. */
interface Cursor {
  readonly text: string
  at: number
}

function parseTerm(cursor: Cursor): Term {
  const conditions: Condition[] = []
  for (;;) {
    const number = takePattern(cursor, /\d+(?:\.\d*)?/y)
    if (number === undefined) break
    if (take(cursor, '%')) conditions.push({ chance: Number(number) / 100 })
    else if (!number.includes('.') && take(cursor, '*')) conditions.push({ times: Number(number) })
    else throw unexpected(cursor, number.includes('.') ? '%' : '% or *')
  }
  const action = takePattern(cursor, /[a-z]+/y)
  const value = parseValue(cursor)
  switch (action) {
    case 'off':
    case 'print':
      return { conditions, action }
    case 'return':
    case 'panic':
      return { conditions, action, value }
    case 'sleep':
      return { conditions, action, durationMs: sleepMs(value) }
    default:
      throw bad(`unknown action ${JSON.stringify(action ?? '')}`)
  }
}

function parseValue(cursor: Cursor): TermValue {
  if (!take(cursor, '(')) return undefined
  if (take(cursor, ')')) return undefined
  const value = readValue(cursor)
  if (!take(cursor, ')')) throw unexpected(cursor, ')')
  return value
}

function readValue(cursor: Cursor): TermValue {
  const quoted = takePattern(cursor, /"(?:[^"\\\n]|\\.)*"/y)
  if (quoted !== undefined) return unquote(quoted)
  const integer = takePattern(cursor, /[+-]?\d+/y)
  if (integer !== undefined) return Number(integer)
  if (take(cursor, 'true')) return true
  if (take(cursor, 'false')) return false
  throw unexpected(cursor, 'a number, a quoted text, true or false')
}

const escapes: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
}

/** Text between double quotes as Go writes it. */
function unquote(quoted: string): string {
  return quoted.slice(1, -1).replaceAll(/\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|.)/g, (_whole, escaped: string) => {
    const plain = escapes[escaped]
    if (plain !== undefined) return plain
    if (escaped.length < 2) throw bad(`unknown escape \\${escaped}`)
    return String.fromCharCode(Number.parseInt(escaped.slice(1), 16))
  })
}

function sleepMs(value: TermValue): number {
  const durationMs = typeof value === 'string' ? parseDuration(value) : value
  if (typeof durationMs !== 'number') throw bad('sleep needs milliseconds, or a duration such as "1.5s"')
  if (durationMs > sleepMsMax) throw bad(`sleep of more than ${sleepMsMax} ms`)
  return Math.max(0, durationMs)
}

const unitMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
}

function parseDuration(text: string): number | undefined {
  if (!/^[+-]?(?:0|(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|ms|s|m|h))+)$/.test(text)) return undefined
  const parts = text.matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|ms|s|m|h)/g)
  const sum = [...parts].reduce((ms, [, count = '', unit = '']) => ms + Number(count) * (unitMs[unit] ?? 0), 0)
  return text.startsWith('-') ? -sum : sum
}

function take(cursor: Cursor, word: string): boolean {
  if (!cursor.text.startsWith(word, cursor.at)) return false
  cursor.at += word.length
  return true
}

function takePattern(cursor: Cursor, pattern: RegExp): string | undefined {
  pattern.lastIndex = cursor.at
  const found = pattern.exec(cursor.text)?.[0]
  cursor.at += found?.length ?? 0
  return found
}

function unexpected({ text, at }: Cursor, wanted: string): FailpointError {
  const found = at < text.length ? JSON.stringify(text.slice(at, at + 20)) : 'the end'
  return bad(`${wanted} expected, found ${found} at ${at}`)
}

const bad = (reason: string): FailpointError => new FailpointError('BAD_TERMS', `could not parse terms: ${reason}`)
