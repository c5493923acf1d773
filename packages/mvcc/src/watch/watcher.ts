/** One watcher as the hub keeps it. */

import { describeRange } from '../describe.ts'
import { MvccError } from '../errors.ts'
import { intervalOf, type KeyInterval } from '../index/key-walk.ts'
import type { WatchBatch, Watcher, WatcherState, WatchRequest } from './contract.ts'
import type { Hub } from './hub.ts'
import { isKeyAt, keyAt, shelve } from './key-shelf.ts'
import type { Stream } from './stream.ts'

const noPutFlag = 1
const noDeleteFlag = 2
const previousFlag = 4

export class HubWatcher implements Watcher {
  readonly stream: Stream
  /** The one that has it; for a while not that of its stream, when a snapshot was installed. */
  hub: Hub
  readonly id: number
  /** `undefined` for a single key. */
  readonly interval: (KeyInterval & { readonly rangeEnd: Uint8Array }) | undefined
  /** As asked for; 0 is "from now". */
  readonly startRevision: number
  /** In one number: there may be very many watchers. */
  private readonly flags: number
  /** Its key, in `keyBytes` at `keyPlace`. */
  private readonly keyBytes: Uint8Array
  private readonly keyPlace: number
  state: WatcherState = 'unsynced'
  /** For a synced watcher: or behind what the hub has published, whichever is higher. */
  ownNext = 0
  /** What a full consumer refused. */
  parked: WatchBatch | undefined

  constructor(stream: Stream, id: number, request: WatchRequest) {
    const { key, rangeEnd, startRevision = 0 } = request
    this.stream = stream
    this.hub = stream.hub
    this.id = id
    const { bytes, place } = shelve(key.length === 0 ? zeroKey : key)
    this.keyBytes = bytes
    this.keyPlace = place
    this.startRevision = startRevision
    this.flags =
      (request.noPut === true ? noPutFlag : 0) |
      (request.noDelete === true ? noDeleteFlag : 0) |
      (request.previous === true ? previousFlag : 0)
    if (rangeEnd === undefined || rangeEnd.length === 0) return
    const range = { key: this.key, rangeEnd: new Uint8Array(rangeEnd) }
    const interval = intervalOf(range)
    if (interval === undefined) {
      throw new MvccError('EMPTY_WATCH_RANGE', `there is no key in ${describeRange(range)}`)
    }
    this.interval = { ...interval, rangeEnd: range.rangeEnd }
  }

  /** A view that is made for whoever asks. */
  get key(): Uint8Array {
    return keyAt(this.keyBytes, this.keyPlace)
  }

  hasKey(key: Uint8Array): boolean {
    return isKeyAt(this.keyBytes, this.keyPlace, key)
  }

  get rangeEnd(): Uint8Array | undefined {
    return this.interval?.rangeEnd
  }

  get noPut(): boolean {
    return (this.flags & noPutFlag) !== 0
  }

  get noDelete(): boolean {
    return (this.flags & noDeleteFlag) !== 0
  }

  get previous(): boolean {
    return (this.flags & previousFlag) !== 0
  }

  get nextRevision(): number {
    return this.state === 'synced' ? Math.max(this.ownNext, this.hub.publishedRevision + 1) : this.ownNext
  }

  /** Whether a change of this kind and revision is one of its events, given that the key is. */
  wants(isDelete: boolean, revision: number): boolean {
    return revision >= this.ownNext && !(isDelete ? this.noDelete : this.noPut)
  }
}

/** The empty key stands for the lowest one there is. */
const zeroKey = Uint8Array.of(0)
