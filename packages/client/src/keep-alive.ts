import {
  decodeLeaseKeepAliveResponse,
  encodeLeaseKeepAliveRequest,
  Lease,
  type LeaseKeepAliveResponse,
} from '@kvs/proto/rpc'
import { asksForToken, type Caller, closedError } from './calls.ts'
import { isTransient, isUnreached, KvsError, status, statusError } from './errors.ts'
import {
  authRenewalsMax,
  firstKeepAliveMs,
  keepAliveFraction,
  keepAliveIntervalMinMs,
  streamBackoffMaxMs,
  streamBackoffMinMs,
} from './limits.ts'
import type { CallMetadata, CallOutcome, StreamHandle, StreamReceiver } from './ports.ts'
import { Queue } from './queue.ts'

/** Renewals a loop has not taken; older ones are dropped, for only the newest says how long the lease lasts. */
const waitingMax = 16

/** A lease that is being renewed. `for await` gives the server's answers; nobody has to listen. */
export class KeepAlive implements AsyncIterable<LeaseKeepAliveResponse> {
  readonly id: bigint
  readonly #queue: Queue<LeaseKeepAliveResponse>
  readonly #abort: AbortController = new AbortController()
  readonly #onStop: (keepAlive: KeepAlive) => void

  constructor(id: bigint, onStop: (keepAlive: KeepAlive) => void) {
    this.id = id
    this.#onStop = onStop
    this.#queue = new Queue({ onReturn: () => this.stop() })
  }

  /** Aborts when the lease is lost: the server said so, or its time passed without an answer. The reason is a `KvsError`. */
  get signal(): AbortSignal {
    return this.#abort.signal
  }

  [Symbol.asyncIterator](): AsyncIterator<LeaseKeepAliveResponse> {
    return this.#queue
  }

  /** No more renewals: the lease ends when its time is over, or by `revoke`. */
  stop(): void {
    this.#queue.end()
    this.#onStop(this)
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.stop()
    return Promise.resolve()
  }

  /** @internal */
  onRenewed(response: LeaseKeepAliveResponse): void {
    if (this.#queue.length < waitingMax) this.#queue.push(response)
  }

  /** @internal */
  onLost(error: KvsError): void {
    this.#queue.end(error)
    this.#abort.abort(error)
  }
}

/** One lease on the stream, however many keep it alive. */
interface Renewal {
  readonly users: Set<KeepAlive>
  /** When to ask next. */
  dueMs: number
  /** When the lease is over unless an answer comes. */
  deadlineMs: number
}

/** The one stream on which all leases are renewed, a third of their TTL after the last answer. */
export class KeepAliveStream implements StreamReceiver {
  readonly #caller: Caller
  readonly #firstAnswerMs: number
  readonly #renewals = new Map<bigint, Renewal>()
  #handle: StreamHandle | undefined
  #metadata: CallMetadata | undefined
  #opening = false
  #failures = 0
  #tokenRenewals = 0
  #reopenAtMs = 0
  #timer: unknown
  #closed = false

  constructor(caller: Caller, { dialTimeoutMs }: { readonly dialTimeoutMs: number }) {
    this.#caller = caller
    this.#firstAnswerMs = dialTimeoutMs + firstKeepAliveMs
  }

  add(id: bigint): KeepAlive {
    const keepAlive = new KeepAlive(id, each => this.#remove(each))
    if (this.#closed) {
      keepAlive.onLost(closedError())
      return keepAlive
    }
    const now = this.#now()
    const renewal = this.#renewals.get(id) ?? {
      users: new Set(),
      dueMs: now,
      deadlineMs: now + this.#firstAnswerMs,
    }
    renewal.dueMs = now
    renewal.users.add(keepAlive)
    this.#renewals.set(id, renewal)
    this.#turn()
    return keepAlive
  }

  close(): void {
    this.#closed = true
    this.#failAll(closedError())
  }

  message(bytes: Uint8Array): void {
    let response: LeaseKeepAliveResponse
    try {
      response = decodeLeaseKeepAliveResponse(bytes)
    } catch (cause) {
      this.#failAll(new KvsError('INTERNAL', 'a keep-alive response cannot be read', { cause }))
      return
    }
    this.#failures = 0
    this.#tokenRenewals = 0
    const renewal = this.#renewals.get(response.id)
    if (renewal === undefined) return
    if (response.ttl <= 0) {
      this.#lose(response.id, new KvsError('NOT_FOUND', 'the lease has expired or was revoked', expired))
      return
    }
    const now = this.#now()
    const ttlMs = response.ttl * 1_000
    renewal.dueMs = now + Math.max(ttlMs * keepAliveFraction, keepAliveIntervalMinMs)
    renewal.deadlineMs = now + ttlMs
    for (const user of renewal.users) user.onRenewed(response)
    this.#turn()
  }

  drain(): void {
    // Requests are few and small: they are never held back.
  }

  end(outcome: CallOutcome): void {
    this.#handle = undefined
    const error = statusError(outcome.code === 0 ? status.unavailable : outcome.code, outcome.message)
    const { tokens } = this.#caller
    if (asksForToken(error.reason) && tokens.renewable && this.#tokenRenewals < authRenewalsMax) {
      this.#tokenRenewals++
      tokens.renew(this.#metadata).then(
        () => this.#reopenLater(),
        () => this.#reopenLater(),
      )
    } else if (isTransient(outcome)) {
      this.#reopenLater()
    } else this.#failAll(error)
  }

  #remove(keepAlive: KeepAlive): void {
    const renewal = this.#renewals.get(keepAlive.id)
    if (renewal === undefined) return
    renewal.users.delete(keepAlive)
    if (renewal.users.size > 0) return
    this.#renewals.delete(keepAlive.id)
    this.#turn()
  }

  /** Does what is due and sets the timer for what is next. */
  #turn(): void {
    this.#disarm()
    if (this.#renewals.size === 0) {
      this.#handle?.cancel()
      this.#handle = undefined
      return
    }
    const now = this.#now()
    for (const [id, renewal] of this.#renewals) {
      if (renewal.deadlineMs > now) continue
      this.#lose(id, new KvsError('DEADLINE_EXCEEDED', 'the lease could not be renewed in time', expired))
    }
    if (this.#handle === undefined) this.#open(now)
    else this.#sendDue(this.#handle, now)
    this.#arm(now)
  }

  #sendDue(handle: StreamHandle, now: number): void {
    for (const [id, renewal] of this.#renewals) {
      if (renewal.dueMs > now) continue
      // Asked again if no answer comes, but not at once.
      renewal.dueMs = now + keepAliveIntervalMinMs
      handle.send(encodeLeaseKeepAliveRequest({ id }))
    }
  }

  #arm(now: number): void {
    if (this.#renewals.size === 0) return
    let nextMs = Number.POSITIVE_INFINITY
    const open = this.#handle !== undefined
    for (const { dueMs, deadlineMs } of this.#renewals.values()) {
      nextMs = Math.min(nextMs, deadlineMs, open ? dueMs : deadlineMs)
    }
    if (!open && !this.#opening) nextMs = Math.min(nextMs, this.#reopenAtMs)
    this.#timer = this.#caller.options.clock.setTimer(Math.max(0, nextMs - now), () => {
      this.#timer = undefined
      this.#turn()
    })
  }

  #open(now: number): void {
    if (this.#opening || now < this.#reopenAtMs) return
    this.#opening = true
    this.#connect().then(
      () => {
        this.#opening = false
        this.#turn()
      },
      (error: unknown) => {
        this.#opening = false
        if (error instanceof KvsError && isUnreached(error)) this.#reopenLater()
        else this.#failAll(asKvsError(error))
      },
    )
  }

  async #connect(): Promise<void> {
    const { connection, metadata } = await this.#caller.prepare({})
    if (this.#closed || this.#renewals.size === 0) return
    this.#metadata = metadata
    this.#handle = connection.channel.stream({ path: Lease.leaseKeepAlive.path, metadata }, this)
    // What was asked on the stream before may never be answered.
    const now = this.#now()
    for (const renewal of this.#renewals.values()) renewal.dueMs = now
  }

  #reopenLater(): void {
    const bounds = { minMs: streamBackoffMinMs, maxMs: streamBackoffMaxMs }
    this.#reopenAtMs = this.#now() + this.#caller.pauseMs(this.#failures++, bounds)
    this.#turn()
  }

  #lose(id: bigint, error: KvsError): void {
    const renewal = this.#renewals.get(id)
    this.#renewals.delete(id)
    for (const user of renewal?.users ?? []) user.onLost(error)
  }

  #failAll(error: KvsError): void {
    for (const id of [...this.#renewals.keys()]) this.#lose(id, error)
    this.#turn()
  }

  #disarm(): void {
    if (this.#timer !== undefined) this.#caller.options.clock.clearTimer(this.#timer)
    this.#timer = undefined
  }

  #now(): number {
    return this.#caller.options.clock.now()
  }
}

const expired = { reason: 'LEASE_EXPIRED' } as const

function asKvsError(error: unknown): KvsError {
  return error instanceof KvsError ? error : new KvsError('INTERNAL', 'the keep-alive stream failed', { cause: error })
}
