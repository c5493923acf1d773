import { UsageError } from './flag-values.ts'

/** When a log file is full, and what becomes of full ones: `--log-rotation-config-json`. */
export interface LogRotation {
  /** A line that would make the file longer goes to a new one. */
  readonly maxBytes: number
  /** Full files are removed after this time; 0: never. */
  readonly maxAgeMs: number
  /** So many full files are kept; 0: all. */
  readonly maxBackups: number
  /** Names of full files tell local time, not UTC. */
  readonly usesLocalTime: boolean
  /** Full files are compressed with gzip. */
  readonly compresses: boolean
}

const megabyte = 1024 * 1024
const dayMs = 86_400_000
const maxMegabytesDefault = 100

const streams: ReadonlySet<string> = new Set(['default', 'stderr', 'stdout', 'systemd/journal'])

/** Whether a log output is a file. */
const isLogFile = (output: string): boolean => !streams.has(output)

/** Reads the JSON of the flag; exactly one output must be a file. Throws `UsageError` (status 1) in etcd's words. */
export function parseLogRotation(json: string, outputs: readonly string[]): LogRotation {
  if (outputs.filter(isLogFile).length !== 1) {
    throw new UsageError('--log-outputs requires a single file path when --log-rotate-config-json is defined', 1)
  }
  let said: unknown
  try {
    said = JSON.parse(json)
  } catch (error) {
    throw new UsageError(`improperly formatted log rotation config: ${(error as Error).message}`, 1)
  }
  if (typeof said !== 'object' || said === null || Array.isArray(said)) throw invalid('expected an object')
  const names = new Map(Object.entries(said).map(([name, value]) => [name.toLowerCase(), value as unknown]))
  const count = (name: string): number => {
    const value = names.get(name) ?? 0
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
      throw invalid(`${name} must be a number`)
    return value
  }
  const flag = (name: string): boolean => {
    const value = names.get(name) ?? false
    if (typeof value !== 'boolean') throw invalid(`${name} must be true or false`)
    return value
  }
  return {
    maxBytes: (count('maxsize') || maxMegabytesDefault) * megabyte,
    maxAgeMs: count('maxage') * dayMs,
    maxBackups: count('maxbackups'),
    usesLocalTime: flag('localtime'),
    compresses: flag('compress'),
  }
}

const invalid = (reason: string): UsageError => new UsageError(`invalid log rotation config: ${reason}`, 1)
