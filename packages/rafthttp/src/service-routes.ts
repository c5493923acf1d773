import { decodeLeaseInternalRequest, encodeLeaseInternalResponse } from '@kvs/proto/lease'
import { decodeLeaseKeepAliveRequest, encodeLeaseKeepAliveResponse } from '@kvs/proto/rpc'
import { bytesAnswer, errorAnswer, methodNotAllowed, textAnswer } from './answers.ts'
import { Attempt } from './attempt.ts'
import { RaftHttpError, reasonOf, texts } from './errors.ts'
import { decodeHashKvRequest, encodeHashKv, type PeerHashKv } from './hash-kv.ts'
import { formatPeerId } from './headers.ts'
import { bodyBytesMax, leaseApplyTimeoutMs, requestTimeoutMs } from './limits.ts'
import type { TransportClock, TransportLogger } from './ports.ts'
import type { PeerRoute } from './raft-routes.ts'
import { readBody } from './read-body.ts'
import type { HeaderFields, PeerRequest, PeerResponse } from './wire.ts'

/** Paths of what members ask one another besides raft's traffic. */
export const servicePaths = {
  members: '/members',
  promote: '/members/promote/',
  hashKv: '/members/hashkv',
  leases: '/leases',
  leasesInternal: '/leases/internal',
  downgradeEnabled: '/downgrade/enabled',
  version: '/version',
} as const

/** Time to live of a lease, as its primary knows it. */
export interface PeerLeaseTimes {
  readonly ttlSeconds: number
  readonly grantedTtlSeconds: number
  readonly keys: readonly Uint8Array[]
}

/**
 * What the member answers its peers. To refuse, throw `RaftHttpError` with code `REFUSED`, etcd's text and its `status`;
 * whatever else is thrown is answered with 500 and its message.
 */
export interface PeerServices {
  readonly clusterId: bigint
  /** `{"etcdserver":"3.7.1","etcdcluster":"3.7.0","storage":"3.7.0"}` */
  versionJson(): string
  /** The members as etcd prints them, ascending by id. A newline is added. */
  membersJson(): string
  /** Promotes a learner for the caller with this auth token; returns the members. Refuse: 404 not found, 412 not ready. */
  promote(id: bigint, token: string | undefined, signal: AbortSignal): Promise<string>
  /** Refuse: 400 with the text of a compacted or future revision. */
  hashKv(revision: number, signal: AbortSignal): Promise<PeerHashKv>
  /** Resolves once everything committed now is applied here; at most `leaseApplyTimeoutMs` is waited. */
  applied(signal: AbortSignal): Promise<void>
  /** Renews a lease; returns its time to live in seconds. Refuse: 404 `lease not found`. */
  renewLease(id: bigint): Promise<number> | number
  /** Refuse: 404 `lease not found`. */
  leaseTimes(id: bigint, wantsKeys: boolean): Promise<PeerLeaseTimes> | PeerLeaseTimes
  /** Asked behind a linearizable read. */
  downgradeEnabled(signal: AbortSignal): Promise<boolean>
}

export interface ServiceParts {
  readonly services: PeerServices
  readonly clock: TransportClock
  readonly logger: TransportLogger
}

/** Rows for the table of the peer port. */
export function serviceRoutes(parts: ServiceParts): readonly PeerRoute[] {
  const { services } = parts
  const get = (answer: (request: PeerRequest, body: Body, signal: AbortSignal) => Promise<PeerResponse>) =>
    route(parts, 'GET', answer)
  const post = (answer: (request: PeerRequest, body: Body, signal: AbortSignal) => Promise<PeerResponse>) =>
    route(parts, 'POST', answer)
  const json = (text: string): PeerResponse => bytesAnswer('application/json', text)
  return [
    { path: servicePaths.members, handle: get(async () => json(`${services.membersJson()}\n`)) },
    { path: servicePaths.hashKv, handle: get((...call) => hashKv(parts, ...call)) },
    { path: servicePaths.promote, handle: post((request, _body, signal) => promote(parts, request, signal)) },
    { path: servicePaths.leases, handle: post((_request, body, signal) => renewLease(parts, body, signal)) },
    { path: servicePaths.leasesInternal, handle: post((_request, body, signal) => leaseTimes(parts, body, signal)) },
    {
      path: servicePaths.downgradeEnabled,
      handle: get(async (_request, _body, signal) => {
        const enabled = await services.downgradeEnabled(signal).catch((cause: unknown) => {
          throw new RaftHttpError('REFUSED', `failed linearized read: ${reasonOf(cause)}`, { status: 500, cause })
        })
        return bytesAnswer('text/plain', String(enabled))
      }),
    },
    { path: servicePaths.version, handle: get(async () => json(services.versionJson())) },
  ]
}

type Body = AsyncIterable<Uint8Array>

/** A row's handler: the method, the cluster's id in every answer, and refusals. */
function route(
  { services }: ServiceParts,
  method: 'GET' | 'POST',
  answer: (request: PeerRequest, body: Body, signal: AbortSignal) => Promise<PeerResponse>,
): PeerRoute['handle'] {
  return async (request, body, signal) => {
    const headers: HeaderFields = [['X-Etcd-Cluster-ID', formatPeerId(services.clusterId)]]
    if (request.method !== method) return methodNotAllowed(method)
    try {
      const response = await answer(request, body, signal)
      return { ...response, headers: [...response.headers, ...headers] }
    } catch (error) {
      return errorAnswer(error, headers)
    }
  }
}

function whole(body: Body, { clock }: ServiceParts): Promise<Uint8Array> {
  return readBody(body, { clock, bytesMax: bodyBytesMax, timeoutMs: requestTimeoutMs })
}

async function hashKv(
  parts: ServiceParts,
  request: PeerRequest,
  body: Body,
  signal: AbortSignal,
): Promise<PeerResponse> {
  const { logger, services } = parts
  const clusterId = request.header('x-etcd-cluster-id') ?? ''
  if (clusterId !== '' && clusterId !== formatPeerId(services.clusterId)) {
    return textAnswer(412, texts.clusterIdMismatch)
  }
  const revision = decodeHashKvRequest(new TextDecoder().decode(await whole(body, parts)))
  if (revision === undefined) return textAnswer(400, 'error unmarshalling request')
  try {
    return bytesAnswer('application/json', encodeHashKv(await services.hashKv(revision, signal)))
  } catch (error) {
    logger.warn('failed to get hashKV', { 'requested-revision': revision, error: reasonOf(error) })
    throw error
  }
}

async function promote(
  { logger, services }: ServiceParts,
  request: PeerRequest,
  signal: AbortSignal,
): Promise<PeerResponse> {
  const text = request.path.slice(servicePaths.promote.length)
  const id = /^\d{1,20}$/.test(text) ? BigInt(text) : undefined
  if (id === undefined || id >= 1n << 64n) return textAnswer(404, `member ${text} not found in cluster`)
  try {
    const members = await services.promote(id, request.header('authorization'), signal)
    return bytesAnswer('application/json', `${members}\n`)
  } catch (error) {
    logger.warn('failed to promote a member', { 'member-id': formatPeerId(id), error: reasonOf(error) })
    throw error
  }
}

async function renewLease(parts: ServiceParts, body: Body, signal: AbortSignal): Promise<PeerResponse> {
  const { id } = decoded(await whole(body, parts), decodeLeaseKeepAliveRequest)
  await applied(parts, signal)
  const ttl = await parts.services.renewLease(id)
  return bytesAnswer('application/protobuf', encodeLeaseKeepAliveResponse({ id, ttl }))
}

async function leaseTimes(parts: ServiceParts, body: Body, signal: AbortSignal): Promise<PeerResponse> {
  const request = decoded(await whole(body, parts), decodeLeaseInternalRequest).leaseTimeToLiveRequest
  if (request === undefined) throw new RaftHttpError('BAD_REQUEST', 'error unmarshalling request', { status: 400 })
  await applied(parts, signal)
  const { ttlSeconds, grantedTtlSeconds, keys } = await parts.services.leaseTimes(request.id, request.keys)
  const times = { header: {}, id: request.id, ttl: ttlSeconds, grantedTtl: grantedTtlSeconds, keys: [...keys] }
  return bytesAnswer('application/protobuf', encodeLeaseInternalResponse({ leaseTimeToLiveResponse: times }))
}

function decoded<T>(bytes: Uint8Array, decode: (bytes: Uint8Array) => T): T {
  try {
    return decode(bytes)
  } catch (cause) {
    throw new RaftHttpError('BAD_REQUEST', 'error unmarshalling request', { status: 400, cause })
  }
}

/** A lease is renewed by what its primary has applied, not by what it is about to. */
function applied({ clock, services }: ServiceParts, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const attempt = new Attempt(clock, leaseApplyTimeoutMs, 'apply', signal)
    attempt.signal.addEventListener('abort', () => {
      const text = 'waiting for node to catch up its applied index has timed out'
      reject(new RaftHttpError('TIMEOUT', text, { status: 408 }))
    })
    services
      .applied(attempt.signal)
      .then(resolve, reject)
      .finally(() => attempt.done())
  })
}
