import { readFileSync } from 'node:fs'
import { parse as parseYaml } from 'yaml'
import { flags } from './flag-table.ts'
import { type FlagValue, UsageError } from './flag-values.ts'
import { flagValue, nearest } from './flags.ts'

/** What a config file says. */
export interface FileValues {
  readonly values: ReadonlyMap<string, FlagValue>
  readonly warnings: readonly string[]
}

/** Flags by their key in a config file, with dots between nested ones. */
const flagsByKey: ReadonlyMap<string, string> = new Map(
  Object.entries(flags).flatMap(([name, flag]) => {
    const key = 'key' in flag ? flag.key : name
    return key === undefined ? [] : [[key, name] as const]
  }),
)

/** Keys that hold others. */
const groups: ReadonlySet<string> = new Set(
  [...flagsByKey.keys()].flatMap(key => {
    const parts = key.split('.')
    return parts.slice(1).map((_part, i) => parts.slice(0, i + 1).join('.'))
  }),
)

/** Written otherwise in files of older versions. */
const otherKeys: Readonly<Record<string, string>> = {
  'client-transport-security.allowed-hostnames': 'client-transport-security.allowed-hostname',
  'peer-transport-security.allowed-cns': 'peer-transport-security.allowed-cn',
  'peer-transport-security.allowed-hostnames': 'peer-transport-security.allowed-hostname',
}

/** Keys without a meaning of their own here, which etcd takes without a word. */
const silentKeys: ReadonlySet<string> = new Set([
  'client-transport-security.skip-client-san-verification',
  'discovery-config.client.secure.server-name',
  'discovery-config.client.auth.token',
])

/** Reads a YAML (or JSON) file of etcd's keys. Keys that nobody knows are told of. Throws `UsageError` (status 1). */
export function readConfigFile(path: string): FileValues {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw new UsageError(`config file '${path}': ${(error as Error).message}`, 1)
  }
  return parseConfigFile(text, path)
}

export function parseConfigFile(text: string, path: string): FileValues {
  let document: unknown
  try {
    document = parseYaml(text, { maxAliasCount: aliasesMax })
  } catch (error) {
    throw new UsageError(`config file '${path}': ${(error as Error).message.split('\n')[0]}`, 1)
  }
  if (!isMap(document)) throw new UsageError(`config file '${path}': expected keys and values`, 1)
  const values = new Map<string, FlagValue>()
  const warnings: string[] = []
  readGroup(document, '', { path, values, warnings })
  return { values, warnings }
}
const aliasesMax = 100

interface Reading {
  readonly path: string
  readonly values: Map<string, FlagValue>
  readonly warnings: string[]
}

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function readGroup(group: Readonly<Record<string, unknown>>, prefix: string, reading: Reading): void {
  for (const [name, value] of Object.entries(group)) {
    const said = prefix + name
    const key = otherKeys[said] ?? said
    const flag = flagsByKey.get(key)
    if (value === null || value === undefined) continue
    if (flag !== undefined) reading.values.set(flag, readValue({ flag, key, value, path: reading.path }))
    else if (groups.has(key) && isMap(value)) readGroup(value, `${key}.`, reading)
    else if (groups.has(key)) throw new UsageError(`config file '${reading.path}': invalid ${key}`, 1)
    else if (!silentKeys.has(key)) reading.warnings.push(unknownKey(key, reading.path))
  }
}

function unknownKey(key: string, path: string): string {
  const inGroup = Object.hasOwn(flags, key) ? flags[key]?.key : undefined
  const near = inGroup ?? nearest(key, [...flagsByKey.keys()])
  return `unknown key ${key} of config file '${path}' is ignored${near === undefined ? '' : ` (did you mean ${near}?)`}`
}

interface Said {
  readonly flag: string
  readonly key: string
  readonly value: unknown
  readonly path: string
}

/** Lists may be lists or text; durations are whole nanoseconds, or text. */
function readValue({ flag, key, value, path }: Said): FlagValue {
  const where = `key ${key} of config file '${path}'`
  const isScalar = ['string', 'number', 'boolean', 'bigint'].includes(typeof value)
  const isList = Array.isArray(value) && value.every(each => typeof each === 'string' || typeof each === 'number')
  if (!isScalar && !isList) throw new UsageError(`invalid value for ${where}: expected text, a number or a list`, 1)
  const text = isList ? (value as unknown[]).join(',') : String(value)
  const isDuration = flags[flag]?.kind === 'durationMs' && typeof value === 'number'
  return flagValue(flag, isDuration ? `${text}ns` : text, { where, status: 1 })
}
