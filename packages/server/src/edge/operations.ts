import { clusterVersion, storageVersion, version } from '../version.ts'
import { type HttpRoute, textResponse } from './http.ts'
import type { Member } from './member.ts'

/** Plain HTTP on the client port: what operators and probes ask. */
export function operationRoutes(member: Member): readonly HttpRoute[] {
  return [
    {
      path: '/version',
      handle: request => {
        if (request.method !== 'GET') return methodNotAllowed('GET')
        const versions = { etcdserver: version, etcdcluster: clusterVersion, storage: storageVersion }
        return textResponse(200, JSON.stringify(versions), 'application/json')
      },
    },
    {
      path: '/health',
      handle: request => {
        if (request.method !== 'GET') return methodNotAllowed('GET')
        const healthy = member.consensus.leader !== 0n
        if (healthy) return textResponse(200, '{"health":"true","reason":""}')
        return textResponse(503, '{"health":"false","reason":"RAFT NO LEADER"}\n')
      },
    },
  ]
}

function methodNotAllowed(allowed: string): ReturnType<typeof textResponse> {
  const response = textResponse(405, 'Method Not Allowed\n')
  return { ...response, headers: [...response.headers, ['Allow', allowed]] }
}
