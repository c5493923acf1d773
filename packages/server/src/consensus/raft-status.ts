import { formatId } from '@kvs/membership'
import type { NodeStatus } from '@kvs/raft'

const stateNames: Readonly<Record<NodeStatus['softState']['raftState'], string>> = {
  follower: 'StateFollower',
  'pre-candidate': 'StatePreCandidate',
  candidate: 'StateCandidate',
  leader: 'StateLeader',
}

const progressNames = { probe: 'StateProbe', replicate: 'StateReplicate', snapshot: 'StateSnapshot' } as const

/** Consensus as etcd publishes it under the name `raft.status`: ids in hex, indexes as numbers. */
export function raftStatusJson({ id, hardState, softState, applied, leadTransferee, progress }: NodeStatus): string {
  return JSON.stringify({
    id: formatId(id),
    term: hardState.term,
    vote: formatId(hardState.vote),
    commit: hardState.commit,
    lead: formatId(softState.lead),
    raftState: stateNames[softState.raftState],
    applied,
    progress: Object.fromEntries(
      [...progress].map(([member, { match, next, state }]) => [
        formatId(member),
        { match, next, state: progressNames[state] },
      ]),
    ),
    leadtransferee: formatId(leadTransferee),
  })
}
