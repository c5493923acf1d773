/**
 * The contract of `Fs` as named cases, for any test runner and any implementation:
 *
 * ```ts
 * for (const { name, run } of fsContract(async () => ({ fs: memFs(), root: '/' }))) test(name, run)
 * ```
 *
 * It checks what can be seen without a power cut. A case throws `AssertionError` of `node:assert` if it fails.
 */

import { contractCase, type FsCase, type FsFactory } from './contract.ts'
import { dirCases } from './contract-dirs.ts'
import { fileCases } from './contract-files.ts'

export type { FsCase, FsFactory, FsUnderTest } from './contract.ts'

/** All cases; each makes its own file system. */
export function fsContract(factory: FsFactory): FsCase[] {
  return [...fileCases, ...dirCases].map(([name, check]) => contractCase(factory, name, check))
}
