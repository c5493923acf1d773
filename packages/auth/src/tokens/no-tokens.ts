import { AuthError } from '../errors.ts'
import type { TokenProvider } from './provider.ts'

/** For `--auth-token ''`: nobody can log in, users are known by certificate only. */
export function createNoTokens(): TokenProvider {
  return {
    enable: () => {},
    disable: () => {},
    invalidateUser: () => {},
    newPrefix: () => '',
    granted: () => {},
    issue: () => {
      throw new AuthError('AUTH_FAILED')
    },
    find: () => undefined,
    status: () => ({ kind: 'none', tokenCount: 0 }),
  }
}
