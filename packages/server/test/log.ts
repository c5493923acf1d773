import type { LogFields, Logger } from '../src/parts.ts'

/** A line that was logged. */
export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly message: string
  readonly fields: LogFields
}

/** A logger that keeps what it is told in `lines`. */
export function keepingLogger(lines: LogLine[]): Logger {
  const keep =
    (level: LogLine['level']): Logger['info'] =>
    (message, fields = {}) =>
      lines.push({ level, message, fields })
  return { debug: keep('debug'), info: keep('info'), warn: keep('warn'), error: keep('error') }
}
