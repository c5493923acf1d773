import { setFlagsFromString } from 'node:v8'
import { lowerPool } from './thread-priority.ts'

/**
 * V8 collects what died young with helper threads and then waits for them: a millisecond if they have cores, many if others
 * have them. One thread alone takes 3 ms for what a member makes.
 */
const collectorFlags = ['--no-parallel-scavenge', '--no-concurrent-array-buffer-sweeping']

/** Settings for all of a process whose work is a member: its loop comes first, and waits for no other thread. */
export async function takeProcess(): Promise<void> {
  for (const flag of collectorFlags) setFlagsFromString(flag)
  await lowerPool()
}
