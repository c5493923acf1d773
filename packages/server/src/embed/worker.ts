/** The worker thread of an embedded member: does jobs off the loop (`worker-executor.ts`). */
import { createHash } from 'node:crypto'
import { readlinkSync } from 'node:fs'
import { constants } from 'node:os'
import { parentPort } from 'node:worker_threads'
import { openLmdb } from '@kvs/backend/lmdb'
import { openPieces, runJob } from '../jobs/table.ts'
import type { JobWorld } from '../jobs/world.ts'
import { allBuckets } from '../state/buckets.ts'
import { lowerThread, ownThreadLink } from './thread-priority.ts'
import type { FromWorker, ToWorker } from './worker-messages.ts'

const world: JobWorld = {
  openCopy: path => openLmdb({ path, buckets: allBuckets }),
  newSha256: () => createHash('sha256'),
}

/** Where cores are few, what is done here must not take them from the loop. */
function stepBack(): void {
  try {
    lowerThread(readlinkSync(ownThreadLink), constants.priority.PRIORITY_LOW)
  } catch {
    // No such thing here.
  }
}
stepBack()

/** Pieces of the jobs that are open. */
const open = new Map<number, AsyncIterator<Uint8Array>>()

function say(message: FromWorker, transfer: readonly ArrayBuffer[] = []): void {
  parentPort?.postMessage(message, [...transfer])
}

function fail(id: number, error: unknown): void {
  open.delete(id)
  say({ kind: 'ended', id, error: error instanceof Error ? error.message : String(error) })
}

async function begin(id: number, job: string, input: unknown): Promise<void> {
  const { sizeBytes, pieces } = await openPieces(job, world, input)
  open.set(id, pieces)
  say({ kind: 'opened', id, sizeBytes })
}

async function run(id: number, job: string, input: unknown): Promise<void> {
  const value = await runJob(job, input)
  say({ kind: 'result', id, value })
}

async function next(id: number, pieces: AsyncIterator<Uint8Array>): Promise<void> {
  const step = await pieces.next()
  if (step.done !== true) {
    // What shares its buffer with something else cannot be given away.
    const bytes = step.value.byteLength === step.value.buffer.byteLength ? step.value : step.value.slice()
    return say({ kind: 'piece', id, bytes }, [bytes.buffer as ArrayBuffer])
  }
  if (open.delete(id)) say({ kind: 'ended', id, error: undefined })
}

async function end(id: number, pieces: AsyncIterator<Uint8Array>): Promise<void> {
  open.delete(id)
  await pieces.return?.()
  say({ kind: 'ended', id, error: undefined })
}

parentPort?.on('message', (message: ToWorker) => {
  const { id } = message
  const failed = (error: unknown): void => fail(id, error)
  if (message.kind === 'open') return void begin(id, message.job, message.input).catch(failed)
  if (message.kind === 'run') return void run(id, message.job, message.input).catch(failed)
  const pieces = open.get(id)
  if (pieces === undefined) return
  if (message.kind === 'next') next(id, pieces).catch(failed)
  else end(id, pieces).catch(failed)
})
