import type { AuthInfo } from '../auth-info.ts'
import { AuthError } from '../errors.ts'
import {
  simpleTokenLetters,
  simpleTokenSweepMax,
  simpleTokensMax,
  simpleTokenTtlMsDefault,
  tokenWaitsMax,
} from '../limits.ts'
import type { CurrentRevision, TokenGrant, TokenProvider, TokenStatus } from './provider.ts'

export interface SimpleTokenOptions {
  /** Monotonic milliseconds. */
  readonly clock: { now(): number }
  /** Uniform integers in [0, bound), from a source nobody can guess. */
  readonly random: { below(bound: number): number }
  /** What this member has applied. */
  readonly applied: AppliedIndex
  /** Of the last use. 0 or less: the default. */
  readonly ttlMs?: number | undefined
}

export interface AppliedIndex {
  isApplied(index: number): boolean
  /** Resolves when the entry is applied, or with false when waiting was given up. */
  wait(index: number): Promise<boolean>
}

export function createSimpleTokens(options: SimpleTokenOptions): SimpleTokens {
  return new SimpleTokens(options)
}

interface SimpleToken {
  info: AuthInfo
  expiryMs: number
  /** The expiry under which it was last put at the end of the queue: not behind the true one. */
  queuedMs: number
}

const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'

/**
 * Sixteen random letters, a dot and the index of the login's entry. Which tokens there are follows from the log; how
 * long they live is each member's own measure. They are not signed and do not outlive the member's process.
 *
 * The map is a queue by expiry, too: a token that is used only notes its new expiry, and is put to the end when its
 * turn to expire has come. So knowing a token again is one look.
 */
export class SimpleTokens implements TokenProvider {
  readonly #options: SimpleTokenOptions
  readonly #ttlMs: number
  readonly #tokens = new Map<string, SimpleToken>()
  #isEnabled = false
  #waitCount = 0

  constructor(options: SimpleTokenOptions) {
    const { ttlMs = 0 } = options
    this.#options = options
    this.#ttlMs = ttlMs > 0 ? ttlMs : simpleTokenTtlMsDefault
  }

  enable(): void {
    this.#isEnabled = true
  }

  disable(): void {
    this.#isEnabled = false
    this.#tokens.clear()
  }

  invalidateUser(name: string): void {
    for (const [token, { info }] of this.#tokens) {
      if (info.username === name) this.#tokens.delete(token)
    }
  }

  newPrefix(): string {
    let prefix = ''
    for (let at = 0; at < simpleTokenLetters; at++) prefix += letters[this.#options.random.below(letters.length)]
    return prefix
  }

  granted(grant: TokenGrant): void {
    if (!this.#isEnabled) return
    const { username, revision } = grant
    const expiryMs = this.#options.clock.now() + this.#ttlMs
    this.#expire(simpleTokenSweepMax)
    if (this.#tokens.size >= simpleTokensMax) this.#tokens.delete(this.#tokens.keys().next().value!)
    this.#tokens.set(textOf(grant), { info: { username, revision }, expiryMs, queuedMs: expiryMs })
  }

  issue(grant: TokenGrant): string {
    return textOf(grant)
  }

  find(token: string, current: CurrentRevision): AuthInfo | undefined | Promise<AuthInfo | undefined> {
    const known = this.#find(token, current)
    if (known !== undefined) return known
    const index = indexOf(token)
    return index === undefined || this.#options.applied.isApplied(index)
      ? undefined
      : this.#findLater(token, current, index)
  }

  /** Forgets tokens that have expired. A host that wants them gone in time calls it at `nextExpiryMs`. */
  expire(): void {
    this.#expire(this.#tokens.size)
  }

  /** When to call `expire`, not before which nothing expires; undefined without tokens. */
  nextExpiryMs(): number | undefined {
    const first = this.#tokens.values().next()
    return first.done === true ? undefined : first.value.queuedMs
  }

  status(): TokenStatus {
    return { kind: 'simple', tokenCount: this.#tokens.size }
  }

  /** Every use starts the time to live again, and a token always counts as of the current auth revision. */
  #find(token: string, { revision }: CurrentRevision): AuthInfo | undefined {
    const known = this.#tokens.get(token)
    if (known === undefined) return undefined
    const nowMs = this.#options.clock.now()
    if (nowMs >= known.expiryMs) {
      this.#tokens.delete(token)
      return undefined
    }
    known.expiryMs = nowMs + this.#ttlMs
    if (known.info.revision !== revision) known.info = { username: known.info.username, revision }
    return known.info
  }

  /** The login may be in an entry that this member has not applied yet: its client was told by another one. */
  async #findLater(token: string, current: CurrentRevision, index: number): Promise<AuthInfo | undefined> {
    if (this.#waitCount >= tokenWaitsMax) throw new AuthError('TOO_MANY_REQUESTS')
    this.#waitCount++
    try {
      return (await this.#options.applied.wait(index)) ? this.#find(token, current) : undefined
    } finally {
      this.#waitCount--
    }
  }

  #expire(lookMax: number): void {
    const nowMs = this.#options.clock.now()
    let looks = lookMax
    for (const [token, known] of this.#tokens) {
      if (looks-- <= 0 || known.queuedMs > nowMs) return
      this.#tokens.delete(token)
      if (known.expiryMs <= nowMs) continue
      known.queuedMs = known.expiryMs
      this.#tokens.set(token, known)
    }
  }
}

function textOf({ prefix, index }: TokenGrant): string {
  return `${prefix}.${index}`
}

/** The index behind the one dot; undefined if the token has none, or one that no log reaches. */
function indexOf(token: string): number | undefined {
  const dot = token.indexOf('.')
  const digits = token.slice(dot + 1)
  if (dot < 0 || !/^[0-9]{1,16}$/.test(digits)) return undefined
  const index = Number(digits)
  return Number.isSafeInteger(index) ? index : undefined
}
