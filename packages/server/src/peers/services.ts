import { encodeMembers } from '@kvs/membership'
import { MvccError } from '@kvs/mvcc'
import { type PeerHashKv, type PeerLeaseTimes, type PeerServices, RaftHttpError } from '@kvs/rafthttp'
import type { Member } from '../edge/member.ts'
import { Refusal } from '../errors.ts'
import * as limits from '../limits.ts'
import { versionJson } from '../version.ts'

/** What this member answers other members who ask it: who belongs to the cluster, hashes, leases it keeps. */
export function peerServices(member: Member): PeerServices {
  return {
    clusterId: member.clusterId,
    versionJson: () => versionJson(member.state.cluster.version),
    membersJson: () => encodeMembers(member.state.cluster.members),
    promote: async () => {
      throw refused('etcdserver: not leader', 500)
    },
    hashKv: (revision, signal) => hashKv(member, revision, signal),
    applied: signal => applied(member, signal),
    renewLease: id => renewLease(member, id),
    leaseTimes: (id, wantsKeys) => leaseTimes(member, id, wantsKeys),
    downgradeEnabled: async () => {
      await linearized(member)
      return false
    },
  }
}

function refused(text: string, status: number): RaftHttpError {
  return new RaftHttpError('REFUSED', text, { status })
}

function linearized(member: Member): Promise<void> {
  return new Promise((resolve, reject) => member.readLinearizable({ applied: resolve, refused: reject }))
}

/** The hash of everything at a revision, in slices. */
function hashKv(member: Member, revision: number, signal: AbortSignal): Promise<PeerHashKv> {
  const { state, clusterId, id, term } = member
  const { store, background } = state
  return new Promise((resolve, reject) => {
    try {
      const cursor = store.openHash(revision)
      background.add(() => {
        if (signal.aborted) {
          cursor.close()
          reject(signal.reason)
          return true
        }
        if (!cursor.step({ records: limits.sliceRecords })) return false
        const { hash, compactRevision, revision: hashRevision } = cursor.result()
        resolve({
          clusterId,
          memberId: id,
          revision: store.revision,
          raftTerm: term,
          hash,
          compactRevision,
          hashRevision,
        })
        return true
      })
    } catch (error) {
      if (!(error instanceof MvccError)) throw error
      const code = error.code === 'COMPACTED' ? 'COMPACTED' : 'FUTURE_REV'
      reject(refused(Refusal.of(code).message.replace('etcdserver: ', ''), 400))
    }
  })
}

/** Resolves when everything is applied that is committed now. */
function applied(member: Member, signal: AbortSignal): Promise<void> {
  const wanted = member.consensus.committed
  return new Promise((resolve, reject) => {
    const look = (): void => {
      if (member.consensus.applied >= wanted) resolve()
      else if (signal.aborted) reject(signal.reason)
      else member.clock.setTimer(limits.appliedCheckMs, look)
    }
    look()
  })
}

function renewLease(member: Member, id: bigint): Promise<number> | number {
  const { lessor, metrics } = member.state
  if (!lessor.isPrimary) throw refused(Refusal.of('NOT_PRIMARY_LESSOR').message, 500)
  if (!lessor.has(id)) throw refused('lease not found', 404)
  const renewal = lessor.renew(id)
  if (renewal.outcome === 'renewed') {
    metrics.leasesRenewed++
    return renewal.ttlSeconds
  }
  // It has run out: whoever asks waits for its end.
  return new Promise((_resolve, reject) => {
    lessor.onGone(id, why => {
      reject(
        why === 'revoked' ? refused('lease not found', 404) : refused(Refusal.of('NOT_PRIMARY_LESSOR').message, 500),
      )
    })
  })
}

function leaseTimes(member: Member, id: bigint, wantsKeys: boolean): PeerLeaseTimes {
  const { lessor } = member.state
  if (!lessor.isPrimary) throw refused(Refusal.of('NOT_PRIMARY_LESSOR').message, 500)
  if (!lessor.has(id)) throw refused('lease not found', 404)
  const { remainingSeconds, grantedSeconds } = lessor.timeToLive(id)
  return {
    ttlSeconds: remainingSeconds,
    grantedTtlSeconds: grantedSeconds,
    keys: wantsKeys ? [...lessor.keys(id)] : [],
  }
}
