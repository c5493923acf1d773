import type { FailpointName } from '../src/failpoints/names.ts'

/** Those that stand in a state file of LMDB. */
export const backendFailpoints: readonly FailpointName[] = [
  'beforeWritebackBuf',
  'afterWritebackBuf',
  'commitBeforePreCommitHook',
  'commitAfterPreCommitHook',
  'beforeCommit',
  'beforeStartDBTxn',
  'afterStartDBTxn',
  'afterCommit',
  'defragOpenFileError',
  'defragBeforeCopy',
  'defragdbFail',
  'defragBeforeRename',
]
