import { describe, expect, test } from 'vitest'
import {
  describeAuthInfo,
  describeAuthStatus,
  describeCredentials,
  describeGrants,
  describeKeySpan,
  describePeer,
  describePermission,
  describeRole,
  describeTokenGrant,
  describeTokenOptions,
  describeTokens,
  describeUser,
  keySpanOf,
  parseTokenOptions,
  watchSpanOf,
} from '../src/index.ts'
import { addUser, bytes, newWorld, perm } from './world.ts'

describe('records in one line', () => {
  test('users', () => {
    const hash = bytes('$2a$10$hash')
    const line = describeUser({ name: 'alice', passwordHash: hash, roles: ['dev', 'ops'], noPassword: false })
    expect(line).toBe('alice roles [dev ops]')
    const none = { name: 'bob', passwordHash: bytes(''), roles: [] }
    expect(describeUser({ ...none, noPassword: true })).toBe('bob roles [], no password')
    expect(describeUser({ ...none, noPassword: false })).toBe('bob roles [], password unset')
  })

  test('roles, permissions and spans', () => {
    expect(describeRole({ name: 'dev', permissions: [] })).toBe('dev: nothing')
    const permissions = [perm('read', 'a'), perm('write', 'b', 'c'), perm('readwrite', '\0', '\0')]
    expect(describeRole({ name: 'dev', permissions })).toBe('dev: READ "a", WRITE ["b", "c"), READWRITE ["\\x00", …)')
    expect(describePermission({ ...perm('read', 'a"\\\xff'), permType: 7 })).toBe('type 7 "a\\x22\\x5c\\xff"')
    expect(describeKeySpan(keySpanOf(bytes('a'), bytes('b')))).toBe('["a", "b")')
    expect(describeKeySpan(watchSpanOf(bytes(''), bytes('\0')))).toBe('["\\x00", …)')
  })

  test('what users may do', () => {
    const { store } = newWorld()
    addUser(store, 'alice', ['dev'])
    addUser(store, 'admin', ['root'])
    expect(describeGrants(store.grantsOf('alice')!)).toBe('read nothing; write nothing')
    store.roleGrantPermission({ role: 'dev', permission: perm('readwrite', 'a', 'b') })
    store.roleGrantPermission({ role: 'dev', permission: perm('read', 'b', '\0') })
    expect(describeGrants(store.grantsOf('alice')!)).toBe('read ["a", …); write ["a", "b")')
    expect(describeGrants(store.grantsOf('admin')!)).toBe('everything')
    expect(describeAuthStatus(store.status())).toBe('disabled at revision 8, 2 users, 1 roles')
  })

  test('identities and tokens, of which only the length', () => {
    expect(describeAuthInfo({ username: 'alice', revision: 7 })).toBe('alice at revision 7')
    expect(describeAuthInfo({ username: '', revision: 7 })).toBe('(no name) at revision 7')
    expect(describeAuthInfo(undefined)).toBe('nobody')
    expect(describePeer({ commonName: 'alice', isGateway: true })).toBe('certificate of "alice", over the gateway')
    const credentials = { token: 'canary.1', authorization: 'canary.2', commonName: undefined, isGateway: false }
    expect(describeCredentials(credentials)).toBe('token of 8 characters, no certificate')
    expect(describeCredentials({ ...credentials, token: undefined, authorization: undefined })).toBe(
      'no token, no certificate',
    )
    expect(describeTokenGrant({ username: 'alice', revision: 7, prefix: 'canary', index: 23 })).toBe(
      'login of alice at revision 7, entry 23',
    )
    expect(describeTokens({ kind: 'jwt', tokenCount: 3 })).toBe('jwt tokens, 3 in memory')
    expect(describeTokens({ kind: 'none', tokenCount: 0 })).toBe('no tokens')
  })

  test('what was configured', () => {
    expect(describeTokenOptions(parseTokenOptions('simple'))).toBe('simple')
    expect(describeTokenOptions(parseTokenOptions('jwt,sign-method=ES256,pub-key=a.pub,ttl=1s'))).toBe(
      'jwt ES256, public key a.pub, private key (none), ttl 1000 ms',
    )
  })
})
