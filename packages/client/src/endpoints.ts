import { KvsError } from './errors.ts'

/** Where a server listens, and whether the connection is encrypted. */
export interface Endpoint {
  /** As it was given. */
  readonly text: string
  readonly address:
    | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
    | { readonly kind: 'unix'; readonly path: string }
  /** `configured`: encrypted if the client was given TLS options (endpoints without a scheme). */
  readonly security: 'plain' | 'tls' | 'configured'
  /** The `:authority` of its calls, and the name its certificate must carry. */
  readonly authority: string
}

const defaultPort = 2379

/**
 * Reads `host:port`, `http://…`, `https://…`, `unix:path`, `unix://path` and `unixs:…` as etcd's own client does. Throws
 * `KvsError` (`INVALID_ARGUMENT`).
 */
export function parseEndpoint(text: string): Endpoint {
  const unix = /^(unixs?):(?:\/\/)?(.+)$/.exec(text)
  if (unix !== null) {
    const path = unix[2] as string
    const security = unix[1] === 'unixs' ? 'tls' : 'plain'
    return { text, address: { kind: 'unix', path }, security, authority: path.split('/').at(-1) || 'localhost' }
  }
  const match = /^(?:(https?):\/\/)?(?:\[([^\]]+)\]|([^:/[\]]+))(?::(\d{1,5}))?\/?$/.exec(text)
  const port = Number(match?.[4] ?? defaultPort)
  if (match === null || port > 65_535) {
    throw new KvsError('INVALID_ARGUMENT', `"${text}" is no endpoint: expected host:port, a URL or unix:path`)
  }
  const [, scheme, ipv6, name] = match
  const host = (ipv6 ?? name) as string
  return {
    text,
    address: { kind: 'tcp', host, port },
    security: scheme === undefined ? 'configured' : scheme === 'https' ? 'tls' : 'plain',
    authority: `${ipv6 === undefined ? host : `[${host}]`}:${port}`,
  }
}
