import { openSync, writeSync } from 'node:fs'
import { UsageError } from './flag-values.ts'

/** Where log lines go. */
export interface LogOutput {
  write(text: string): unknown
  /** People read it. */
  readonly isTTY?: boolean
}

/** The outputs that `--log-outputs` names: standard streams, and files that are appended to. Throws `UsageError`. */
export function openLogOutputs(names: readonly string[]): readonly LogOutput[] {
  return names.map(name => {
    if (name === 'default' || name === 'stderr') return process.stderr
    return name === 'stdout' ? process.stdout : fileOutput(name)
  })
}

/** A line is in the file when the call that wrote it returns: what a process says last is not lost with it. */
function fileOutput(path: string): LogOutput {
  let file: number
  try {
    file = openSync(path, 'a', 0o644)
  } catch (error) {
    throw new UsageError(`open sink "${path}": ${(error as Error).message}`)
  }
  return { write: text => writeSync(file, text) }
}
