import {
  type Access,
  type AuthContent,
  AuthError,
  type Authenticator,
  type AuthInfo,
  type AuthStore,
  bcryptCostDefault,
  bcryptCostMax,
  bcryptCostMin,
  type Credentials,
  createAccess,
  createAuthenticator,
  createAuthStore,
  createJwtTokens,
  createNoTokens,
  createPasswords,
  createSimpleTokens,
  type JwtKeyFiles,
  type Passwords,
  parseTokenOptions,
  SimpleTokens,
  type TokenGrant,
  type TokenProvider,
} from '@kvs/auth'
import type { Backend } from '@kvs/backend'
import type { ServerCall } from '@kvs/grpc'
import type { Lessor } from '@kvs/lease'
import { AppliedWatch } from '../consensus/applied-watch.ts'
import { ServerError } from '../errors.ts'
import { type MemberOptions, requestTimeoutOf } from '../options.ts'
import type { Clock, Executor, Logger, Random } from '../parts.ts'
import { authStorage } from './storage.ts'

/** The key files of signed tokens, as they are on disk. */
export type TokenKeys = Pick<JwtKeyFiles, 'publicKey' | 'privateKey'>

export interface AuthStateParts {
  readonly backend: Backend
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly executor: Executor
  readonly options: MemberOptions
  readonly lessor: Lessor
  /** What is stored. */
  readonly content: AuthContent
  readonly tokenKeys?: TokenKeys | undefined
}

/** Restores users and roles from the state file; a first start stores the first revision. Throws `ServerError` (`CONFIG`). */
export async function openAuth(parts: AuthStateParts): Promise<AuthState> {
  const applied = new AppliedWatch(parts.clock, requestTimeoutOf(parts.options))
  try {
    return new AuthState(parts, await openTokens(parts, applied), applied)
  } catch (error) {
    if (!(error instanceof AuthError)) throw error
    throw new ServerError('CONFIG', error.message, { cause: error })
  }
}

async function openTokens(parts: AuthStateParts, applied: AppliedWatch): Promise<TokenProvider> {
  const { clock, random, options, tokenKeys } = parts
  const wanted = parseTokenOptions(options.authToken)
  if (wanted.kind === 'none') return createNoTokens()
  if (wanted.kind === 'jwt') return createJwtTokens({ ...tokenKeys, clock, method: wanted.method, ttlMs: wanted.ttlMs })
  return createSimpleTokens({ clock, random, applied, ttlMs: options.authTokenTtlMs })
}

/** As etcd, a cost that bcrypt does not have is said and replaced. */
function bcryptCostOf({ options, logger }: AuthStateParts): number {
  const { bcryptCost } = options
  if (Number.isInteger(bcryptCost) && bcryptCost >= bcryptCostMin && bcryptCost <= bcryptCostMax) return bcryptCost
  logger.warn('use default bcrypt cost instead of the invalid given cost', {
    'min-cost': bcryptCostMin,
    'max-cost': bcryptCostMax,
    'default-cost': bcryptCostDefault,
    'given-cost': bcryptCost,
  })
  return bcryptCostDefault
}

/**
 * Who may do what: users, roles and permissions as the log says them, and the tokens by which this member knows its
 * callers. Rooms ask `isEnabled` first; everything else costs only then.
 */
export class AuthState {
  readonly store: AuthStore
  readonly access: Access
  readonly tokens: TokenProvider
  readonly passwords: Passwords
  readonly #clock: Clock
  readonly #applied: AppliedWatch
  readonly #authenticator: Authenticator
  readonly #trustsCertificates: boolean
  /** What the call that is looked at brings along: one object for all. */
  readonly #credentials: { -readonly [Field in keyof Credentials]: Credentials[Field] } = {
    token: undefined,
    authorization: undefined,
    commonName: undefined,
    isGateway: false,
  }
  #expiryTimer: unknown

  constructor(parts: AuthStateParts, tokens: TokenProvider, applied: AppliedWatch) {
    const { backend, clock, content, random, executor, options, lessor } = parts
    this.#clock = clock
    this.#applied = applied
    this.#trustsCertificates = options.clientCertAuth
    this.tokens = tokens
    this.store = createAuthStore({ storage: authStorage(backend), tokens, content })
    const leases = {
      keys: (id: bigint) => (lessor.has(id) ? lessor.keys(id) : undefined),
      span: (id: bigint) => lessor.span(id),
    }
    this.access = createAccess({ store: this.store, leases })
    this.passwords = createPasswords({ executor, random, cost: bcryptCostOf(parts) })
    this.#authenticator = createAuthenticator({ store: this.store, tokens })
  }

  get isEnabled(): boolean {
    return this.store.isEnabled
  }

  /** Takes over users and roles when the state file was replaced by that of a snapshot, of which they were read. */
  restore(content: AuthContent): void {
    this.store.restore(content)
  }

  /**
   * Whose call this is; undefined if nobody says. At once but for tokens that must be verified or waited for. Throws, or
   * rejects with, `AuthError`.
   */
  identify({ metadata, peer }: ServerCall): AuthInfo | undefined | Promise<AuthInfo | undefined> {
    const credentials = this.#credentials
    const token = metadata.get('token')
    credentials.token = token
    // Not looked for where it would not count.
    credentials.authorization = token === undefined ? metadata.get('authorization') : undefined
    credentials.commonName = this.#trustsCertificates ? peer.commonName : undefined
    // A gateway's certificate is not that of its caller. This is what etcd's puts into its calls.
    credentials.isGateway = credentials.commonName !== undefined && metadata.get('grpcgateway-accept') !== undefined
    return this.#authenticator.identify(credentials)
  }

  /** As `identify`, for a token that another member passes on. */
  identifyToken(token: string | undefined): AuthInfo | undefined | Promise<AuthInfo | undefined> {
    return this.#authenticator.identify({ token, authorization: undefined, commonName: undefined, isGateway: false })
  }

  /** The identity of the member's own requests. */
  ownCaller(): AuthInfo | undefined {
    return this.isEnabled ? this.store.rootInfo() : undefined
  }

  /** A login was applied: from now on its token is known here. */
  granted(grant: TokenGrant): void {
    this.tokens.granted(grant)
    this.#armExpiry()
  }

  /** Entries up to `index` are applied. */
  advanced(index: number): void {
    this.#applied.advanced(index)
  }

  close(): void {
    if (this.#expiryTimer !== undefined) this.#clock.clearTimer(this.#expiryTimer)
    this.#expiryTimer = undefined
    this.#applied.close()
  }

  /** One timer for all simple tokens, while there are any: those that nobody uses any more do not stay in memory. */
  #armExpiry(): void {
    const { tokens } = this
    if (this.#expiryTimer !== undefined || !(tokens instanceof SimpleTokens)) return
    const dueMs = tokens.nextExpiryMs()
    if (dueMs === undefined) return
    this.#expiryTimer = this.#clock.setTimer(Math.max(1, dueMs - this.#clock.now()), () => {
      this.#expiryTimer = undefined
      tokens.expire()
      this.#armExpiry()
    })
  }
}
