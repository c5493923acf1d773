import { readlink } from 'node:fs'
import { getPriority, setPriority } from 'node:os'
import { pid } from 'node:process'
import { promisify } from 'node:util'
import * as limits from '../limits.ts'

/** Where Linux tells a thread who it is, as a link to `PID/task/TID`. */
export const ownThreadLink = '/proc/thread-self'

/**
 * Lets a thread go behind the others of this process where cores are few: on Linux each has a priority of its own. `link` is
 * what it read at `ownThreadLink`. The first thread of the process is left alone: its priority is that of what it starts.
 */
export function lowerThread(link: string, nice: number): void {
  const thread = Number(link.split('/').at(-1))
  if (thread > 0 && thread !== pid) setPriority(thread, Math.max(nice, getPriority(pid)))
}

/**
 * Lowers the threads of libuv's pool, which is all of the process: they write and copy the state file, which nobody waits
 * for, and sync the log, for which they need a core only for a moment. Who they are only they can tell, so all are kept
 * busy telling it until no new one turns up.
 */
export async function lowerPool(): Promise<void> {
  const read = promisify(readlink)
  const found = new Set<string>()
  try {
    for (let idle = 0; idle < limits.poolRoundsIdle; idle++) {
      const before = found.size
      const links = await Promise.all(Array.from({ length: limits.poolQuestions }, () => read(ownThreadLink)))
      for (const link of links) found.add(link)
      if (found.size > before) idle = 0
    }
    for (const link of found) lowerThread(link, limits.poolNice)
  } catch {
    // No such thing here, or not allowed.
  }
}
