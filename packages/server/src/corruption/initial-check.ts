import { formatId } from '@kvs/membership'
import { RaftHttpError } from '@kvs/rafthttp'
import type { Member } from '../edge/member.ts'
import { ServerError } from '../errors.ts'
import { hashesOfPeers, hashInSlices } from './hash.ts'

/**
 * Before a member with data takes part (feature `InitialCorruptCheck`): compares what it holds with those of the others
 * that can be asked. Throws `ServerError` (`STORAGE`) if they differ.
 */
export async function checkAtStart(member: Member, signal: AbortSignal): Promise<void> {
  const { id, logger, state } = member
  const local = { 'local-member-id': formatId(id) }
  logger.info('starting initial corruption check', local)
  const own = await hashInSlices(state, 0, signal)
  let mismatches = 0
  for (const { id: other, found } of await hashesOfPeers(member, own.revision, signal)) {
    const fields = { ...local, 'local-member-revision': own.revision, 'remote-peer-id': formatId(other) }
    if (found instanceof RaftHttpError) {
      logger.warn('cannot fetch hash from remote peer', { ...fields, error: found.message })
      continue
    }
    const hashes = {
      ...fields,
      'local-member-compact-revision': own.compactRevision,
      'local-member-hash': own.hash,
      'remote-peer-revision': found.revision,
      'remote-peer-compact-revision': found.compactRevision,
      'remote-peer-hash': found.hash,
    }
    if (found.hash === own.hash) continue
    if (found.compactRevision === own.compactRevision) {
      logger.warn('found different hash values from remote peer', hashes)
      mismatches++
    } else logger.warn('found different compact revision values from remote peer', hashes)
  }
  if (mismatches > 0) throw new ServerError('STORAGE', `${formatId(id)} found data inconsistency with peers`)
  logger.info('initial corruption checking passed; no corruption', local)
}
