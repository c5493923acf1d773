import { Cluster as ClusterService, KV, type Member } from '@kvs/proto/rpc'
import type { Cluster, Machine } from './cluster.ts'
import { bytesOf } from './messages.ts'

/** How tests change who belongs to a cluster. */

export const urlOf = (name: string): string => `http://${name}:2380`
export const put = (machine: Machine, key: string, value: string): Promise<unknown> =>
  machine.call(KV.put, { key: bytesOf(key), value: bytesOf(value) })

/** Every key with its value, as a machine reads it; of a learner what it has. */
export async function contentOf(machine: Machine, serializable = false): Promise<readonly string[]> {
  const { kvs } = await machine.call(KV.range, { key: bytesOf('\0'), rangeEnd: bytesOf('\0'), serializable })
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)
  return kvs.map(({ key, value }) => `${text(key)}=${text(value)}`)
}

/** What a machine that joins is told of the cluster; names may be any, as long as they are not the same. */
export function joining(
  members: readonly Member[],
  name: string,
): { initialCluster: string; initialClusterState: 'existing' } {
  const parts = members.map(({ peerUrls, name: known }, i) => {
    const isOwn = peerUrls.includes(urlOf(name))
    return `${isOwn ? name : known === '' ? `unnamed-${i}` : known}=${peerUrls.join(',')}`
  })
  return { initialCluster: parts.join(','), initialClusterState: 'existing' }
}

/** Adds a member, and starts its machine. */
export async function addAndStart(cluster: Cluster, by: Machine, name: string, isLearner = false): Promise<Machine> {
  const { members } = await by.call(ClusterService.memberAdd, { peerUrls: [urlOf(name)], isLearner })
  const machine = cluster.machine(name)
  await cluster.until(machine.start(joining(members, name)))
  return machine
}
