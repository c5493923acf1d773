import {
  areSameUrls,
  encodeMemberChange,
  foundCluster,
  type Member,
  MembershipError,
  parseInitialCluster,
} from '@kvs/membership'
import { type Entry, EntryType, encodeConfChange } from '@kvs/raft'
import { ServerError } from '../errors.ts'
import type { MemberOptions } from '../options.ts'

/** Who founds a cluster, by the options of one of them. Members ascending by id. Throws `ServerError` (`CONFIG`). */
export function initialCluster({
  initialCluster: text,
  initialClusterToken: token,
}: Pick<MemberOptions, 'initialCluster' | 'initialClusterToken'>): ReturnType<typeof foundCluster> {
  try {
    return foundCluster(parseInitialCluster(text), token)
  } catch (error) {
    if (!(error instanceof MembershipError)) throw error
    throw new ServerError('CONFIG', `error setting up initial cluster: ${error.message}`, { cause: error })
  }
}

/** Which of the founders the options are of. Throws `ServerError` (`CONFIG`). */
export function ownFounder(
  members: readonly Member[],
  { name, initialAdvertisePeerUrls: advertised }: Pick<MemberOptions, 'name' | 'initialAdvertisePeerUrls'>,
): Member {
  const own = members.find(member => member.name === name)
  if (own === undefined) {
    throw new ServerError('CONFIG', `couldn't find local name "${name}" in the initial cluster configuration`)
  }
  if (areSameUrls(own.peerUrls, advertised)) return own
  throw new ServerError(
    'CONFIG',
    `--initial-cluster has ${own.name}=${own.peerUrls.join(',')} but missing from --initial-advertise-peer-urls=` +
      `${[...advertised].sort().join(',')}`,
  )
}

/**
 * Every founding member writes the same start of the log: one change per member, ascending by id, as if a leader of term
 * 1 had committed them.
 */
export function startEntries(members: readonly Member[]): Entry[] {
  return members.map((member, i) => ({
    type: EntryType.EntryConfChange,
    term: 1,
    index: i + 1,
    data: encodeConfChange({ ...encodeMemberChange({ type: 'add', member }), id: 0n }),
  }))
}
