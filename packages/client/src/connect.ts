import type { KeepaliveOptions } from '@kvs/grpc'
import { createTlsClient, nodeNet, type Pipe, type TlsClient } from '@kvs/net'
import { Client, type ClientOptions } from './client.ts'
import type { Endpoint } from './endpoints.ts'
import { grpcTransport } from './grpc-transport.ts'
import { dialTimeoutMsDefault } from './limits.ts'
import { systemChance, systemClock } from './system-clock.ts'

export interface ConnectOptions extends ClientOptions {
  /** Pings to a silent server. By default after 10 s while a call or a watch is open. */
  readonly keepalive?: KeepaliveOptions | undefined
  /** Longest answer that is accepted. */
  readonly maxReceiveBytes?: number | undefined
  /** For encrypted endpoints: `https://`, `unixs:` and, where this is given, those without a scheme. */
  readonly tls?: ClientTls | undefined
  /** Opens pipes in place of this machine's sockets, encrypted ones too. */
  readonly dial?: ((endpoint: Endpoint, signal: AbortSignal) => Promise<Pipe>) | undefined
}

/** How a client speaks to encrypted endpoints. PEM files; those of a pair are read again when they change. */
export interface ClientTls {
  /** Authorities that certificates of servers are verified with. Default: Node's own. */
  readonly caFile?: string | undefined
  /** Shown to servers that ask for one; both or none. */
  readonly certFile?: string | undefined
  readonly keyFile?: string | undefined
  /** Name that certificates must be valid for. Default: the host of the endpoint. */
  readonly serverName?: string | undefined
  /** Takes any certificate: the connection is then no proof of anything. */
  readonly skipVerify?: boolean | undefined
}

/** A client over the sockets of this machine. Nothing is dialled before the first call. */
export function connect(options: ConnectOptions): Client {
  const net = nodeNet({ dialTimeoutMs: options.dialTimeoutMs ?? dialTimeoutMsDefault })
  const tls = new LazyTls(options.tls ?? {})
  const dial = async ({ security, address }: Endpoint, signal: AbortSignal): Promise<Pipe> => {
    const isEncrypted = security === 'tls' || (security === 'configured' && options.tls !== undefined)
    return isEncrypted ? (await tls.client()).dial(net.dial)(address, { signal }) : net.dial(address, { signal })
  }
  const transport = grpcTransport({
    clock: systemClock,
    dial: options.dial ?? dial,
    tlsConfigured: options.tls !== undefined,
    keepalive: options.keepalive,
    maxReceiveBytes: options.maxReceiveBytes,
  })
  return new Client(options, { transport, clock: systemClock, chance: systemChance })
}

/** Reads files when something encrypted is first dialled; what cannot be read is tried again by the next dial. */
class LazyTls {
  readonly #options: ClientTls
  #client: Promise<TlsClient> | undefined

  constructor(options: ClientTls) {
    this.#options = options
  }

  client(): Promise<TlsClient> {
    this.#client ??= this.#make().catch((error: unknown) => {
      this.#client = undefined
      throw error
    })
    return this.#client
  }

  #make(): Promise<TlsClient> {
    const { caFile, certFile, keyFile, serverName, skipVerify } = this.#options
    return createTlsClient({
      alpn: ['h2'],
      ...(caFile === undefined ? {} : { trustedCaFiles: [caFile] }),
      ...(certFile === undefined || keyFile === undefined ? {} : { certificate: { certFile, keyFile } }),
      ...(serverName === undefined ? {} : { serverName }),
      ...(skipVerify === true ? { skipVerify } : {}),
    })
  }
}
