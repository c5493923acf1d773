import { AlarmType } from '@kvs/proto/rpc'
import { alarmName } from '../alarms.ts'
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
      handle: request => (request.method === 'GET' ? health(member, request.query) : methodNotAllowed('GET')),
    },
  ]
}

/** Alarms first, then the leader. `exclude=NOSPACE` passes over an alarm, `serializable=true` over the leader. */
function health(member: Member, query: string): ReturnType<typeof textResponse> {
  const asked = new URLSearchParams(query)
  const excluded = asked.getAll('exclude')
  const alarm = member.state.alarms.list().find(active => !excluded.includes(alarmName(active.alarm)))
  if (alarm !== undefined) {
    const isKnown = alarm.alarm === AlarmType.NOSPACE || alarm.alarm === AlarmType.CORRUPT
    return unhealthy(`ALARM ${isKnown ? alarmName(alarm.alarm) : 'UNKNOWN'}`)
  }
  const needsLeader = asked.get('serializable') !== 'true'
  if (needsLeader && member.consensus.leader === 0n) return unhealthy('RAFT NO LEADER')
  return textResponse(200, '{"health":"true","reason":""}')
}

function unhealthy(reason: string): ReturnType<typeof textResponse> {
  return textResponse(503, `{"health":"false","reason":"${reason}"}\n`)
}

function methodNotAllowed(allowed: string): ReturnType<typeof textResponse> {
  const response = textResponse(405, 'Method Not Allowed\n')
  return { ...response, headers: [...response.headers, ['Allow', allowed]] }
}
