import { createHmac, createPublicKey, generateKeyPairSync, sign, X509Certificate } from 'node:crypto'
import { VirtualClock } from '@kvs/testing'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type AuthInfo,
  createJwtTokens,
  type JwtMethod,
  type JwtTokens,
  jwtCacheMax,
  jwtCharsMax,
  jwtMethods,
  jwtVerificationsMax,
} from '../src/index.ts'
import { Recent } from '../src/tokens/recent.ts'
import { certificatePem, file, keyFilesOf, keyPair, nodeKey, privatePem, publicPem } from './key-pairs.ts'

const wallStartMs = Date.UTC(2026, 0, 1)
const startSeconds = wallStartMs / 1000
const grant = { username: 'alice', revision: 7, prefix: '', index: 23 }
const current = { revision: 7 }

const base64url = (value: string | Buffer): string => Buffer.from(value).toString('base64url')
const partsOf = (token: string): unknown[] =>
  token
    .split('.')
    .slice(0, 2)
    .map(part => JSON.parse(Buffer.from(part, 'base64url').toString()))

/** Signs by hand with a secret. */
function handmade(secret: Uint8Array, claims: unknown, header: unknown = { alg: 'HS256', typ: 'JWT' }): string {
  const text = typeof claims === 'string' ? claims : JSON.stringify(claims)
  const content = `${base64url(JSON.stringify(header))}.${base64url(text)}`
  return `${content}.${createHmac('sha256', secret).update(content).digest('base64url')}`
}

async function newTokens(method: JwtMethod = 'HS256', ttlMs?: number, keys = keyFilesOf(method)) {
  const clock = new VirtualClock(wallStartMs)
  const tokens = await createJwtTokens({ method, ...keys, clock, ttlMs })
  tokens.enable()
  return { clock, keys, tokens }
}

const find = async (tokens: JwtTokens, token: string): Promise<AuthInfo | undefined> => tokens.find(token)

describe.each(jwtMethods)('with %s', method => {
  test('a token is issued, verified once and known from then on', async () => {
    const { tokens } = await newTokens(method)
    expect(tokens.newPrefix()).toBe('')
    tokens.granted(grant)
    const token = await tokens.issue(grant)
    expect(partsOf(token)).toEqual([
      { alg: method, typ: 'JWT' },
      { exp: startSeconds + 300, revision: 7, username: 'alice' },
    ])
    const first = tokens.find(token)
    expect(first).toBeInstanceOf(Promise)
    expect(await first).toEqual({ username: 'alice', revision: 7 })
    expect(tokens.find(token)).toEqual({ username: 'alice', revision: 7 })
    expect(tokens.status()).toEqual({ kind: 'jwt', tokenCount: 1 })
  })

  test('a token that was changed, or signed with another key, is none', async () => {
    const { tokens } = await newTokens(method)
    const other = await newTokens(method, undefined, keyFilesOf(method, 'other'))
    const token = await tokens.issue(grant)
    const [header, , signature] = token.split('.')
    const forged = JSON.stringify({ exp: startSeconds + 300, revision: 7, username: 'root' })
    expect(await find(tokens, `${header}.${base64url(forged)}.${signature}`)).toBeUndefined()
    expect(await find(tokens, await other.tokens.issue(grant))).toBeUndefined()
    expect(await find(tokens, `${token.slice(0, -8)}AAAAAAAA`)).toBeUndefined()
    expect(await find(tokens, token)).toBeDefined()
  })

  test('without keys there are no tokens', async () => {
    const clock = new VirtualClock()
    await expect(createJwtTokens({ method, clock })).rejects.toMatchObject({ code: 'MISSING_KEY' })
    const empty = { publicKey: new Uint8Array(0), privateKey: new Uint8Array(0) }
    await expect(createJwtTokens({ method, clock, ...empty })).rejects.toMatchObject({ code: 'MISSING_KEY' })
  })
})

describe.each(jwtMethods.filter(method => !method.startsWith('HS')))('with %s', method => {
  test('a public key alone verifies and issues nothing', async () => {
    const { tokens, keys, clock } = await newTokens(method)
    const verifier = await createJwtTokens({ method, publicKey: keys.publicKey, clock })
    expect([tokens.isVerifyOnly, verifier.isVerifyOnly]).toEqual([false, true])
    expect(await find(verifier, await tokens.issue(grant))).toEqual({ username: 'alice', revision: 7 })
    await expect(verifier.issue(grant)).rejects.toMatchObject({ code: 'VERIFY_ONLY' })
    const signer = await createJwtTokens({ method, privateKey: keys.privateKey, clock })
    expect(await find(signer, await signer.issue(grant))).toBeDefined()
  })

  test('keys that do not belong together are refused', async () => {
    const { clock, keys } = await newTokens(method)
    const strange = publicPem(keyPair(method, 'other'))
    const mixed = createJwtTokens({ method, publicKey: strange, privateKey: keys.privateKey, clock })
    await expect(mixed).rejects.toMatchObject({ code: 'KEY_MISMATCH' })
  })
})

describe('key files', () => {
  const works = async (method: JwtMethod, keys: { publicKey?: Uint8Array; privateKey?: Uint8Array }): Promise<void> => {
    const tokens = await createJwtTokens({ method, ...keys, clock: new VirtualClock(wallStartMs) })
    expect(await find(tokens, await tokens.issue(grant))).toBeDefined()
  }

  test('of RSA may be PKCS #1', async () => {
    const pair = keyPair('RS256')
    await works('RS256', { privateKey: privatePem(pair, 'pkcs1') })
    await works('PS512', { privateKey: privatePem(pair, 'pkcs1'), publicKey: publicPem(pair, 'pkcs1') })
  })

  test.each(['ES256', 'ES384', 'ES512'] as const)('of %s may be SEC 1, with the curve in front', async method => {
    const pair = keyPair(method)
    const sec1 = privatePem(pair, 'sec1')
    await works(method, { privateKey: sec1, publicKey: publicPem(pair) })
    const curve = file('-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n')
    await works(method, { privateKey: Uint8Array.from([...curve, ...sec1]) })
  })

  test('may have words in front and other line ends', async () => {
    const pem = Buffer.from(privatePem(keyPair('RS256'))).toString()
    await works('RS256', { privateKey: file(`Bag Attributes\r\n${pem.replaceAll('\n', '\r\n')}`) })
  })

  test('of a certificate give its key', async () => {
    const pair = keyPair('ES256')
    const certificate = certificatePem(pair)
    expect(new X509Certificate(certificate).subject).toBe('CN=alice')
    await works('ES256', { privateKey: privatePem(pair), publicKey: certificate })
  })

  test.each([
    ['no PEM', 'RS256', 'secret'],
    ['a PEM without content', 'RS256', '-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n'],
    ['a PEM without end', 'RS256', '-----BEGIN PRIVATE KEY-----\nAAAA\n'],
    ['a PEM of nothing', 'RS256', '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n'],
    ['a PEM of an endless length', 'RS256', '-----BEGIN PRIVATE KEY-----\nMIT/////\n-----END PRIVATE KEY-----\n'],
    ['an encrypted one', 'RS256', '-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n'],
    ['too large', 'RS256', `-----BEGIN PRIVATE KEY-----\n${'A'.repeat(70_000)}\n-----END PRIVATE KEY-----\n`],
  ] as const)('that are %s are refused by name', async (_, method, text) => {
    const clock = new VirtualClock()
    for (const which of ['publicKey', 'privateKey'] as const) {
      const made = createJwtTokens({ method, clock, [which]: file(text) })
      await expect(made).rejects.toMatchObject({ code: 'BAD_KEY', message: expect.stringContaining('the p') })
      await expect(made).rejects.not.toMatchObject({ message: expect.stringContaining(text) })
    }
  })

  test.each([
    ['RS256', 'ES256'],
    ['ES256', 'RS256'],
    ['ES256', 'ES384'],
    ['EdDSA', 'ES256'],
    ['PS256', 'EdDSA'],
  ] as const)('for %s do not fit %s', async (of, method) => {
    const pair = keyPair(of)
    const clock = new VirtualClock()
    for (const keys of [{ publicKey: publicPem(pair) }, { privateKey: privatePem(pair) }]) {
      await expect(createJwtTokens({ method, clock, ...keys })).rejects.toMatchObject({ code: 'BAD_KEY' })
    }
  })

  test('of RSA with less than 2048 bits are refused', async () => {
    const pair = generateKeyPairSync('rsa', { modulusLength: 1024 })
    for (const keys of [{ publicKey: publicPem(pair) }, { privateKey: privatePem(pair) }]) {
      const made = createJwtTokens({ method: 'PS256', clock: new VirtualClock(), ...keys })
      await expect(made).rejects.toMatchObject({ code: 'BAD_KEY', message: expect.stringContaining('2048 bits') })
    }
  })

  test('of any bytes are read or refused, never with another error', async () => {
    const pem = publicPem(keyPair('ES256'))
    const aFile = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.tuple(fc.nat({ max: pem.length - 1 }), fc.nat({ max: 255 })).map(([at, byte]) => pem.with(at, byte)),
      fc.nat({ max: pem.length }).map(length => pem.slice(0, length)),
    )
    await fc.assert(
      fc.asyncProperty(aFile, fc.constantFrom('publicKey', 'privateKey'), async (some, which) => {
        await createJwtTokens({ method: 'ES256', clock: new VirtualClock(), [which]: some }).catch(error =>
          expect(['BAD_KEY', 'MISSING_KEY']).toContain(error.code),
        )
      }),
      { numRuns: 500 },
    )
  })
})

describe('time', () => {
  test('ends a token that is remembered, and one that is not', async () => {
    const { tokens, clock } = await newTokens('HS256', 10_000)
    const [used, unused] = [await tokens.issue(grant), await tokens.issue({ ...grant, username: 'bob' })]
    expect(await find(tokens, used)).toBeDefined()
    clock.advance(9_999)
    expect(tokens.find(used)).toEqual({ username: 'alice', revision: 7 })
    clock.advance(1)
    expect(tokens.find(used)).toBeUndefined()
    expect(tokens.status().tokenCount).toBe(0)
    expect(await find(tokens, unused)).toBeUndefined()
    expect(tokens.status().tokenCount).toBe(0)
  })

  test('does not end a token without exp, and does not begin one before nbf', async () => {
    const { tokens, clock, keys } = await newTokens()
    const claims = { username: 'alice', revision: 7 }
    const forever = handmade(keys.privateKey, claims)
    const early = handmade(keys.privateKey, { ...claims, nbf: startSeconds + 10, exp: startSeconds + 20 })
    expect(await find(tokens, early)).toBeUndefined()
    expect(await find(tokens, early)).toBeUndefined()
    clock.advance(10_000)
    expect(await find(tokens, early)).toBeDefined()
    clock.advance(10_000)
    expect(await find(tokens, early)).toBeUndefined()
    clock.advance(1e12)
    expect(await find(tokens, forever)).toEqual(claims)
  })

  test('is the wall clock of the host and of nobody else', async () => {
    const { keys } = await newTokens()
    const clock = { wallNow: () => 1_000_000 }
    const tokens = await createJwtTokens({ method: 'HS256', ...keys, clock })
    const token = await tokens.issue(grant)
    expect(partsOf(token)[1]).toMatchObject({ exp: 1_300 })
    expect(await find(tokens, token)).toBeDefined()
  })
})

describe('what is no token', () => {
  test('other algorithms than the configured one: none, HMAC with the public key, a weaker hash', async () => {
    const { tokens, keys } = await newTokens('RS256')
    const claims = { username: 'root', revision: 7, exp: startSeconds + 100 }
    const none = `${base64url('{"alg":"none","typ":"JWT"}')}.${base64url(JSON.stringify(claims))}.`
    const confused = handmade(keys.publicKey!, claims)
    const spki = createPublicKey(Buffer.from(keys.publicKey!)).export({ type: 'spki', format: 'der' })
    const confusedDer = handmade(Uint8Array.from(spki), claims)
    for (const token of [none, `${none}AAAA`, none.replace(/\.$/, ''), confused, confusedDer]) {
      expect(await find(tokens, token)).toBeUndefined()
    }
    const content = `${base64url('{"alg":"RS512","typ":"JWT"}')}.${base64url(JSON.stringify(claims))}`
    const rs512 = `${content}.${sign('sha512', Buffer.from(content), nodeKey(keys.privateKey)).toString('base64url')}`
    expect(await find(tokens, rs512)).toBeUndefined()
    const rs256 = content.replace(/^[^.]*/, base64url('{"alg":"RS256"}'))
    const good = `${rs256}.${sign('sha256', Buffer.from(rs256), nodeKey(keys.privateKey)).toString('base64url')}`
    expect(await find(tokens, good)).toEqual({ username: 'root', revision: 7 })
  })

  test('a longer hash with the same secret', async () => {
    const { keys, tokens } = await newTokens('HS256')
    const { tokens: longer } = await newTokens('HS512', undefined, keys)
    expect(await find(tokens, await longer.issue(grant))).toBeUndefined()
    expect(await find(longer, await longer.issue(grant))).toBeDefined()
  })

  test('keys that the token brings along, or headers that demand what is not known', async () => {
    const { tokens, keys } = await newTokens()
    const claims = { username: 'root', revision: 7 }
    const thief = file('a secret of somebody else')
    const jwk = { kty: 'oct', k: base64url(Buffer.from(thief)) }
    expect(await find(tokens, handmade(thief, claims, { alg: 'HS256', jwk }))).toBeUndefined()
    expect(await find(tokens, handmade(thief, claims, { alg: 'HS256', kid: '../../etc/passwd' }))).toBeUndefined()
    expect(await find(tokens, handmade(keys.privateKey, claims, { alg: 'HS256', crit: ['x'], x: 1 }))).toBeUndefined()
    const unencoded = handmade(keys.privateKey, claims, { alg: 'HS256', b64: false, crit: ['b64'] })
    expect(await find(tokens, unencoded)).toBeUndefined()
    expect(await find(tokens, handmade(keys.privateKey, claims, { alg: 'HS256', kid: 'any' }))).toBeDefined()
  })

  test.each([
    {},
    { username: 'a' },
    { revision: 1 },
    { username: 1, revision: 1 },
    { username: null, revision: 1 },
    { username: ['a'], revision: 1 },
    { username: 'a', revision: '1' },
    { username: 'a', revision: -1 },
    { username: 'a', revision: 1.5 },
    { username: 'a', revision: 1e300 },
    { username: 'a', revision: 2 ** 53 },
    { username: 'a', revision: null },
    { username: 'a', revision: 1, exp: 'soon' },
    { username: 'a', revision: 1, exp: null },
    { username: 'a', revision: 1, nbf: {} },
    { username: 'a', revision: 1, exp: 0 },
    { username: 'a', revision: 1, exp: -1 },
    'null',
    '[]',
    '"alice"',
    '7',
    '',
    '{',
    '{"username":"a","revision":1}}',
    '{"__proto__":{"username":"a","revision":1}}',
  ])('the well-signed claims %j', async claims => {
    const { tokens, keys } = await newTokens()
    expect(await find(tokens, handmade(keys.privateKey, claims))).toBeUndefined()
    expect(tokens.status().tokenCount).toBe(0)
  })

  test('well-signed claims of any kind: a user and a revision, or none, never an error', async () => {
    const { tokens, keys } = await newTokens()
    const aClaim = fc.oneof(fc.jsonValue(), fc.string(), fc.double(), fc.integer())
    const someClaims = fc.record(
      { username: aClaim, revision: aClaim, exp: aClaim, nbf: aClaim, other: aClaim },
      { requiredKeys: [] },
    )
    await fc.assert(
      fc.asyncProperty(fc.oneof(someClaims, fc.jsonValue()), async claims => {
        const info = await find(tokens, handmade(keys.privateKey, JSON.stringify(claims)))
        if (info === undefined) return
        expect(typeof info.username).toBe('string')
        expect(Number.isSafeInteger(info.revision) && info.revision >= 0).toBe(true)
      }),
      { numRuns: 500 },
    )
  })

  test('any text', async () => {
    const { tokens, keys } = await newTokens()
    const good = handmade(keys.privateKey, { username: 'a', revision: 1 })
    const aText = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.stringMatching(/^[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*$/),
      fc.tuple(fc.nat({ max: good.length - 1 }), fc.string({ maxLength: 2 })).map(([at, put]) => {
        return good.slice(0, at) + put + good.slice(at + put.length)
      }),
    )
    await fc.assert(
      fc.asyncProperty(aText, async text => {
        if (text === good) return
        const info = await find(tokens, text)
        // The last character of a signature has bits that mean nothing.
        if (info !== undefined) expect(text.slice(0, -1)).toBe(good.slice(0, -1))
      }),
      { numRuns: 500 },
    )
    expect(tokens.find('a'.repeat(jwtCharsMax + 1))).toBeUndefined()
    expect(tokens.find('.'.repeat(jwtCharsMax))).toBeUndefined()
  })
})

describe('work', () => {
  test('on one new token is done once, however many ask', async () => {
    const { tokens } = await newTokens('RS256')
    const token = await tokens.issue(grant)
    const asked = Array.from({ length: 1_000 }, () => tokens.find(token))
    expect(new Set(asked).size).toBe(1)
    expect(await asked[0]).toEqual({ username: 'alice', revision: 7 })
  })

  test('on many new tokens at a time is bounded', async () => {
    const { tokens, keys } = await newTokens()
    const token = (at: number) => handmade(keys.privateKey, { username: `u${at}`, revision: 1 })
    const asked = Array.from({ length: jwtVerificationsMax }, (_, at) => tokens.find(token(at)))
    await expect(tokens.find(token(jwtVerificationsMax))).rejects.toMatchObject({ code: 'TOO_MANY_REQUESTS' })
    expect((await Promise.all(asked)).every(info => info !== undefined)).toBe(true)
    expect(await find(tokens, token(jwtVerificationsMax))).toBeDefined()
  })

  test('is forgotten when auth goes off', async () => {
    const { tokens } = await newTokens()
    const token = await tokens.issue(grant)
    await tokens.find(token)
    tokens.invalidateUser('alice')
    expect(tokens.find(token)).not.toBeInstanceOf(Promise)
    tokens.disable()
    expect(tokens.find(token)).toBeInstanceOf(Promise)
    await tokens.find(token)
  })

  test('is remembered for so many tokens at most, those used lately first', () => {
    const recent = new Recent<number>(jwtCacheMax)
    recent.set('often', 0)
    for (let at = 0; at < 3 * jwtCacheMax; at++) {
      recent.set(`rare ${at}`, at)
      if (at % 100 === 0) expect(recent.get('often')).toBe(0)
      expect(recent.size).toBeLessThanOrEqual(jwtCacheMax)
    }
    expect(recent.get('rare 0')).toBeUndefined()
    recent.delete('often')
    expect(recent.get('often')).toBeUndefined()
    recent.clear()
    expect(recent.size).toBe(0)
  })
})

test('a token of an older revision says so, for the store to refuse', async () => {
  const { tokens } = await newTokens()
  const token = await tokens.issue(grant)
  current.revision = 9
  expect(await tokens.find(token)).toEqual({ username: 'alice', revision: 7 })
})
