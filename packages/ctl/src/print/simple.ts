import { prefixEnd, toText } from '@kvs/client'
import type { KeyValue, Permission, RangeResponse } from '@kvs/client/messages'
import { AlarmType, EventType, PermissionType } from '@kvs/client/messages'
import type { Format, Line } from '../answers.ts'
import { hex16, hexBytes } from '../go-text.ts'
import { nameOf } from './names.ts'
import { endpointHashKvRows, endpointStatusRows, memberListRows } from './rows.ts'

/** The format people read. `hex`: keys and values as `\xNN`. */
export function simpleFormat({ hex }: { readonly hex: boolean }): Format {
  const shown = (bytes: Uint8Array): Line => (hex ? hexBytes(bytes) : bytes)
  const pair = (kv: KeyValue): Line[] => [shown(kv.key), shown(kv.value)]
  const get = (response: RangeResponse, valueOnly: boolean): Line[] =>
    response.kvs.flatMap(kv => (valueOnly ? [shown(kv.value)] : pair(kv)))
  const format: Format = {
    ...leaseLines,
    ...memberLines,
    ...authLines,
    get: ({ response, valueOnly }) => get(response, valueOnly),
    put: ({ response }) => ['OK', ...(response.prevKv === undefined ? [] : pair(response.prevKv))],
    delete: ({ response }) => [String(response.deleted), ...response.prevKvs.flatMap(pair)],
    txn: ({ response }) => [
      response.succeeded ? 'SUCCESS' : 'FAILURE',
      ...response.responses.flatMap(({ responseRange, responsePut, responseDeleteRange, responseTxn }) => [
        '',
        ...(responseRange === undefined ? [] : get(responseRange, false)),
        ...(responsePut === undefined ? [] : (format.put?.({ response: responsePut }) ?? [])),
        ...(responseDeleteRange === undefined ? [] : (format.delete?.({ response: responseDeleteRange }) ?? [])),
        ...(responseTxn === undefined ? [] : (format.txn?.({ response: responseTxn }) ?? [])),
      ]),
    ],
    watch: ({ response }) =>
      response.events.flatMap(({ type, kv, prevKv }) => [
        nameOf(EventType, type),
        ...(prevKv === undefined ? [] : pair(prevKv)),
        ...(kv === undefined ? [] : pair(kv)),
      ]),
  }
  return format
}

const leaseLines: Format = {
  leaseGrant: ({ response }) => [`lease ${hex16(response.id)} granted with TTL(${response.ttl}s)`],
  leaseRevoke: ({ id }) => [`lease ${hex16(id)} revoked`],
  leaseKeepAlive: ({ response }) => [`lease ${hex16(response.id)} keepalived with TTL(${response.ttl})`],
  leaseTimeToLive: ({ response, keys }) => {
    const { id, ttl, grantedTtl } = response
    if (grantedTtl === 0 && ttl === -1) return [`lease ${hex16(id)} already expired`]
    const attached = keys ? `, attached keys([${response.keys.map(toText).join(' ')}])` : ''
    return [`lease ${hex16(id)} granted with TTL(${grantedTtl}s), remaining(${ttl}s)${attached}`]
  },
  leases: ({ response }) => [`found ${response.leases.length} leases`, ...response.leases.map(({ id }) => hex16(id))],
}

const id = (value: bigint | undefined): string => (value ?? 0n).toString(16).padStart(16)

const memberLines: Format = {
  memberAdd: ({ response: { member, header } }) => [
    `Member ${id(member?.id)} added${member?.isLearner === true ? ' as learner' : ''} to cluster ${id(header?.clusterId)}`,
  ],
  memberRemove: answer => [`Member ${id(answer.id)} removed from cluster ${id(answer.response.header?.clusterId)}`],
  memberUpdate: answer => [`Member ${id(answer.id)} updated in cluster ${id(answer.response.header?.clusterId)}`],
  memberPromote: answer => [`Member ${id(answer.id)} promoted in cluster ${id(answer.response.header?.clusterId)}`],
  memberList: ({ response }) => memberListRows(response).map(row => row.join(', ')),
  endpointHealth: ({ list }) =>
    list
      .filter(({ error }) => error === '')
      .map(({ endpoint, took }) => `${endpoint} is healthy: successfully committed proposal: took = ${took}`),
  endpointStatus: ({ list }) => endpointStatusRows(list).map(row => row.join(', ')),
  endpointHashKv: ({ list }) => endpointHashKvRows(list).map(row => row.join(', ')),
  alarm: ({ response }) =>
    response.alarms.map(({ memberId, alarm }) => `memberID:${memberId} alarm:${nameOf(AlarmType, alarm)} `),
  moveLeader: ({ leader, target }) => [`Leadership transferred from ${leader.toString(16)} to ${target.toString(16)}`],
}

const openEnd = '\0'

function permissionLine({ key, rangeEnd }: Permission): string {
  const [from, to] = [toText(key), toText(rangeEnd)]
  if (rangeEnd.length === 0) return `\t${from}`
  const prefix = toText(prefixEnd(key)) === to ? ` (prefix ${from})` : ''
  return to === openEnd ? `\t[${from}, <open ended>${prefix}` : `\t[${from}, ${to})${prefix}`
}

const authLines: Format = {
  authStatus: ({ response }) => [
    `Authentication Status: ${response.enabled}`,
    `AuthRevision: ${response.authRevision}`,
  ],
  authEnable: () => ['Authentication Enabled'],
  authDisable: () => ['Authentication Disabled'],
  roleAdd: ({ role }) => [`Role ${role} created`],
  roleGet: ({ role, response }) => {
    const allowed = (type: PermissionType): string[] =>
      response.perm
        .filter(({ permType }) => permType === type || permType === PermissionType.READWRITE)
        .map(permissionLine)
    return [`Role ${role}`, 'KV Read:', ...allowed(PermissionType.READ), 'KV Write:', ...allowed(PermissionType.WRITE)]
  },
  roleDelete: ({ role }) => [`Role ${role} deleted`],
  roleList: ({ response }) => response.roles,
  roleGrant: ({ role }) => [`Role ${role} updated`],
  roleRevoke: ({ role, key, end }) => {
    if (end === '') return [`Permission of key ${key} is revoked from role ${role}`]
    const range = end === openEnd ? `[${key}, <open ended>` : `[${key}, ${end})`
    return [`Permission of range ${range} is revoked from role ${role}`]
  },
  userAdd: ({ user }) => [`User ${user} created`],
  userGet: ({ user, response }) => [`User: ${user}`, `Roles:${response.roles.map(role => ` ${role}`).join('')}`],
  userDelete: ({ user }) => [`User ${user} deleted`],
  userList: ({ response }) => response.users,
  userPassword: () => ['Password updated'],
  userGrant: ({ user, role }) => [`Role ${role} is granted to user ${user}`],
  userRevoke: ({ user, role }) => [`Role ${role} is revoked from user ${user}`],
}
