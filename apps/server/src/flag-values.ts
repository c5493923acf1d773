/** Values of flags, as Go's flag package reads them. */
export type FlagValue = string | number | boolean | readonly string[]

/** A command line, an environment variable or a config file that cannot be understood, or not together. */
export class UsageError extends Error {
  override readonly name: string = 'UsageError'
  /** Exit status, as in etcd: 2 for a flag that cannot be read, 1 for everything else. */
  readonly status: number

  constructor(message: string, status = 2) {
    super(message)
    this.status = status
  }
}

export function parseBoolean(text: string): boolean {
  if (['1', 't', 'T', 'true', 'TRUE', 'True'].includes(text)) return true
  if (['0', 'f', 'F', 'false', 'FALSE', 'False'].includes(text)) return false
  throw new UsageError('parse error')
}

export function parseInteger(text: string): number {
  const value = /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN
  if (!Number.isSafeInteger(value)) throw new UsageError('parse error')
  return value
}

/** Go's unsigned integers. */
export function parseCount(text: string): number {
  const value = parseInteger(text)
  if (value < 0) throw new UsageError('parse error')
  return value
}

export function parseList(text: string): readonly string[] {
  return text
    .split(',')
    .map(part => part.trim())
    .filter(part => part.length > 0)
}

const unitMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
}

/** Go's durations: `1h30m`, `250ms`, `0`. */
export function parseDurationMs(text: string): number {
  if (text === '0') return 0
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g)]
  if (parts.length === 0 || parts.map(part => part[0]).join('') !== text) throw new UsageError('parse error')
  return parts.reduce((sum, part) => sum + Number(part[1]) * (unitMs[part[2] as string] as number), 0)
}

/** A duration in the largest unit that needs no fraction: `2h`, `300ms`, `0s`. */
export function describeDurationMs(durationMs: number): string {
  for (const unit of ['h', 'm', 's', 'ms']) {
    const size = unitMs[unit] as number
    if (durationMs >= size && durationMs % size === 0) return `${durationMs / size}${unit}`
  }
  return `${durationMs / 1000}s`
}
