import { broken } from './assert.ts'
import { messageName, newMessage } from './message.ts'
import type { VoteResult } from './quorum/majority.ts'
import type { Raft } from './raft.ts'
import { EntryType, MessageType } from './types.ts'

/** `transfer` asks with the force flag: receivers ignore the lease of the leader that wants to go. */
export type CampaignKind = 'pre-election' | 'election' | 'transfer'

/** Context of vote requests of a transfer, on the wire. */
export const campaignTransferContext: Uint8Array = Uint8Array.from('CampaignTransfer', c => c.charCodeAt(0))

/** Starts an election if this node may (paper 5.2). */
export function hup(raft: Raft, kind: CampaignKind): void {
  if (raft.state === 'leader') {
    raft.logger.debug(`${raft.hexId} ignoring MsgHup because already leader`)
    return
  }
  if (!raft.promotable()) {
    raft.logger.warning(`${raft.hexId} is unpromotable and can not campaign`)
    return
  }
  if (hasUnappliedConfChange(raft)) {
    raft.logger.warning(
      `${raft.hexId} cannot campaign at term ${raft.term} since there are still pending configuration changes to apply`,
    )
    return
  }
  raft.logger.info(`${raft.hexId} is starting a new election at term ${raft.term}`)
  campaign(raft, kind)
}

function hasUnappliedConfChange({ log }: Raft): boolean {
  if (log.applied >= log.committed) return false
  return log.some(log.applied + 1, log.committed + 1, entry => entry.type !== EntryType.EntryNormal)
}

/** Asks every voter of both halves, ascending by id. The own vote counts once it is durable, like any other. */
export function campaign(raft: Raft, kind: CampaignKind): void {
  // Whatever makes a node unfit ends its candidacy, too: a pre-candidate that won may go on.
  if (!raft.promotable()) broken(`${raft.hexId} is unpromotable and campaigns at term ${raft.term}`)
  const isPreElection = kind === 'pre-election'
  if (isPreElection) raft.becomePreCandidate()
  else raft.becomeCandidate()
  const type = isPreElection ? MessageType.MsgPreVote : MessageType.MsgVote
  const answer = isPreElection ? MessageType.MsgPreVoteResp : MessageType.MsgVoteResp
  const term = isPreElection ? raft.term + 1 : raft.term
  const last = raft.log.lastEntryId()
  for (const id of raft.tracker.voterIds()) {
    if (id === raft.id) {
      raft.send(newMessage({ type: answer, to: id, term }))
      continue
    }
    raft.logger.info(
      `${raft.hexId} [logterm: ${last.term}, index: ${last.index}] sent ${messageName(type)} request to ` +
        `${id.toString(16)} at term ${raft.term}`,
    )
    const context = kind === 'transfer' ? { context: campaignTransferContext } : {}
    raft.send(newMessage({ type, to: id, term, index: last.index, logTerm: last.term, ...context }))
  }
}

/** Counts a vote. */
export function poll(
  raft: Raft,
  vote: { readonly from: bigint; readonly type: MessageType; readonly granted: boolean },
): { readonly granted: number; readonly rejected: number; readonly result: VoteResult } {
  const what = vote.granted ? messageName(vote.type) : `${messageName(vote.type)} rejection`
  raft.logger.info(`${raft.hexId} received ${what} from ${vote.from.toString(16)} at term ${raft.term}`)
  raft.tracker.recordVote(vote.from, vote.granted)
  return raft.tracker.tallyVotes()
}
