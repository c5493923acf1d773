/**
 * For tests around raft: the contract every `RaftStorage` must fulfil, and handlers of golden scripts. Nothing here
 * needs a test runner.
 */

export { confChangeScript, describeProgressMap, parseConfChanges } from './testing/confchange-script.ts'
export type { Directive } from './testing/directive.ts'
export { interactionScript } from './testing/interaction-script.ts'
export { quorumScript } from './testing/quorum-script.ts'
export type { ContractCase, StorageContents } from './testing/storage-contract.ts'
export { storageContract } from './testing/storage-contract.ts'
