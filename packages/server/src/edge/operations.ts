import { versionJson } from '../version.ts'
import { healthRoutes, methodNotAllowed } from './health.ts'
import { type HttpRoute, textResponse } from './http.ts'
import type { Member } from './member.ts'

/** Plain HTTP on the client port: what operators and probes ask. */
export function operationRoutes(member: Member): readonly HttpRoute[] {
  return [
    {
      path: '/version',
      handle: request => {
        if (request.method !== 'GET') return methodNotAllowed()
        return textResponse(200, versionJson(member.state.cluster.version), 'application/json')
      },
    },
    ...healthRoutes(member),
  ]
}
