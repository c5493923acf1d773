import type { Backend } from '@kvs/backend'
import type { Store } from '@kvs/mvcc'
import type { ConfState, Message, Snapshot } from '@kvs/raft'
import { InvariantError } from '../assert.ts'
import type { Storage } from '../consensus/storage.ts'
import { formatDuration } from '../duration.ts'
import type { Failpoints } from '../failpoints/failpoints.ts'
import { stateFile } from '../layout.ts'
import type { Clock, Logger, Random } from '../parts.ts'
import type { EffectsBackend } from '../state/effects.ts'
import { inSlices, openStoreBeside } from '../state/open-state.ts'
import { type Kept, readKept, type State } from '../state/state.ts'
import { takePlace } from './received-mark.ts'
import { checkReceived, type ReceivedSnapshots } from './received-snapshots.ts'

export interface InstallationParts {
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly openBackend: (path: string) => Promise<Backend>
  readonly dataDir: string
  readonly state: State
  /** The state file behind `state`. */
  readonly backend: EffectsBackend
  readonly received: ReceivedSnapshots
  readonly storage: Storage
  /** The log begins behind this entry from now on. */
  readonly noted: (index: number) => void
  /** The state is that of the snapshot now. */
  readonly installed: (index: number, confState: ConfState) => void
  readonly fatal: (error: unknown) => void
  readonly failpoints?: Failpoints | undefined
}

/** A state file that was received, open, and the store that was read of it. */
interface Prepared {
  readonly snapshot: Snapshot
  readonly backend: Backend
  readonly store: Store
  readonly kept: Kept
  readonly startMs: number
}

/**
 * Puts a snapshot that a peer sent in the place of the state. Its store is read beside the present one, in slices, while
 * that serves reads; then both are exchanged in one turn. On the disk the log knows of the snapshot first, and the file
 * takes its place after: a start between the two finishes the work (`ReceivedSnapshots.finish`).
 */
export class SnapshotInstallation {
  readonly #parts: InstallationParts

  constructor(parts: InstallationParts) {
    this.#parts = parts
  }

  /** Resolves when everything is ready but for the exchange, which the result does. */
  async prepare(message: Message): Promise<() => void> {
    const { snapshot } = message
    if (snapshot === undefined) throw new InvariantError('a message that is no snapshot was to be installed')
    const { clock, dataDir, failpoints, logger, noted, openBackend, received, storage } = this.#parts
    const { index, term } = snapshot.metadata
    const startMs = clock.now()
    this.#parts.state.metrics.snapshotsBeingApplied++
    logger.info('applying snapshot', { 'incoming-leader-snapshot-index': index, 'incoming-leader-snapshot-term': term })
    // First: a snapshot of the present state that is taken meanwhile would be an older one behind a newer one in the log.
    noted(index)
    await storage.persistSnapshot(snapshot, message)
    await failpoints?.wait('applyBeforeOpenSnapshot')
    const backend = await openBackend(await received.find(index))
    try {
      await failpoints?.wait('applyAfterOpenSnapshot')
      checkReceived(backend, index)
      const store = await openStoreBeside({ ...this.#parts, backend })
      const kept = await inSlices(readKept(backend, store), clock)
      await takePlace(backend, stateFile(dataDir))
      return () => this.#exchange({ snapshot, backend, store, kept, startMs })
    } catch (error) {
      await backend.close()
      throw error
    }
  }

  #exchange({ snapshot, backend, store, kept, startMs }: Prepared): void {
    const { clock, installed, logger, state } = this.#parts
    const { index, confState } = snapshot.metadata
    const before = this.#parts.backend.exchange(backend)
    state.restore(store, kept)
    installed(index, confState)
    state.metrics.snapshotsBeingApplied--
    const took = formatDuration(clock.now() - startMs)
    logger.info('applied snapshot', { 'incoming-leader-snapshot-index': index, took })
    // Wide reads that began in the state before go on there until they are through.
    state.background.whenThrough(() => this.#letGo(before, index))
  }

  #letGo(before: Backend, index: number): void {
    const { failpoints, fatal, received, storage } = this.#parts
    const letGo = async (): Promise<void> => {
      await before.close()
      await storage.release(index)
      await failpoints?.wait('raftAfterWALRelease')
      await received.removeBelow(index)
    }
    letGo().catch(fatal)
  }
}
