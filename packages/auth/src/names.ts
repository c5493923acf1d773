import { utf8Length } from './bytes.ts'
import type { AuthErrorCode } from './errors.ts'
import { nameBytesMax } from './limits.ts'

/**
 * For the edge, before a user or role is proposed: names are keys of the state file, which holds no longer ones. What
 * the log says is done, so the store does not ask.
 */
export function checkNameLength(name: string): AuthErrorCode | undefined {
  return utf8Length(name) > nameBytesMax ? 'NAME_TOO_LONG' : undefined
}
