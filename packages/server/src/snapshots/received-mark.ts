import type { Backend } from '@kvs/backend'
import { buckets } from '../state/buckets.ts'

/** Of bucket `meta`: the last entry that a state contained when it took its place. 8 bytes, big-endian. */
const receivedKey = 'received_index'
const receivedKeyBytes = new TextEncoder().encode(receivedKey)

/**
 * Puts a received state in the place of the state file. It may contain more entries than its snapshot says, and then more
 * than the log, which goes on behind the snapshot: so that a start does not take it for the state of another log, it notes
 * up to where it was received.
 */
export async function takePlace(received: Backend, path: string): Promise<void> {
  const value = new Uint8Array(8)
  new DataView(value.buffer).setBigUint64(0, BigInt(received.consistent.index))
  received.put(buckets.meta, receivedKeyBytes, value)
  received.forceConsistent(received.consistent)
  await received.commit()
  await received.moveTo(path)
}

/** The state is one that was received, and nothing was applied to it since: it may be ahead of the log. */
export function isAsReceived(backend: Backend): boolean {
  const value = backend.get(buckets.meta, receivedKeyBytes)
  if (value?.length !== 8) return false
  return new DataView(value.buffer, value.byteOffset).getBigUint64(0) === BigInt(backend.consistent.index)
}

/** A record of bucket `meta` that is of this member alone. */
export function isReceivedMark(key: Uint8Array): boolean {
  return new TextDecoder().decode(key) === receivedKey
}
