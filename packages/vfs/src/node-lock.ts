import { createRequire } from 'node:module'
import { VfsError } from './errors.ts'
import { nodeError } from './node-errors.ts'

/** The part of fs-native-extensions we use. On Linux `tryLock` is `fcntl(F_OFD_SETLK)`; length 0 is the whole file. */
export interface NativeLocks {
  tryLock(fd: number, offset: number, length: number): boolean
}

const require = createRequire(import.meta.url)
let loaded: NativeLocks | undefined

/** Loads the native addon at the first lock, so that programs which lock nothing run where it has no prebuilt binary. */
function loadNativeLocks(): NativeLocks {
  loaded ??= require('fs-native-extensions') as NativeLocks
  return loaded
}

/** Takes the exclusive lock of the whole file, or throws `LOCKED`; other failures are `PERMISSION`, `IO` …. */
export function lockDescriptor(fd: number, path: string, load: () => NativeLocks = loadNativeLocks): void {
  const at = { operation: 'lock', path } as const
  let locks: NativeLocks
  try {
    locks = load()
  } catch (cause) {
    const reason = 'the native module fs-native-extensions, which takes file locks, cannot be loaded on this platform'
    throw new VfsError('IO', at, { reason, cause })
  }
  let taken: boolean
  try {
    taken = locks.tryLock(fd, 0, 0)
  } catch (cause) {
    throw nodeError(cause, at)
  }
  if (!taken) throw new VfsError('LOCKED', at, { reason: 'file already locked' })
}
