import { VfsError, type VfsErrorCode } from './errors.ts'
import type { FsOperation } from './operations.ts'

const CODES: Readonly<Record<string, VfsErrorCode>> = {
  ENOENT: 'NOT_FOUND',
  EEXIST: 'EXISTS',
  ENOTEMPTY: 'EXISTS',
  ENOSPC: 'NO_SPACE',
  EDQUOT: 'NO_SPACE',
  EACCES: 'PERMISSION',
  EPERM: 'PERMISSION',
  EISDIR: 'IS_DIRECTORY',
  ENOTDIR: 'NOT_DIRECTORY',
  EBADF: 'CLOSED',
}

/** Wraps an error of node:fs. Whatever has no code of its own is `IO`. */
export function nodeError(cause: unknown, at: { readonly operation: FsOperation; readonly path: string }): VfsError {
  if (cause instanceof VfsError) return cause
  return new VfsError(CODES[systemCode(cause)] ?? 'IO', at, { cause })
}

/** The name of the system's error (`ENOENT`), or the empty string. */
export function systemCode(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('code' in error)) return ''
  return typeof error.code === 'string' ? error.code : ''
}
