import { MembershipError } from './errors.ts'

/**
 * Sets of URLs as they stand in flags and member records. A URL is kept as the text it was given in, scheme in lower
 * case; two sets are equal if their texts are. Who wants names resolved does so before.
 */
export function parseUrls(texts: readonly string[]): string[] {
  if (texts.length === 0) throw badUrls('no valid URLs given')
  return texts.map(parseUrl).sort()
}

/** `http`, `https` with `host:port` and no path; `unix`, `unixs` with anything. */
function parseUrl(text: string): string {
  const trimmed = text.trim()
  const match = /^([A-Za-z][A-Za-z0-9+.-]*):\/\/(.*)$/s.exec(trimmed)
  const scheme = match?.[1]?.toLowerCase()
  if (match === null || (scheme !== 'http' && scheme !== 'https' && scheme !== 'unix' && scheme !== 'unixs')) {
    throw badUrls(`URL scheme must be http, https, unix, or unixs: ${trimmed}`)
  }
  const rest = match[2]!
  if (hasControlOrSpace(rest)) throw badUrls(`URL has a character that no URL has: ${JSON.stringify(trimmed)}`)
  if (scheme === 'http' || scheme === 'https') {
    const end = rest.search(/[/?#]/)
    const authority = end < 0 ? rest : rest.slice(0, end)
    const host = authority.slice(authority.lastIndexOf('@') + 1)
    if (!/^(\[[^[\]]*\]|[^:[\]]*):\d*$/.test(host)) {
      throw badUrls(`URL address does not have the form "host:port": ${trimmed}`)
    }
    if (end >= 0 && rest[end] === '/') throw badUrls(`URL must not contain a path: ${trimmed}`)
  }
  return `${scheme}://${rest}`
}

function hasControlOrSpace(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) <= 0x20 || text.charCodeAt(at) === 0x7f) return true
  return false
}

/** Whether two sets of URLs are the same, in whatever order. */
export function areSameUrls(a: readonly string[], b: readonly string[]): boolean {
  const sorted = b.toSorted()
  return a.length === b.length && a.toSorted().every((url, at) => url === sorted[at])
}

/**
 * Names with their URLs, of `name=url,name=url2,other=url3`; a name may come several times, a URL only once. In the order
 * of the names.
 */
export function parseInitialCluster(text: string): Map<string, string[]> {
  const urls = new Map<string, string[]>()
  for (const part of text.split(',')) {
    if (part === '') continue
    const equals = part.indexOf('=')
    const name = equals < 0 ? part : part.slice(0, equals)
    if (name === '') throw badUrls(`a member without a name: ${part}`)
    urls.set(name, [...(urls.get(name) ?? []), equals < 0 ? '' : part.slice(equals + 1)])
  }
  if (urls.size === 0) throw badUrls('no member is named')
  const names = [...urls.keys()].sort()
  const cluster = new Map(names.map(name => [name, parseUrls(urls.get(name)!)]))
  const seen = new Set<string>()
  for (const url of [...cluster.values()].flat()) {
    if (seen.has(url)) throw badUrls(`duplicate URL in initial cluster: ${url}`)
    seen.add(url)
  }
  return cluster
}

/** `name=url` for every URL, sorted: what `parseInitialCluster` reads. */
export function formatInitialCluster(cluster: ReadonlyMap<string, readonly string[]>): string {
  const parts = [...cluster].flatMap(([name, urls]) => urls.map(url => `${name}=${url}`))
  return parts.sort().join(',')
}

function badUrls(message: string): MembershipError {
  return new MembershipError('BAD_URLS', message)
}
