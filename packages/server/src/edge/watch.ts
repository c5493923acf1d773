import type { MethodHandler, StatusCode, StreamCall, StreamEvents } from '@kvs/grpc'
import { MvccError, type WatchBatch, type WatchConsumer, type Watcher, type WatchStream } from '@kvs/mvcc'
import { Writer } from '@kvs/proto'
import {
  WatchCreateRequestFilterType as Filter,
  Watch,
  type WatchCreateRequest,
  type WatchRequest,
  type WatchResponseInit,
  writeWatchResponse,
} from '@kvs/proto/rpc'
import { Refusal } from '../errors.ts'
import type { Failpoints } from '../failpoints/failpoints.ts'
import * as limits from '../limits.ts'
import { sizeVarint, writeVarint } from '../requests/wire.ts'
import { failMalformed, scratchOf } from './answer.ts'
import { type Caller, identifyOrRefuse, printedRefusal, refusalOf } from './caller.ts'
import type { Member } from './member.ts'

/** The Watch service: one bidirectional stream carries any number of watchers. */
export function watchMethods(member: Member): Map<string, MethodHandler> {
  return new Map<string, MethodHandler>([
    [Watch.watch.path, { kind: 'stream', open: call => new WatchCall(member, call) }],
  ])
}

/** Options of a watcher that the store does not know of; most have none, and nothing is kept for them. */
interface WatcherOptions {
  readonly progressNotify: boolean
  readonly fragment: boolean
  /** Something was sent since the last tick of the progress timer. */
  active: boolean
}

/** Of calls whose watchers have none. */
const noOptions: Map<number, WatcherOptions> = new Map()

const cannotWatch = -1
const zeroKey = new Uint8Array(1)
const writer = new Writer()

class WatchCall implements StreamEvents, WatchConsumer {
  readonly #member: Member
  readonly #call: StreamCall
  /** Opened for the first request: who opens calls and asks for nothing costs little. */
  #stream: WatchStream | undefined
  #options: Map<number, WatcherOptions> = noOptions
  #progressTimer: unknown
  #progressWatchers = 0
  /** A failpoint holds events back, or has just let go. */
  #gate: 'open' | 'shut' | 'lets one through' = 'open'

  constructor(member: Member, call: StreamCall) {
    this.#member = member
    this.#call = call
  }

  message(body: Uint8Array, start: number, end: number): void {
    let request: WatchRequest
    try {
      request = Watch.watch.decodeRequest(body, start, end)
    } catch (error) {
      this.#member.state.metrics.watchFailures.received++
      this.#close()
      return failMalformed(this.#call, error)
    }
    if (request.createRequest !== undefined) this.#checkCreate(request.createRequest)
    else if (request.cancelRequest !== undefined) this.#cancel(request.cancelRequest.watchId)
    else if (request.progressRequest !== undefined) this.#progress()
  }

  /** A client that sends no more still watches. */
  halfClose(): void {}

  drain(): void {
    this.#stream?.resume()
    this.#member.state.background.wake()
  }

  cancel(_code: StatusCode): void {
    this.#close()
  }

  deliver(watcher: Watcher, batch: WatchBatch): boolean {
    if (this.#call.queuedBytes > limits.watchQueueBytesMax) return false
    if (this.#member.failpoints !== undefined && this.#isShut(this.#member.failpoints)) return false
    const options = this.#options.get(watcher.id)
    if (options !== undefined) options.active = true
    const startMs = this.#member.clock.now()
    const splits = options?.fragment === true && batch.events.length > 1
    if (splits && batch.byteLength >= this.#member.options.maxRequestBytes + limits.grpcOverheadBytes) {
      this.#sendFragments(watcher.id, batch)
    } else this.#sendEvents(watcher.id, batch.revision, batch, 0, batch.events.length, false)
    const tookSeconds = (this.#member.clock.now() - startMs) / 1000
    const { watchSends, watchSendsPerEvent } = this.#member.state.metrics
    watchSends.observe(tookSeconds)
    watchSendsPerEvent.observe(tookSeconds / batch.events.length)
    return true
  }

  #isShut(failpoints: Failpoints): boolean {
    if (this.#gate === 'open') {
      const waiting = failpoints.wait('beforeSendWatchResponse')
      if (waiting === undefined) return false
      this.#gate = 'shut'
      void waiting.then(() => {
        this.#gate = 'lets one through'
        if (!this.#call.ended) this.drain()
      })
    } else if (this.#gate === 'lets one through') {
      this.#gate = 'open'
      return false
    }
    return true
  }

  compacted(watcher: Watcher, compactRevision: number): void {
    const { clusterId, memberId } = this.#member.header
    const header = { clusterId, memberId, revision: 0, raftTerm: this.#member.term }
    this.#dropOptions(watcher.id)
    this.#send({ header, watchId: watcher.id, canceled: true, compactRevision })
  }

  /** Permissions are asked for once, when the watcher is made. Answers keep the order of requests. */
  #checkCreate(request: WatchCreateRequest): void {
    const { auth } = this.#member.state
    if (!auth.isEnabled) return this.#create(request)
    const found = identifyOrRefuse(this.#member, this.#call)
    if (!(found instanceof Promise)) return this.#createAs(found, request)
    const kept = { ...request, key: request.key.slice(), rangeEnd: request.rangeEnd.slice() }
    this.#call.pause()
    void found.then(caller => {
      this.#member.state.background.add(() => {
        if (this.#call.ended) return true
        this.#call.resume()
        this.#createAs(caller, kept)
        return true
      })
    })
  }

  #createAs(caller: Caller | Refusal, request: WatchCreateRequest): void {
    const { access } = this.#member.state.auth
    const refusal = caller instanceof Refusal ? caller : refusalOf(access.checkWatch(caller, request))
    if (refusal === undefined) this.#create(request)
    else this.#refuseWatcher(printedRefusal(refusal))
  }

  #create(request: WatchCreateRequest): void {
    const { store, background } = this.#member.state
    const key = request.key.length === 0 ? zeroKey : request.key.slice()
    let watcher: Watcher
    try {
      this.#stream ??= this.#member.state.store.watch.openStream(this)
      watcher = this.#stream.watch({
        key,
        rangeEnd: request.rangeEnd.slice(),
        startRevision: request.startRevision,
        noPut: request.filters.includes(Filter.NOPUT),
        noDelete: request.filters.includes(Filter.NODELETE),
        previous: request.prevKv,
        ...(request.watchId === 0 ? {} : { id: request.watchId }),
      })
    } catch (error) {
      return this.#refuseWatcher(reasonOf(error))
    }
    const { progressNotify, fragment } = request
    if (progressNotify || fragment) {
      if (this.#options === noOptions) this.#options = new Map()
      this.#options.set(watcher.id, { progressNotify, fragment, active: true })
    }
    if (progressNotify) this.#armProgress(1)
    this.#send({ header: this.#member.messageHeader(store.revision), watchId: watcher.id, created: true })
    if (store.watch.pending) background.wake()
  }

  #refuseWatcher(cancelReason: string): void {
    const header = this.#member.messageHeader(this.#member.state.store.revision)
    this.#send({ header, watchId: cannotWatch, created: true, canceled: true, cancelReason })
  }

  #cancel(id: number): void {
    if (this.#stream?.cancel(id) !== true) return
    this.#dropOptions(id)
    const header = this.#member.messageHeader(this.#member.state.store.revision)
    this.#send({ header, watchId: id, canceled: true })
  }

  #progress(): void {
    const revision = this.#stream?.progressRevision()
    if (revision === undefined) return
    this.#send({ header: this.#member.messageHeader(revision), watchId: cannotWatch })
  }

  #send(response: WatchResponseInit): void {
    const { clock, state } = this.#member
    const startMs = clock.now()
    this.#write(response)
    state.metrics.watchControls.observe((clock.now() - startMs) / 1000)
  }

  #write(response: WatchResponseInit): void {
    writer.pos = 0
    writeWatchResponse(writer, response)
    this.#call.send(writer.buf, 0, writer.pos)
  }

  /** Splits a batch so that no message but one of a single huge event goes beyond the limit of a request. */
  #sendFragments(id: number, batch: WatchBatch): void {
    const most = this.#member.options.maxRequestBytes + limits.grpcOverheadBytes
    let from = 0
    while (from < batch.events.length) {
      let to = from
      let bytes = 0
      while (to < batch.events.length && (to === from || bytes + (batch.events[to]?.bytes.length ?? 0) < most)) {
        bytes += batch.events[to]?.bytes.length ?? 0
        to++
      }
      this.#sendEvents(id, batch.revision, batch, from, to, to < batch.events.length)
      from = to
    }
  }

  /** Writes `events[from..to)` as one WatchResponse: header, id, fragment mark, and the events as they are. */
  #sendEvents(id: number, revision: number, batch: WatchBatch, from: number, to: number, fragment: boolean): void {
    const { header, term } = this.#member
    const size = header.size(revision, term) + 1 + sizeVarint(id) + 2 + batch.byteLength
    const bytes = scratchOf(size)
    let at = header.write(bytes, 0, revision, term)
    if (id !== 0) {
      bytes[at++] = 0x10
      at = writeVarint(bytes, at, id)
    }
    if (fragment) {
      bytes[at++] = 0x38
      bytes[at++] = 1
    }
    for (let i = from; i < to; i++) {
      const event = (batch.events[i] as { bytes: Uint8Array }).bytes
      bytes.set(event, at)
      at += event.length
    }
    this.#call.send(bytes, 0, at)
  }

  #dropOptions(id: number): void {
    const options = this.#options.get(id)
    this.#options.delete(id)
    if (options?.progressNotify === true) this.#armProgress(-1)
  }

  /** One timer per stream, running only while a watcher asked for progress. */
  #armProgress(more: 1 | -1): void {
    const { clock, options, random } = this.#member
    this.#progressWatchers += more
    if (this.#progressWatchers > 0 && this.#progressTimer === undefined) {
      const interval = Math.max(options.watchProgressNotifyIntervalMs, limits.progressIntervalMsMin)
      const jittered = interval + random.below(Math.floor(interval / 10) + 1)
      const tick = (): void => {
        this.#progressTimer = clock.setTimer(jittered, tick)
        this.#notifyProgress()
      }
      this.#progressTimer = clock.setTimer(jittered, tick)
    } else if (this.#progressWatchers === 0 && this.#progressTimer !== undefined) {
      clock.clearTimer(this.#progressTimer)
      this.#progressTimer = undefined
    }
  }

  #notifyProgress(): void {
    const { clock, state } = this.#member
    const startMs = clock.now()
    for (const [id, options] of this.#options) {
      if (!options.progressNotify) continue
      const idle = !options.active
      options.active = false
      const revision = idle ? this.#stream?.watcherProgress(id) : undefined
      if (revision !== undefined) this.#write({ header: this.#member.messageHeader(revision), watchId: id })
    }
    state.metrics.watchProgresses.observe((clock.now() - startMs) / 1000)
  }

  #close(): void {
    if (this.#progressTimer !== undefined) this.#member.clock.clearTimer(this.#progressTimer)
    this.#progressTimer = undefined
    this.#options.clear()
    this.#stream?.close()
  }
}

/** What `cancel_reason` says about a watcher that cannot be made. */
function reasonOf(error: unknown): string {
  if (!(error instanceof MvccError)) throw error
  if (error.code === 'COMPACTED') return Refusal.of('COMPACTED').message
  if (error.code === 'EMPTY_WATCH_RANGE') return 'mvcc: watcher range is empty'
  if (error.code === 'DUPLICATE_WATCH_ID') return 'mvcc: duplicate watch ID provided on the WatchStream'
  throw error
}
