import { methodNotAllowed } from '../edge/health.ts'
import { errorResponse, type HttpResponse, type HttpRoute, textResponse } from '../edge/http.ts'
import * as limits from '../limits.ts'

/** What the page needs. */
export interface LogLevelParts {
  /** Changes the level of the log; false for a word that is no level. */
  readonly setLogLevel: (level: string) => boolean
  readonly isAuthEnabled: () => boolean
}

const levelOf: Readonly<Record<string, string>> = { warning: 'warn', notice: 'info', critical: 'fatal', trace: 'debug' }

/**
 * `PUT /config/local/log` with `{"Level":"DEBUG"}`, as etcd had it up to 3.4: what is logged from now on, until the member
 * starts anew. Its old names of levels are understood. Where users are told apart nobody may, for the page asks for none.
 */
export function logLevelRoute({ setLogLevel, isAuthEnabled }: LogLevelParts): HttpRoute {
  return {
    path: '/config/local/log',
    handle: async (request, body) => {
      if (request.method !== 'PUT') return methodNotAllowed('PUT')
      if (isAuthEnabled()) return refuse(403, 'the log level is not changed over HTTP while authentication is enabled')
      const said = await levelIn(body)
      if (said === undefined) return refuse(400, 'Invalid json body')
      const word = said.toLowerCase()
      const level = Object.hasOwn(levelOf, word) ? levelOf[word] : word
      if (level === undefined || !setLogLevel(level)) return refuse(400, `Invalid log level ${said}`)
      return { status: 204, headers: [], body: new Uint8Array(0) }
    },
  }
}

function refuse(status: number, message: string): HttpResponse {
  if (status === 403) return errorResponse(status, message)
  return textResponse(status, JSON.stringify({ message }), 'application/json')
}

/** The level in a body; undefined if there is none. */
async function levelIn(body: AsyncIterable<Uint8Array>): Promise<string | undefined> {
  const pieces: Uint8Array[] = []
  let bytes = 0
  for await (const piece of body) {
    bytes += piece.length
    if (bytes > limits.logLevelBodyBytesMax) return undefined
    pieces.push(piece)
  }
  try {
    const said: unknown = JSON.parse(Buffer.concat(pieces).toString())
    if (typeof said !== 'object' || said === null) return undefined
    const level = Object.entries(said).find(([name]) => name.toLowerCase() === 'level')?.[1] ?? ''
    return typeof level === 'string' ? level : undefined
  } catch {
    return undefined
  }
}
