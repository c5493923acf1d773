import { readdir } from 'node:fs/promises'
import { getPriority, setPriority } from 'node:os'
import { pid } from 'node:process'
import * as limits from '../limits.ts'

/** Where Linux tells a thread who it is, as a link to `PID/task/TID`. */
export const ownThreadLink = '/proc/thread-self'

/**
 * Lets a thread go behind the others of this process where cores are few: on Linux each has a priority of its own. `link` is
 * what it read at `ownThreadLink`, or its number. The first thread of the process is left alone: its priority is that of what it starts.
 */
export function lowerThread(link: string, nice: number): void {
  const thread = Number(link.split('/').at(-1))
  if (thread > 0 && thread !== pid) setPriority(thread, Math.max(nice, getPriority(pid)))
}

/**
 * Lowers all threads that are there but the first: V8's helpers, which mark garbage, and libuv's pool, which writes and copies
 * the state file, for which nobody waits, and syncs the log, for which it needs a core only for a moment.
 */
export async function lowerOtherThreads(): Promise<void> {
  try {
    // The pool starts all of its threads with its first job, which this is.
    for (const thread of await readdir('/proc/self/task')) lowerThread(thread, limits.otherThreadsNice)
  } catch {
    // No such thing here, or not allowed.
  }
}
