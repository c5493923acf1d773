import { NetError } from './errors.ts'
import type { PipeAddress } from './pipe.ts'

/** What an etcd URL says about a connection. */
export interface ParsedAddress {
  readonly scheme: 'http' | 'https' | 'unix' | 'unixs'
  /** True for https and unixs. */
  readonly encrypted: boolean
  readonly address: PipeAddress
}

/**
 * Reads `http://host:port`, `https://host:port`, `unix://path` and `unixs://path`. What follows `unix://` is a file name,
 * whole: `unix://localhost:2379` means the file `localhost:2379` in the current directory, `unix:///run/x` the file `/run/x`.
 * Throws `NetError` `BAD_ADDRESS`.
 */
export function parseAddress(url: string): ParsedAddress {
  const text = url.trim()
  const match = /^([a-z][a-z0-9+.-]*):(.*)$/is.exec(text)
  const scheme = match?.[1]?.toLowerCase()
  const rest = match?.[2] ?? ''
  switch (scheme) {
    case 'http':
    case 'https':
      if (!rest.startsWith('//')) throw badAddress(url, `expected ${scheme}://host:port`)
      return { scheme, encrypted: scheme === 'https', address: parseAuthority(url, rest.slice(2)) }
    case 'unix':
    case 'unixs':
      return { scheme, encrypted: scheme === 'unixs', address: parsePath(url, rest) }
    default:
      throw badAddress(url, 'the scheme must be http, https, unix or unixs')
  }
}

function parsePath(url: string, rest: string): PipeAddress {
  const path = rest.startsWith('//') ? rest.slice(2) : rest
  if (path === '') throw badAddress(url, 'no path to the socket')
  if (path.includes('\0')) throw badAddress(url, 'the path holds a zero byte')
  return { kind: 'unix', path }
}

function parseAuthority(url: string, rest: string): PipeAddress {
  const end = rest.search(/[/?#]/)
  const authority = end < 0 ? rest : rest.slice(0, end)
  const tail = end < 0 ? '' : rest.slice(end)
  if (tail !== '' && tail !== '/') throw badAddress(url, `nothing may follow host:port, found '${tail}'`)
  if (authority.includes('@')) throw badAddress(url, 'a user name or password is not allowed')
  return { kind: 'tcp', ...parseHostPort(url, authority) }
}

/** `host:port`, `[v6]:port` or `:port`; the brackets are taken off. */
function parseHostPort(url: string, text: string): { readonly host: string; readonly port: number } {
  const match = /^(?:\[([^\]]*)\]|([^:[\]]*)):([^:]*)$/.exec(text)
  if (match === null) throw badAddress(url, `'${text}' does not have the form host:port`)
  const [, bracketed, plain, portText = ''] = match
  const port = Number(portText)
  if (!/^\d{1,5}$/.test(portText) || port > 65_535) throw badAddress(url, `'${portText}' is no port (0 to 65535)`)
  if (bracketed === '') throw badAddress(url, 'the brackets are empty')
  // In a URL the zone of an IPv6 address follows %25, the encoded percent sign.
  return { host: bracketed?.replace('%25', '%') ?? plain ?? '', port }
}

function badAddress(url: string, reason: string): NetError {
  return new NetError('BAD_ADDRESS', `bad address '${url}': ${reason}`)
}

/** An address as text: `127.0.0.1:2379`, `[::1]:2379`, `unix:/run/kvs.sock`, `memory:name`. */
export function formatAddress(address: PipeAddress): string {
  switch (address.kind) {
    case 'tcp':
      return formatHostPort(address.host, address.port)
    case 'unix':
      return `unix:${address.path}`
    case 'memory':
      return `memory:${address.name}`
  }
}

/** `host:port`, with brackets around a host that holds colons. */
export function formatHostPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
