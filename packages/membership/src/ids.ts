import { sha1 } from './sha1.ts'
import { utf8Bytes } from './utf8.ts'

/**
 * Id of a member: the first 8 bytes, big-endian, of the SHA-1 of its peer URLs, sorted and put together, and of a text:
 * the token of `--initial-cluster-token` for a founding member, the decimal unix seconds of the call for one added later.
 */
export function memberIdOf(parts: { readonly peerUrls: readonly string[]; readonly token: string }): bigint {
  return firstBytes(sha1(utf8Bytes([...parts.peerUrls].sort().join('') + parts.token)))
}

/** Id of a cluster: likewise, of the ids of its founding members, ascending, 8 bytes each, big-endian. */
export function clusterIdOf(memberIds: readonly bigint[]): bigint {
  const bytes = new Uint8Array(8 * memberIds.length)
  const view = new DataView(bytes.buffer)
  const sorted = [...memberIds].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
  for (const [i, id] of sorted.entries()) view.setBigUint64(8 * i, id)
  return firstBytes(sha1(bytes))
}

function firstBytes(digest: Uint8Array): bigint {
  return new DataView(digest.buffer).getBigUint64(0)
}
