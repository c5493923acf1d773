import { quorumOf } from '@kvs/membership'

/** What several members say about one thing that must be the same on all. */
export interface Comparison {
  /** Members of the cluster, whether they said something or not. */
  readonly memberCount: number
  readonly hashes: ReadonlyMap<bigint, number>
}

/**
 * Who differs from a majority of the cluster: nobody if all agree, and member 0, which stands for the whole cluster, where
 * no majority agrees.
 */
export function differing({ memberCount, hashes }: Comparison): readonly bigint[] {
  const groups = new Map<number, bigint[]>()
  for (const [id, hash] of hashes) groups.set(hash, [...(groups.get(hash) ?? []), id])
  if (groups.size <= 1) return []
  const majority = [...groups].find(([, ids]) => ids.length >= quorumOf(memberCount))
  if (majority === undefined) return [0n]
  return [...groups].filter(([hash]) => hash !== majority[0]).flatMap(([, ids]) => ids)
}
