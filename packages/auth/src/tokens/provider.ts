import type { AuthInfo } from '../auth-info.ts'
import type { TokenKeeper } from '../auth-store.ts'

/** An applied login. */
export interface TokenGrant {
  readonly username: string
  /** The auth revision when it was applied. */
  readonly revision: number
  /** The prefix that was proposed with the login. */
  readonly prefix: string
  /** Of the entry. */
  readonly index: number
}

/** Who knows the auth revision of the moment: the store. */
export interface CurrentRevision {
  readonly revision: number
}

export interface TokenStatus {
  readonly kind: 'none' | 'simple' | 'jwt'
  /** Tokens held in memory: the live ones, of signed ones those that were verified here. */
  readonly tokenCount: number
}

/** Who issues tokens and knows them again. Time and chance come in by the options of each. */
export interface TokenProvider extends TokenKeeper {
  /** Chosen before a login is proposed, and proposed with it; empty where tokens need none. */
  newPrefix(): string
  /** Called by every member that applies a login: from now on, its token is known. */
  granted(grant: TokenGrant): void
  /** The token of a login, for who waits for it. Throws or rejects with `AUTH_FAILED`, `VERIFY_ONLY`. */
  issue(grant: TokenGrant): string | Promise<string>
  /**
   * Whose token this is, undefined if it is none. At once for tokens known here, else (first use of a signed one, or of
   * one from a login that this member has not applied yet) by promise. Rejects with `TOO_MANY_REQUESTS`.
   */
  find(token: string, current: CurrentRevision): AuthInfo | undefined | Promise<AuthInfo | undefined>
  status(): TokenStatus
}
