/** Values as Go's fmt, strconv and time write and read them: what scripts around etcdctl have come to rely on. */
import { CtlError } from './errors.ts'

const encoder = new TextEncoder()
const strictDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** `%016x` */
export const hex16 = (id: bigint): string => BigInt.asUintN(64, id).toString(16).padStart(16, '0')

/** `%x` */
export const hex = (id: bigint): string => id.toString(16)

/** `\x66\x6f`: keys and values under --hex. */
export function hexBytes(bytes: Uint8Array): string {
  return Array.from(bytes, byte => `\\x${byte.toString(16).padStart(2, '0')}`).join('')
}

const shortEscapes: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '"': '\\"',
  '\\': '\\\\',
}
const printable = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u

/** `%q`: in double quotes; what cannot be shown is escaped, bytes that are no UTF-8 as `\xNN`. */
export function quote(value: Uint8Array | string): string {
  const bytes = typeof value === 'string' ? encoder.encode(value) : value
  let text = ''
  for (let at = 0; at < bytes.length; ) {
    const length = utf8Length(bytes, at)
    if (length === 0) {
      text += `\\x${(bytes[at] as number).toString(16).padStart(2, '0')}`
      at++
      continue
    }
    text += quoteCharacter(strictDecoder.decode(bytes.subarray(at, at + length)))
    at += length
  }
  return `"${text}"`
}

function quoteCharacter(character: string): string {
  const short = shortEscapes[character]
  if (short !== undefined) return short
  if (printable.test(character)) return character
  const code = character.codePointAt(0) as number
  if (code < 0x80) return `\\x${code.toString(16).padStart(2, '0')}`
  return code < 0x1_0000 ? `\\u${code.toString(16).padStart(4, '0')}` : `\\U${code.toString(16).padStart(8, '0')}`
}

/** Bytes of the character at `at`; 0 if there is none. */
function utf8Length(bytes: Uint8Array, at: number): number {
  const first = bytes[at] as number
  const length = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0
  if (length < 2) return length
  try {
    strictDecoder.decode(bytes.subarray(at, at + length))
    return length
  } catch {
    return 0
  }
}

const escapeValues: Readonly<Record<string, number>> = { a: 7, b: 8, f: 12, n: 10, r: 13, t: 9, v: 11 }

/** The bytes of a Go string literal, in double quotes or in backquotes; undefined if it is none. */
export function unquote(literal: string): Uint8Array | undefined {
  if (/^`[^`]*`$/.test(literal)) return encoder.encode(literal.slice(1, -1))
  if (!/^"(?:[^"\\]|\\.)*"$/s.test(literal)) return undefined
  const bytes: number[] = []
  const pieces = literal
    .slice(1, -1)
    .matchAll(/\\x([\da-fA-F]{2})|\\([0-7]{3})|\\u([\da-fA-F]{4})|\\U([\da-fA-F]{8})|\\(.)|[^\\]+/gs)
  for (const [piece, byte, octal, short, long, escaped] of pieces) {
    if (byte !== undefined) bytes.push(Number.parseInt(byte, 16))
    else if (octal !== undefined) bytes.push(Number.parseInt(octal, 8) & 0xff)
    else if (short !== undefined || long !== undefined) {
      const code = Number.parseInt(short ?? long ?? '', 16)
      if (code > 0x10_ffff) return undefined
      bytes.push(...encoder.encode(String.fromCodePoint(code)))
    } else if (escaped === undefined) bytes.push(...encoder.encode(piece))
    else if (escaped === '"' || escaped === '\\' || escaped === "'") bytes.push(escaped.charCodeAt(0))
    else {
      const value = escapeValues[escaped]
      if (value === undefined) return undefined
      bytes.push(value)
    }
  }
  return new Uint8Array(bytes)
}

/** A line as words: separated by spaces, unless in single quotes (as it is) or in double quotes (Go's escapes). */
export function splitWords(line: string): (string | Uint8Array)[] {
  const words = line.match(/"(?:[^"\\]|\\.)*"|'[^']*'|[^'"\s]\S*/g) ?? []
  return words.map(word => {
    if (word.startsWith("'")) return word.slice(1, -1)
    if (!word.startsWith('"')) return word
    const bytes = unquote(word)
    if (bytes === undefined) throw new CtlError('invalidInput', `bad quoting in ${word}`)
    try {
      return strictDecoder.decode(bytes)
    } catch {
      return bytes
    }
  })
}

const int64Max = 2n ** 63n - 1n
const int64Min = -(2n ** 63n)

function parseDigits(text: string, { base, signed }: { base: 10 | 16; signed: boolean }): bigint {
  const name = signed ? 'ParseInt' : 'ParseUint'
  const shape = base === 10 ? /^[0-9]+$/ : /^[0-9a-f]+$/i
  const match = (signed ? /^([+-]?)(.*)$/s : /^()(.*)$/s).exec(text)
  const [, sign = '', digits = ''] = match ?? []
  if (!shape.test(digits)) throw new SyntaxError(`strconv.${name}: parsing ${quote(text)}: invalid syntax`)
  const size = BigInt(base === 16 ? `0x${digits}` : digits)
  const value = sign === '-' ? -size : size
  if (signed ? value > int64Max || value < int64Min : value > 2n ** 64n - 1n) {
    throw new SyntaxError(`strconv.${name}: parsing ${quote(text)}: value out of range`)
  }
  return value
}

/** A decimal int64 as a number; beyond ±(2^53 − 1) it is refused. Throws `SyntaxError` with Go's text. */
export const parseInt64 = (text: string): number => parseDecimal(text, { signed: true })

/** The same for an uint64. */
export const parseUint64 = (text: string): number => parseDecimal(text, { signed: false })

function parseDecimal(text: string, { signed }: { readonly signed: boolean }): number {
  const value = Number(parseDigits(text, { base: 10, signed }))
  if (Number.isSafeInteger(value)) return value
  throw new SyntaxError(`strconv.${signed ? 'ParseInt' : 'ParseUint'}: parsing ${quote(text)}: value out of range`)
}

/** A lease id. Throws `SyntaxError` with Go's text. */
export const parseHexInt64 = (text: string): bigint => parseDigits(text, { base: 16, signed: true })

/** A member id. Throws `SyntaxError` with Go's text. */
export const parseHexUint64 = (text: string): bigint => parseDigits(text, { base: 16, signed: false })

const durationUnitsMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
}

/** `1m30s`, `500ms`, `0`: milliseconds. Throws `SyntaxError` with Go's text. */
export function parseDurationMs(text: string): number {
  if (/^[+-]?0$/.test(text)) return 0
  const match = /^([+-]?)((?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/.exec(text)
  if (match === null) {
    const missing = /^[+-]?(\d+\.?\d*|\.\d+)$/.test(text)
    throw new SyntaxError(`time: ${missing ? 'missing unit in' : 'invalid'} duration ${quote(text)}`)
  }
  let sum = 0
  for (const [, amount, unit] of (match[2] as string).matchAll(/([\d.]+)([a-zµμ]+)/g)) {
    sum += Number(amount) * (durationUnitsMs[unit as string] as number)
  }
  return match[1] === '-' ? -sum : sum
}

/** `857.712µs`, `2.971299ms`, `1m3.5s`. */
export function formatDuration(ms: number): string {
  const ns = Math.round(ms * 1e6)
  if (ns === 0) return '0s'
  if (ns < 1e3) return `${ns}ns`
  if (ns < 1e6) return `${ns / 1e3}µs`
  if (ns < 1e9) return `${ns / 1e6}ms`
  const hours = Math.floor(ns / 3.6e12)
  const minutes = Math.floor((ns % 3.6e12) / 6e10)
  const seconds = `${(ns % 6e10) / 1e9}s`
  if (hours > 0) return `${hours}h${minutes}m${seconds}`
  return minutes > 0 ? `${minutes}m${seconds}` : seconds
}

/** `%.0f` */
function roundHalfEven(value: number): number {
  const floor = Math.floor(value)
  const rest = value - floor
  if (rest !== 0.5) return Math.round(value)
  return floor % 2 === 0 ? floor : floor + 1
}

const sizeUnits = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB']

/** `20 kB`, `2.1 GB`: two figures, powers of 1000. */
export function formatBytes(bytes: number): string {
  if (bytes < 10) return `${bytes} B`
  const power = Math.floor(Math.log(bytes) / Math.log(1_000))
  const value = Math.floor((bytes / 1_000 ** power) * 10 + 0.5) / 10
  return `${value < 10 ? value.toFixed(1) : roundHalfEven(value)} ${sizeUnits[power]}`
}
