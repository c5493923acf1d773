/** Rows of the lists that the simple and the table format share. */
import type { HashKVResponse, MemberListResponse, StatusResponse } from '@kvs/client/messages'
import type { EndpointHealth } from '../answers.ts'
import { formatBytes, hex } from '../go-text.ts'

export const memberListHeadings: readonly string[] = [
  'ID',
  'Status',
  'Name',
  'Peer Addrs',
  'Client Addrs',
  'Is Learner',
]

export function memberListRows({ members }: MemberListResponse): string[][] {
  return members.map(member => [
    hex(member.id),
    member.name === '' ? 'unstarted' : 'started',
    member.name,
    member.peerUrls.join(','),
    member.clientUrls.join(','),
    String(member.isLearner),
  ])
}

export const endpointHealthHeadings: readonly string[] = ['endpoint', 'health', 'took', 'error']

export function endpointHealthRows(list: readonly EndpointHealth[]): string[][] {
  return list.map(({ endpoint, health, took, error }) => [endpoint, String(health), took, error])
}

export const endpointStatusHeadings: readonly string[] = [
  'endpoint',
  'ID',
  'version',
  'storage version',
  'db size',
  'in use',
  'percentage not in use',
  'quota',
  'is leader',
  'is learner',
  'raft term',
  'raft index',
  'raft applied index',
  'errors',
  'downgrade target version',
  'downgrade enabled',
]

export function endpointStatusRows(
  list: readonly { readonly endpoint: string; readonly response: StatusResponse }[],
): string[][] {
  return list.map(({ endpoint, response }) => {
    const { header, dbSize, dbSizeInUse, downgradeInfo } = response
    const used = dbSize === 0 ? 100 : Math.floor((dbSizeInUse * 100) / dbSize)
    return [
      endpoint,
      hex(header?.memberId ?? 0n),
      response.version,
      response.storageVersion,
      formatBytes(dbSize),
      formatBytes(dbSizeInUse),
      `${100 - used}%`,
      formatBytes(response.dbSizeQuota),
      String(response.leader === header?.memberId),
      String(response.isLearner),
      String(response.raftTerm),
      String(response.raftIndex),
      String(response.raftAppliedIndex),
      response.errors.join(', '),
      downgradeInfo?.targetVersion ?? '',
      String(downgradeInfo?.enabled ?? false),
    ]
  })
}

export const endpointHashKvHeadings: readonly string[] = ['endpoint', 'hash', 'hash_revision']

export function endpointHashKvRows(
  list: readonly { readonly endpoint: string; readonly response: HashKVResponse }[],
): string[][] {
  return list.map(({ endpoint, response }) => [endpoint, String(response.hash), String(response.hashRevision)])
}
