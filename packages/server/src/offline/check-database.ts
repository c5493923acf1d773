import { BackendError } from '@kvs/backend'
import { BoltError, check, describeCheck } from '@kvs/bbolt'
import { nodeFs } from '@kvs/vfs'
import { ServerError } from '../errors.ts'
import { type DatabaseAt, whileUnused } from './lock.ts'
import { openStateReader, type StateReader } from './state-reader.ts'

/** What a check of a state file has found. */
export interface DatabaseCheck {
  /** One line on what is there. */
  readonly summary: string
  /** What is wrong, with its place; empty if nothing is. */
  readonly problems: readonly string[]
}

/**
 * Reads a whole state file and checks everything that can be checked: structure, and with kvs's own also every record and
 * that none is missing.
 */
export function checkDatabase(at: DatabaseAt): Promise<DatabaseCheck> {
  return whileUnused(nodeFs(), at, () => checkFile(at.path))
}

async function checkFile(path: string): Promise<DatabaseCheck> {
  let state: StateReader
  try {
    state = await openStateReader(nodeFs(), path)
  } catch (error) {
    return { summary: 'cannot be read', problems: [damageOf(error)] }
  }
  try {
    if (state.bolt === undefined) return await checkOwn(state)
    const report = await check(state.bolt)
    const more = report.problemCount - report.problems.length
    return {
      summary: `database of etcd, ${describeCheck(report)}`,
      problems: [...report.problems.map(problem => problem.message), ...(more > 0 ? [`… and ${more} more`] : [])],
    }
  } finally {
    await state.close()
  }
}

async function checkOwn(state: StateReader): Promise<DatabaseCheck> {
  const { index, term } = state.consistent
  let records = 0
  const problems: string[] = []
  for await (const { name } of state.buckets()) {
    try {
      for await (const _ of state.records(name)) records++
    } catch (error) {
      problems.push(damageOf(error))
    }
  }
  const state_ = problems.length === 0 ? 'sound' : `${problems.length} problems`
  const at = `up to entry ${index} of term ${term}, ${state.sizeBytes} bytes in use`
  return { summary: `state of kvs, ${state_}: ${records} records, ${at}`, problems }
}

/** What a reader says of damage. Anything else is thrown on. */
function damageOf(error: unknown): string {
  const isDamage =
    (error instanceof BackendError && (error.code === 'CORRUPT' || error.code === 'UNSUPPORTED')) ||
    (error instanceof BoltError && error.code !== 'IO') ||
    (error instanceof ServerError && error.code === 'STORAGE')
  if (!isDamage) throw error
  return error.message
}
