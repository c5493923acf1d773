import type { KeepaliveOptions } from '@kvs/grpc'
import { nodeNet, type Pipe } from '@kvs/net'
import { Client, type ClientOptions } from './client.ts'
import { type Endpoint, parseEndpoint } from './endpoints.ts'
import { KvsError } from './errors.ts'
import { grpcTransport } from './grpc-transport.ts'
import { dialTimeoutMsDefault } from './limits.ts'
import { systemChance, systemClock } from './system-clock.ts'

export interface ConnectOptions extends ClientOptions {
  /** Pings to a silent server. By default after 10 s while a call or a watch is open. */
  readonly keepalive?: KeepaliveOptions | undefined
  /** Longest answer that is accepted. */
  readonly maxReceiveBytes?: number | undefined
  /**
   * Opens pipes in place of this machine's plain sockets. Needed for encrypted endpoints (`https://`, `unixs:`), which are
   * refused without it: nothing is ever sent in the clear to a server that was to be spoken to under encryption.
   */
  readonly dial?: ((endpoint: Endpoint, signal: AbortSignal) => Promise<Pipe>) | undefined
}

/** A client over the sockets of this machine. Nothing is dialled before the first call. */
export function connect(options: ConnectOptions): Client {
  const net = nodeNet({ dialTimeoutMs: options.dialTimeoutMs ?? dialTimeoutMsDefault })
  if (options.dial === undefined) for (const text of options.endpoints) refuseEncrypted(parseEndpoint(text))
  const plain = (endpoint: Endpoint, signal: AbortSignal): Promise<Pipe> => {
    refuseEncrypted(endpoint)
    return net.dial(endpoint.address, { signal })
  }
  const transport = grpcTransport({
    clock: systemClock,
    dial: options.dial ?? plain,
    keepalive: options.keepalive,
    maxReceiveBytes: options.maxReceiveBytes,
  })
  return new Client(options, { transport, clock: systemClock, chance: systemChance })
}

function refuseEncrypted(endpoint: Endpoint): void {
  if (endpoint.security !== 'tls') return
  throw new KvsError('INVALID_ARGUMENT', `${endpoint.text} asks for encryption, which needs the option dial`)
}
