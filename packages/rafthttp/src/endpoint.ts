import { errorAnswer, notFound } from './answers.ts'
import { formatPeerId } from './headers.ts'
import type { PeerRoute } from './raft-routes.ts'
import { type ServiceParts, serviceRoutes } from './service-routes.ts'
import type { PeerTransport } from './transport.ts'
import type { PeerEndpoint, PeerHandler } from './wire.ts'

export interface EndpointParts extends ServiceParts {
  readonly transport: PeerTransport
  /** Rows of the host's own, asked last. */
  readonly more?: readonly PeerRoute[]
}

/** Everything that the peer port answers: raft's traffic, the services, and what the host adds. */
export function peerEndpoint(parts: EndpointParts): PeerEndpoint {
  const table = [...parts.transport.routes, ...serviceRoutes(parts), ...(parts.more ?? [])]
  const { logger, services } = parts
  const handle = routeRequests(table)
  return {
    handle: async (request, body, signal) => {
      try {
        return await handle(request, body, signal)
      } catch (error) {
        logger.error('a request of a peer failed', {
          path: request.path,
          'cluster-id': formatPeerId(services.clusterId),
          error: error instanceof Error ? (error.stack ?? error.message) : String(error),
        })
        return errorAnswer(error)
      }
    },
    upgrade: (request, protocols) => parts.transport.upgrade(request, protocols),
  }
}

/** One handler for a table of rows; 404 in Go's words where none matches. */
function routeRequests(table: readonly PeerRoute[]): PeerHandler {
  return (request, body, signal) => {
    const row = table.find(({ path }) => (path.endsWith('/') ? request.path.startsWith(path) : path === request.path))
    return row === undefined ? notFound : row.handle(request, body, signal)
  }
}
