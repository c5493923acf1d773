/**
 * The state file: buckets over one ordered space of byte keys, written in batches of whole log entries.
 *
 * This door has the contract (`Backend`), its errors and its limits. Two implementations with the same promises:
 * - `@kvs/backend/lmdb`, `openLmdb({ path, buckets })`: one LMDB file. Needs the package `lmdb` beside it.
 * - `@kvs/backend/memory`, `memoryBackend({ buckets })`: versions in memory that can lose power; for tests and simulators.
 * `@kvs/backend/testing` has the cases that both pass, for a third implementation.
 *
 * What the caller must do: give every bucket an id once and for ever; call `endEntry` after the last effect of each log
 * entry and only then; call `commit` now and then (nothing here has a timer); keep its log from `durable` on; stop when a
 * commit rejects; close views.
 *
 * ```ts
 * import { memoryBackend } from '@kvs/backend/memory'
 *
 * const fruit = { id: 1, name: 'fruit' }
 * const state = memoryBackend({ buckets: [fruit] })
 * state.put(fruit, Uint8Array.of(1), Uint8Array.of(42))
 * state.endEntry({ index: 7, term: 2 })
 * await state.commit()
 * console.log(state.durable.index, state.get(fruit, Uint8Array.of(1))) // 7 Uint8Array(1) [ 42 ]
 * await state.close()
 * ```
 */

export type {
  Backend,
  BackendFailpoints,
  BackendRecord,
  BackendSizes,
  BackendView,
  Bucket,
  ConsistentPoint,
  CopyOptions,
  KeyInterval,
  Lent,
  LentState,
} from './backend.ts'
export { updateCrc32c } from './crc32c.ts'
export { BackendError, type BackendErrorCode, type BackendErrorDetails } from './errors.ts'
export { bucketsMax, keyBytesMax, valueBytesMax } from './limits.ts'
