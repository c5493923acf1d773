import { formatId } from '@kvs/membership'
import type { Member } from '../edge/member.ts'

/**
 * A leader that stops hands over to the voter that has been connected for longest, so that nobody has to find out by its
 * silence. Resolves when another leads, or when that takes as long as an election would.
 */
export async function handOverLeadership(member: Member): Promise<void> {
  const { clock, consensus, id, logger, options } = member
  if (!consensus.isLeader) return
  const to = longestConnected(member)
  if (to === undefined) return
  logger.info('leadership transfer starting', {
    'local-member-id': formatId(id),
    'current-leader-member-id': formatId(id),
    'transferee-member-id': formatId(to),
  })
  const startMs = clock.now()
  await new Promise<void>(resolve => {
    const timer = clock.setTimer(options.electionTimeoutMs, () => end())
    const forget = member.onLeaderChange(() => {
      if (member.consensus.leader !== 0n && !member.consensus.isLeader) end()
    })
    const end = (): void => {
      clock.clearTimer(timer)
      forget()
      resolve()
    }
    member.transferLeader(to)
  })
  const took = `${Math.round(clock.now() - startMs)}ms`
  const isOver = !member.consensus.isLeader
  logger[isOver ? 'info' : 'warn'](isOver ? 'leadership transfer finished' : 'leadership transfer failed', {
    'local-member-id': formatId(id),
    'transferee-member-id': formatId(to),
    took,
  })
  // What others still send to the old leader is handed on, and what was held back here.
  if (isOver) await new Promise<void>(resolve => clock.setTimer(options.heartbeatIntervalMs, resolve))
}

/** Undefined if no other voter is connected. */
function longestConnected(member: Member): bigint | undefined {
  let best: { readonly id: bigint; readonly sinceMs: number } | undefined
  for (const { id } of member.state.cluster.memberSet.voters()) {
    const sinceMs = id === member.id ? undefined : member.connectedSince(id)
    if (sinceMs !== undefined && (best === undefined || sinceMs < best.sinceMs)) best = { id, sinceMs }
  }
  return best?.id
}
