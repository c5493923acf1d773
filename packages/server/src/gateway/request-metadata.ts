import { GrpcError, type Metadata, StatusCode } from '@kvs/grpc'
import type { HttpRequest } from '../edge/http.ts'
import { OwnMetadata } from '../in-process/own-metadata.ts'

/** Headers that HTTP itself knows: they are handed on behind a prefix, which also tells who comes by the gateway. */
const permanent: ReadonlySet<string> = new Set([
  ...['accept', 'accept-charset', 'accept-language', 'accept-ranges', 'authorization', 'cache-control'],
  ...['content-type', 'cookie', 'date', 'expect', 'from', 'host', 'if-match', 'if-modified-since', 'if-none-match'],
  ...['if-schedule-tag-match', 'if-unmodified-since', 'max-forwards', 'origin', 'pragma', 'referer', 'user-agent'],
  ...['via', 'warning'],
])

const handedOn = 'grpc-metadata-'

/**
 * A request's headers as metadata: `Grpc-Metadata-X` as `x`, `Authorization` as it is and, like all that HTTP knows,
 * behind `grpcgateway-`. Throws `GrpcError` for bytes that are no Base64.
 */
export function requestMetadata({ headers, remote }: HttpRequest): Metadata {
  const entries: [string, string | Uint8Array][] = []
  let isMarked = false
  for (const [name, value] of headers) {
    if (name === 'authorization') entries.push([name, value])
    if (permanent.has(name)) entries.push([`grpcgateway-${name}`, value])
    else if (name.startsWith(handedOn)) entries.push(ownEntry(name.slice(handedOn.length), value))
    if (name === 'accept') isMarked = true
  }
  // Whoever asks by the gateway can be told by this one, which every usual client sends.
  if (!isMarked) entries.push(['grpcgateway-accept', ''])
  const forwarded = headers.find(([name]) => name === 'x-forwarded-for')?.[1]
  const host = remote.replace(/:\d+$/, '')
  entries.push(['x-forwarded-for', forwarded === undefined ? host : `${forwarded}, ${host}`])
  return new OwnMetadata(entries)
}

function ownEntry(name: string, value: string): [string, string | Uint8Array] {
  if (!name.endsWith('-bin')) return [name, value]
  const isBase64 = /^[A-Za-z0-9+/]*={0,2}$/.test(value) && value.replace(/=+$/, '').length % 4 !== 1
  if (isBase64) return [name, Buffer.from(value, 'base64')]
  throw new GrpcError(StatusCode.INVALID_ARGUMENT, `invalid binary header ${name}: illegal base64 data`)
}

/** `Grpc-Timeout` in milliseconds; undefined: none. Throws `GrpcError`. */
export function requestTimeout({ headers }: HttpRequest): number | undefined {
  const text = headers.find(([name]) => name === 'grpc-timeout')?.[1]
  if (text === undefined || text === '') return undefined
  const [, digits, unit = ''] = /^(\d{1,8})([HMSmun])$/.exec(text) ?? []
  const scale = unitMs[unit]
  if (digits !== undefined && scale !== undefined) return Number(digits) * scale
  throw new GrpcError(StatusCode.INVALID_ARGUMENT, `invalid grpc-timeout: ${text}`)
}

const unitMs: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 }
