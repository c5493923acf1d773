const units: readonly (readonly [name: string, ms: number])[] = [
  ['s', 1000],
  ['ms', 1],
  ['µs', 1e-3],
]

/** A duration as Go prints it, and with it etcd's log lines: `1h2m3.5s`, `17.25ms`, `950ns`. Whole nanoseconds. */
export function formatDuration(durationMs: number): string {
  const sign = durationMs < 0 ? '-' : ''
  const nanoseconds = Math.round(Math.abs(durationMs) * 1e6)
  if (nanoseconds === 0) return '0s'
  if (nanoseconds < 1000) return `${sign}${nanoseconds}ns`
  const [unit, unitMs] = units.find(([, ms]) => nanoseconds >= ms * 1e6) as (typeof units)[number]
  const unitNs = Math.round(unitMs * 1e6)
  const whole = Math.floor(nanoseconds / unitNs)
  const digits = String(unitNs).length - 1
  const rest = String(nanoseconds % unitNs)
    .padStart(digits, '0')
    .replace(/0+$/, '')
  const fraction = rest === '' ? '' : `.${rest}`
  if (unit !== 's' || whole < 60) return `${sign}${whole}${fraction}${unit}`
  const minutes = Math.floor(whole / 60)
  const seconds = `${whole % 60}${fraction}s`
  if (minutes < 60) return `${sign}${minutes}m${seconds}`
  return `${sign}${Math.floor(minutes / 60)}h${minutes % 60}m${seconds}`
}
