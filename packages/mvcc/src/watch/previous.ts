import type { HubSource } from './source.ts'
/** The key's record right before main revision `revision`; `undefined` if there was none or it is compacted away. */
export function previousOf(source: HubSource, key: Uint8Array, revision: number): Uint8Array | undefined {
  const before = revision - 1
  if (before < source.compactRevision) return undefined
  const { reader } = source
  const handle = reader.index.lookup(key, 0, key.length)
  if (handle === 0 || !reader.index.isLiveAt(handle, before)) return undefined
  reader.fetch(handle)
  return reader.copy()
}
