import {
  decodeWatchResponse,
  encodeWatchRequest,
  Watch,
  type WatchRequestInit,
  type WatchResponse,
} from '@kvs/proto/rpc'
import { assert } from './assert.ts'
import { asksForToken, type Caller, closedError } from './calls.ts'
import { isTransient, isUnreached, KvsError, status, statusError } from './errors.ts'
import { authRenewalsMax, streamBackoffMaxMs, streamBackoffMinMs } from './limits.ts'
import type { CallMetadata, CallOutcome, StreamHandle, StreamReceiver } from './ports.ts'
import type { ClientWatcher, WatchStreamPort } from './watch.ts'

/** The server's name for "all watchers of this stream", and for none. */
const noWatchId = -1

/**
 * The one stream that all watchers (with the same metadata) share. Watches are created one after the other, for the server
 * tells which one it created only by the order. When the stream is lost, it is opened again and every watch goes on.
 */
export class WatchStream implements WatchStreamPort, StreamReceiver {
  readonly #caller: Caller
  readonly #requireLeader: boolean
  readonly #watchers = new Set<ClientWatcher>()
  readonly #byId = new Map<number, ClientWatcher>()
  readonly #ids = new Map<ClientWatcher, number>()
  #toCreate: ClientWatcher[] = []
  /** The watcher whose creation was asked for; undefined while none was, `null` if it left meanwhile. */
  #creating: ClientWatcher | null | undefined
  #handle: StreamHandle | undefined
  #metadata: CallMetadata | undefined
  #opening = false
  #failures = 0
  #renewals = 0
  #timer: unknown
  #closed = false

  constructor(caller: Caller, { requireLeader }: { readonly requireLeader: boolean }) {
    this.#caller = caller
    this.#requireLeader = requireLeader
  }

  add(watcher: ClientWatcher): void {
    if (this.#closed) {
      watcher.onFailure(closedError())
      return
    }
    this.#watchers.add(watcher)
    this.resume(watcher)
  }

  remove(watcher: ClientWatcher): void {
    this.#watchers.delete(watcher)
    this.park(watcher)
    if (this.#watchers.size === 0) this.#shut()
  }

  park(watcher: ClientWatcher): void {
    this.#toCreate = this.#toCreate.filter(each => each !== watcher)
    if (this.#creating === watcher) this.#creating = null
    const id = this.#ids.get(watcher)
    if (id === undefined) return
    this.#forget(id)
    this.#cancelOnServer(id)
  }

  resume(watcher: ClientWatcher): void {
    this.#toCreate.push(watcher)
    if (this.#handle === undefined) this.#open()
    else this.#createNext()
  }

  requestProgress(): void {
    if (this.#handle !== undefined) this.#send({ progressRequest: {} })
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#failAll(closedError())
  }

  message(bytes: Uint8Array): void {
    let response: WatchResponse
    try {
      response = decodeWatchResponse(bytes)
    } catch (cause) {
      this.#failAll(new KvsError('INTERNAL', 'a watch response cannot be read', { cause }))
      return
    }
    this.#failures = 0
    if (response.created) this.#onCreated(response)
    else if (response.canceled) this.#onCanceled(response)
    else this.#onEvents(response)
  }

  drain(): void {
    // Requests are few and small: they are never held back.
  }

  end(outcome: CallOutcome): void {
    this.#handle = undefined
    const error = statusError(outcome.code === 0 ? status.unavailable : outcome.code, outcome.message)
    if (asksForToken(error.reason) && this.#mayRenew()) void this.#renewAndOpen()
    else if (error.reason === 'NO_LEADER' || !isTransient(outcome)) this.#failAll(error)
    else this.#openLater()
  }

  #onCreated(response: WatchResponse): void {
    const watcher = this.#creating
    this.#creating = undefined
    if (watcher === undefined) return
    const { watchId, header } = response
    if (watchId === noWatchId || response.canceled || header === undefined) {
      if (watcher !== null) this.#onCreateFailed(watcher, response)
    } else if (watcher === null) this.#cancelOnServer(watchId)
    else {
      this.#byId.set(watchId, watcher)
      this.#ids.set(watcher, watchId)
      this.#renewals = 0
      watcher.onCreated(header)
    }
    this.#createNext()
  }

  #onCreateFailed(watcher: ClientWatcher, response: WatchResponse): void {
    const error = cancelError(response)
    if (asksForToken(error.reason) && this.#mayRenew()) {
      this.#toCreate.unshift(watcher)
      this.#dropStream()
      void this.#renewAndOpen()
    } else this.#failOne(watcher, error)
  }

  #onCanceled(response: WatchResponse): void {
    const watcher = this.#byId.get(response.watchId)
    if (watcher === undefined) return
    this.#forget(response.watchId)
    this.#failOne(watcher, cancelError(response))
  }

  #onEvents(response: WatchResponse): void {
    const { header, watchId } = response
    if (header === undefined) return
    if (watchId === noWatchId) {
      for (const watcher of this.#byId.values()) watcher.onResponse(response, header)
      return
    }
    const watcher = this.#byId.get(watchId)
    if (watcher !== undefined) watcher.onResponse(response, header)
  }

  #createNext(): void {
    if (this.#handle === undefined || this.#creating !== undefined) return
    const watcher = this.#toCreate.shift()
    if (watcher === undefined) return
    this.#creating = watcher
    this.#send({ createRequest: watcher.createRequest() })
  }

  #cancelOnServer(watchId: number): void {
    if (this.#handle !== undefined) this.#send({ cancelRequest: { watchId } })
  }

  #send(request: WatchRequestInit): void {
    assert(this.#handle !== undefined, 'a watch request needs an open stream')
    this.#handle.send(encodeWatchRequest(request))
  }

  #forget(watchId: number): void {
    const watcher = this.#byId.get(watchId)
    this.#byId.delete(watchId)
    if (watcher !== undefined) this.#ids.delete(watcher)
  }

  /** Opens the stream unless it is open or about to be. Every watcher that is not parked is created on it. */
  #open(): void {
    if (this.#opening || this.#timer !== undefined) return
    this.#opening = true
    this.#connect().then(
      () => {
        this.#opening = false
      },
      (error: unknown) => {
        this.#opening = false
        this.#notOpened(error)
      },
    )
  }

  /** No connection, or no token: nobody who watches has set a time for that. */
  #notOpened(error: unknown): void {
    if (error instanceof KvsError && isUnreached(error)) this.#openLater()
    else this.#failAll(asKvsError(error))
  }

  async #connect(): Promise<void> {
    const { connection, metadata } = await this.#caller.prepare({ requireLeader: this.#requireLeader })
    if (this.#closed || this.#watchers.size === 0) return
    this.#metadata = metadata
    this.#handle = connection.channel.stream({ path: Watch.watch.path, metadata }, this)
    this.#createNext()
  }

  /** What was on the lost stream is to be created again, before what had not been created yet. */
  #recreateAll(): void {
    const lost = [...this.#byId.values()]
    if (this.#creating !== undefined && this.#creating !== null) lost.push(this.#creating)
    this.#creating = undefined
    this.#byId.clear()
    this.#ids.clear()
    this.#toCreate = [...lost, ...this.#toCreate]
  }

  #openLater(): void {
    this.#recreateAll()
    if (this.#watchers.size === 0 || this.#timer !== undefined) return
    const bounds = { minMs: streamBackoffMinMs, maxMs: streamBackoffMaxMs }
    const pauseMs = this.#caller.pauseMs(this.#failures++, bounds)
    this.#timer = this.#caller.options.clock.setTimer(pauseMs, () => {
      this.#timer = undefined
      this.#open()
    })
  }

  #mayRenew(): boolean {
    return this.#caller.tokens.renewable && this.#renewals < authRenewalsMax
  }

  async #renewAndOpen(): Promise<void> {
    this.#renewals++
    this.#recreateAll()
    try {
      await this.#caller.tokens.renew(this.#metadata)
      this.#open()
    } catch (error) {
      // What was not answered is no token that does not help.
      this.#renewals--
      this.#notOpened(error)
    }
  }

  #failOne(watcher: ClientWatcher, error: KvsError): void {
    this.#watchers.delete(watcher)
    watcher.onFailure(error)
    if (this.#watchers.size === 0) this.#shut()
  }

  #failAll(error: KvsError): void {
    const watchers = [...this.#watchers]
    this.#watchers.clear()
    this.#shut()
    for (const watcher of watchers) watcher.onFailure(error)
  }

  /** Nobody watches: the stream is given up until somebody does. */
  #shut(): void {
    this.#toCreate = []
    this.#creating = undefined
    this.#byId.clear()
    this.#ids.clear()
    if (this.#timer !== undefined) this.#caller.options.clock.clearTimer(this.#timer)
    this.#timer = undefined
    this.#dropStream()
  }

  #dropStream(): void {
    this.#handle?.cancel()
    this.#handle = undefined
  }
}

function cancelError(response: WatchResponse): KvsError {
  const { compactRevision, cancelReason } = response
  if (compactRevision !== 0) {
    return new KvsError('OUT_OF_RANGE', 'etcdserver: mvcc: required revision has been compacted', { compactRevision })
  }
  if (/permission denied/.test(cancelReason)) return statusError(7, 'etcdserver: permission denied')
  const reason = cancelReason.replace(/^rpc error: code = \w+ desc = /, '')
  return new KvsError('CANCELLED', reason === '' ? 'etcdserver: watch canceled' : reason)
}

function asKvsError(error: unknown): KvsError {
  return error instanceof KvsError ? error : new KvsError('INTERNAL', 'the watch stream failed', { cause: error })
}
