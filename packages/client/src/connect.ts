import type { KeepaliveOptions } from '@kvs/grpc'
import { nodeNet } from '@kvs/net'
import { Client, type ClientOptions } from './client.ts'
import { grpcTransport } from './grpc-transport.ts'
import { dialTimeoutMsDefault } from './limits.ts'
import { systemChance, systemClock } from './system-clock.ts'

export interface ConnectOptions extends ClientOptions {
  /** Pings to a silent server. By default after 10 s while a call or a watch is open. */
  readonly keepalive?: KeepaliveOptions | undefined
  /** Longest answer that is accepted. */
  readonly maxReceiveBytes?: number | undefined
}

/** A client over the sockets of this machine. Nothing is dialled before the first call. */
export function connect(options: ConnectOptions): Client {
  const { dial } = nodeNet({ dialTimeoutMs: options.dialTimeoutMs ?? dialTimeoutMsDefault })
  const transport = grpcTransport({
    clock: systemClock,
    dial: (endpoint, signal) => dial(endpoint.address, { signal }),
    keepalive: options.keepalive,
    maxReceiveBytes: options.maxReceiveBytes,
  })
  return new Client(options, { transport, clock: systemClock, chance: systemChance })
}
