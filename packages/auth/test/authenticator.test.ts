import { SeededRandom, VirtualClock } from '@kvs/testing'
import { describe, expect, test } from 'vitest'
import {
  type AuthInfo,
  authInfoOfPeer,
  type Credentials,
  createAuthenticator,
  createAuthStore,
  createJwtTokens,
  createSimpleTokens,
  type TokenProvider,
} from '../src/index.ts'
import { file } from './key-pairs.ts'
import { addUser, codeOf, enableAuth, MemoryStorage } from './world.ts'

const nothing: Credentials = { token: undefined, authorization: undefined, commonName: undefined, isGateway: false }

function memberWith(tokens: TokenProvider) {
  const store = createAuthStore({ storage: new MemoryStorage(), tokens })
  addUser(store, 'alice')
  return { store, tokens, authenticator: createAuthenticator({ store, tokens }) }
}

function simpleMember() {
  const applied = { isApplied: () => true, wait: async () => true }
  const tokens = createSimpleTokens({ clock: new VirtualClock(), random: new SeededRandom(1), applied })
  const member = memberWith(tokens)
  enableAuth(member.store)
  const grant = { username: 'alice', revision: member.store.revision, prefix: tokens.newPrefix(), index: 5 }
  tokens.granted(grant)
  return { ...member, token: tokens.issue(grant) }
}

describe('who a call is from', () => {
  test('is said by its token, with or without Bearer, in either field', () => {
    const { authenticator, store, token } = simpleMember()
    const alice = { username: 'alice', revision: store.revision }
    expect(authenticator.identify({ ...nothing, token })).toEqual(alice)
    expect(authenticator.identify({ ...nothing, authorization: token })).toEqual(alice)
    expect(authenticator.identify({ ...nothing, token: `Bearer ${token}` })).toEqual(alice)
    expect(authenticator.identify({ ...nothing, authorization: `Bearer ${token}` })).toEqual(alice)
    const others = [`bearer ${token}`, `Bearer  ${token}`, `Bearer${token}`, `${token} `, `Bearer Bearer ${token}`, '']
    for (const other of others) {
      expect([other, codeOf(() => void authenticator.identify({ ...nothing, token: other }))]).toEqual([
        other,
        'INVALID_AUTH_TOKEN',
      ])
    }
  })

  test('is said by token before authorization before certificate', () => {
    const { authenticator, store, token } = simpleMember()
    const all: Credentials = { token, authorization: 'bad.1', commonName: 'root', isGateway: false }
    expect(authenticator.identify(all)).toMatchObject({ username: 'alice' })
    expect(codeOf(() => void authenticator.identify({ ...all, token: 'bad.1', authorization: token }))).toBe(
      'INVALID_AUTH_TOKEN',
    )
    expect(codeOf(() => void authenticator.identify({ ...all, token: undefined }))).toBe('INVALID_AUTH_TOKEN')
    const certificate = { ...all, token: undefined, authorization: undefined }
    expect(authenticator.identify(certificate)).toEqual({ username: 'root', revision: store.revision })
  })

  test('is nobody if nothing is said', () => {
    const { authenticator } = simpleMember()
    expect(authenticator.identify(nothing)).toBeUndefined()
  })

  test('is nobody while auth is off, whatever is said', () => {
    const { authenticator, store, token } = simpleMember()
    store.disable()
    for (const said of [token, 'bad.1', '']) {
      expect(authenticator.identify({ ...nothing, token: said, commonName: 'root' })).toBeUndefined()
    }
  })

  test('takes a promise when a token has to be verified first', async () => {
    const tokens = await createJwtTokens({ method: 'HS256', privateKey: file('secret'), clock: new VirtualClock() })
    const { authenticator, store } = memberWith(tokens)
    enableAuth(store)
    const token = await tokens.issue({ username: 'alice', revision: store.revision, prefix: '', index: 5 })
    const first = authenticator.identify({ ...nothing, token })
    expect(first).toBeInstanceOf(Promise)
    expect(await first).toEqual({ username: 'alice', revision: store.revision })
    expect(authenticator.identify({ ...nothing, token })).toEqual({ username: 'alice', revision: store.revision })
    const bad = authenticator.identify({ ...nothing, token: `${token.slice(0, -4)}AAAA` })
    await expect(bad).rejects.toMatchObject({ code: 'INVALID_AUTH_TOKEN' })
  })
})

test.each<[string | undefined, boolean, AuthInfo | undefined]>([
  ['alice', false, { username: 'alice', revision: 7 }],
  ['', false, { username: '', revision: 7 }],
  [undefined, false, undefined],
  ['alice', true, undefined],
])('a certificate of %j, gateway %j, is %j', (commonName, isGateway, expected) => {
  expect(authInfoOfPeer({ commonName, isGateway }, 7)).toEqual(expected)
})
