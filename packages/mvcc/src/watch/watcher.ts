/** One watcher as the hub keeps it. */

import { BytePool, noBytes } from '../bytes.ts'
import { describeRange } from '../describe.ts'
import { MvccError } from '../errors.ts'
import { intervalOf, type KeyInterval } from '../index/key-walk.ts'
import type { WatchBatch, Watcher, WatcherState, WatchRequest } from './contract.ts'
import type { Stream } from './stream.ts'

export class HubWatcher implements Watcher {
  readonly stream: Stream
  readonly id: number
  readonly key: Uint8Array
  readonly rangeEnd: Uint8Array | undefined
  /** `undefined` for a single key. */
  readonly interval: KeyInterval | undefined
  /** As asked for; 0 is "from now". */
  readonly startRevision: number
  readonly noPut: boolean
  readonly noDelete: boolean
  readonly previous: boolean
  state: WatcherState = 'unsynced'
  /** For a synced watcher: or behind what the hub has published, whichever is higher. */
  ownNext = 0
  /** What a full consumer refused. */
  parked: WatchBatch | undefined

  constructor(stream: Stream, id: number, request: WatchRequest) {
    const { key, rangeEnd, startRevision = 0 } = request
    this.stream = stream
    this.id = id
    this.key = key.length === 0 ? zeroKey : keyPool.copy(key)
    this.rangeEnd = rangeEnd === undefined || rangeEnd.length === 0 ? undefined : keyPool.copy(rangeEnd)
    this.startRevision = startRevision
    this.noPut = request.noPut === true
    this.noDelete = request.noDelete === true
    this.previous = request.previous === true
    const range = { key: this.key, rangeEnd: this.rangeEnd ?? noBytes }
    this.interval = this.rangeEnd === undefined ? undefined : intervalOf(range)
    if (this.rangeEnd !== undefined && this.interval === undefined) {
      throw new MvccError('EMPTY_WATCH_RANGE', `there is no key in ${describeRange(range)}`)
    }
  }

  get nextRevision(): number {
    return this.state === 'synced' ? Math.max(this.ownNext, this.stream.publishedRevision + 1) : this.ownNext
  }

  /** Whether a change of this kind and revision is one of its events, given that the key is. */
  wants(isDelete: boolean, revision: number): boolean {
    return revision >= this.ownNext && !(isDelete ? this.noDelete : this.noPut)
  }
}

/** Keys of watchers live as long as these. */
const keyPool = new BytePool(8 * 1024)

/** The empty key stands for the lowest one there is. */
const zeroKey = Uint8Array.of(0)
