import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  areSameUrls,
  clusterIdOf,
  formatId,
  formatInitialCluster,
  foundCluster,
  memberIdOf,
  newMember,
  parseId,
  parseInitialCluster,
  parseUrls,
} from '../src/index.ts'
import { sha1 } from '../src/sha1.ts'
import { utf8Bytes, utf8Text } from '../src/utf8.ts'

test('SHA-1 is that of the platform', () => {
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
  expect(hex(sha1(utf8Bytes('abc')))).toBe('a9993e364706816aba3e25717850c26c9cd0d89d')
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), bytes => {
      expect(hex(sha1(bytes))).toBe(createHash('sha1').update(bytes).digest('hex'))
    }),
  )
})

test('UTF-8 is that of the platform', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), text => {
      expect(Buffer.from(utf8Bytes(text))).toEqual(Buffer.from(text))
      expect(utf8Text(Buffer.from(text))).toBe(Buffer.from(text).toString())
    }),
  )
  fc.assert(
    fc.property(fc.uint8Array(), bytes => {
      expect(utf8Text(bytes).replace(/\ufffd+/g, '?')).toBe(
        new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes).replace(/\ufffd+/g, '?'),
      )
    }),
  )
})

test('the ids of etcd', () => {
  // What etcd 3.4.23 logs for this URL and token.
  const peerUrls = ['http://127.0.0.1:42380']
  const id = memberIdOf({ peerUrls, token: 'etcd-cluster' })
  expect(formatId(id)).toBe('667880157b8812c8')
  expect(formatId(clusterIdOf([id]))).toBe('dc50b8daae93b3e0')
  // The order of URLs and of members does not matter; the default cluster is known to everybody.
  expect(formatId(memberIdOf({ peerUrls: ['http://localhost:2380'], token: 'etcd-cluster' }))).toBe('8e9e05c52164694d')
  expect(formatId(clusterIdOf([0x8e9e05c52164694dn]))).toBe('cdf818194e3a8c32')
  expect(memberIdOf({ peerUrls: ['http://b:1', 'http://a:1'], token: 't' })).toBe(
    memberIdOf({ peerUrls: ['http://a:1', 'http://b:1'], token: 't' }),
  )
  expect(clusterIdOf([2n, 1n])).toBe(clusterIdOf([1n, 2n]))
  // Members that are added later have the time instead of the token.
  expect(memberIdOf({ peerUrls, unixSeconds: 1700000000.9 })).toBe(memberIdOf({ peerUrls, token: '1700000000' }))
})

test('ids as text', () => {
  expect(formatId(0xabn)).toBe('ab')
  expect(parseId('ab')).toBe(0xabn)
  expect(parseId('ffffffffffffffff')).toBe(2n ** 64n - 1n)
  for (const text of ['', 'g', '0x1', '11111111111111111', '-1']) expect(parseId(text)).toBeUndefined()
})

test('URLs that are taken, sorted', () => {
  expect(parseUrls([' http://b:2 ', 'HTTPS://[::1]:2380', 'unix://a/b.sock', 'http://user@h:'])).toEqual([
    'http://b:2',
    'http://user@h:',
    'https://[::1]:2380',
    'unix://a/b.sock',
  ])
  expect(areSameUrls(['http://a:1', 'http://b:1'], ['http://b:1', 'http://a:1'])).toBe(true)
  expect(areSameUrls(['http://a:1', 'http://b:1'], ['http://b:1', 'http://b:1'])).toBe(false)
  expect(areSameUrls(['http://a:1'], ['http://a:1', 'http://a:1'])).toBe(false)
})

test('URLs that are refused', () => {
  const refusals: [string[], string][] = [
    [[], 'no valid URLs given'],
    [['a:1'], 'URL scheme must be http, https, unix, or unixs: a:1'],
    [['ftp://a:1'], 'URL scheme must be http, https, unix, or unixs: ftp://a:1'],
    [['http://a'], 'URL address does not have the form "host:port": http://a'],
    [['http://a:b'], 'URL address does not have the form "host:port": http://a:b'],
    [['http://::1:1'], 'URL address does not have the form "host:port": http://::1:1'],
    [['http://a:1/'], 'URL must not contain a path: http://a:1/'],
    [['http://a:1', 'http://a b:1'], 'URL has a character that no URL has: "http://a b:1"'],
  ]
  for (const [texts, message] of refusals) {
    expect(() => parseUrls(texts)).toThrow(expect.objectContaining({ code: 'BAD_URLS', message }))
  }
})

test('the initial cluster', () => {
  const cluster = parseInitialCluster('n2=http://b:1,n1=http://c:1,,n1=http://a:1')
  expect([...cluster]).toEqual([
    ['n1', ['http://a:1', 'http://c:1']],
    ['n2', ['http://b:1']],
  ])
  expect(formatInitialCluster(cluster)).toBe('n1=http://a:1,n1=http://c:1,n2=http://b:1')
  expect([...parseInitialCluster(formatInitialCluster(cluster))]).toEqual([...cluster])
  for (const text of ['', ',', 'n1', 'n1=', '=http://a:1', 'n1=http://a:1,n2=http://a:1', 'n1=http://a']) {
    expect(() => parseInitialCluster(text)).toThrow(expect.objectContaining({ code: 'BAD_URLS' }))
  }
})

test('founding a cluster', () => {
  const { clusterId, members } = foundCluster(parseInitialCluster('n1=http://127.0.0.1:42380'), 'etcd-cluster')
  expect(formatId(clusterId)).toBe('dc50b8daae93b3e0')
  expect(members).toEqual([
    { id: 0x667880157b8812c8n, name: 'n1', peerUrls: ['http://127.0.0.1:42380'], clientUrls: [], isLearner: false },
  ])
  const three = foundCluster(parseInitialCluster('a=http://a:1,b=http://b:1,c=http://c:1'), 't').members
  expect(three.map(member => member.id)).toEqual(three.map(member => member.id).sort((a, b) => (a < b ? -1 : 1)))
  expect(newMember({ peerUrls: ['http://b:1', 'http://a:1'], isLearner: true }, { unixSeconds: 5 })).toMatchObject({
    name: '',
    peerUrls: ['http://a:1', 'http://b:1'],
    isLearner: true,
  })
  const twice = new Map([
    ['a', ['http://a:1']],
    ['b', ['http://a:1']],
  ])
  expect(() => foundCluster(twice, 't')).toThrow('member exists with identical ID')
})
