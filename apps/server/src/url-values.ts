import { isIP } from 'node:net'
import { UsageError } from './flag-values.ts'

/** A URL as etcd's flags take it. */
interface Url {
  readonly text: string
  readonly scheme: string
  /** Without brackets; empty where a socket of the file system is meant. */
  readonly host: string
  readonly port: string
}

const isSocket = (scheme: string): boolean => scheme === 'unix' || scheme === 'unixs'

/** Reads one URL. Throws `UsageError` in etcd's words. */
export function parseUrl(text: string): Url {
  const [, scheme = '', rest = ''] = /^([a-zA-Z][a-zA-Z0-9+.-]*):(.*)$/s.exec(text) ?? []
  const isHttp = scheme === 'http' || scheme === 'https'
  if (!isHttp && !isSocket(scheme)) {
    throw new UsageError(`URL scheme must be http, https, unix, or unixs: ${text}`)
  }
  if (isSocket(scheme)) return { text, scheme, host: '', port: '' }
  const [, authority = '', path = ''] = /^\/\/([^/?#]*)(.*)$/s.exec(rest) ?? []
  const [, bracketed, plain = '', port = ''] = /^(?:\[([^\]]*)\]|([^:[\]]*)):(\d*)$/.exec(authority) ?? []
  if (port === '') throw new UsageError(`URL address does not have the form "host:port": ${text}`)
  if (path !== '') throw new UsageError(`URL must not contain a path: ${text}`)
  return { text, scheme, host: bracketed ?? plain, port }
}

/** A list of URLs, each once, in the order given. */
export function parseUrls(text: string): readonly string[] {
  const parts = text.split(',').map(part => part.trim())
  if (parts.length === 1 && parts[0] === '') return []
  return [...new Set(parts.map(part => parseUrl(part).text))]
}

/** Addresses to listen on must be those of this machine: no names. Throws `UsageError`. */
export function checkListenUrls(urls: readonly string[]): void {
  for (const url of urls) {
    const { scheme, host } = parseUrl(url)
    if (isSocket(scheme) || host === 'localhost' || isIP(host.replace(/%.*$/, '')) !== 0) continue
    throw new UsageError(`expected IP in URL for binding (${url})`)
  }
}

/** Addresses that others dial must name a host. Throws `UsageError`; `form` says what they must look like. */
export function checkAdvertisedUrls(flag: string, urls: readonly string[], form: string): void {
  const bad = urls.map(parseUrl).find(({ scheme, host }) => !isSocket(scheme) && host === '')
  if (bad === undefined) return
  throw new UsageError(`--${flag} "${urls.join(',')}" must be ${form} (unexpected empty host (${bad.text}))`)
}

/** The default URL with another host and port, where a member listens everywhere and says nowhere where that is. */
export function withDefaultHost(
  advertised: readonly string[],
  {
    untouched,
    listen,
    host,
  }: { readonly untouched: string; readonly listen: readonly string[]; readonly host: string },
): readonly string[] {
  if (advertised.length !== 1 || advertised[0] !== untouched || listen[0] === undefined) return advertised
  const first = parseUrl(listen[0])
  return first.host === '0.0.0.0' ? [`http://${host}:${first.port}`] : advertised
}
