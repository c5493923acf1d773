import { sha1 } from './sha1.ts'
import { utf8Bytes } from './utf8.ts'

/**
 * Ids of members and clusters, derived as etcd derives them.
 *
 * member   first 8 bytes, big-endian, of SHA-1(peer URLs, sorted, without separator ‖ salt). The salt is the cluster
 *          token for a member of `--initial-cluster`, the time in seconds (decimal) for one that is added later.
 * cluster  the same of SHA-1(ids of the initial members, ascending, 8 bytes big-endian each).
 */
export type MemberIdSalt = { readonly token: string } | { readonly unixSeconds: number }

export function memberIdOf(parts: { readonly peerUrls: readonly string[] } & MemberIdSalt): bigint {
  const salt = 'token' in parts ? parts.token : String(Math.floor(parts.unixSeconds))
  return firstEightBytes(sha1(utf8Bytes(parts.peerUrls.toSorted().join('') + salt)))
}

export function clusterIdOf(memberIds: Iterable<bigint>): bigint {
  const sorted = [...memberIds].sort(compareIds)
  const bytes = new Uint8Array(8 * sorted.length)
  const view = new DataView(bytes.buffer)
  sorted.forEach((id, at) => {
    view.setBigUint64(8 * at, id)
  })
  return firstEightBytes(sha1(bytes))
}

/** Lower-case hexadecimal without leading zeros, as in logs, headers and bucket keys. */
export function formatId(id: bigint): string {
  return id.toString(16)
}

/** The id that `formatId` wrote; `undefined` if the text is none. */
export function parseId(text: string): bigint | undefined {
  return /^[0-9a-fA-F]{1,16}$/.test(text) ? BigInt(`0x${text}`) : undefined
}

export function compareIds(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function firstEightBytes(digest: Uint8Array): bigint {
  return new DataView(digest.buffer).getBigUint64(0)
}
