import {
  Lease,
  type LeaseGrantResponse,
  type LeaseKeepAliveResponse,
  type LeaseLeasesResponse,
  type LeaseRevokeResponse,
  type LeaseTimeToLiveResponse,
} from '@kvs/proto/rpc'
import type { Caller, RequestOptions } from './calls.ts'
import { KvsError } from './errors.ts'
import { type KeepAlive, KeepAliveStream } from './keep-alive.ts'

/** Leases: grant, renew, ask about and end them. */
export class LeaseClient {
  readonly #caller: Caller
  readonly #stream: KeepAliveStream

  constructor(caller: Caller, { dialTimeoutMs }: { readonly dialTimeoutMs: number }) {
    this.#caller = caller
    this.#stream = new KeepAliveStream(caller, { dialTimeoutMs })
  }

  /** The server chooses the id unless one is given, and may raise the TTL. */
  grant(ttlSeconds: number, options: { readonly id?: bigint } & RequestOptions = {}): Promise<LeaseGrantResponse> {
    return this.#caller.unary(Lease.leaseGrant, { ttl: ttlSeconds, id: options.id }, options)
  }

  /** Ends the lease; its keys are deleted. */
  revoke(id: bigint, options?: RequestOptions): Promise<LeaseRevokeResponse> {
    return this.#caller.unary(Lease.leaseRevoke, { id }, options)
  }

  /** A lease that is gone has TTL −1. */
  timeToLive(id: bigint, options: { readonly keys?: boolean } & RequestOptions = {}): Promise<LeaseTimeToLiveResponse> {
    return this.#caller.unary(Lease.leaseTimeToLive, { id, keys: options.keys }, options)
  }

  list(options?: RequestOptions): Promise<LeaseLeasesResponse> {
    return this.#caller.unary(Lease.leaseLeases, {}, options)
  }

  /** Renews the lease until `stop`, or until it is lost. All leases share one stream. */
  keepAlive(id: bigint): KeepAlive {
    return this.#stream.add(id)
  }

  /** Renews the lease once. Rejects with `LEASE_NOT_FOUND` if it is gone. */
  async keepAliveOnce(id: bigint): Promise<LeaseKeepAliveResponse> {
    const renewal = this.#stream.add(id)
    try {
      for await (const response of renewal) return response
    } catch (error) {
      if (error instanceof KvsError && error.reason === 'LEASE_EXPIRED') {
        throw new KvsError('NOT_FOUND', 'etcdserver: requested lease not found', { cause: error })
      }
      throw error
    } finally {
      renewal.stop()
    }
    throw new KvsError('CANCELLED', 'the renewal was stopped')
  }

  /** @internal */
  close(): void {
    this.#stream.close()
  }
}
