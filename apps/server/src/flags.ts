import { type Flag, flags, historicalFlags, removedFlags } from './flag-table.ts'
import {
  describeDurationMs,
  type FlagValue,
  parseBoolean,
  parseCount,
  parseDurationMs,
  parseInteger,
  parseList,
  UsageError,
} from './flag-values.ts'
import { parseUrls } from './url-values.ts'

/** What the command line says: values by flag, as text, and whether only help or the version is wanted. */
export interface CommandLine {
  readonly values: ReadonlyMap<string, string>
  readonly wants: 'run' | 'help' | 'version'
  readonly configFile: string | undefined
  /** Flags of long ago that were given. */
  readonly historical: readonly string[]
}

const historical: ReadonlySet<string> = new Set(historicalFlags)
const isKnown = (name: string): boolean => Object.hasOwn(flags, name) && flags[name]?.isFileOnly !== true

/** Reads `--flag=value`, `--flag value`, with one dash or two. Throws `UsageError`. */
export function parseCommandLine(args: readonly string[]): CommandLine {
  const values = new Map<string, string>()
  const ignored: string[] = []
  let wants: CommandLine['wants'] = 'run'
  let configFile: string | undefined
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] as string
    const match = /^--?([^-=][^=]*)(?:=(.*))?$/s.exec(arg)
    if (match === null) throw new UsageError(`${JSON.stringify(arg)} is not a valid flag`, 1)
    const name = match[1] as string
    if (name === 'help' || name === 'h') wants = 'help'
    else if (name === 'version') wants = 'version'
    else if (historical.has(name)) ignored.push(name)
    else {
      if (name !== 'config-file' && !isKnown(name)) throw unknownFlag(name)
      let value = match[2]
      if (value === undefined && flags[name]?.kind === 'boolean') value = 'true'
      if (value === undefined) value = args[++at]
      if (value === undefined) throw new UsageError(`flag needs an argument: -${name}`)
      if (name === 'config-file') configFile = value
      else values.set(name, value)
    }
  }
  return { values, wants, configFile, historical: ignored }
}

/** Turns the text of a flag into its value. `where` names the source in the error. Throws `UsageError`. */
export function flagValue(
  name: string,
  value: string,
  source: { readonly where: string; readonly status?: number },
): FlagValue {
  const flag = flags[name]
  if (flag === undefined) throw unknownFlag(name)
  try {
    return parseKind(flag, value)
  } catch (error) {
    const text = `invalid value ${JSON.stringify(value)} for ${source.where}: ${(error as Error).message}`
    throw new UsageError(text, source.status)
  }
}

function parseKind({ kind, words = [] }: Flag, value: string): FlagValue {
  switch (kind) {
    case 'boolean':
      return parseBoolean(value)
    case 'integer':
      return parseInteger(value)
    case 'count':
      return parseCount(value)
    case 'durationMs':
      return parseDurationMs(value)
    case 'list':
      return parseList(value)
    case 'urls':
      return parseUrls(value)
    case 'word':
      if (words.includes(value)) return value
      throw new UsageError(`invalid value ${JSON.stringify(value)}`)
    case 'text':
      return value
  }
}

function unknownFlag(name: string): UsageError {
  const removed = Object.hasOwn(removedFlags, name) ? removedFlags[name] : undefined
  const near = nearest(name, ['config-file', 'help', 'version', ...Object.keys(flags).filter(isKnown)])
  const guess = near === undefined ? '' : ` (did you mean --${near}?)`
  return new UsageError(`flag provided but not defined: -${name}${removed === undefined ? guess : ` (${removed})`}`)
}

/** The candidate with the smallest edit distance, if it is near enough to be meant. */
export function nearest(name: string, candidates: readonly string[]): string | undefined {
  if (name.length > longestNameMax) return undefined
  let best: string | undefined
  let bestDistance = Math.max(2, Math.floor(name.length / 3)) + 1
  for (const candidate of candidates) {
    const distance = editDistance(name, candidate)
    if (distance < bestDistance) {
      best = candidate
      bestDistance = distance
    }
  }
  return best
}

/** What is longer than this is no slip of a name. */
const longestNameMax = 100

/** Levenshtein's distance. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(change, (row[j] as number) + 1, (next[j - 1] as number) + 1))
    }
    row = next
  }
  return row[b.length] as number
}

/** The text of `--help`. */
export function helpText(): string {
  const lines = ['Usage:', '', '  kvs [flags]', '    Start a kvs server.', '']
  lines.push(
    '  kvs --version',
    '    Show the version.',
    '',
    '  kvs -h | --help',
    '    Show this text.',
    '',
    '  kvs --config-file',
    '    Path to a YAML file; with it, all other flags and the environment are ignored.',
    '',
  )
  let section = ''
  for (const [name, flag] of Object.entries(flags)) {
    if (flag.isFileOnly === true) continue
    if (flag.section !== section) {
      section = flag.section
      lines.push('', `${section}:`)
    }
    lines.push(`  --${name} '${shownDefault(flag)}'`, `    ${flag.help}`)
  }
  lines.push('', 'CAUTIOUS with unsafe flag! It may break the guarantees given by the consensus protocol!')
  return `${lines.join('\n')}\n`
}

function shownDefault({ kind, fallback, shown }: Flag): string {
  if (shown !== undefined) return shown
  if (kind === 'durationMs') return describeDurationMs(fallback as number)
  return Array.isArray(fallback) ? fallback.join(',') : String(fallback)
}
