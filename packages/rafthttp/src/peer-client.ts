import { decodeLeaseInternalResponse, encodeLeaseInternalRequest } from '@kvs/proto/lease'
import { decodeLeaseKeepAliveResponse, encodeLeaseKeepAliveRequest } from '@kvs/proto/rpc'
import { Attempt } from './attempt.ts'
import { RaftHttpError, texts } from './errors.ts'
import { decodeHashKv, encodeHashKvRequest, type PeerHashKv } from './hash-kv.ts'
import { formatPeerId, parsePeerId } from './headers.ts'
import { clientTimeoutMsDefault, replyBytesMax } from './limits.ts'
import type { TransportClock } from './ports.ts'
import { textOf } from './post-reply.ts'
import { type PeerLeaseTimes, servicePaths } from './service-routes.ts'
import type { HeaderFields, Wire, WireReply } from './wire.ts'

export interface PeerClientOptions {
  readonly wire: Wire
  readonly clock: TransportClock
  /** Told to peers that compare it; undefined while it is not known, as before joining. */
  readonly clusterId?: bigint | undefined
}

export interface PeerCallOptions {
  /** For all URLs together. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal | undefined
}

/** What a member answers who is asked for the members of its cluster. */
export interface PeerMembers {
  /** As etcd writes them; `@kvs/membership` reads it. */
  readonly json: string
  readonly clusterId: bigint
}

/**
 * Asks one other member for something. `urls` are its peer URLs: the first that answers counts, whatever it answers. All
 * reject with `RaftHttpError`: `UNREACHABLE` or `TIMEOUT`, `REFUSED` with the peer's text and its `status`, `BAD_REPLY`,
 * `CLUSTER_ID_MISMATCH`.
 */
export interface PeerClient {
  members(urls: readonly string[], options?: PeerCallOptions): Promise<PeerMembers>
  /** The text of `/version`. */
  version(urls: readonly string[], options?: PeerCallOptions): Promise<string>
  /** The members after the promotion, as etcd writes them. `token` is that of the user who wants it. */
  promote(
    urls: readonly string[],
    learner: { readonly id: bigint; readonly token?: string | undefined },
    options?: PeerCallOptions,
  ): Promise<string>
  /** `revision` 0: the newest. */
  hashKv(urls: readonly string[], revision: number, options?: PeerCallOptions): Promise<PeerHashKv>
  /** The time to live in seconds. */
  renewLease(urls: readonly string[], id: bigint, options?: PeerCallOptions): Promise<number>
  leaseTimes(
    urls: readonly string[],
    lease: { readonly id: bigint; readonly wantsKeys: boolean },
    options?: PeerCallOptions,
  ): Promise<PeerLeaseTimes>
  downgradeEnabled(urls: readonly string[], options?: PeerCallOptions): Promise<boolean>
  /** The text of a row of the host's own. */
  get(urls: readonly string[], path: string, options?: PeerCallOptions): Promise<string>
}

export function createPeerClient(options: PeerClientOptions): PeerClient {
  return new WirePeerClient(options)
}

interface Call {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly type?: string
  readonly body?: Uint8Array
  readonly headers?: HeaderFields
}

class WirePeerClient implements PeerClient {
  readonly #options: PeerClientOptions

  constructor(options: PeerClientOptions) {
    this.#options = options
  }

  async members(urls: readonly string[], options?: PeerCallOptions): Promise<PeerMembers> {
    const reply = await this.#call(urls, { method: 'GET', path: servicePaths.members }, options)
    const shown = reply.header('x-etcd-cluster-id') ?? ''
    const clusterId = parsePeerId(shown)
    if (clusterId === undefined) throw new RaftHttpError('BAD_REPLY', `'${shown}' is no cluster id`)
    return { json: textOf(reply), clusterId }
  }

  async version(urls: readonly string[], options?: PeerCallOptions): Promise<string> {
    return textOf(await this.#call(urls, { method: 'GET', path: servicePaths.version }, options))
  }

  async promote(
    urls: readonly string[],
    { id, token }: { readonly id: bigint; readonly token?: string | undefined },
    options?: PeerCallOptions,
  ): Promise<string> {
    const headers: HeaderFields = token === undefined ? [] : [['Authorization', token]]
    const path = `${servicePaths.promote}${id}`
    return textOf(await this.#call(urls, { method: 'POST', path, headers }, options))
  }

  async hashKv(urls: readonly string[], revision: number, options?: PeerCallOptions): Promise<PeerHashKv> {
    const body = new TextEncoder().encode(encodeHashKvRequest(revision))
    const call = { method: 'GET', path: servicePaths.hashKv, type: 'application/json', body } as const
    const reply = await this.#call(urls, call, options)
    this.#checkCluster(reply)
    return decodeHashKv(textOf(reply))
  }

  async renewLease(urls: readonly string[], id: bigint, options?: PeerCallOptions): Promise<number> {
    const body = encodeLeaseKeepAliveRequest({ id })
    const call = { method: 'POST', path: servicePaths.leases, type: 'application/protobuf', body } as const
    const response = decoded(await this.#call(urls, call, options), decodeLeaseKeepAliveResponse)
    if (response.id !== id) throw new RaftHttpError('BAD_REPLY', 'lease: renew id mismatch')
    return response.ttl
  }

  async leaseTimes(
    urls: readonly string[],
    { id, wantsKeys }: { readonly id: bigint; readonly wantsKeys: boolean },
    options?: PeerCallOptions,
  ): Promise<PeerLeaseTimes> {
    const body = encodeLeaseInternalRequest({ leaseTimeToLiveRequest: { id, keys: wantsKeys } })
    const call = { method: 'POST', path: servicePaths.leasesInternal, type: 'application/protobuf', body } as const
    const response = decoded(await this.#call(urls, call, options), decodeLeaseInternalResponse).leaseTimeToLiveResponse
    if (response?.id !== id) throw new RaftHttpError('BAD_REPLY', 'lease: TTL id mismatch')
    return { ttlSeconds: response.ttl, grantedTtlSeconds: response.grantedTtl, keys: response.keys }
  }

  async downgradeEnabled(urls: readonly string[], options?: PeerCallOptions): Promise<boolean> {
    const reply = await this.#call(urls, { method: 'GET', path: servicePaths.downgradeEnabled }, options)
    this.#checkCluster(reply)
    const text = textOf(reply)
    if (text !== 'true' && text !== 'false')
      throw new RaftHttpError('BAD_REPLY', `'${text.slice(0, 100)}' is neither yes nor no`)
    return text === 'true'
  }

  async get(urls: readonly string[], path: string, options?: PeerCallOptions): Promise<string> {
    return textOf(await this.#call(urls, { method: 'GET', path }, options))
  }

  /** The answer of the first URL that gives one. Throws `REFUSED` unless it is 200. */
  async #call(urls: readonly string[], call: Call, options: PeerCallOptions = {}): Promise<WireReply> {
    const what = `${call.method.toLowerCase()} ${call.path}`
    const attempt = new Attempt(this.#options.clock, options.timeoutMs ?? clientTimeoutMsDefault, what, options.signal)
    try {
      let failure: unknown = new RaftHttpError('UNREACHABLE', `${what}: the member has no URLs`)
      for (const url of urls) {
        try {
          return this.#checked(await this.#request(url, call, attempt.signal))
        } catch (error) {
          failure = error
          const isAnswer = error instanceof RaftHttpError && error.status !== undefined
          if (isAnswer || attempt.signal.aborted) break
        }
      }
      throw failure
    } finally {
      attempt.done()
    }
  }

  #request(url: string, call: Call, signal: AbortSignal): Promise<WireReply> {
    const { clusterId, wire } = this.#options
    const headers: (readonly [string, string])[] = [...(call.headers ?? [])]
    if (call.type !== undefined) headers.push(['Content-Type', call.type])
    if (clusterId !== undefined) headers.push(['X-Etcd-Cluster-ID', formatPeerId(clusterId)])
    const { method, path, body } = call
    return wire.request({ url, method, path, headers, body, isRepeatable: method === 'GET', replyBytesMax, signal })
  }

  #checked(reply: WireReply): WireReply {
    if (reply.status === 200) return reply
    const text = textOf(reply)
    if (reply.status === 412 && text === texts.clusterIdMismatch) {
      throw new RaftHttpError('CLUSTER_ID_MISMATCH', text, { status: 412 })
    }
    throw new RaftHttpError('REFUSED', text === '' ? `status ${reply.status}` : text, { status: reply.status })
  }

  #checkCluster(reply: WireReply): void {
    const { clusterId } = this.#options
    const theirs = reply.header('x-etcd-cluster-id')
    if (clusterId === undefined || theirs === undefined || theirs === formatPeerId(clusterId)) return
    throw new RaftHttpError('CLUSTER_ID_MISMATCH', texts.clusterIdMismatch)
  }
}

function decoded<T>(reply: WireReply, decode: (bytes: Uint8Array) => T): T {
  try {
    return decode(reply.body)
  } catch (cause) {
    throw new RaftHttpError('BAD_REPLY', 'lease: the answer cannot be read', { cause })
  }
}
