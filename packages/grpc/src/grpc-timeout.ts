/** `grpc-timeout`: up to 8 digits and a unit (gRPC over HTTP/2, "Requests"). */
const unitMs: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1_000, m: 1, u: 1e-3, n: 1e-6 }

/** Milliseconds, or what is wrong with the text, in grpc-go's words. */
export function parseGrpcTimeout(text: string): number | string {
  const quoted = JSON.stringify(text)
  if (text.length < 2) return `transport: timeout string is too short: ${quoted}`
  if (text.length > 9) return `transport: timeout string is too long: ${quoted}`
  const scale = unitMs[text[text.length - 1]!]
  if (scale === undefined) return `transport: timeout unit is not recognized: ${quoted}`
  let value = 0
  for (let i = 0; i < text.length - 1; i++) {
    const digit = text.charCodeAt(i) - 48
    if (digit < 0 || digit > 9) return `strconv.ParseUint: parsing ${JSON.stringify(text.slice(0, -1))}: invalid syntax`
    value = value * 10 + digit
  }
  return value * scale
}

/** The text for a duration, rounded up to what the field can say. */
export function formatGrpcTimeout(durationMs: number): string {
  if (durationMs <= 0) return '1n'
  if (durationMs < 100) return `${Math.ceil(durationMs * 1_000)}u`
  if (durationMs <= 99_999_999) return `${Math.ceil(durationMs)}m`
  return `${Math.min(99_999_999, Math.ceil(durationMs / 1_000))}S`
}
