import { formatId } from '@kvs/membership'
import type { KvHash } from '@kvs/mvcc'
import { RaftHttpError } from '@kvs/rafthttp'
import type { Member } from '../edge/member.ts'
import { raiseCorrupt } from './corrupt-alarm.ts'
import { hashesOfPeers, type PeerHash } from './hash.ts'
import { differing } from './verdict.ts'

/**
 * Compares the hashes that compactions left on their way through the records (feature `CompactHashCheck`), the newest
 * first, until one was compared on all members.
 */
export class CompactionCheck {
  readonly #member: Member
  /** What was compared on all members. */
  #checkedRevision = 0

  constructor(member: Member) {
    this.#member = member
  }

  async check(signal: AbortSignal): Promise<void> {
    const hashes = this.#member.state.store
      .compactionHashes()
      .filter(({ revision }) => revision > this.#checkedRevision)
    for (const own of [...hashes].sort((a, b) => b.revision - a.revision)) {
      const peers = await hashesOfPeers(this.#member, own.revision, signal)
      if (!this.#member.consensus.isLeader || this.#compare(own, peers)) break
    }
    this.#member.logger.info('finished compaction hash check', { 'number-of-hashes-checked': hashes.length })
  }

  /** False if somebody could not be compared: an older hash may do. */
  #compare(own: KvHash, peers: readonly PeerHash[]): boolean {
    const { id: leader, logger } = this.#member
    const hashes = new Map([[leader, own.hash]])
    for (const { id, found } of peers) {
      if (found instanceof RaftHttpError || found.compactRevision !== own.compactRevision) {
        const why = found instanceof RaftHttpError ? found.message : "the peer's CompactRevision doesn't match leader's"
        logger.warn("skipped peer's hash", { 'peer-id': formatId(id), reason: why, revision: own.revision })
      } else hashes.set(id, found.hash)
    }
    const guilty = differing({ memberCount: peers.length + 1, hashes })
    if (guilty.length > 0) {
      logger.error('detected compaction hash mismatch', {
        'leader-compact-revision': own.compactRevision,
        'leader-revision': own.revision,
        hashes: Object.fromEntries([...hashes].map(([id, hash]) => [formatId(id), hash])),
        'corrupted-members': guilty.map(formatId),
      })
      for (const id of guilty) raiseCorrupt(this.#member, id)
      return true
    }
    if (hashes.size <= peers.length) return false
    this.#checkedRevision = own.revision
    logger.info('successfully checked hash on whole cluster', { revision: own.revision })
    return true
  }
}
