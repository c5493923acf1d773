import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeBase64, encodeBase64 } from '../src/base64.ts'
import { decodeGrpcMessage, encodeGrpcMessage } from '../src/grpc-message.ts'
import { formatGrpcTimeout, parseGrpcTimeout } from '../src/grpc-timeout.ts'
import { headerField } from '../src/http2/header-field.ts'
import { WireMetadata } from '../src/metadata.ts'

describe('grpc-message', () => {
  it.each([
    ['plain text, ~', 'plain text, ~'],
    ['100 %', '100 %25'],
    ['ñ 鍵 🔑\n', '%C3%B1 %E9%8D%B5 %F0%9F%94%91%0A'],
    ['\ud800', '%EF%BF%BD'],
  ])('%j', (text, wire) => expect(encodeGrpcMessage(text)).toBe(wire))

  it('reads what others write, and never fails', () => {
    expect(decodeGrpcMessage('a%20b')).toBe('a b')
    expect(decodeGrpcMessage('%c3%b1')).toBe('ñ')
    expect(decodeGrpcMessage('100% %zz %4')).toBe('100% %zz %4')
    expect(decodeGrpcMessage('%ff')).toBe('ÿ')
  })

  it('round trip', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), text => {
        expect(decodeGrpcMessage(encodeGrpcMessage(text))).toBe(Buffer.from(text).toString())
        expect(encodeGrpcMessage(text)).toMatch(/^[ -~]*$/)
      }),
    )
  })
})

describe('grpc-timeout', () => {
  it.each([
    ['1H', 3_600_000],
    ['2M', 120_000],
    ['3S', 3_000],
    ['99999999m', 99_999_999],
    ['500u', 0.5],
    ['1000000n', 1],
    ['0n', 0],
  ])('%s', (text, ms) => expect(parseGrpcTimeout(text)).toBeCloseTo(ms, 9))

  it.each([
    ['', 'transport: timeout string is too short: ""'],
    ['S', 'transport: timeout string is too short: "S"'],
    ['123456789S', 'transport: timeout string is too long: "123456789S"'],
    ['1x', 'transport: timeout unit is not recognized: "1x"'],
    ['-1S', 'strconv.ParseUint: parsing "-1": invalid syntax'],
  ])('%j', (text, problem) => expect(parseGrpcTimeout(text)).toBe(problem))

  it('what is written is never shorter than what was meant, and hardly longer', () => {
    fc.assert(
      fc.property(fc.oneof(fc.double({ min: 0.001, max: 1e11, noNaN: true }), fc.integer({ min: 1, max: 1e9 })), ms => {
        const text = formatGrpcTimeout(ms)
        expect(text).toMatch(/^\d{1,8}[SmuHMn]$/)
        const read = parseGrpcTimeout(text) as number
        if (ms <= 99_999_999_000) expect(read).toBeGreaterThanOrEqual(ms * (1 - 1e-12))
        expect(read).toBeLessThanOrEqual(Math.max(ms * 1.02 + 0.001, ms + 1_000))
      }),
    )
    expect(formatGrpcTimeout(-5)).toBe('1n')
  })
})

describe('metadata', () => {
  it('base64 as Buffer writes and reads it', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 50 }), bytes => {
        const padded = Buffer.from(bytes).toString('base64')
        expect(encodeBase64(bytes)).toBe(padded.replace(/=+$/, ''))
        expect(decodeBase64(padded)).toEqual(bytes)
        expect(decodeBase64(encodeBase64(bytes))).toEqual(bytes)
      }),
    )
    for (const bad of ['a', 'ab=c', '!!!!', 'abcde', 'a=', 'ab==='])
      expect([bad, decodeBase64(bad)]).toEqual([bad, undefined])
  })

  it('lookup', () => {
    const pairs: [string, string][] = [
      [':path', '/a/b'],
      ['te', 'trailers'],
      ['x', '1'],
      ['x', '2'],
      ['y-bin', 'AAH/,AQ=='],
      ['z-bin', '*'],
    ]
    const metadata = new WireMetadata(pairs.map(([name, value]) => headerField(name, value)))
    expect(metadata.get('x')).toBe('1')
    expect(metadata.getAll('x')).toEqual(['1', '2'])
    expect(metadata.get('nope')).toBeUndefined()
    expect(metadata.getBytes('y-bin')).toEqual(Uint8Array.of(0, 1, 255))
    expect(metadata.getBytes('nope-bin')).toBeUndefined()
    expect(metadata.entries()).toEqual([
      ['x', '1'],
      ['x', '2'],
      ['y-bin', Uint8Array.of(0, 1, 255)],
      ['y-bin', Uint8Array.of(1)],
      ['z-bin', new Uint8Array(0)],
    ])
  })
})
