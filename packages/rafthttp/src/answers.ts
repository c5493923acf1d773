import { RaftHttpError, reasonOf } from './errors.ts'
import type { HeaderFields, PeerResponse } from './wire.ts'

const encoder = new TextEncoder()
const nothing = new Uint8Array(0)

/** An answer of plain text, with the newline that Go's `http.Error` writes; the reader trims it. */
export function textAnswer(status: number, text: string, headers: HeaderFields = []): PeerResponse {
  const fields: HeaderFields = [
    ['Content-Type', 'text/plain; charset=utf-8'],
    ['X-Content-Type-Options', 'nosniff'],
    ...headers,
  ]
  return { status, headers: fields, body: encoder.encode(`${text}\n`) }
}

export function emptyAnswer(status: number, headers: HeaderFields = []): PeerResponse {
  return { status, headers, body: nothing }
}

export function bytesAnswer(type: string, body: Uint8Array | string, headers: HeaderFields = []): PeerResponse {
  const bytes = typeof body === 'string' ? encoder.encode(body) : body
  return { status: 200, headers: [['Content-Type', type], ...headers], body: bytes }
}

export function methodNotAllowed(allowed: string): PeerResponse {
  return textAnswer(405, 'Method Not Allowed', [['Allow', allowed]])
}

export const notFound: PeerResponse = textAnswer(404, '404 page not found')

/** The answer to a request that failed: what a `RaftHttpError` says, or 500. */
export function errorAnswer(error: unknown, headers: HeaderFields = []): PeerResponse {
  const status = error instanceof RaftHttpError ? (error.status ?? 500) : 500
  if (status === 403) {
    const body = encoder.encode(`${JSON.stringify({ message: reasonOf(error) })}\n`)
    return { status, headers: [['Content-Type', 'application/json'], ...headers], body }
  }
  return textAnswer(status, reasonOf(error), headers)
}
