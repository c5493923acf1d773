import type { Logger } from '@kvs/server/embed'
import pino from 'pino'
import type { LogOutput } from './log-output.ts'

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
  readonly outputs: readonly LogOutput[]
  /** Milliseconds since 1970; the clock of this machine unless a test has its own. */
  readonly now?: () => number
  /** Lines of the sources that log, by file, line and column in a bundle: `main.js:1:234`. */
  readonly callers?: Readonly<Record<string, string>>
}

type Level = 'debug' | 'info' | 'warn' | 'error'

/** A logger whose level can be changed while it is in use. */
export interface LevelLogger extends Logger {
  /** False for a word that is no level. */
  setLevel(level: string): boolean
}

/** Lines in the shape of zap's JSON encoder (`level`, `ts`, `caller`, `msg`, fields), or readable ones. */
export function createLogger(options: LoggerOptions): LevelLogger {
  const { now = Date.now, callers = {} } = options
  let writing: Level = 'info'
  const write = writerTo(options)
  const logger = pino(
    {
      level: levels[options.level] ?? 'info',
      base: null,
      messageKey: 'msg',
      timestamp: () => `,"ts":"${new Date(now()).toISOString().replace('Z', '000Z')}"`,
      formatters: { level: label => ({ level: label }) },
    },
    { write: line => write(line, writing) },
  )
  // Asked for by every line that is not written, and pino takes its time to tell.
  let lowest = logger.levelVal
  const sampler = new Sampler(now)
  const line = (level: Level): Logger['info'] => {
    const rank = logger.levels.values[level] ?? 0
    const log: Logger['info'] = (message, fields) => {
      // Who logs below the level pays for a comparison.
      if (rank < lowest || !sampler.admits(level, message)) return
      writing = level
      // Given as fields, caller and message stand before the others, as zap has them.
      logger[level]({ caller: callerOf(log, callers), msg: message, ...fields })
    }
    return log
  }
  return {
    debug: line('debug'),
    info: line('info'),
    warn: line('warn'),
    error: line('error'),
    setLevel: level => {
      const wanted = Object.hasOwn(levels, level) ? levels[level] : undefined
      if (wanted !== undefined) logger.level = wanted
      lowest = logger.levelVal
      return wanted !== undefined
    },
  }
}

/** The words of `--log-level`. */
export const logLevels: readonly string[] = Object.keys(levels)
/** The words of `--log-format`. */
export const logFormats: readonly string[] = ['', 'json', 'console']

/** Hands each line to every output, in the format that suits it. */
function writerTo({ format, outputs }: LoggerOptions): (line: string, level: Level) => void {
  const isReadable = (output: LogOutput): boolean => format === 'console' || (format === '' && output.isTTY === true)
  return (line, level) => {
    for (const output of outputs) {
      output.write(isReadable(output) ? readableLine(line, output.isTTY === true) : line, level)
    }
  }
}

/** Of lines that say the same within a second the first hundred, and then every hundredth: etcd's sampling. */
class Sampler {
  readonly #now: () => number
  readonly #counts = new Map<string, number>()
  #second = 0

  constructor(now: () => number) {
    this.#now = now
  }

  admits(level: Level, message: string): boolean {
    const second = Math.floor(this.#now() / 1000)
    if (second !== this.#second) this.#counts.clear()
    this.#second = second
    const key = `${level} ${message}`
    const count = (this.#counts.get(key) ?? 0) + 1
    this.#counts.set(key, count)
    return count <= samplesFirst || (count - samplesFirst) % samplesThereafter === 0
  }
}
const samplesFirst = 100
const samplesThereafter = 100

/**
 * Where a line was logged, as folder, file and line of the source: `server/loop.ts:42`. In a bundle the table of its maker
 * tells; a call that is not in it is known by the name of its function.
 */
function callerOf(logging: (...args: never[]) => unknown, callers: Readonly<Record<string, string>>): string {
  const limit = Error.stackTraceLimit
  const place: { stack?: string } = {}
  Error.stackTraceLimit = 1
  Error.captureStackTrace(place, logging)
  Error.stackTraceLimit = limit
  const frame = /at (?:async )?(?:new )?(?:(\S+) .*\()?([^\s(]+):(\d+):(\d+)\)?$/.exec(place.stack ?? '')
  if (frame === null) return 'kvs'
  const [, name, path = '', line = '', column = ''] = frame
  const [file = '', folder = '', outer = ''] = path.split(/[\\/]/).reverse()
  const known = callers[`${file}:${line}:${column}`]
  if (known !== undefined) return known
  if (file.endsWith('.ts')) return `${folder === 'src' || folder === 'test' ? outer : folder}/${file}:${line}`
  return name !== undefined && !name.includes('<anonymous>') ? name : `${file}:${line}`
}

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
