/** The worker thread of an embedded member: does jobs off the loop (`worker-executor.ts`). */
import { createHash } from 'node:crypto'
import { readlinkSync } from 'node:fs'
import { constants } from 'node:os'
import { parentPort } from 'node:worker_threads'
import { openLent, openLmdb } from '@kvs/backend/lmdb'
import { openPieces, runJob } from '../jobs/table.ts'
import type { JobWorld } from '../jobs/world.ts'
import * as limits from '../limits.ts'
import { allBuckets } from '../state/buckets.ts'
import { lowerThread, ownThreadLink } from './thread-priority.ts'
import type { FromWorker, ToWorker } from './worker-messages.ts'

const rest = new Int32Array(new SharedArrayBuffer(4))
let restedMs = performance.now()
/** How long a job works at a stretch, and rests then. */
const stretchMs = 0.5
const restMs = 0.05

/** A low priority is not enough: a thread that has a core may keep it until the next tick of the kernel, 4 ms or more. */
function giveWay(): void {
  if (performance.now() - restedMs < stretchMs) return
  Atomics.wait(rest, 0, 0, restMs)
  restedMs = performance.now()
}

const world: JobWorld = {
  giveWay,
  openLent: lent => openLent({ lent, buckets: allBuckets }),
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

/** A job that is open. The member's thread has so many pieces at most at a time: those made ahead, and one in use. */
interface OpenJob {
  readonly pieces: AsyncIterator<Uint8Array>
  readonly room: SharedArrayBuffer
  slot: number
}
const slots = limits.piecesAhead + 1
const open = new Map<number, OpenJob>()

function say(message: FromWorker): void {
  parentPort?.postMessage(message)
}

function fail(id: number, error: unknown): void {
  open.delete(id)
  say({ kind: 'ended', id, error: error instanceof Error ? error.message : String(error) })
}

async function begin(id: number, job: string, input: unknown): Promise<void> {
  const { sizeBytes, pieces } = await openPieces(job, world, input)
  const room = new SharedArrayBuffer(slots * limits.pieceBytes)
  open.set(id, { pieces, room, slot: 0 })
  say({ kind: 'opened', id, sizeBytes, room })
}

async function run(id: number, job: string, input: unknown): Promise<void> {
  const value = await runJob(job, input)
  say({ kind: 'result', id, value })
}

/**
 * Pieces lie in memory that both threads share, and in the same place again and again: each in memory of its own would make
 * the member's thread collect garbage all the time.
 */
async function next(id: number, job: OpenJob): Promise<void> {
  const step = await job.pieces.next()
  if (step.done !== true) {
    const { length } = step.value
    if (length > limits.pieceBytes) return say({ kind: 'long-piece', id, bytes: step.value })
    const at = job.slot * limits.pieceBytes
    job.slot = (job.slot + 1) % slots
    new Uint8Array(job.room, at, length).set(step.value)
    return say({ kind: 'piece', id, at, lengthBytes: length })
  }
  if (open.delete(id)) say({ kind: 'ended', id, error: undefined })
}

async function end(id: number, job: OpenJob): Promise<void> {
  open.delete(id)
  await job.pieces.return?.()
  say({ kind: 'ended', id, error: undefined })
}

parentPort?.on('message', (message: ToWorker) => {
  const { id } = message
  const failed = (error: unknown): void => fail(id, error)
  if (message.kind === 'open') return void begin(id, message.job, message.input).catch(failed)
  if (message.kind === 'run') return void run(id, message.job, message.input).catch(failed)
  const job = open.get(id)
  if (job === undefined) return
  if (message.kind === 'next') next(id, job).catch(failed)
  else end(id, job).catch(failed)
})
