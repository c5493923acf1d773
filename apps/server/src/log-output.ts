import { openSync, writeSync } from 'node:fs'
import { UsageError } from './flag-values.ts'
import { journalOutput } from './journal.ts'
import type { LogRotation } from './log-rotation.ts'
import { RotatingFile } from './rotating-file.ts'

/** Where log lines go. */
export interface LogOutput {
  /** `level` as in the line. */
  write(text: string, level: string): unknown
  /** People read it. */
  readonly isTTY?: boolean
}

/**
 * The outputs that `--log-outputs` names: standard streams, the journal, and files that are appended to, and given up for
 * new ones where there is a `rotation`. Throws `UsageError`.
 */
export function openLogOutputs(names: readonly string[], rotation?: LogRotation): readonly LogOutput[] {
  return names.map(name => {
    if (name === 'default' || name === 'stderr') return standardOutput(process.stderr)
    if (name === 'systemd/journal') return journalOutput()
    return name === 'stdout' ? standardOutput(process.stdout) : fileOutput(name, rotation)
  })
}

function standardOutput(stream: NodeJS.WriteStream): LogOutput {
  return { write: text => stream.write(text), isTTY: stream.isTTY === true }
}

/** A line is in the file when the call that wrote it returns: what a process says last is not lost with it. */
function fileOutput(path: string, rotation: LogRotation | undefined): LogOutput {
  try {
    if (rotation !== undefined) return new RotatingFile(path, rotation)
    const file = openSync(path, 'a', 0o644)
    return { write: text => writeSync(file, text) }
  } catch (error) {
    throw new UsageError(`open sink "${path}": ${(error as Error).message}`, 1)
  }
}
