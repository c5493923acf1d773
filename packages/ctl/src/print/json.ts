import type { Format } from '../answers.ts'
import { encodeValue, members, object, type Shape } from '../go-json.ts'

const header: Shape = [
  ['cluster_id', 'clusterId'],
  ['member_id', 'memberId'],
  ['revision', 'revision'],
  ['raft_term', 'raftTerm'],
]
const keyValue: Shape = [
  ['key', 'key'],
  ['create_revision', 'createRevision'],
  ['mod_revision', 'modRevision'],
  ['version', 'version'],
  ['value', 'value'],
  ['lease', 'lease'],
]
const withHeader = (...rest: Shape): Shape => [['header', 'header', header], ...rest]
const rangeResponse: Shape = withHeader(['kvs', 'kvs', keyValue], ['more', 'more'], ['count', 'count'])
const putResponse: Shape = withHeader(['prev_kv', 'prevKv', keyValue])
const deleteResponse: Shape = withHeader(['deleted', 'deleted'], ['prev_kvs', 'prevKvs', keyValue])
const event: Shape = [
  ['type', 'type'],
  ['kv', 'kv', keyValue],
  ['prev_kv', 'prevKv', keyValue],
]
const member: Shape = [
  ['ID', 'id'],
  ['name', 'name'],
  ['peerURLs', 'peerUrls'],
  ['clientURLs', 'clientUrls'],
  ['isLearner', 'isLearner'],
]
const statusResponse: Shape = withHeader(
  ['version', 'version'],
  ['dbSize', 'dbSize'],
  ['leader', 'leader'],
  ['raftIndex', 'raftIndex'],
  ['raftTerm', 'raftTerm'],
  ['raftAppliedIndex', 'raftAppliedIndex'],
  ['errors', 'errors'],
  ['dbSizeInUse', 'dbSizeInUse'],
  ['isLearner', 'isLearner'],
  ['storageVersion', 'storageVersion'],
  ['dbSizeQuota', 'dbSizeQuota'],
  [
    'downgradeInfo',
    'downgradeInfo',
    [
      ['enabled', 'enabled'],
      ['targetVersion', 'targetVersion'],
    ],
  ],
)
const hashKvResponse: Shape = withHeader(
  ['hash', 'hash'],
  ['compact_revision', 'compactRevision'],
  ['hash_revision', 'hashRevision'],
)
const alarm: Shape = [
  ['memberID', 'memberId'],
  ['alarm', 'alarm'],
]
const permission: Shape = [
  ['permType', 'permType'],
  ['key', 'key'],
  ['range_end', 'rangeEnd'],
]

/** One line of JSON. `hex`: the ids that member commands show, as hexadecimal strings. */
export function jsonFormat({ hex }: { readonly hex: boolean }): Format {
  const plain =
    (shape: Shape) =>
    ({ response }: { readonly response: object }): string[] => [object(members(shape, response))]
  const headerOnly = plain(withHeader())
  const memberList =
    (...rest: Shape) =>
    ({ response }: { readonly response: object }): string[] => [
      object(members(withHeader(...rest, ['members', 'members', member]), hex ? hexIds(response) : response)),
    ]
  return {
    ...keyJson,
    ...leaseJson,
    ...listJson,
    memberAdd: memberList(['member', 'member', member]),
    memberRemove: memberList(),
    memberUpdate: memberList(),
    memberPromote: memberList(),
    memberList: memberList(),
    moveLeader: headerOnly,
    authStatus: plain(withHeader(['enabled', 'enabled'], ['authRevision', 'authRevision'])),
    authEnable: headerOnly,
    authDisable: headerOnly,
    roleAdd: headerOnly,
    roleGet: plain(withHeader(['perm', 'perm', permission])),
    roleDelete: headerOnly,
    roleList: plain(withHeader(['roles', 'roles'])),
    roleGrant: headerOnly,
    roleRevoke: headerOnly,
    userAdd: headerOnly,
    userGet: plain(withHeader(['roles', 'roles'])),
    userDelete: headerOnly,
    userList: plain(withHeader(['users', 'users'])),
    userPassword: headerOnly,
    userGrant: headerOnly,
    userRevoke: headerOnly,
  }
}

const operations: readonly (readonly [name: string, key: string])[] = [
  ['response_range', 'responseRange'],
  ['response_put', 'responsePut'],
  ['response_delete_range', 'responseDeleteRange'],
]

function txnJson(response: object): string {
  const { responses } = response as { readonly responses: readonly Readonly<Record<string, object | undefined>>[] }
  const shapes: Readonly<Record<string, Shape>> = {
    responseRange: rangeResponse,
    responsePut: putResponse,
    responseDeleteRange: deleteResponse,
  }
  const parts = responses.map(each => {
    const nested = each['responseTxn']
    const inner = operations.flatMap(([name, key]) =>
      each[key] === undefined ? [] : [`"${name}":${object(members(shapes[key] ?? [], each[key]))}`],
    )
    if (nested !== undefined) inner.push(`"response_txn":${txnJson(nested)}`)
    return `{"Response":${object(inner)}}`
  })
  const rest = members(withHeader(['succeeded', 'succeeded']), response)
  return object(parts.length === 0 ? rest : [...rest, `"responses":[${parts.join(',')}]`])
}

const keyJson: Format = {
  get: ({ response }) => [object(members(rangeResponse, response))],
  put: ({ response }) => [object(members(putResponse, response))],
  delete: ({ response }) => [object(members(deleteResponse, response))],
  txn: ({ response }) => [txnJson(response)],
  watch: ({ response }) => [
    object([
      `"Header":${object(members(header, response.header))}`,
      `"Events":${response.events.length === 0 ? 'null' : encodeValue(response.events, event)}`,
      `"CompactRevision":${response.compactRevision}`,
      `"Canceled":${response.canceled}`,
      '"Created":false',
      '"CancelReason":""',
    ]),
  ],
}

/** The header's fields stand beside the others here, and zeros are written. */
const leaseJson: Format = {
  leaseGrant: ({ response }) => [
    object([
      ...members(header, response.header),
      `"ID":${response.id}`,
      `"TTL":${response.ttl}`,
      `"Error":${encodeValue(response.error)}`,
    ]),
  ],
  leaseRevoke: ({ response }) => [object(members(withHeader(), response))],
  leaseKeepAlive: ({ response }) => [
    object([...members(header, response.header), `"ID":${response.id}`, `"TTL":${response.ttl}`]),
  ],
  leaseTimeToLive: ({ response }) => [
    object([
      ...members(header, response.header),
      `"id":${response.id}`,
      `"ttl":${response.ttl}`,
      `"granted-ttl":${response.grantedTtl}`,
      `"keys":${response.keys.length === 0 ? 'null' : encodeValue(response.keys)}`,
    ]),
  ],
  leases: ({ response }) => [
    object([
      ...members(header, response.header),
      `"leases":[${response.leases.map(({ id }) => `{"id":${id}}`).join(',')}]`,
    ]),
  ],
}

const listJson: Format = {
  endpointHealth: ({ list }) => [
    `[${list
      .map(({ endpoint, health, took, error }) =>
        object([
          `"endpoint":${encodeValue(endpoint)}`,
          `"health":${health}`,
          `"took":${encodeValue(took)}`,
          ...(error === '' ? [] : [`"error":${encodeValue(error)}`]),
        ]),
      )
      .join(',')}]`,
  ],
  endpointStatus: ({ list }) => [endpointList('Status', statusResponse, list)],
  endpointHashKv: ({ list }) => [endpointList('HashKV', hashKvResponse, list)],
  alarm: ({ response }) => [object(members(withHeader(['alarms', 'alarms', alarm]), response))],
}

function endpointList(
  name: string,
  shape: Shape,
  list: readonly { readonly endpoint: string; readonly response: object }[],
): string {
  const parts = list.map(({ endpoint, response }) =>
    object([`"Endpoint":${encodeValue(endpoint)}`, `"${name}":${object(members(shape, response))}`]),
  )
  return `[${parts.join(',')}]`
}

/** The same answer with the ids of members and of the cluster as hexadecimal strings. */
function hexIds(response: object): object {
  const swap = (value: unknown, key: string): unknown => {
    if (typeof value === 'bigint' && ['id', 'clusterId', 'memberId'].includes(key)) return value.toString(16)
    if (Array.isArray(value)) return value.map(each => swap(each, ''))
    if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, swap(each, name)]))
  }
  return swap(response, '') as object
}
