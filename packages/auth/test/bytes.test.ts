import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeBase64, encodeBase64 } from '../src/base64.ts'
import { compareBytes, compareText, latin1Text, utf8Length } from '../src/bytes.ts'
import { checkNameLength } from '../src/index.ts'
import { readDer, sequenceElements, writeDer } from '../src/tokens/der.ts'

const utf8 = (text: string): Buffer => Buffer.from(text, 'utf8')
const aText = fc.string({ unit: 'binary' })

test('bytes and texts are compared as Node compares their bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 4 }), fc.uint8Array({ maxLength: 4 }), (a, b) => {
      expect(Math.sign(compareBytes(a, b))).toBe(Buffer.compare(a, b))
    }),
  )
  fc.assert(
    fc.property(aText, aText, (a, b) => {
      expect(Math.sign(compareText(a, b))).toBe(Buffer.compare(utf8(a), utf8(b)))
      expect(Math.sign(compareText(a + b, a))).toBe(Buffer.compare(utf8(a + b), utf8(a)))
      expect(utf8Length(a)).toBe(utf8(a).length)
    }),
    { numRuns: 1_000 },
  )
})

describe('base64', () => {
  test('of any bytes is Node’s, and comes back', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), some => {
        expect(encodeBase64(some)).toBe(Buffer.from(some).toString('base64'))
        expect(decodeBase64(encodeBase64(some))).toEqual(some)
      }),
    )
  })

  test.each([
    ['', []],
    ['QQ==', [0x41]],
    ['QR==', [0x41]],
    ['Q\nQ=\r\n=', [0x41]],
    ['QUI=', [0x41, 0x42]],
    ['QUJD', [0x41, 0x42, 0x43]],
    ['+/+/', [0xfb, 0xff, 0xbf]],
    ['QQ', undefined],
    ['QQ=', undefined],
    ['Q===', undefined],
    ['====', undefined],
    ['QQ==QQ==', undefined],
    ['QUJD=', undefined],
    ['-_-_', undefined],
    ['Q Q=', undefined],
    ['QU\u0142D', undefined],
  ])('%j is read as Go reads it', (text, expected) => {
    expect(decodeBase64(text)).toEqual(expected === undefined ? undefined : Uint8Array.from(expected))
  })
})

describe('DER', () => {
  test('comes back, whatever its length', () => {
    for (const length of [0, 1, 127, 128, 255, 256, 65_535, 65_536]) {
      const bytes = writeDer(4, new Uint8Array(length - (length % 2)), new Uint8Array(length % 2))
      const element = readDer(bytes, 0, bytes.length)
      expect(element).toEqual({ tag: 4, start: bytes.length - length, end: bytes.length })
      expect(readDer(bytes, 0, bytes.length - 1)).toBeUndefined()
    }
  })

  test('that is cut short, endless or none gives nothing', () => {
    for (const bytes of [
      [],
      [0x30],
      [0x30, 0x80],
      [0x30, 0x84, 0, 0, 0, 0],
      [0x30, 0x81],
      [0x30, 5, 2, 1, 0],
      [2, 1, 0],
    ]) {
      expect(sequenceElements(Uint8Array.from(bytes))).toEqual([])
    }
    expect(sequenceElements(Uint8Array.of(0x30, 3, 2, 1, 7, 0))).toEqual([])
    expect(sequenceElements(Uint8Array.of(0x30, 4, 2, 1, 7, 4))).toEqual([])
    expect(sequenceElements(Uint8Array.of(0x30, 3, 2, 1, 7))).toEqual([{ tag: 2, start: 4, end: 5 }])
    fc.assert(fc.property(fc.uint8Array(), bytes => void sequenceElements(bytes)))
  })
})

test('names are as long as keys of the state file may be', () => {
  expect(checkNameLength('x'.repeat(1_900))).toBeUndefined()
  expect(checkNameLength('x'.repeat(1_901))).toBe('NAME_TOO_LONG')
  expect(checkNameLength('ü'.repeat(951))).toBe('NAME_TOO_LONG')
  expect(checkNameLength('')).toBeUndefined()
})

test('bytes become characters one by one', () => {
  expect(latin1Text(Uint8Array.of(0, 0x41, 0xff))).toBe('\0A\xff')
})
