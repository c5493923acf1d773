import type { CallMetadata } from './ports.ts'

/** Version of the API this client was written for; servers count it. */
const apiVersion: readonly [string, string] = ['client-api-version', '3.7']
const leaderRequired: readonly [string, string] = ['hasleader', 'true']

export interface TokenSourceOptions {
  /** A token that was given; then there is nothing to renew. */
  readonly token: string | undefined
  /** Asks the server for a token; undefined if it says that authentication is off. Absent: calls are anonymous. */
  readonly authenticate: (() => Promise<string | undefined>) | undefined
}

/** Metadata of calls, with the token of the user. The arrays are the same until the token changes. */
export class TokenSource {
  readonly #authenticate: (() => Promise<string | undefined>) | undefined
  #plain: CallMetadata
  #withLeader: CallMetadata
  #known: boolean
  #renewing: Promise<void> | undefined

  constructor({ token, authenticate }: TokenSourceOptions) {
    this.#authenticate = authenticate
    this.#known = authenticate === undefined
    this.#plain = metadataOf(token)
    this.#withLeader = [...this.#plain, leaderRequired]
  }

  /** Whether `renew` can lead to another token. */
  get renewable(): boolean {
    return this.#authenticate !== undefined
  }

  /** Undefined until the first token is there: `renew` gets it. */
  current(requireLeader: boolean): CallMetadata | undefined {
    if (!this.#known) return undefined
    return requireLeader ? this.#withLeader : this.#plain
  }

  /** Gets a new token in place of the one in `stale`; calls that come together share one. */
  async renew(stale: CallMetadata | undefined): Promise<void> {
    if (this.#authenticate === undefined) return
    if (this.#known && stale !== undefined && stale !== this.#plain && stale !== this.#withLeader) return
    this.#renewing ??= this.#fetch(this.#authenticate).finally(() => {
      this.#renewing = undefined
    })
    return this.#renewing
  }

  async #fetch(authenticate: () => Promise<string | undefined>): Promise<void> {
    const token = await authenticate()
    this.#plain = metadataOf(token)
    this.#withLeader = [...this.#plain, leaderRequired]
    this.#known = true
  }
}

/** What calls carry that must not depend on a token, such as the one that gets it. */
export const anonymous: CallMetadata = [apiVersion]

function metadataOf(token: string | undefined): CallMetadata {
  return token === undefined ? anonymous : [...anonymous, ['token', token]]
}
