import { describe, expect, test } from 'vitest'
import {
  formatBytes,
  formatDuration,
  hex16,
  hexBytes,
  parseDurationMs,
  parseHexInt64,
  parseHexUint64,
  parseInt64,
  quote,
  splitWords,
  unquote,
} from '../src/go-text.ts'
import { renderTable } from '../src/table.ts'

test.each([
  ['abc', '"abc"'],
  ['a"b\\c', '"a\\"b\\\\c"'],
  ['\x07\b\f\n\r\t\v', '"\\a\\b\\f\\n\\r\\t\\v"'],
  ['\x00\x7f', '"\\x00\\x7f"'],
  ['grüße 世界', '"grüße 世界"'],
  ['\u200b\u00a0\ufeff', '"\\u200b\\u00a0\\ufeff"'],
  ['\u{e0001}', '"\\U000e0001"'],
])('quote %j', (text, quoted) => {
  expect(quote(text)).toBe(quoted)
  expect(unquote(quoted)).toEqual(new TextEncoder().encode(text))
})

test('bytes that are no UTF-8 are quoted one by one', () => {
  const bytes = new Uint8Array([0xff, 0x61, 0xc3, 0xe4, 0xb8, 0xed, 0xa0, 0x80])
  expect(quote(bytes)).toBe('"\\xffa\\xc3\\xe4\\xb8\\xed\\xa0\\x80"')
  expect(unquote(quote(bytes))).toEqual(bytes)
})

test.each(['a', '"a', '"\\q"', '"\\U00110000"', "'a'"])('%s is no literal', literal => {
  expect(unquote(literal)).toBeUndefined()
})

test('literals in backquotes are taken as they are', () => {
  expect(unquote('`a\\n"`')).toEqual(new TextEncoder().encode('a\\n"'))
})

test('a line as words', () => {
  expect(splitWords(`put "two words" 'it is "so"' --prev-kv  x`)).toEqual([
    'put',
    'two words',
    'it is "so"',
    '--prev-kv',
    'x',
  ])
  expect(splitWords('')).toEqual([])
  expect(splitWords('"\\xff"')).toEqual([new Uint8Array([0xff])])
  expect(() => splitWords('"\\q"')).toThrow('bad quoting')
})

describe('numbers', () => {
  test('in and out of range', () => {
    expect(parseInt64('-12')).toBe(-12)
    expect(parseHexInt64('7fffffffffffffff')).toBe(2n ** 63n - 1n)
    expect(parseHexUint64('ffffffffffffffff')).toBe(2n ** 64n - 1n)
    expect(hex16(-1n)).toBe('ffffffffffffffff')
  })

  test.each([
    [() => parseInt64('x'), 'strconv.ParseInt: parsing "x": invalid syntax'],
    [() => parseInt64(''), 'strconv.ParseInt: parsing "": invalid syntax'],
    [() => parseInt64('9223372036854775808'), 'strconv.ParseInt: parsing "9223372036854775808": value out of range'],
    [() => parseHexInt64('8000000000000000'), 'strconv.ParseInt: parsing "8000000000000000": value out of range'],
    [() => parseHexUint64('-1'), 'strconv.ParseUint: parsing "-1": invalid syntax'],
  ])('%s', (parse, message) => {
    expect(parse).toThrow(message)
  })
})

test.each([
  ['0', 0],
  ['5s', 5_000],
  ['1m30s', 90_000],
  ['1.5h', 5_400_000],
  ['500ms', 500],
  ['250µs', 0.25],
])('duration %s', (text, ms) => {
  expect(parseDurationMs(text)).toBe(ms)
})

test.each([
  ['x', 'time: invalid duration "x"'],
  ['5', 'time: missing unit in duration "5"'],
  ['', 'time: invalid duration ""'],
])('no duration: %j', (text, message) => {
  expect(() => parseDurationMs(text)).toThrow(message)
})

test.each([
  [0.000_5, '500ns'],
  [0.857_712, '857.712µs'],
  [2.971_299, '2.971299ms'],
  [1_500, '1.5s'],
  [63_500, '1m3.5s'],
  [3_600_000, '1h0m0s'],
])('%d ms are %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text)
})

test.each([
  [0, '0 B'],
  [9, '9 B'],
  [999, '999 B'],
  [20_480, '20 kB'],
  [24_576, '25 kB'],
  [1_234_567, '1.2 MB'],
  [2_147_483_648, '2.1 GB'],
])('%d bytes are %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text)
})

test('bytes in hexadecimal', () => {
  expect(hexBytes(new Uint8Array([0, 0x66, 0xff]))).toBe('\\x00\\x66\\xff')
})

test('a table', () => {
  expect(renderTable(['id', 'hash_revision'], [['1', 'äöü']])).toEqual([
    '+----+---------------+',
    '| ID | HASH REVISION |',
    '+----+---------------+',
    '|  1 |           äöü |',
    '+----+---------------+',
  ])
})
