/** Go's units of time, in milliseconds. */
const unitMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
}

/** Longest duration of Go, 2^63 - 1 nanoseconds. */
const longestMs = 9_223_372_036_854

/** Reads a duration as Go writes it: `10m`, `1h30m`, `1.5h`, `300ms`. Undefined if it is none. */
export function parseDurationMs(text: string): number | undefined {
  const [, sign = '', rest = ''] = /^([+-]?)(.*)$/su.exec(text) ?? []
  if (rest === '0') return 0
  const parts = [...rest.matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/gu)]
  if (parts.length === 0 || parts.map(([part]) => part).join('') !== rest) return undefined
  const ms = parts.reduce((sum, [, number = '', unit = '']) => sum + Number(number) * unitMs[unit]!, 0)
  return ms > longestMs ? undefined : sign === '-' ? -ms : ms
}
