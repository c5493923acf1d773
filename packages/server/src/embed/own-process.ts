import { setFlagsFromString } from 'node:v8'
import { lowerOtherThreads } from './thread-priority.ts'

/**
 * V8 collects garbage with helper threads, and in these steps the loop waits for them: a millisecond less if they have cores,
 * many more if others have them. What a member leaves behind is little; one thread does it in 2 ms.
 */
const collectorFlags = [
  '--no-parallel-scavenge',
  '--no-concurrent-array-buffer-sweeping',
  '--no-parallel-compaction',
  '--no-parallel-pointer-update',
]

/** Settings for all of a process whose work is a member: its loop comes first, and waits for no other thread. */
export async function takeProcess(): Promise<void> {
  for (const flag of collectorFlags) setFlagsFromString(flag)
  await lowerOtherThreads()
}
