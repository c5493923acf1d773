import type { Logger } from '@kvs/server/embed'
import pino from 'pino'

/** etcd's levels; those above error are one for us, for nothing is logged after which the program goes on. */
const levels: Readonly<Record<string, string>> = {
  debug: 'debug',
  info: 'info',
  warn: 'warn',
  error: 'error',
  panic: 'fatal',
  fatal: 'fatal',
}

export interface LoggerOptions {
  readonly level: string
  /** `json`, `console`, or empty: console on a terminal, JSON elsewhere. */
  readonly format: string
  readonly stream: { write(text: string): unknown; readonly isTTY?: boolean }
}

/** Lines in the shape of zap's JSON encoder (`level`, `ts`, `caller`, `msg`, fields), or readable ones. */
export function createLogger(options: LoggerOptions): Logger {
  const { stream, format } = options
  const readable = format === 'console' || (format === '' && stream.isTTY === true)
  const colored = stream.isTTY === true
  const target = readable ? { write: (line: string) => stream.write(readableLine(line, colored)) } : stream
  const logger = pino(
    {
      level: levels[options.level] ?? 'info',
      base: { caller: 'server' },
      messageKey: 'msg',
      timestamp: () => `,"ts":"${new Date().toISOString().replace('Z', '000Z')}"`,
      formatters: { level: label => ({ level: label }) },
    },
    target,
  )
  const line =
    (level: 'debug' | 'info' | 'warn' | 'error'): Logger['info'] =>
    (message, fields) =>
      // Given as a field, the message stands before the others, as zap has it.
      logger[level]({ msg: message, ...fields })
  return { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') }
}

/** The words of `--log-level`. */
export const logLevels: readonly string[] = Object.keys(levels)
/** The words of `--log-format`. */
export const logFormats: readonly string[] = ['', 'json', 'console']

const colors: Readonly<Record<string, string>> = {
  debug: '\x1b[90m',
  info: '\x1b[32m',
  warn: '\x1b[33m',
  error: '\x1b[31m',
}

function readableLine(json: string, colored: boolean): string {
  const { level, ts, caller: _caller, msg, ...fields } = JSON.parse(json) as Record<string, unknown>
  const name = String(level)
  const shown = colored ? `${colors[name] ?? ''}${name.padEnd(5)}\x1b[0m` : name.padEnd(5)
  const rest = Object.entries(fields).map(([key, value]) => `${key}=${plain(value)}`)
  return `${String(ts).slice(11, 23)} ${shown} ${String(msg)}${rest.length > 0 ? `  ${rest.join(' ')}` : ''}\n`
}

const plain = (value: unknown): string =>
  typeof value === 'string' && !/[\s"]/.test(value) ? value : JSON.stringify(value)
