import type { Executor } from '../parts.ts'
import { openPieces, runJob } from './table.ts'
import type { JobWorld } from './world.ts'

/** Runs jobs where it is called: for simulated members, whose world no other thread could see. */
export function inlineExecutor(world: JobWorld): Executor {
  return { open: (job, input) => openPieces(job, world, input), run: runJob }
}
