import { formatId } from '@kvs/membership'
import { RaftHttpError } from '@kvs/rafthttp'
import type { Member } from '../edge/member.ts'
import type { Refusal } from '../errors.ts'
import { raiseCorrupt } from './corrupt-alarm.ts'
import { hashesOfPeers, hashInSlices } from './hash.ts'

/** Compares everything that the members hold (`--corrupt-check-time`). Raises the alarm of the first that differs. */
export async function checkPeriodically(member: Member, signal: AbortSignal): Promise<void> {
  const { logger, state } = member
  const before = await hashInSlices(state, 0, signal)
  const peers = await hashesOfPeers(member, before.revision, signal)
  const refusal = await new Promise<Refusal | undefined>(resolve =>
    member.readLinearizable({ applied: () => resolve(undefined), refused: resolve }),
  )
  if (refusal !== undefined) return void logger.warn('failed to check hash mismatch', { error: refusal.message })
  const after = await hashInSlices(state, 0, signal)
  const { revision } = state.store
  const mismatches: { readonly id: bigint; readonly why: string }[] = []
  const isStill = after.revision === before.revision && after.compactRevision === before.compactRevision
  if (isStill && after.hash !== before.hash) mismatches.push({ id: member.id, why: 'found hash mismatch' })
  for (const { id, found } of peers) {
    if (found instanceof RaftHttpError) continue
    if (found.revision > revision) {
      mismatches.push({ id, why: "revision from follower must be less than or equal to leader's" })
    } else if (found.compactRevision > after.compactRevision) {
      mismatches.push({ id, why: "compact revision from follower must be less than or equal to leader's" })
    } else if (found.compactRevision === before.compactRevision && found.hash !== before.hash) {
      mismatches.push({ id, why: 'same compact revision then hashes must match' })
    }
  }
  const answers = peers.filter(({ found }) => !(found instanceof RaftHttpError))
  logger.info('finished peer corruption check', { 'number-of-peers-checked': answers.length })
  for (const { id, why } of mismatches) {
    logger.warn(why, { 'remote-peer-id': formatId(id), 'leader-revision': before.revision, 'leader-hash': before.hash })
  }
  const [first] = mismatches
  if (first !== undefined) raiseCorrupt(member, first.id)
}
