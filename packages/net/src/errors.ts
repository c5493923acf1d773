/**
 * Codes of `NetError`.
 * `RESET`: the other end or the network broke the pipe. `CLOSED`: this end used what it had closed, or the other end
 * closed too early. `UNREACHABLE`: no route. `NAME_NOT_FOUND`: the host name does not resolve. `BAD_ADDRESS`: the address
 * makes no sense or is of a kind this network does not have. `PROTOCOL`: the first bytes match nothing that is spoken here.
 * `LIMIT`: the system refuses more sockets. `TLS`: a handshake failed, or its settings make no sense. `CERTIFICATE`: a
 * certificate, key or revocation list cannot be used or does not verify. `FAILED`: everything else, see `cause`.
 */
export type NetErrorCode =
  | 'ADDRESS_IN_USE'
  | 'ADDRESS_NOT_AVAILABLE'
  | 'PERMISSION'
  | 'REFUSED'
  | 'UNREACHABLE'
  | 'NAME_NOT_FOUND'
  | 'TIMEOUT'
  | 'ABORTED'
  | 'RESET'
  | 'CLOSED'
  | 'BAD_ADDRESS'
  | 'PROTOCOL'
  | 'LIMIT'
  | 'TLS'
  | 'CERTIFICATE'
  | 'FAILED'

/** A failed network operation. The message names the operation and the address. */
export class NetError extends Error {
  override readonly name: string = 'NetError'
  readonly code: NetErrorCode

  constructor(code: NetErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(`net: ${message}`, options)
    this.code = code
  }
}

const CODES: Readonly<Record<string, NetErrorCode>> = {
  EADDRINUSE: 'ADDRESS_IN_USE',
  EADDRNOTAVAIL: 'ADDRESS_NOT_AVAILABLE',
  EACCES: 'PERMISSION',
  EPERM: 'PERMISSION',
  ECONNREFUSED: 'REFUSED',
  // A unix socket whose file is missing: nobody listens there.
  ENOENT: 'REFUSED',
  EHOSTUNREACH: 'UNREACHABLE',
  ENETUNREACH: 'UNREACHABLE',
  EHOSTDOWN: 'UNREACHABLE',
  ENOTFOUND: 'NAME_NOT_FOUND',
  EAI_AGAIN: 'NAME_NOT_FOUND',
  EAI_FAIL: 'NAME_NOT_FOUND',
  EAI_NODATA: 'NAME_NOT_FOUND',
  EAI_NONAME: 'NAME_NOT_FOUND',
  ETIMEDOUT: 'TIMEOUT',
  ECONNRESET: 'RESET',
  EPIPE: 'RESET',
  ECONNABORTED: 'RESET',
  ENAMETOOLONG: 'BAD_ADDRESS',
  EINVAL: 'BAD_ADDRESS',
  ERR_SOCKET_BAD_PORT: 'BAD_ADDRESS',
  EMFILE: 'LIMIT',
  ENFILE: 'LIMIT',
}

/** Wraps an error of node:net. `what` is the operation with its address, such as `dial 127.0.0.1:2379`. */
export function nodeError(cause: unknown, what: string): NetError {
  const code = systemCode(cause)
  // What a dial to several addresses of one name throws has an empty message.
  const reason = cause instanceof Error && cause.message !== '' ? cause.message : code
  return new NetError(CODES[code] ?? 'FAILED', `${what}: ${reason}`, { cause })
}

/** The name of the system's error (`ECONNREFUSED`), or the empty string. */
export function systemCode(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('code' in error)) return ''
  return typeof error.code === 'string' ? error.code : ''
}
