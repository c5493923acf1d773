import { passwordJobs } from '@kvs/auth/jobs'
import type { PieceStream } from '../parts.ts'
import { openBackup } from './backup.ts'
import type { JobWorld, PieceJob } from './world.ts'

/** The jobs that make bytes, by name. */
const pieceJobs: ReadonlyMap<string, PieceJob> = new Map([['backup', openBackup]])

/** Opens a job. Rejects if there is none of that name. */
export async function openPieces(job: string, world: JobWorld, input: unknown): Promise<PieceStream> {
  const open = pieceJobs.get(job)
  if (open === undefined) throw new Error(`there is no job '${job}'`)
  return open(world, input)
}

/** Runs a short job. Rejects if there is none of that name. */
export async function runJob(job: string, input: unknown): Promise<unknown> {
  const run = passwordJobs.get(job)
  if (run === undefined) throw new Error(`there is no job '${job}'`)
  return run(input)
}
