import type {
  DeleteRangeResponse,
  KeyValue,
  PutResponse,
  RangeResponse,
  ResponseHeader,
  TxnResponse,
} from '@kvs/client/messages'
import { AlarmType, EventType, PermissionType } from '@kvs/client/messages'
import type { Answers, Format } from '../answers.ts'
import { hex16, hex as hexOf, quote } from '../go-text.ts'
import { nameOf } from './names.ts'

/** `"Name" : value`, one field per line. `hex`: ids in hexadecimal. */
export function fieldsFormat({ hex }: { readonly hex: boolean }): Format {
  const id = (value: bigint): string => (hex ? hexOf(value) : String(value))
  const lease = (value: bigint): string => (hex ? hex16(value) : String(value))
  const header = (value: ResponseHeader | undefined): string[] => [
    `"ClusterID" : ${id(value?.clusterId ?? 0n)}`,
    `"MemberID" : ${id(value?.memberId ?? 0n)}`,
    `"Revision" : ${value?.revision ?? 0}`,
    `"RaftTerm" : ${value?.raftTerm ?? 0}`,
  ]
  const pair = (prefix: string, kv: KeyValue): string[] => [
    `"${prefix}Key" : ${quote(kv.key)}`,
    `"${prefix}CreateRevision" : ${kv.createRevision}`,
    `"${prefix}ModRevision" : ${kv.modRevision}`,
    `"${prefix}Version" : ${kv.version}`,
    `"${prefix}Value" : ${quote(kv.value)}`,
    `"${prefix}Lease" : ${lease(kv.lease)}`,
  ]
  const only = ({ response }: { readonly response: { readonly header: ResponseHeader | undefined } }): string[] =>
    header(response.header)
  return {
    ...keyFields(header, pair),
    ...leaseFields(header, lease),
    ...memberFields(header, id),
    roleGet: ({ response }) => [
      ...header(response.header),
      ...response.perm.flatMap(({ permType, key, rangeEnd }) => [
        `"PermType" :  ${nameOf(PermissionType, permType)}`,
        `"Key" : ${quote(key)}`,
        `"RangeEnd" : ${quote(rangeEnd)}`,
      ]),
    ],
    roleList: ({ response }) => [
      ...header(response.header),
      `"Roles" :${response.roles.map(role => ` ${quote(role)}`).join('')}`,
    ],
    roleAdd: only,
    roleDelete: only,
    roleGrant: only,
    roleRevoke: only,
    userAdd: only,
    userDelete: only,
    userPassword: only,
    userGrant: only,
    userRevoke: only,
  }
}

type Header = (value: ResponseHeader | undefined) => string[]

function keyFields(header: Header, pair: (prefix: string, kv: KeyValue) => string[]): Format {
  const get = (response: RangeResponse): string[] => [
    ...header(response.header),
    ...response.kvs.flatMap(kv => pair('', kv)),
    `"More" : ${response.more}`,
    `"Count" : ${response.count}`,
  ]
  const put = (response: PutResponse): string[] => [
    ...header(response.header),
    ...(response.prevKv === undefined ? [] : pair('Prev', response.prevKv)),
  ]
  const remove = (response: DeleteRangeResponse): string[] => [
    ...header(response.header),
    `"Deleted" : ${response.deleted}`,
    ...response.prevKvs.flatMap(kv => pair('Prev', kv)),
  ]
  const txn = (response: TxnResponse): string[] => [
    ...header(response.header),
    `"Succeeded" : ${response.succeeded}`,
    ...response.responses.flatMap(({ responseRange, responsePut, responseDeleteRange, responseTxn }) => [
      ...(responseRange === undefined ? [] : get(responseRange)),
      ...(responsePut === undefined ? [] : put(responsePut)),
      ...(responseDeleteRange === undefined ? [] : remove(responseDeleteRange)),
      ...(responseTxn === undefined ? [] : txn(responseTxn)),
    ]),
  ]
  const watch = ({ response }: Answers['watch']): string[] => [
    ...header(response.header),
    ...response.events.flatMap(({ type, kv, prevKv }) => [
      `"Type" : ${nameOf(EventType, type)}`,
      ...(prevKv === undefined ? [] : pair('Prev', prevKv)),
      ...(kv === undefined ? [] : pair('', kv)),
    ]),
  ]
  return {
    get: ({ response }) => get(response),
    put: ({ response }) => put(response),
    delete: ({ response }) => remove(response),
    txn: ({ response }) => txn(response),
    watch,
  }
}

function leaseFields(header: Header, lease: (id: bigint) => string): Format {
  return {
    leaseGrant: ({ response }) => [
      ...header(response.header),
      `"ID" : ${lease(response.id)}`,
      `"TTL" : ${response.ttl}`,
    ],
    leaseRevoke: ({ response }) => header(response.header),
    leaseKeepAlive: ({ response }) => [
      ...header(response.header),
      `"ID" : ${lease(response.id)}`,
      `"TTL" : ${response.ttl}`,
    ],
    leaseTimeToLive: ({ response }) => [
      ...header(response.header),
      `"ID" : ${lease(response.id)}`,
      `"TTL" : ${response.ttl}`,
      `"GrantedTTL" : ${response.grantedTtl}`,
      ...response.keys.map(key => `"Key" : ${quote(key)}`),
    ],
    leases: ({ response }) => [...header(response.header), ...response.leases.map(each => `"ID" : ${lease(each.id)}`)],
  }
}

function memberFields(header: Header, id: (id: bigint) => string): Format {
  return {
    memberList: ({ response }) => [
      ...header(response.header),
      ...response.members.flatMap(member => [
        `"ID" : ${id(member.id)}`,
        `"Name" : ${quote(member.name)}`,
        ...member.peerUrls.map(url => `"PeerURL" : ${quote(url)}`),
        ...member.clientUrls.map(url => `"ClientURL" : ${quote(url)}`),
        `"IsLearner" : ${member.isLearner}`,
        '',
      ]),
    ],
    endpointHealth: ({ list }) =>
      list.flatMap(({ endpoint, health, took, error }) => [
        `"Endpoint" : ${quote(endpoint)}`,
        `"Health" : ${health}`,
        `"Took" : ${took}`,
        `"Error" : ${error}`,
        '',
      ]),
    endpointStatus: ({ list }) => list.flatMap(each => statusFields(header, id, each)),
    endpointHashKv: ({ list }) =>
      list.flatMap(({ endpoint, response }) => [
        ...header(response.header),
        `"Endpoint" : ${quote(endpoint)}`,
        `"Hash" : ${response.hash}`,
        `"HashRevision" : ${response.hashRevision}`,
        '',
      ]),
    alarm: ({ response }) => [
      ...header(response.header),
      ...response.alarms.flatMap(({ memberId, alarm }) => [
        `"MemberID" : ${id(memberId)}`,
        `"AlarmType" : ${nameOf(AlarmType, alarm)}`,
        '',
      ]),
    ],
  }
}

function statusFields(
  header: Header,
  id: (id: bigint) => string,
  { endpoint, response }: Answers['endpointStatus']['list'][number],
): string[] {
  return [
    ...header(response.header),
    `"Version" : ${quote(response.version)}`,
    `"StorageVersion" : ${quote(response.storageVersion)}`,
    `"DBSize" : ${response.dbSize}`,
    `"DBSizeInUse" : ${response.dbSizeInUse}`,
    `"DBSizeQuota" : ${response.dbSizeQuota}`,
    `"Leader" : ${id(response.leader)}`,
    `"IsLearner" : ${response.isLearner}`,
    `"RaftIndex" : ${response.raftIndex}`,
    `"RaftTerm" : ${response.raftTerm}`,
    `"RaftAppliedIndex" : ${response.raftAppliedIndex}`,
    `"Errors" : [${response.errors.join(' ')}]`,
    `"Endpoint" : ${quote(endpoint)}`,
    `"DowngradeTargetVersion" : ${quote(response.downgradeInfo?.targetVersion ?? '')}`,
    `"DowngradeEnabled" : ${response.downgradeInfo?.enabled ?? false}`,
    '',
  ]
}
