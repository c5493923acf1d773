import type { Backend } from '@kvs/backend'
import type { Snapshot } from '@kvs/proto/wal'
import type { IncomingSnapshot } from '@kvs/rafthttp'
import { findSnapDb, releaseSnapDbs, SnapError, type SnapEvent, type SnapEventSink, saveSnapDb } from '@kvs/snap'
import type { Fs } from '@kvs/vfs'
import { ServerError } from '../errors.ts'
import { snapDir, stateFile } from '../layout.ts'
import * as limits from '../limits.ts'
import type { Logger } from '../parts.ts'
import { takePlace } from './received-mark.ts'

/**
 * State files that peers sent. Each lies beside the state file under the index of the last entry it is known to contain
 * until it takes that one's place: so does etcd, and a start after a crash finds out by the log whether it was to.
 */
export class ReceivedSnapshots {
  readonly #at: { readonly fs: Fs; readonly dir: string; readonly onEvent: SnapEventSink }
  readonly #stateFile: string

  constructor(parts: { readonly fs: Fs; readonly dataDir: string; readonly logger: Logger }) {
    const onEvent = (event: SnapEvent): void => {
      if (event.type === 'file-removed') {
        parts.logger.info('found orphaned .snap.db file; deleting', { path: event.file })
      }
    }
    this.#at = { fs: parts.fs, dir: snapDir(parts.dataDir), onEvent }
    this.#stateFile = stateFile(parts.dataDir)
  }

  /** Saves what a peer sends, durably. Nothing is left of what breaks off. */
  async save({ message, sizeBytes, chunks }: IncomingSnapshot): Promise<void> {
    const { fs, dir } = this.#at
    const neededBytes = (sizeBytes ?? 0) + limits.copyReserveBytes
    const freeBytes = await fs.freeBytes(dir)
    if (freeBytes < neededBytes) {
      throw new ServerError('STORAGE', `a snapshot needs ${neededBytes} bytes of disk; ${freeBytes} are free`)
    }
    const savedBytes = await saveSnapDb(this.#at, message.snapshot?.metadata.index ?? 0, chunks)
    // What is there already is as good; it is read to its end all the same, for the peer wants to know that it came.
    if (savedBytes === 0) for await (const _ of chunks);
  }

  /** Where the state file of a snapshot lies. Throws `ServerError` (`STORAGE`). */
  async find(index: number): Promise<string> {
    try {
      return await findSnapDb(this.#at, index)
    } catch (error) {
      if (!(error instanceof SnapError)) throw error
      const text = `failed to find database snapshot file (${error.message})`
      throw new ServerError('STORAGE', text, { cause: error })
    }
  }

  /** Removes those that no longer will take the state file's place: of snapshots before `index`. */
  async removeBelow(index: number): Promise<void> {
    await releaseSnapDbs(this.#at, index)
  }

  /**
   * Before the state file is opened: puts the one in its place that the log says was to take it, if that had not come to
   * pass. `newest` finds the newest snapshot that the log knows. Throws `ServerError`.
   */
  async finish(newest: () => Promise<Snapshot | undefined>, open: (path: string) => Promise<Backend>): Promise<void> {
    const names = await this.#at.fs.readDir(this.#at.dir)
    if (!names.some(name => name.endsWith('.snap.db'))) return
    const index = (await newest())?.index ?? 0
    const path = index === 0 ? undefined : await findSnapDb(this.#at, index).catch(() => undefined)
    if (path !== undefined) await this.#place(path, index, open)
    await this.removeBelow(Number.POSITIVE_INFINITY)
  }

  async #place(path: string, index: number, open: (path: string) => Promise<Backend>): Promise<void> {
    const { fs } = this.#at
    if ((await fs.stat(this.#stateFile)) !== undefined) {
      const present = await open(this.#stateFile)
      const isNewer = present.consistent.index >= index
      await present.close()
      if (isNewer) return
    }
    const received = await open(path)
    try {
      checkReceived(received, index)
      await takePlace(received, this.#stateFile)
    } finally {
      await received.close()
    }
  }
}

/** A snapshot's state may be newer than it says, but not older. Throws `ServerError` (`STORAGE`). */
export function checkReceived({ consistent }: Pick<Backend, 'consistent'>, index: number): void {
  if (consistent.index >= index) return
  const text = `a received state file contains the entries up to ${consistent.index}, its snapshot those up to ${index}`
  throw new ServerError('STORAGE', text)
}
