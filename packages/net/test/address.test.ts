import { formatAddress, NetError, parseAddress } from '@kvs/net'
import { describe, expect, test } from 'vitest'

describe('parseAddress', () => {
  test.each([
    ['http://127.0.0.1:2379', 'http', false, { kind: 'tcp', host: '127.0.0.1', port: 2379 }],
    ['https://example.com:443/', 'https', true, { kind: 'tcp', host: 'example.com', port: 443 }],
    ['HTTP://Example.com:1', 'http', false, { kind: 'tcp', host: 'Example.com', port: 1 }],
    ['  http://localhost:0 ', 'http', false, { kind: 'tcp', host: 'localhost', port: 0 }],
    ['http://:2379', 'http', false, { kind: 'tcp', host: '', port: 2379 }],
    ['http://[::1]:2379', 'http', false, { kind: 'tcp', host: '::1', port: 2379 }],
    ['http://[fe80::1%25eth0]:2379', 'http', false, { kind: 'tcp', host: 'fe80::1%eth0', port: 2379 }],
    ['unix:///run/kvs.sock', 'unix', false, { kind: 'unix', path: '/run/kvs.sock' }],
    ['unix://localhost:2379', 'unix', false, { kind: 'unix', path: 'localhost:2379' }],
    ['unixs://host:m1/x', 'unixs', true, { kind: 'unix', path: 'host:m1/x' }],
    ['unix:kvs.sock', 'unix', false, { kind: 'unix', path: 'kvs.sock' }],
  ])('%s', (url, scheme, encrypted, address) => {
    expect(parseAddress(url)).toEqual({ scheme, encrypted, address })
  })

  test.each([
    ['', 'the scheme must be http, https, unix or unixs'],
    ['127.0.0.1:2379', 'the scheme must be http, https, unix or unixs'],
    ['localhost:2379', 'the scheme must be http, https, unix or unixs'],
    ['ftp://a:1', 'the scheme must be http, https, unix or unixs'],
    ['http:127.0.0.1:1', 'expected http://host:port'],
    ['http://', "'' does not have the form host:port"],
    ['http://host', "'host' does not have the form host:port"],
    ['http://::1:2379', "'::1:2379' does not have the form host:port"],
    ['http://[]:1', 'the brackets are empty'],
    ['http://host:', "'' is no port (0 to 65535)"],
    ['http://host:65536', "'65536' is no port (0 to 65535)"],
    ['http://host:-1', "'-1' is no port (0 to 65535)"],
    ['http://host:1e3', "'1e3' is no port (0 to 65535)"],
    ['http://host:1/path', "nothing may follow host:port, found '/path'"],
    ['http://host:1?q', "nothing may follow host:port, found '?q'"],
    ['http://user@host:1', 'a user name or password is not allowed'],
    ['unix://', 'no path to the socket'],
    ['unix:///a\0b', 'the path holds a zero byte'],
  ])('refuses %j', (url, reason) => {
    expect(() => parseAddress(url)).toThrow(
      expect.objectContaining({
        name: 'NetError',
        code: 'BAD_ADDRESS',
        message: `net: bad address '${url}': ${reason}`,
      }),
    )
  })
})

test('formatAddress', () => {
  expect(formatAddress({ kind: 'tcp', host: '10.0.0.1', port: 80 })).toBe('10.0.0.1:80')
  expect(formatAddress({ kind: 'tcp', host: '::1', port: 80 })).toBe('[::1]:80')
  expect(formatAddress({ kind: 'unix', path: '/run/x' })).toBe('unix:/run/x')
  expect(formatAddress({ kind: 'memory', name: 'm' })).toBe('memory:m')
})

test('errors say what failed', () => {
  const error = new NetError('REFUSED', 'dial 127.0.0.1:1: nobody', { cause: 'x' })
  expect(error).toMatchObject({
    name: 'NetError',
    code: 'REFUSED',
    message: 'net: dial 127.0.0.1:1: nobody',
    cause: 'x',
  })
})
