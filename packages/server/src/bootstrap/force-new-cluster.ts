import { encodeMemberChange, formatId, type MemberChange } from '@kvs/membership'
import { decodeConfChange, type Entry, EntryType, encodeConfChange, type HardState } from '@kvs/raft'
import type { Wal } from '@kvs/wal'
import type { MemberLog } from '../consensus/storage.ts'
import type { Logger } from '../parts.ts'

const forcedPeerUrl = 'http://localhost:2380'

/**
 * Makes a cluster of one of a member that has lost the others for good (`--force-new-cluster`): what was not committed is
 * dropped, and changes that remove all others are written into its log as if they had been. Ids stay what they were.
 */
export async function forceNewCluster(parts: {
  readonly wal: Wal
  readonly log: MemberLog
  readonly hardState: HardState
  readonly memberId: bigint
  readonly logger: Logger
}): Promise<void> {
  const { wal, log, hardState, memberId, logger } = parts
  const { term, vote, commit } = hardState
  const dropped = log.lastIndex() - commit
  if (dropped > 0) logger.info('discarding uncommitted WAL entries', { 'number-of-uncommitted-wal-entries': dropped })
  const entries = changesToOne(log, commit, memberId).map((change, i) => ({
    type: EntryType.EntryConfChange,
    term,
    index: commit + 1 + i,
    data: encodeConfChange({ ...change, id: 0n }),
  }))
  const forced = { term, vote, commit: commit + entries.length }
  await wal.append({ entries, hardState: forced })
  log.append(entries)
  log.setHardState(forced)
  logger.info('forcing a new cluster of this member alone', { 'member-id': formatId(memberId), 'commit-index': commit })
}

/**
 * The changes from the configuration at `commit` to that of the member alone: itself first, as a voter, then the others
 * ascending. etcd does not think of learners here, and one that is left does not start.
 */
function changesToOne(log: MemberLog, commit: number, memberId: bigint): ReturnType<typeof encodeMemberChange>[] {
  const { voters, learners } = log.snapshot().metadata.confState
  const isLearner = new Map([...voters.map(id => [id, false] as const), ...learners.map(id => [id, true] as const)])
  const low = log.firstIndex()
  const committed = low > commit ? [] : log.entries(low, commit + 1, Number.MAX_SAFE_INTEGER)
  for (const entry of committed) applyTo(isLearner, entry)
  const others = [...isLearner.keys()].filter(id => id !== memberId).sort((a, b) => (a < b ? -1 : 1))
  return [
    ...becomingVoter(memberId, isLearner.get(memberId)).map(encodeMemberChange),
    ...others.map(id => encodeMemberChange({ type: 'remove', id })),
  ]
}

function becomingVoter(id: bigint, isLearner: boolean | undefined): MemberChange[] {
  if (isLearner === false) return []
  if (isLearner === true) return [{ type: 'promote', id }]
  return [{ type: 'add', member: { id, name: '', peerUrls: [forcedPeerUrl], clientUrls: [], isLearner: false } }]
}

function applyTo(isLearner: Map<bigint, boolean>, entry: Entry): void {
  if (entry.type !== EntryType.EntryConfChange) return
  const { type, nodeId } = decodeConfChange(entry.data)
  if (type === 1) isLearner.delete(nodeId)
  else if (type !== 2) isLearner.set(nodeId, type === 3)
}
