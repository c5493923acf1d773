import { type HeaderField, headerField } from './header-field.ts'

/** The static table of HPACK (RFC 7541, appendix A); index 1 is the first entry. */
// biome-ignore format: a table
const entries: readonly (readonly [string, string])[] = [
  [':authority', ''], [':method', 'GET'], [':method', 'POST'], [':path', '/'], [':path', '/index.html'],
  [':scheme', 'http'], [':scheme', 'https'], [':status', '200'], [':status', '204'], [':status', '206'],
  [':status', '304'], [':status', '400'], [':status', '404'], [':status', '500'], ['accept-charset', ''],
  ['accept-encoding', 'gzip, deflate'], ['accept-language', ''], ['accept-ranges', ''], ['accept', ''],
  ['access-control-allow-origin', ''], ['age', ''], ['allow', ''], ['authorization', ''], ['cache-control', ''],
  ['content-disposition', ''], ['content-encoding', ''], ['content-language', ''], ['content-length', ''],
  ['content-location', ''], ['content-range', ''], ['content-type', ''], ['cookie', ''], ['date', ''], ['etag', ''],
  ['expect', ''], ['expires', ''], ['from', ''], ['host', ''], ['if-match', ''], ['if-modified-since', ''],
  ['if-none-match', ''], ['if-range', ''], ['if-unmodified-since', ''], ['last-modified', ''], ['link', ''],
  ['location', ''], ['max-forwards', ''], ['proxy-authenticate', ''], ['proxy-authorization', ''], ['range', ''],
  ['referer', ''], ['refresh', ''], ['retry-after', ''], ['server', ''], ['set-cookie', ''],
  ['strict-transport-security', ''], ['transfer-encoding', ''], ['user-agent', ''], ['vary', ''], ['via', ''],
  ['www-authenticate', ''],
]

export const STATIC_ENTRIES = 61

/** By index 1..61; index 0 is unused. */
export const staticTable: readonly HeaderField[] = [
  headerField('', ''),
  ...entries.map(([name, value]) => headerField(name, value)),
]

/** Lowest index of an entry with the name. */
export const staticNames: ReadonlyMap<string, number> = new Map(
  staticTable.map((field, index): [string, number] => [field.name, index]).reverse(),
)

/** Index of the entry, by `fieldKey`. */
export const staticFields: ReadonlyMap<string, number> = new Map(
  entries.map(([name, value], at): [string, number] => [fieldKey(name, value), at + 1]),
)

/** One string for a pair. Names hold no NUL. */
export function fieldKey(name: string, value: string): string {
  return `${name}\0${value}`
}
