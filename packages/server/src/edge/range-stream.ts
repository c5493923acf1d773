import type { MethodHandler, StatusCode, StreamCall, StreamEvents } from '@kvs/grpc'
import { decodeRecord, type KeyValueList, type RangeCursor } from '@kvs/mvcc'
import { KV, RangeRequestSortOrder as Order, type RangeRequest, RangeRequestSortTarget as Target } from '@kvs/proto/rpc'
import { refusalOf } from '../apply/kv.ts'
import { Refusal } from '../errors.ts'
import * as limits from '../limits.ts'
import { storeRange } from '../requests/requests.ts'
import { decodeOrFail, refuse } from './answer.ts'
import { asCaller, type Caller, isPermitted } from './caller.ts'
import { encodeRangeChunk, type RangeEnd } from './kv-encode.ts'
import type { Member } from './member.ts'
import { checkRangeRequest } from './txn-check.ts'

/** `KV.RangeStream`: a Range whose answer comes in chunks, all of one revision. */
export function rangeStreamMethods(member: Member): Map<string, MethodHandler> {
  return new Map<string, MethodHandler>([
    [KV.rangeStream.path, { kind: 'stream', open: call => new RangeStreamCall(member, call) }],
  ])
}

class RangeStreamCall implements StreamEvents {
  readonly #member: Member
  readonly #call: StreamCall
  #read: ChunkedRead | undefined

  constructor(member: Member, call: StreamCall) {
    this.#member = member
    this.#call = call
  }

  message(body: Uint8Array, start: number, end: number): void {
    // Read in chunks, long after these bytes are gone: decoded from a copy.
    const request = decodeOrFail(this.#call, KV.rangeStream, body.slice(start, end), 0, end - start)
    if (request === undefined) return
    const refusal = refusalOfStream(request) ?? checkRangeRequest(request)
    if (refusal !== undefined) return refuse(this.#call, refusal)
    if (request.serializable) return this.#start(request)
    this.#member.readLinearizable({
      applied: () => this.#start(request),
      refused: refused => refuse(this.#call, refused),
    })
  }

  #start(request: RangeRequest): void {
    if (this.#call.ended) return
    const { access } = this.#member.state.auth
    asCaller(this.#member, this.#call, caller => {
      if (!isPermitted(this.#call, access.checkRange(caller, request))) return
      this.#read = new ChunkedRead(this.#member, this.#call, { request, caller })
      this.#read.resume()
    })
  }

  halfClose(): void {}

  drain(): void {
    this.#read?.resume()
  }

  cancel(_code: StatusCode): void {
    this.#read?.pause()
  }
}

function refusalOfStream(request: RangeRequest): Refusal | undefined {
  if (request.sortOrder !== Order.NONE || request.sortTarget !== Target.KEY) return Refusal.of('RANGE_STREAM_SORT')
  const { minModRevision, maxModRevision, minCreateRevision, maxCreateRevision } = request
  const isFiltered = minModRevision !== 0 || maxModRevision !== 0 || minCreateRevision !== 0 || maxCreateRevision !== 0
  return isFiltered ? Refusal.of('RANGE_STREAM_FILTER') : undefined
}

/**
 * The read of one stream, a slice at a time. Each chunk is held back until it is known whether it is the last one,
 * which alone carries header, `more` and `count`. While the client does not read, no cursor is open: a client that
 * stalls must not hold the scrub of compactions back. It goes on behind the last key it sent, at the same revision,
 * unless that was compacted meanwhile.
 */
class ChunkedRead {
  readonly #member: Member
  readonly #call: StreamCall
  readonly #request: RangeRequest
  readonly #caller: Caller
  readonly #revision: number
  #cursor: RangeCursor | undefined
  /** Pairs that were sent, and behind which key the rest begins. */
  #sent = 0
  #sentBeforeCursor = 0
  #from: Uint8Array
  /** The chunk that goes out next: complete once it has `#chunkPairs` pairs. */
  #chunk: KeyValueList[] = []
  #chunkPairs: number = limits.firstChunkPairs
  #isScheduled = false

  constructor(member: Member, call: StreamCall, asked: { readonly request: RangeRequest; readonly caller: Caller }) {
    const { request, caller } = asked
    this.#caller = caller
    this.#member = member
    this.#call = call
    this.#request = request
    this.#from = request.key
    this.#revision = request.revision > 0 ? request.revision : member.state.store.revision
  }

  /** Does a slice, and the rest in the background; nothing if it is at work already. */
  resume(): void {
    if (this.#isScheduled) return
    this.#isScheduled = !this.#step()
    if (!this.#isScheduled) return
    this.#member.state.background.add(() => {
      this.#isScheduled = !this.#step()
      return !this.#isScheduled
    })
  }

  /** Lets go of the store. */
  pause(): void {
    this.#cursor?.close()
    this.#cursor = undefined
    this.#chunk = []
  }

  /** One slice. True when there is nothing to do until the next `resume`. */
  #step(): boolean {
    if (this.#call.ended) {
      this.pause()
      return true
    }
    // Permissions may have changed since the last chunk.
    if (!isPermitted(this.#call, this.#member.state.auth.access.checkUnchanged(this.#caller))) {
      this.pause()
      return true
    }
    try {
      return this.#slice()
    } catch (error) {
      refuse(this.#call, refusalOf(error))
      return true
    }
  }

  #slice(): boolean {
    this.#cursor ??= this.#open()
    const cursor = this.#cursor
    const missing = this.#chunkPairs - pairsOf(this.#chunk)
    const { isDue } = this.#member.state.background
    if (cursor.step({ records: this.#recordsOfStep(missing), isDue })) {
      const { kvs, count, more } = cursor.result()
      if (missing <= 0 && kvs.length > 0) this.#send()
      this.#chunk.push(kvs)
      this.#finish({ revision: this.#member.state.store.revision, count: this.#sentBeforeCursor + count, more })
      return true
    }
    if (missing > 0) {
      this.#keep(cursor.take())
      return false
    }
    // The chunk is full; whatever the cursor found since shows that it is not the last.
    const ahead = cursor.take()
    if (ahead.length === 0) return false
    const canGoOn = this.#send()
    if (!canGoOn) this.pause()
    else this.#keep(ahead)
    return !canGoOn
  }

  /** What is found ahead must fit into the next chunk, which has at least half the pairs of this one. */
  #recordsOfStep(missing: number): number {
    const { limit, countOnly } = this.#request
    const onlyCounts = countOnly || (limit > 0 && this.#sent + pairsOf(this.#chunk) >= limit)
    if (onlyCounts) return limits.sliceRecords
    const wanted = missing > 0 ? missing : Math.max(1, Math.floor(this.#chunkPairs / 2))
    return Math.min(wanted, limits.sliceRecords)
  }

  #keep(list: KeyValueList): void {
    if (list.length > 0) this.#chunk.push(list)
  }

  #open(): RangeCursor {
    const { limit } = this.#request
    this.#sentBeforeCursor = this.#sent
    return this.#member.state.store.openRange({
      ...storeRange(this.#request),
      key: this.#from,
      revision: this.#revision,
      limit: limit > 0 ? limit - this.#sent : 0,
    })
  }

  /** Sends the chunk. False if the client should read first. */
  #send(): boolean {
    const { bytes, end } = encodeRangeChunk(this.#member, this.#chunk)
    const canGoOn = this.#call.send(bytes, 0, end)
    const last = this.#chunk.at(-1) as KeyValueList
    const { key } = decodeRecord(last.record(last.length - 1))
    this.#from = new Uint8Array(key.length + 1)
    this.#from.set(key)
    this.#sent += pairsOf(this.#chunk)
    this.#releaseChunk()
    const { maxRequestBytes } = this.#member.options
    if (end < maxRequestBytes / 2) this.#chunkPairs *= 2
    else if (end > maxRequestBytes * 2) this.#chunkPairs = Math.max(1, Math.floor(this.#chunkPairs / 2))
    return canGoOn
  }

  #finish(last: RangeEnd): void {
    const { bytes, end } = encodeRangeChunk(this.#member, this.#chunk, last)
    this.#call.send(bytes, 0, end)
    this.#releaseChunk()
    this.#call.finish()
    this.pause()
  }

  #releaseChunk(): void {
    for (const list of this.#chunk) list.release()
    this.#chunk = []
  }
}

function pairsOf(lists: readonly KeyValueList[]): number {
  return lists.reduce((sum, list) => sum + list.length, 0)
}
