import { http1Request, http2Preface, type Pipe, type SniffEntry, sniff } from '@kvs/net'
import * as limits from './limits.ts'
import type { Clock, Logger } from './parts.ts'

/** One guest of a port: what its connections begin with, and who serves them. */
export interface PortGuest {
  readonly protocol: SniffEntry
  readonly accept: (pipe: Pipe) => void
}

export interface PortParts {
  readonly clock: Clock
  readonly logger: Logger
  /** First match wins. */
  readonly guests: readonly PortGuest[]
  /** In log lines: `client endpoint`, `peer endpoint`. */
  readonly name: string
}

/** gRPC and plain HTTP on one port. */
export function clientGuests(accept: {
  readonly grpc: (pipe: Pipe) => void
  readonly http1: (pipe: Pipe) => void
}): readonly PortGuest[] {
  return [
    { protocol: http2Preface, accept: accept.grpc },
    { protocol: http1Request, accept: accept.http1 },
  ]
}

/** Takes a new connection: looks at its first bytes and hands it to the guest that speaks so. */
export function servePort(parts: PortParts, pipe: Pipe): void {
  const { clock, guests } = parts
  const table = guests.map(guest => guest.protocol)
  sniff(pipe, table, { clock, timeoutMs: limits.firstBytesTimeoutMs }).then(
    sniffed => guests.find(guest => guest.protocol.name === sniffed.name)?.accept(sniffed.pipe),
    (error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error)
      parts.logger.debug(`rejected connection on ${parts.name}`, { 'remote-addr': pipe.info.remote, error: reason })
    },
  )
}
