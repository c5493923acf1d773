import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isKvsError, KvsError, parseEndpoint, prefixEnd, rangeOf, toBytes, toText } from '../src/index.ts'

describe('prefixEnd', () => {
  test.each([
    [
      [1, 2],
      [1, 3],
    ],
    [[1, 255], [2]],
    [[255, 255], [0]],
    [[], [0]],
  ])('%j ends before %j', (prefix, end) => {
    expect(prefixEnd(new Uint8Array(prefix))).toEqual(new Uint8Array(end))
  })

  test('leaves a Buffer as it is', () => {
    const prefix = Buffer.from('a')
    expect(prefixEnd(prefix)).toEqual(toBytes('b'))
    expect(prefix.toString()).toBe('a')
  })

  test('holds exactly the keys with the prefix', () => {
    const byte = fc.constantFrom(0, 1, 127, 254, 255)
    const bytes = fc.array(byte, { maxLength: 4 })
    fc.assert(
      fc.property(fc.array(byte, { minLength: 1, maxLength: 3 }), bytes, (prefix, key) => {
        const end = prefixEnd(new Uint8Array(prefix))
        const open = end.length === 1 && end[0] === 0
        const inside = Buffer.compare(Buffer.from(key), Buffer.from(prefix)) >= 0
        const before = open || Buffer.compare(Buffer.from(key), Buffer.from(end)) < 0
        expect(inside && before).toBe(prefix.every((each, i) => key[i] === each))
      }),
      { numRuns: 2_000 },
    )
  })
})

test('ranges become key and end', () => {
  expect(rangeOf('a')).toEqual({ key: toBytes('a'), rangeEnd: undefined })
  expect(rangeOf({ prefix: 'a' })).toEqual({ key: toBytes('a'), rangeEnd: toBytes('b') })
  expect(rangeOf({ prefix: '' })).toEqual({ key: new Uint8Array([0]), rangeEnd: new Uint8Array([0]) })
  expect(rangeOf({ from: 'a' })).toEqual({ key: toBytes('a'), rangeEnd: new Uint8Array([0]) })
  expect(rangeOf({ from: '' })).toEqual({ key: new Uint8Array([0]), rangeEnd: new Uint8Array([0]) })
  expect(rangeOf({ key: 'a', end: 'c' })).toEqual({ key: toBytes('a'), rangeEnd: toBytes('c') })
  expect(toText(toBytes('grüße'))).toBe('grüße')
})

test.each([
  ['127.0.0.1:2379', 'tcp 127.0.0.1 2379', 'configured', '127.0.0.1:2379'],
  ['localhost', 'tcp localhost 2379', 'configured', 'localhost:2379'],
  ['http://h:1', 'tcp h 1', 'plain', 'h:1'],
  ['https://h:1/', 'tcp h 1', 'tls', 'h:1'],
  ['[::1]:2379', 'tcp ::1 2379', 'configured', '[::1]:2379'],
  ['https://[fe80::1]', 'tcp fe80::1 2379', 'tls', '[fe80::1]:2379'],
  ['unix:a/b.sock', 'unix a/b.sock', 'plain', 'b.sock'],
  ['unix:///run/kvs.sock', 'unix /run/kvs.sock', 'plain', 'kvs.sock'],
  ['unixs://localhost:20001', 'unix localhost:20001', 'tls', 'localhost:20001'],
])('endpoint %s', (text, address, security, authority) => {
  const endpoint = parseEndpoint(text)
  expect(Object.values(endpoint.address).join(' ')).toBe(address)
  expect(endpoint).toMatchObject({ text, security, authority })
})

test.each(['', 'ftp://h:1', 'h:99999', 'h:1:2', 'http://h:1/path', 'unix:', '::1'])('"%s" is no endpoint', text => {
  expect(() => parseEndpoint(text)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }))
})

test('errors tell their reason by text', () => {
  const error = new KvsError('OUT_OF_RANGE', 'etcdserver: mvcc: required revision has been compacted')
  expect(isKvsError(error, 'COMPACTED')).toBe(true)
  expect(isKvsError(error, 'NO_LEADER')).toBe(false)
  expect(isKvsError(error)).toBe(true)
  expect(isKvsError(new Error('x'))).toBe(false)
})
