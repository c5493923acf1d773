import { lookup, resolveSrv } from 'node:dns/promises'
import { createGrpcChannel, type GrpcChannel, type MetadataInit } from '@kvs/grpc'
import { createTlsClient, type Dial, NetError, nodeNet, parseAddress } from '@kvs/net'
import { Auth, KV, RangeRequestSortOrder, RangeRequestSortTarget } from '@kvs/proto/rpc'
import { type Registry, registerFounder } from '../discovery/registry.ts'
import { foundersFromSrv, type NameResolver } from '../discovery/srv.ts'
import { ServerError } from '../errors.ts'
import type { DiscoveryOptions, MemberOptions } from '../options.ts'
import type { Logger } from '../parts.ts'
import { systemClock } from './clock.ts'

export interface DiscoveryParts {
  readonly logger: Logger
  readonly signal?: AbortSignal | undefined
  readonly resolver?: NameResolver | undefined
}

/**
 * The options with the founders of the cluster, where they say whom to ask for them; otherwise as they are. To be asked
 * before a cluster is founded only. Throws `ServerError` (`CONFIG`).
 */
export async function discoverFounders<Options extends MemberOptions>(
  options: Options,
  { logger, signal, resolver = systemResolver }: DiscoveryParts,
): Promise<Options> {
  const { discovery, discoverySrv, name, initialAdvertisePeerUrls: peerUrls } = options
  if (discoverySrv !== '') {
    const { initialCluster, ownUrls } = await foundersFromSrv(options, resolver)
    logger.info('found the initial cluster by DNS', { domain: discoverySrv, 'initial-cluster': initialCluster })
    return { ...options, initialCluster, initialAdvertisePeerUrls: ownUrls }
  }
  if (discovery === undefined) return options
  const { token } = discovery
  const registry = await openRegistry(discovery)
  try {
    const initialCluster = await registerFounder(
      registry,
      { token, name, peerUrls },
      { clock: systemClock, logger, signal },
    )
    logger.info('found the initial cluster by discovery', { 'initial-cluster': initialCluster })
    return { ...options, initialCluster, initialClusterToken: token }
  } finally {
    await registry.close()
  }
}

const systemResolver: NameResolver = {
  srv: resolveSrv,
  addresses: async host => (await lookup(host, { all: true })).map(({ address }) => address),
}

/** The way to one endpoint. */
interface Endpoint {
  readonly authority: string
  readonly scheme: 'http' | 'https'
  dial(): ReturnType<Dial>
}

async function openRegistry(options: DiscoveryOptions): Promise<ChannelRegistry> {
  try {
    const { caFile, certFile, keyFile, insecureSkipTlsVerify } = options
    const encrypted = (
      await createTlsClient({
        alpn: ['h2'],
        skipVerify: insecureSkipTlsVerify,
        handshakeTimeoutMs: options.dialTimeoutMs,
        ...(caFile === '' ? {} : { trustedCaFiles: [caFile] }),
        ...(certFile === '' ? {} : { certificate: { certFile, keyFile } }),
      })
    ).dial(nodeNet().dial)
    const usual = options.insecureTransport ? 'http' : 'https'
    const endpoints = options.endpoints.map((text): Endpoint => {
      const url = /^[a-z]+:\/\//.test(text) ? text : `${usual}://${text}`
      const parsed = parseAddress(url)
      const dial = parsed.encrypted ? encrypted : nodeNet().dial
      return {
        authority: url.replace(/^[a-z]+:\/\//, ''),
        scheme: parsed.encrypted ? 'https' : 'http',
        dial: () => dial(parsed.address, { signal: AbortSignal.timeout(options.dialTimeoutMs) }),
      }
    })
    return new ChannelRegistry(options, endpoints)
  } catch (error) {
    if (!(error instanceof NetError)) throw error
    throw new ServerError('CONFIG', `discovery: ${error.message}`, { cause: error })
  }
}

const text = new TextEncoder()
const decoder = new TextDecoder()

/** A registry in another cluster. A call goes to the endpoint that worked last; after a failure to the next one. */
class ChannelRegistry implements Registry {
  readonly #options: DiscoveryOptions
  readonly #endpoints: readonly Endpoint[]
  #at = 0
  #channel: GrpcChannel | undefined
  #metadata: MetadataInit = []

  constructor(options: DiscoveryOptions, endpoints: readonly Endpoint[]) {
    this.#options = options
    this.#endpoints = endpoints
  }

  async read(key: string): Promise<string | undefined> {
    const { kvs } = KV.range.decodeResponse(
      await this.#call(KV.range.path, KV.range.encodeRequest({ key: text.encode(key) })),
    )
    return kvs[0] === undefined ? undefined : decoder.decode(kvs[0].value)
  }

  async list(prefix: string): Promise<readonly { readonly key: string; readonly value: string }[]> {
    const key = text.encode(prefix)
    const rangeEnd = key.slice()
    // No prefix here ends with the highest byte.
    rangeEnd[rangeEnd.length - 1] = (rangeEnd.at(-1) ?? 0) + 1
    const order = { sortTarget: RangeRequestSortTarget.CREATE, sortOrder: RangeRequestSortOrder.ASCEND }
    const request = KV.range.encodeRequest({ key, rangeEnd, ...order })
    const { kvs } = KV.range.decodeResponse(await this.#call(KV.range.path, request))
    return kvs.map(pair => ({ key: decoder.decode(pair.key), value: decoder.decode(pair.value) }))
  }

  async put(key: string, value: string): Promise<void> {
    await this.#call(KV.put.path, KV.put.encodeRequest({ key: text.encode(key), value: text.encode(value) }))
  }

  async close(): Promise<void> {
    await this.#channel?.close()
    this.#channel = undefined
  }

  /** Fails once all endpoints have, each for a reason of its own: the last one is told. */
  async #call(path: string, request: Uint8Array): Promise<Uint8Array> {
    for (let left = this.#endpoints.length; ; left--) {
      try {
        this.#channel ??= await this.#open()
        const options = { timeoutMs: this.#options.requestTimeoutMs, metadata: this.#metadata }
        return (await this.#channel.call(path, request, options)).message
      } catch (error) {
        await this.close()
        this.#at++
        if (left <= 1) throw error
      }
    }
  }

  /** Connects, and logs in where there is a name. */
  async #open(): Promise<GrpcChannel> {
    const { user, password, keepaliveTimeMs, keepaliveTimeoutMs, requestTimeoutMs } = this.#options
    const { dial, authority, scheme } = this.#endpoints[this.#at % this.#endpoints.length] as Endpoint
    const keepalive = { intervalMs: keepaliveTimeMs, timeoutMs: keepaliveTimeoutMs, permitWithoutStreams: false }
    const channel = createGrpcChannel({ clock: systemClock, dial, authority, scheme, keepalive })
    try {
      await channel.connect()
      this.#metadata = []
      if (user === '') return channel
      const request = Auth.authenticate.encodeRequest({ name: user, password })
      const { message } = await channel.call(Auth.authenticate.path, request, { timeoutMs: requestTimeoutMs })
      this.#metadata = [['token', Auth.authenticate.decodeResponse(message).token]]
      return channel
    } catch (error) {
      await channel.close()
      throw error
    }
  }
}
