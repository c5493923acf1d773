import type { KvHash } from '@kvs/mvcc'
import { type PeerHashKv, RaftHttpError } from '@kvs/rafthttp'
import type { Member } from '../edge/member.ts'
import * as limits from '../limits.ts'
import type { State } from '../state/state.ts'

/**
 * The hash of everything at a revision, 0 for the present one, in slices beside the loop. Begins anew where a snapshot took
 * the place of the state in between. Throws `MvccError`.
 */
export async function hashInSlices(state: State, revision: number, signal: AbortSignal): Promise<KvHash> {
  const { store, background } = state
  const cursor = store.openHash(revision)
  return new Promise((resolve, reject) => {
    background.add(() => {
      if (signal.aborted || state.store !== store) {
        cursor.close()
        if (signal.aborted) reject(signal.reason)
        else resolve(hashInSlices(state, revision, signal))
        return true
      }
      if (!cursor.step({ records: limits.sliceRecords, isDue: background.isDue })) return false
      resolve(cursor.result())
      return true
    })
  })
}

/** What another member answers who was asked for a hash. */
export interface PeerHash {
  readonly id: bigint
  readonly found: PeerHashKv | RaftHttpError
}

/** The hashes of all other members at a revision. */
export function hashesOfPeers(member: Member, revision: number, signal: AbortSignal): Promise<readonly PeerHash[]> {
  const { id, peerClient, state } = member
  const others = state.cluster.members.filter(other => other.id !== id)
  return Promise.all(
    others.map(async ({ id: other, peerUrls }): Promise<PeerHash> => {
      try {
        const found = await peerClient.hashKv(peerUrls, revision, { timeoutMs: limits.hashTimeoutMs, signal })
        return { id: other, found }
      } catch (error) {
        if (!(error instanceof RaftHttpError)) throw error
        return { id: other, found: error }
      }
    }),
  )
}
