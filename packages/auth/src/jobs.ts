/**
 * bcrypt, for a worker thread: the only door that loads it. `passwordJobs` has the jobs by name, for the thread's
 * table; each blocks its thread for as long as the cost says (10: some 60 ms).
 *
 * ```ts
 * import { passwordJobs } from '@kvs/auth/jobs'
 *
 * port.on('message', ({ id, job, input }) => port.postMessage({ id, result: passwordJobs.get(job)?.(input) }))
 * ```
 */
import { compareSync, encodeBase64, hashSync } from 'bcryptjs'
import { bcryptHashPattern } from './bcrypt-hash.ts'
import { utf8Length } from './bytes.ts'
import { AuthError } from './errors.ts'
import { bcryptCostMax, bcryptCostMin, passwordBytesMax } from './limits.ts'
import type { PasswordJobName } from './passwords.ts'

/** A job: throws `BAD_JOB` if its input is not what it works on, `PASSWORD_TOO_LONG`. */
export type PasswordJob = (input: unknown) => unknown

/** The hash of `BcryptHashInput`, in the form etcd writes: `$2a$`, cost, salt, hash. */
function bcryptHash(input: unknown): string {
  const { password, cost, salt } = fieldsOf(input)
  if (typeof password !== 'string' || typeof cost !== 'number' || !(salt instanceof Uint8Array)) throw badJob()
  if (!Number.isInteger(cost) || cost < bcryptCostMin || cost > bcryptCostMax || salt.length !== 16) throw badJob()
  if (utf8Length(password) > passwordBytesMax) throw new AuthError('PASSWORD_TOO_LONG')
  return hashSync(password, `$2a$${String(cost).padStart(2, '0')}$${encodeBase64(salt, salt.length)}`)
}

/** Whether password and hash of `BcryptCompareInput` fit. A text that is no hash fits nothing. */
function bcryptCompare(input: unknown): boolean {
  const { password, hash } = fieldsOf(input)
  if (typeof password !== 'string' || typeof hash !== 'string') throw badJob()
  if (utf8Length(password) > passwordBytesMax) throw new AuthError('PASSWORD_TOO_LONG')
  return bcryptHashPattern.test(hash) && compareSync(password, hash)
}

/** The jobs by name. */
export const passwordJobs: ReadonlyMap<string, PasswordJob> = new Map<PasswordJobName, PasswordJob>([
  ['bcrypt-hash', bcryptHash],
  ['bcrypt-compare', bcryptCompare],
])

function fieldsOf(input: unknown): Readonly<Record<string, unknown>> {
  if (typeof input !== 'object' || input === null) throw badJob()
  return input as Readonly<Record<string, unknown>>
}

function badJob(): AuthError {
  return new AuthError('BAD_JOB', 'its input is not what it works on')
}
