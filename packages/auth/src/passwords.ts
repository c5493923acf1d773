import type { AuthStore } from './auth-store.ts'
import { encodeBase64 } from './base64.ts'
import { bcryptHashPattern } from './bcrypt-hash.ts'
import { asciiBytes, latin1Text, utf8Length } from './bytes.ts'
import { AuthError } from './errors.ts'
import { bcryptCostDefault, bcryptCostMax, bcryptCostMin, passwordBytesMax, passwordJobsMax } from './limits.ts'

/** Names of the jobs behind the door `./jobs`. */
export type PasswordJobName = 'bcrypt-hash' | 'bcrypt-compare'

/** Input of `bcrypt-hash`; its result is the hash, as text. */
export interface BcryptHashInput {
  readonly password: string
  readonly cost: number
  /** 16 bytes of chance. */
  readonly salt: Uint8Array
}

/** Input of `bcrypt-compare`; its result says whether they fit. */
export interface BcryptCompareInput {
  readonly password: string
  readonly hash: string
}

/** Who does the work beside the loop: a worker thread that runs the jobs of `./jobs`. */
export interface PasswordExecutor {
  /** Rejects with the job's error. Inputs and results can be cloned. */
  run(job: string, input: unknown): Promise<unknown>
}

export interface PasswordsOptions {
  readonly executor: PasswordExecutor
  readonly random: { bytes(length: number): Uint8Array }
  /** Rounds are 2^cost. Default 10; 4 to 31. */
  readonly cost?: number | undefined
  /** Shortest password that is hashed, in bytes. Default 0: etcd takes any. */
  readonly bytesMin?: number | undefined
  /** Passwords worked on at a time. Default `passwordJobsMax`. */
  readonly jobsMax?: number | undefined
}

/** Throws `BAD_BCRYPT_COST`. */
export function createPasswords(options: PasswordsOptions): Passwords {
  const { cost = bcryptCostDefault } = options
  if (!Number.isInteger(cost) || cost < bcryptCostMin || cost > bcryptCostMax) throw new AuthError('BAD_BCRYPT_COST')
  return new Passwords(options, cost)
}

/**
 * Hashes and compares passwords, off the loop, a bounded number at a time. Passwords go to the executor and nowhere
 * else: what is proposed is the hash, and errors do not name them.
 */
export class Passwords {
  readonly #options: PasswordsOptions
  readonly #cost: number
  readonly #jobsMax: number
  #jobCount = 0

  constructor(options: PasswordsOptions, cost: number) {
    this.#options = options
    this.#cost = cost
    this.#jobsMax = options.jobsMax ?? passwordJobsMax
  }

  /** Passwords being worked on, waiting ones included. */
  get jobCount(): number {
    return this.#jobCount
  }

  /**
   * The hash of a new password in base64, as it is proposed (`hashedPassword`). Rejects with `PASSWORD_TOO_LONG`,
   * `PASSWORD_TOO_SHORT`, `TOO_MANY_REQUESTS`.
   */
  async hash(password: string): Promise<string> {
    const bytes = utf8Length(password)
    const { bytesMin = 0, random } = this.#options
    if (bytes > passwordBytesMax) throw new AuthError('PASSWORD_TOO_LONG')
    if (bytes < bytesMin) throw new AuthError('PASSWORD_TOO_SHORT', `it needs ${bytesMin} bytes`)
    const input: BcryptHashInput = { password, cost: this.#cost, salt: random.bytes(16) }
    const hash = await this.#run('bcrypt-hash', input)
    if (typeof hash !== 'string') throw new AuthError('BAD_JOB', 'bcrypt-hash gave no hash')
    return encodeBase64(asciiBytes(hash))
  }

  /**
   * Checks the password of a login before it is proposed. Resolves with the auth revision it was checked at: if that is
   * no longer the store's when the login was applied, check again. Rejects with `AUTH_NOT_ENABLED`, `AUTH_FAILED`,
   * `NO_PASSWORD_USER`, `TOO_MANY_REQUESTS`.
   *
   * A user that does not exist, one that has no hash and a password too long cost as much as a wrong password: the time
   * tells nobody which names there are. That a user has no password is told by etcd's text, and by ours.
   */
  async verify(store: AuthStore, login: { readonly name: string; readonly password: string }): Promise<number> {
    if (!store.isEnabled) throw new AuthError('AUTH_NOT_ENABLED')
    const { revision } = store
    const user = store.user(login.name)
    if (user?.noPassword === true) throw new AuthError('NO_PASSWORD_USER')
    const stored = user === undefined ? '' : latin1Text(user.passwordHash)
    const isPossible = bcryptHashPattern.test(stored) && utf8Length(login.password) <= passwordBytesMax
    const input: BcryptCompareInput = isPossible
      ? { password: login.password, hash: stored }
      : { password: '', hash: this.#decoy() }
    const fits = await this.#run('bcrypt-compare', input)
    if (!isPossible || fits !== true) throw new AuthError('AUTH_FAILED')
    return revision
  }

  /** A hash of nobody's password, at the cost that new ones have. */
  #decoy(): string {
    return `$2a$${String(this.#cost).padStart(2, '0')}$${'.'.repeat(53)}`
  }

  async #run(job: PasswordJobName, input: BcryptHashInput | BcryptCompareInput): Promise<unknown> {
    if (this.#jobCount >= this.#jobsMax) throw new AuthError('TOO_MANY_REQUESTS')
    this.#jobCount++
    try {
      return await this.#options.executor.run(job, input)
    } finally {
      this.#jobCount--
    }
  }
}
