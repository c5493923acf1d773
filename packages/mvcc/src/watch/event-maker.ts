/** The event of one change, encoded at most once with and once without the pair before it. A hot room. */

import type { ChangeList } from '../changes.ts'
import type { EncodedEvent } from './contract.ts'
import { encodeEvent } from './event.ts'
import { previousOf } from './previous.ts'
import type { HubSource } from './source.ts'

export class EventMaker {
  readonly key: Uint8Array
  readonly isDelete: boolean
  private readonly source: HubSource
  private readonly changes: ChangeList
  private readonly index: number
  private readonly record: Uint8Array
  private readonly isCreate: boolean
  private plainEvent: EncodedEvent | undefined
  private previousEvent: EncodedEvent | undefined

  constructor(source: HubSource, changes: ChangeList, index: number) {
    this.source = source
    this.changes = changes
    this.index = index
    this.isDelete = changes.isDelete(index)
    const record = changes.record(index)
    this.record = record
    const view = source.reader.view.read(record, 0, record.length)
    this.key = record.subarray(view.keyStart, view.keyEnd)
    this.isCreate = !this.isDelete && view.createRevision === changes.revision
  }

  plain(): EncodedEvent {
    this.plainEvent ??= this.encode(undefined)
    return this.plainEvent
  }

  withPrevious(): EncodedEvent {
    if (this.previousEvent !== undefined) return this.previousEvent
    const previous = this.previous()
    this.previousEvent = previous === undefined ? this.plain() : this.encode(previous)
    return this.previousEvent
  }

  private previous(): Uint8Array | undefined {
    if (this.isCreate) return undefined
    const { changes, index } = this
    if (changes.hasPrevious) return changes.previous(index)
    return previousOf(this.source, this.key, changes.revision)
  }

  private encode(previous: Uint8Array | undefined): EncodedEvent {
    const { changes, isDelete } = this
    return encodeEvent({ isDelete, revision: changes.revision, record: this.record, previous })
  }
}
