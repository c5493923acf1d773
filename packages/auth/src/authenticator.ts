import { type AuthInfo, authInfoOfPeer, type PeerIdentity } from './auth-info.ts'
import type { AuthStore } from './auth-store.ts'
import { AuthError } from './errors.ts'
import type { TokenProvider } from './tokens/provider.ts'

/** What a call brings along. */
export interface Credentials extends PeerIdentity {
  /** First value of the metadata `token`. */
  readonly token: string | undefined
  /** First value of the metadata `authorization`, which the gateway takes from its header. */
  readonly authorization: string | undefined
}

export function createAuthenticator(parts: {
  readonly store: AuthStore
  readonly tokens: TokenProvider
}): Authenticator {
  return new Authenticator(parts.store, parts.tokens)
}

/** Finds out who a call is from. */
export class Authenticator {
  readonly #store: AuthStore
  readonly #tokens: TokenProvider

  constructor(store: AuthStore, tokens: TokenProvider) {
    this.#store = store
    this.#tokens = tokens
  }

  /**
   * Whose call this is; undefined if nobody says who he is, and while auth is off, when not even a bad token matters. A
   * token wins over a certificate. At once, unless the token has to be verified or waited for. Throws
   * `INVALID_AUTH_TOKEN`; the promise rejects with it, or with `TOO_MANY_REQUESTS`.
   */
  identify(credentials: Credentials): AuthInfo | undefined | Promise<AuthInfo | undefined> {
    const store = this.#store
    if (!store.isEnabled) return undefined
    const given = credentials.token ?? credentials.authorization
    if (given === undefined) return authInfoOfPeer(credentials, store.revision)
    const token = given.startsWith(bearer) ? given.slice(bearer.length) : given
    const found = this.#tokens.find(token, store)
    return found instanceof Promise ? found.then(mustBeKnown) : mustBeKnown(found)
  }
}

const bearer = 'Bearer '

function mustBeKnown(info: AuthInfo | undefined): AuthInfo {
  if (info === undefined) throw new AuthError('INVALID_AUTH_TOKEN')
  return info
}
