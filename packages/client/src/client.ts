import type { Clock } from '@kvs/grpc'
import type { Method } from '@kvs/proto'
import type { KeyValue } from '@kvs/proto/mvcc'
import {
  Auth,
  type CompactionResponse,
  type DeleteRangeResponse,
  type PutResponse,
  type RangeResponse,
} from '@kvs/proto/rpc'
import { AuthClient } from './auth.ts'
import { Balancer } from './balancer.ts'
import { Caller, type RequestOptions } from './calls.ts'
import { ClusterClient } from './cluster.ts'
import { isKvsError, KvsError } from './errors.ts'
import type { Bytes, Range } from './keys.ts'
import * as kv from './kv.ts'
import { LeaseClient } from './lease.ts'
import { callTimeoutMsDefault, dialTimeoutMsDefault, requestBytesMax } from './limits.ts'
import { MaintenanceClient } from './maintenance.ts'
import type { DeleteOptions, PutOptions, RangeOptions, ReadOptions } from './operations.ts'
import type { Transport } from './ports.ts'
import { serverStream } from './server-stream.ts'
import { TokenSource } from './tokens.ts'
import { TxnBuilder } from './txn.ts'
import { ClientWatcher, type WatchOptions } from './watch.ts'
import { WatchStream } from './watch-stream.ts'

export interface ClientOptions {
  /** `host:port`, `http://…`, `https://…`, `unix:path`; calls are spread over them. */
  readonly endpoints: readonly string[]
  /** Who asks: a user with a password, or a token that somebody else issued. */
  readonly auth?: { readonly user: string; readonly password: string } | { readonly token: string } | undefined
  /** How long one attempt to connect may take. */
  readonly dialTimeoutMs?: number | undefined
  /** How long a unary call may take, retries included, unless the call says otherwise. Infinity: no bound. */
  readonly timeoutMs?: number | undefined
  /** Longest request that is sent. */
  readonly maxRequestBytes?: number | undefined
}

/** What a client gets from outside, beside its options. */
export interface ClientParts {
  readonly transport: Transport
  readonly clock: Clock
  /** Uniform in [0, 1): spreads retries. */
  readonly chance: () => number
}

/**
 * A client of one cluster. Connections are made when they are needed and replaced when they are lost; `close` ends them.
 * Every failure is a `KvsError`.
 */
export class Client {
  readonly lease: LeaseClient
  readonly cluster: ClusterClient
  readonly maintenance: MaintenanceClient
  readonly auth: AuthClient
  readonly #caller: Caller
  readonly #balancer: Balancer
  readonly #watches: WatchStream
  readonly #leaderWatches: WatchStream

  constructor(options: ClientOptions, parts: ClientParts) {
    const { endpoints, dialTimeoutMs = dialTimeoutMsDefault, timeoutMs = callTimeoutMsDefault } = options
    const maxRequestBytes = options.maxRequestBytes ?? requestBytesMax
    const { transport, clock, chance } = parts
    this.#balancer = new Balancer({ endpoints, transport, clock, dialTimeoutMs })
    const balancer = this.#balancer
    this.#caller = new Caller({ balancer, clock, chance, timeoutMs, maxRequestBytes }, caller =>
      tokenSource(caller, options.auth),
    )
    this.lease = new LeaseClient(this.#caller, { dialTimeoutMs })
    this.cluster = new ClusterClient(this.#caller)
    this.maintenance = new MaintenanceClient(this.#caller)
    this.auth = new AuthClient(this.#caller)
    this.#watches = new WatchStream(this.#caller, { requireLeader: false })
    this.#leaderWatches = new WatchStream(this.#caller, { requireLeader: true })
  }

  /** The pair at `key`, or undefined. */
  get(key: Bytes, options?: ReadOptions & RequestOptions): Promise<KeyValue | undefined> {
    return kv.get(this.#caller, key, options)
  }

  /** The pairs of a range in one answer. For many pairs, see `pages`. */
  range(keys: Range, options?: RangeOptions & RequestOptions): Promise<RangeResponse> {
    return kv.range(this.#caller, keys, options)
  }

  /** All pairs of a range, page by page, as of one revision. */
  pages(keys: Range, options?: kv.PagesOptions & RequestOptions): AsyncGenerator<KeyValue, void, undefined> {
    return kv.pages(this.#caller, keys, options)
  }

  /** Repeated only if no server can have begun to process it; so are all writes. */
  put(key: Bytes, value: Bytes, options?: PutOptions & RequestOptions): Promise<PutResponse> {
    return kv.put(this.#caller, key, value, options)
  }

  delete(keys: Range, options?: DeleteOptions & RequestOptions): Promise<DeleteRangeResponse> {
    return kv.remove(this.#caller, keys, options)
  }

  /** `client.txn().if(compare.missing('k')).then(operation.put('k', 'v')).commit()` */
  txn(): TxnBuilder {
    return new TxnBuilder(this.#caller)
  }

  /** Forgets what was before `revision`. */
  compact(revision: number, options?: kv.CompactOptions & RequestOptions): Promise<CompactionResponse> {
    return kv.compact(this.#caller, revision, options)
  }

  /** All watchers share one stream. */
  watch(keys: Range, options: WatchOptions = {}): ClientWatcher {
    return new ClientWatcher(options.requireLeader === true ? this.#leaderWatches : this.#watches, keys, options)
  }

  /** Any unary call, with its messages as they are. */
  call<Request, RequestInit, Response, ResponseInit>(
    method: Method<Request, RequestInit, Response, ResponseInit>,
    request: RequestInit,
    options?: RequestOptions,
  ): Promise<Response> {
    if (method.clientStreams || method.serverStreams) {
      throw new KvsError('INVALID_ARGUMENT', `${method.path} is a stream, not a call`)
    }
    return this.#caller.unary(method, request, options)
  }

  /** Any call with one request and a stream of answers, read no faster than the loop takes them. */
  stream<Request, RequestInit, Response, ResponseInit>(
    method: Method<Request, RequestInit, Response, ResponseInit>,
    request: RequestInit,
    options?: RequestOptions,
  ): AsyncGenerator<Response, void, undefined> {
    if (method.clientStreams || !method.serverStreams) {
      throw new KvsError('INVALID_ARGUMENT', `${method.path} has no stream of answers to one request`)
    }
    return serverStream(this.#caller, method, request, options)
  }

  /** Gets the token of the user now, and not with the first call. Does nothing for a client without a user. */
  authenticate(): Promise<void> {
    return this.#caller.tokens.renew(undefined)
  }

  get endpoints(): readonly string[] {
    return this.#balancer.endpoints
  }

  /** Connections to endpoints that are no longer listed are closed. */
  set endpoints(endpoints: readonly string[]) {
    this.#balancer.endpoints = endpoints
  }

  /** Takes the client URLs of all started voting members as endpoints. */
  async sync(options?: RequestOptions): Promise<void> {
    const { members } = await this.cluster.members(options)
    const urls = members.filter(member => member.name !== '' && !member.isLearner).flatMap(member => member.clientUrls)
    if (urls.length > 0) this.endpoints = urls
  }

  /** Ends watchers, renewals and connections. Calls that wait fail with `CLOSED` or `UNAVAILABLE`. Idempotent. */
  close(): Promise<void> {
    this.#caller.close()
    this.#watches.close()
    this.#leaderWatches.close()
    this.lease.close()
    this.#balancer.close()
    return Promise.resolve()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

function tokenSource(caller: Caller, auth: ClientOptions['auth']): TokenSource {
  if (auth === undefined) return new TokenSource({ token: undefined, authenticate: undefined })
  if ('token' in auth) return new TokenSource({ token: auth.token, authenticate: undefined })
  const request = { name: auth.user, password: auth.password }
  const authenticate = async (): Promise<string | undefined> => {
    try {
      return (await caller.unary(Auth.authenticate, request, { anonymous: true })).token
    } catch (error) {
      if (isKvsError(error, 'AUTH_NOT_ENABLED')) return undefined
      throw error
    }
  }
  return new TokenSource({ token: undefined, authenticate })
}
