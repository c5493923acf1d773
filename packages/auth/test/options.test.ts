import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { AuthError, jwtMethods, parseTokenOptions } from '../src/index.ts'
import { parseDurationMs } from '../src/tokens/duration.ts'

describe('the value of --auth-token', () => {
  test('names the kind', () => {
    expect(parseTokenOptions('')).toEqual({ kind: 'none' })
    expect(parseTokenOptions('simple')).toEqual({ kind: 'simple' })
    // etcd looks at no options of simple tokens, but they have to be options.
    expect(parseTokenOptions('simple,any=thing')).toEqual({ kind: 'simple' })
  })

  test.each(jwtMethods)('names the method %s', method => {
    expect(parseTokenOptions(`jwt,sign-method=${method}`)).toEqual({
      kind: 'jwt',
      method,
      publicKeyFile: undefined,
      privateKeyFile: undefined,
      ttlMs: 300_000,
    })
  })

  test('names files and time to live, in any order', () => {
    const expected = { kind: 'jwt', method: 'RS256', publicKeyFile: 'a.pub', privateKeyFile: '/b c', ttlMs: 600_000 }
    expect(parseTokenOptions('jwt,pub-key=a.pub,priv-key=/b c,sign-method=RS256,ttl=10m')).toEqual(expected)
    expect(parseTokenOptions('jwt,ttl=10m,sign-method=RS256,priv-key=/b c,pub-key=a.pub')).toEqual(expected)
    expect(parseTokenOptions('jwt,sign-method=HS256,pub-key=,ttl=')).toMatchObject({
      publicKeyFile: undefined,
      ttlMs: 300_000,
    })
  })

  test.each([
    'bad',
    'Simple',
    ' simple',
    'jwt',
    'jwt,',
    'jwt,sign-method',
    'jwt,sign-method=',
    'jwt,sign-method=none',
    'jwt,sign-method=rs256',
    'jwt,sign-method=RS1',
    'jwt,sign-method=RS256,sign-method=RS256',
    'jwt,sign-method=RS256,pub-key=a=b',
    'jwt,sign-method=RS256,pub-keys=a',
    'jwt,sign-method=RS256,ttl=10',
    'jwt,sign-method=RS256,ttl=-5m',
    'jwt,sign-method=RS256,ttl=0',
    'jwt,sign-method=RS256,ttl=0s',
    'jwt,sign-method=RS256,ttl=m',
    'jwt,sign-method=RS256,ttl=1d',
    'jwt,sign-method=RS256,ttl=300000000h',
    'simple,any',
    'simple,a=1,a=2',
  ])('%j is refused with etcd’s text and a reason', text => {
    expect(() => parseTokenOptions(text)).toThrow(/^auth: invalid auth options: ./)
  })

  test('of any text is read or refused, never with another error', () => {
    const aText = fc.oneof(
      fc.string(),
      fc.string({ unit: fc.constantFrom('jwt', ',', '=', 'ttl', 'sign-method', 'RS256', '1m') }),
    )
    fc.assert(
      fc.property(aText, text => {
        try {
          expect(['none', 'simple', 'jwt']).toContain(parseTokenOptions(text).kind)
        } catch (error) {
          expect(error).toBeInstanceOf(AuthError)
          expect((error as AuthError).code).toBe('INVALID_AUTH_OPTS')
        }
      }),
      { numRuns: 2_000 },
    )
  })
})

test.each([
  ['10m', 600_000],
  ['1h30m', 5_400_000],
  ['1.5h', 5_400_000],
  ['.5s', 500],
  ['2.s', 2_000],
  ['300ms', 300],
  ['1us', 1e-3],
  ['1µs', 1e-3],
  ['1μs', 1e-3],
  ['1000000ns', 1],
  ['0', 0],
  ['-0', 0],
  ['+5s', 5_000],
  ['-1m', -60_000],
  ['1m1m', 120_000],
  ['', undefined],
  ['-', undefined],
  ['5', undefined],
  ['.s', undefined],
  ['s', undefined],
  ['1 s', undefined],
  ['1s ', undefined],
  ['1.1.1s', undefined],
  ['--1s', undefined],
  ['1S', undefined],
  ['1e3s', undefined],
  ['\n1s', undefined],
  ['2562048h', undefined],
  ['2562047h', 2_562_047 * 3_600_000],
])('the duration %j is %j ms', (text, ms) => {
  const found = parseDurationMs(text)
  expect(found === undefined ? undefined : found + 0).toBe(ms)
})
