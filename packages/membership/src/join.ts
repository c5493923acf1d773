import { MembershipError } from './errors.ts'
import type { Member } from './member.ts'
import { areSameUrls } from './urls.ts'

/**
 * Matches the members that `--initial-cluster` of a joining member names with those that the running cluster has: as
 * many, and for each the same set of peer URLs; names may differ. Returns the cluster's members with the configured
 * names filled in where the cluster has none. Throws `CLUSTER_MISMATCH`.
 *
 * `areSame` compares two sets of URLs; by their texts unless said (host names resolved to the same address are the same
 * to etcd, so a host that can resolve passes its own).
 */
export function matchRunningCluster(
  configured: ReadonlyMap<string, readonly string[]>,
  running: readonly Member[],
  areSame: (a: readonly string[], b: readonly string[]) => boolean = areSameUrls,
): Member[] {
  if (configured.size !== running.length) {
    throw mismatch(`member count is unequal: ${configured.size} are configured, the cluster has ${running.length}`)
  }
  const left = new Map(configured)
  return running.map(member => {
    const name = [...left.keys()].find(key => areSame(left.get(key)!, member.peerUrls))
    if (name === undefined) {
      throw mismatch(
        `unmatched member while checking PeerURLs: ${member.id.toString(16)} [${member.peerUrls.join(' ')}]`,
      )
    }
    left.delete(name)
    return member.name === '' ? { ...member, name } : member
  })
}

function mismatch(why: string): MembershipError {
  return new MembershipError('CLUSTER_MISMATCH', `membership: ${why}`)
}
