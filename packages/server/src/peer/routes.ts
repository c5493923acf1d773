import { type HttpRoute, textResponse } from '../edge/http.ts'
import type { RunningMember } from '../server.ts'
import { clusterVersion, storageVersion, version } from '../version.ts'

/** Plain HTTP on the peer port: what other members and tools ask. */
export function peerRoutes(member: RunningMember): readonly HttpRoute[] {
  return [
    {
      path: '/version',
      handle: () => {
        const versions = { etcdserver: version, etcdcluster: clusterVersion, storage: storageVersion }
        return textResponse(200, JSON.stringify(versions), 'application/json')
      },
    },
    {
      path: '/members',
      handle: () => {
        const response = textResponse(200, member.memberListJson(), 'application/json')
        const clusterId = member.clusterId.toString(16)
        return { ...response, headers: [...response.headers, ['X-Etcd-Cluster-ID', clusterId]] }
      },
    },
  ]
}
