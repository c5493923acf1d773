import { spawn } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { Socket } from 'node:net'
import { delimiter, join } from 'node:path'
import { UsageError } from './flag-values.ts'
import type { LogOutput } from './log-output.ts'

/** Priorities of syslog by zap's levels. */
const priorities: Readonly<Record<string, number>> = { debug: 7, info: 6, warn: 4, error: 3, fatal: 2 }

/**
 * The journal of systemd, through its program `systemd-cat`: Node.js has no datagram sockets of the file system, which the
 * journal listens on. Each line carries its priority; the journal knows them as those of `kvs`.
 */
export function journalOutput(): LogOutput {
  const program = findProgram('systemd-cat')
  if (program === undefined) {
    throw new UsageError(
      'log output "systemd/journal" needs the program systemd-cat, which is not there: use stderr',
      1,
    )
  }
  const child = spawn(program, ['--identifier=kvs', '--level-prefix=true'], {
    stdio: ['pipe', 'ignore', 'ignore'],
    // A signal from the terminal is for the member, whose last lines are still to be taken.
    detached: true,
  })
  // Without a journal lines are lost, but the member serves on.
  child.on('error', () => {})
  child.stdin.on('error', () => {})
  child.unref()
  if (child.stdin instanceof Socket) child.stdin.unref()
  return { write: (text, level) => child.stdin.write(`<${priorities[level] ?? 6}>${text}`) }
}

/** Where a program of this name is, along `PATH`. */
export function findProgram(name: string): string | undefined {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const path = join(folder, name)
    try {
      accessSync(path, constants.X_OK)
      return path
    } catch {
      // Then it is in another.
    }
  }
  return undefined
}
