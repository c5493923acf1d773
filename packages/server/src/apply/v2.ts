import { decodeAttributes, MembershipError, parseId } from '@kvs/membership'
import { decodeRequest } from '@kvs/proto/etcdserver'
import type { Entry } from '@kvs/raft'
import { ServerError } from '../errors.ts'
import type { ClusterState } from '../membership/cluster-state.ts'
import type { ParsedEntry } from '../requests/entry.ts'

/**
 * A write of the API that etcd had before version 3. Its keys are not kept here. Members of etcd up to 3.6 also say in this
 * way who they are and at which version the cluster is: that counts, for it is in logs that are taken over.
 */
export function applyV2Request(cluster: ClusterState, { data, index }: Entry, { start, end }: ParsedEntry): void {
  const { method, path, val } = decodeRequest(data, start, end)
  if (method !== 'PUT') return
  if (path === '/0/version') return cluster.setVersion(val)
  const [, name = ''] = /^\/0\/members\/([^/]+)\/attributes$/.exec(path) ?? []
  const id = parseId(name)
  if (id === undefined) return
  try {
    cluster.publish(id, decodeAttributes(val))
  } catch (cause) {
    if (!(cause instanceof MembershipError)) throw cause
    throw new ServerError('STORAGE', `entry ${index}: ${cause.message}`, { cause })
  }
}
