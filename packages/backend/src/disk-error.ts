import { VfsError } from '@kvs/vfs'
import { BackendError } from './errors.ts'

/** Any failure of the disk by the words of this package. */
export function diskError(cause: unknown, message: string, file: string): BackendError {
  const code = cause instanceof VfsError && cause.code === 'NO_SPACE' ? 'NO_SPACE' : 'IO'
  return new BackendError(code, message, { file, cause })
}
