import { compactVerify } from 'jose/jws/compact/verify'
import { decodeJwt } from 'jose/jwt/decode'
import { SignJWT } from 'jose/jwt/sign'
import type { AuthInfo } from '../auth-info.ts'
import { AuthError } from '../errors.ts'
import { jwtCacheMax, jwtCharsMax, jwtTtlMsDefault, jwtVerificationsMax } from '../limits.ts'
import { type JwtKeyFiles, type JwtKeys, readJwtKeys } from './jwt-keys.ts'
import type { JwtMethod } from './options.ts'
import type { TokenGrant, TokenProvider, TokenStatus } from './provider.ts'
import { Recent } from './recent.ts'

export interface JwtTokensOptions extends JwtKeyFiles {
  /** Milliseconds since 1970. */
  readonly clock: { wallNow(): number }
  readonly ttlMs?: number | undefined
}

/** Reads the keys. Throws `MISSING_KEY`, `BAD_KEY`, `KEY_MISMATCH`. */
export async function createJwtTokens(options: JwtTokensOptions): Promise<JwtTokens> {
  return new JwtTokens(options, await readJwtKeys(options))
}

/** A token whose signature was good. */
interface VerifiedToken {
  readonly info: AuthInfo
  /** Seconds since 1970. Tokens of others may be without: they do not expire. */
  readonly expirySeconds: number
  readonly notBeforeSeconds: number
}

/**
 * Signed tokens (RFC 7519) with the claims `username`, `revision` and `exp`. They carry the auth revision of their
 * making, so any change of users or roles makes them old. Nothing of them is replicated.
 *
 * Verifying a signature takes a promise (WebCrypto). A token that was verified is remembered, so only the first call
 * with it waits; whether it has expired is looked at every time. Tokens that are not good are not remembered.
 */
export class JwtTokens implements TokenProvider {
  readonly #method: JwtMethod
  readonly #ttlMs: number
  readonly #clock: { wallNow(): number }
  readonly #keys: JwtKeys
  readonly #verified = new Recent<VerifiedToken>(jwtCacheMax)
  /** Verifications under way, so that many calls with one new token are one piece of work. */
  readonly #verifying = new Map<string, Promise<AuthInfo | undefined>>()

  constructor(options: JwtTokensOptions, keys: JwtKeys) {
    this.#method = options.method
    this.#ttlMs = options.ttlMs ?? jwtTtlMsDefault
    this.#clock = options.clock
    this.#keys = keys
  }

  /** Whether it has a public key only: tokens come from somewhere else, nobody can log in here. */
  get isVerifyOnly(): boolean {
    return this.#keys.signKey === undefined
  }

  enable(): void {}

  disable(): void {
    this.#verified.clear()
  }

  /** Its tokens are of an older revision from now on. */
  invalidateUser(_name: string): void {}

  newPrefix(): string {
    return ''
  }

  granted(_grant: TokenGrant): void {}

  async issue({ username, revision }: TokenGrant): Promise<string> {
    const { signKey } = this.#keys
    if (signKey === undefined) throw new AuthError('VERIFY_ONLY')
    const exp = Math.floor((this.#clock.wallNow() + this.#ttlMs) / 1000)
    return new SignJWT({ exp, revision, username }).setProtectedHeader({ alg: this.#method, typ: 'JWT' }).sign(signKey)
  }

  find(token: string): AuthInfo | undefined | Promise<AuthInfo | undefined> {
    const known = this.#verified.get(token)
    if (known === undefined) return this.#findNew(token)
    const nowSeconds = this.#clock.wallNow() / 1000
    if (nowSeconds < known.expirySeconds) return nowSeconds < known.notBeforeSeconds ? undefined : known.info
    this.#verified.delete(token)
    return undefined
  }

  status(): TokenStatus {
    return { kind: 'jwt', tokenCount: this.#verified.size }
  }

  #findNew(token: string): undefined | Promise<AuthInfo | undefined> {
    if (token.length > jwtCharsMax || token.split('.').length !== 3) return undefined
    const underWay = this.#verifying.get(token)
    if (underWay !== undefined) return underWay
    if (this.#verifying.size >= jwtVerificationsMax) return Promise.reject(new AuthError('TOO_MANY_REQUESTS'))
    const verification = this.#verify(token).finally(() => this.#verifying.delete(token))
    this.#verifying.set(token, verification)
    return verification
  }

  async #verify(token: string): Promise<AuthInfo | undefined> {
    const verified = await this.#read(token)
    const nowSeconds = this.#clock.wallNow() / 1000
    if (verified === undefined || nowSeconds >= verified.expirySeconds) return undefined
    this.#verified.set(token, verified)
    return nowSeconds < verified.notBeforeSeconds ? undefined : verified.info
  }

  /** What a token says, if its signature is by our key and method and its claims are what they should be. */
  async #read(token: string): Promise<VerifiedToken | undefined> {
    try {
      const options = { algorithms: [this.#method] }
      const { protectedHeader } = await compactVerify(token, this.#keys.verifyKey, options)
      return protectedHeader.crit === undefined ? readClaims(decodeJwt(token)) : undefined
    } catch {
      // A token that cannot be read is one that nobody has issued; why does not matter, and is not to be told.
      return undefined
    }
  }
}

/** Undefined if a claim is missing or of another type. */
function readClaims(claims: Readonly<Record<string, unknown>>): VerifiedToken | undefined {
  const { username, revision, exp, nbf } = claims
  if (typeof username !== 'string' || typeof revision !== 'number') return undefined
  if (!Number.isSafeInteger(revision) || revision < 0) return undefined
  const expirySeconds = secondsOf(exp, Number.POSITIVE_INFINITY)
  const notBeforeSeconds = secondsOf(nbf, Number.NEGATIVE_INFINITY)
  if (expirySeconds === undefined || notBeforeSeconds === undefined) return undefined
  return { info: { username, revision }, expirySeconds, notBeforeSeconds }
}

function secondsOf(claim: unknown, absent: number): number | undefined {
  if (claim === undefined) return absent
  return typeof claim === 'number' ? claim : undefined
}
