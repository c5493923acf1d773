import type { Logger } from '../parts.ts'
import { errorResponse, type HttpHandler, type HttpRequest, type HttpResponse } from './http.ts'

/** Who may ask by plain HTTP, and from where. */
export interface FrontDoorOptions {
  /** Origins of pages that may read answers: `*` or none for all (`--cors`). */
  readonly cors: readonly string[]
  /** What plain connections may call this host: `*` or none for anything (`--host-whitelist`). */
  readonly hostWhitelist: readonly string[]
  readonly logger: Logger
  /** Users are told apart: then the common name of a certificate would count for nothing on the gateway's paths. */
  readonly isAuthEnabled: () => boolean
}

/**
 * What every HTTP request of the client port passes before it is routed, as in etcd: paths of older versions, the host that
 * was asked for, who may read the answer, paths that are written in a roundabout way.
 */
export class FrontDoor {
  readonly #options: FrontDoorOptions
  readonly #handle: HttpHandler

  constructor(options: FrontDoorOptions, handle: HttpHandler) {
    this.#options = options
    this.#handle = handle
  }

  readonly handle: HttpHandler = async (request, body, signal) => {
    const path = pathOf(request)
    if (path === undefined) return errorResponse(400, '400 Bad Request')
    const asked = { ...request, path }
    const refusal = this.refusal(asked)
    if (refusal !== undefined) return refusal
    const cors = this.#corsHeaders(request.header('origin'))
    if (request.method === 'OPTIONS') return { status: 200, headers: cors, body: nothing }
    const clean = cleanPath(path)
    if (clean !== path)
      return { status: 301, headers: [...cors, ['Location', locationOf(clean, request)]], body: nothing }
    const response = await this.#handle(asked, body, signal)
    return { ...response, headers: [...cors, ...response.headers] }
  }

  /** Why this request gets no answer of its own. */
  refusal(request: HttpRequest): HttpResponse | undefined {
    const { hostWhitelist, logger, isAuthEnabled } = this.#options
    if (!request.isEncrypted) {
      const host = hostName(request.header('host') ?? '')
      if (isOpen(hostWhitelist) || hostWhitelist.includes(host)) return undefined
      logger.warn('rejecting HTTP request to prevent DNS rebinding attacks', { host })
      return errorResponse(421, unknownHost(host))
    }
    const isGateway = request.path.startsWith('/v3/')
    if (request.commonName === undefined || request.commonName === '' || !isGateway || !isAuthEnabled())
      return undefined
    return errorResponse(
      400,
      'CommonName of client sending a request against gateway will be ignored and not used as expected',
    )
  }

  /**
   * The same for a request to speak WebSocket. A page of a foreign origin may not, unless its origin may read answers;
   * programs that are no browsers say none.
   */
  socketRefusal(request: HttpRequest): HttpResponse | undefined {
    const path = pathOf(request)
    if (path === undefined || !path.startsWith('/v3/')) return errorResponse(404, '404 page not found')
    const { cors } = this.#options
    const origin = request.header('origin')
    const isOwn = origin !== undefined && /^https?:\/\/(.*)$/.exec(origin)?.[1] === request.header('host')
    const isAllowed = isOpen(cors) || origin === undefined || isOwn || cors.includes(origin)
    return isAllowed ? this.refusal({ ...request, path }) : errorResponse(403, `origin ${origin} not allowed`)
  }

  #corsHeaders(origin: string | undefined): HttpResponse['headers'] {
    const { cors } = this.#options
    const allowed = isOpen(cors) ? '*' : cors.find(one => one === origin)
    if (allowed === undefined) return []
    return [
      ['Access-Control-Allow-Methods', 'POST, GET, OPTIONS, PUT, DELETE'],
      ['Access-Control-Allow-Origin', allowed],
      ['Access-Control-Allow-Headers', 'accept, content-type, authorization'],
    ]
  }
}

const nothing = new Uint8Array(0)

const isOpen = (list: readonly string[]): boolean => list.length === 0 || list.includes('*')

/** The path with its escapes resolved, under its name of today; undefined if it is none. */
function pathOf({ path }: Pick<HttpRequest, 'path'>): string | undefined {
  try {
    const plain = path.includes('%') ? decodeURIComponent(path) : path
    return plain.startsWith('/v3beta/') ? `/v3/${plain.slice('/v3beta/'.length)}` : plain
  } catch {
    return undefined
  }
}

/** The path without empty parts and dots, as Go's router wants it. */
function cleanPath(path: string): string {
  const isRoundabout = path.includes('//') || /\/\.{1,2}(\/|$)/.test(path) || !path.startsWith('/')
  if (!isRoundabout || path === '*') return path
  const parts: string[] = []
  for (const part of path.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  }
  return `/${parts.join('/')}${path.endsWith('/') && parts.length > 0 ? '/' : ''}`
}

function locationOf(path: string, { query }: HttpRequest): string {
  return `${encodeURI(path)}${query === '' ? '' : `?${query}`}`
}

/** A host without its port. */
function hostName(host: string): string {
  const match = /^(?:\[([^\]]*)\]|([^:]*)):\d*$/.exec(host)
  return match === null ? host : (match[1] ?? match[2] ?? '')
}

function unknownHost(host: string): string {
  return `
etcd received your request, but the Host header was unrecognized.

To fix this, choose one of the following options:
- Enable TLS, then any HTTPS request will be allowed.
- Add the hostname you want to use to the whitelist in settings.
  - e.g. etcd --host-whitelist ${JSON.stringify(host)}

This requirement has been added to help prevent "DNS Rebinding" attacks (CVE-2018-5702).
`
}
