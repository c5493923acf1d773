import type { Clock } from '@kvs/grpc'
import type { Method } from '@kvs/proto'
import type { Balancer, Connection } from './balancer.ts'
import { KvsError, type KvsErrorReason, status, statusError } from './errors.ts'
import { attemptsMax, authRenewalsMax, backoffMaxMs, backoffMinMs } from './limits.ts'
import type { CallHandle, CallMetadata, CallOutcome, UnaryReceiver } from './ports.ts'
import { anonymous, type TokenSource } from './tokens.ts'

/** What every call takes. */
export interface RequestOptions {
  /** Gives the call up. It may have been processed all the same. */
  readonly signal?: AbortSignal | undefined
  /** How long the call may take, retries included. Infinity: as long as it takes. */
  readonly timeoutMs?: number | undefined
  /** Asks this endpoint and no other. */
  readonly endpoint?: string | undefined
  /** The server refuses at once if it knows no leader. */
  readonly requireLeader?: boolean | undefined
}

/**
 * Calls that change nothing, or nothing more when they are made twice: repeated after any UNAVAILABLE. All others are
 * repeated only if no server can have begun to process them.
 */
const repeatable = new Set([
  ...['Range'].map(name => `/etcdserverpb.KV/${name}`),
  ...['LeaseGrant', 'LeaseRevoke', 'LeaseTimeToLive', 'LeaseLeases'].map(name => `/etcdserverpb.Lease/${name}`),
  '/etcdserverpb.Cluster/MemberList',
  ...['Alarm', 'Status', 'Hash', 'HashKV', 'MoveLeader'].map(name => `/etcdserverpb.Maintenance/${name}`),
  ...['UserGet', 'UserList', 'RoleGet', 'RoleList'].map(name => `/etcdserverpb.Auth/${name}`),
])

export interface CallerOptions {
  readonly balancer: Balancer
  readonly clock: Clock
  /** Uniform in [0, 1). */
  readonly chance: () => number
  readonly timeoutMs: number
  readonly maxRequestBytes: number
}

/** Makes calls: finds a connection, adds the token, repeats what may be repeated. */
export class Caller {
  readonly options: CallerOptions
  readonly tokens: TokenSource
  #closed = false

  constructor(options: CallerOptions, tokens: (caller: Caller) => TokenSource) {
    this.options = options
    this.tokens = tokens(this)
  }

  /** One unary call. Rejects with `KvsError`. */
  unary<Request, RequestInit, Response, ResponseInit>(
    method: Method<Request, RequestInit, Response, ResponseInit>,
    request: RequestInit,
    options: RequestOptions & { readonly anonymous?: boolean } = {},
  ): Promise<Response> {
    return new Promise((resolve, reject) => {
      const body = method.encodeRequest(request)
      const call = new PendingCall(this, method.path, body, options, reject, bytes =>
        resolve(method.decodeResponse(bytes)),
      )
      const { maxRequestBytes } = this.options
      if (this.#closed) call.fail(closedError())
      else if (body.length > maxRequestBytes) {
        const text = `trying to send message larger than max (${body.length} vs. ${maxRequestBytes})`
        call.fail(new KvsError('RESOURCE_EXHAUSTED', text))
      } else call.start()
    })
  }

  /** A connection and the metadata for a call on it. Rejects with `KvsError`. */
  async prepare(options: RequestOptions): Promise<{ connection: Connection; metadata: CallMetadata }> {
    if (this.#closed) throw closedError()
    let metadata = this.tokens.current(options.requireLeader ?? false)
    if (metadata === undefined) {
      await this.tokens.renew(undefined)
      metadata = this.tokens.current(options.requireLeader ?? false) ?? anonymous
    }
    const { balancer } = this.options
    return { connection: balancer.pick(options.endpoint) ?? (await balancer.connect(options.endpoint)), metadata }
  }

  /** The pause before attempt `attempt` (0 is the first repetition): full jitter. */
  pauseMs(attempt: number, bounds: { readonly minMs: number; readonly maxMs: number }): number {
    return this.options.chance() * Math.min(bounds.minMs * 2 ** Math.min(attempt, 30), bounds.maxMs)
  }

  close(): void {
    this.#closed = true
  }

  get closed(): boolean {
    return this.#closed
  }
}

export function closedError(): KvsError {
  return new KvsError('CANCELLED', 'the client is closed', { reason: 'CLOSED' })
}

/** Whether a new token may help. `USER_EMPTY`: the server got no token, for authentication was off when we asked. */
export function asksForToken(reason: KvsErrorReason | undefined): boolean {
  return reason === 'INVALID_AUTH_TOKEN' || reason === 'AUTH_OLD_REVISION' || reason === 'USER_EMPTY'
}

const deadlineText = 'context deadline exceeded'

/** One unary call through all its attempts. An object and not closures: one is made per call. */
class PendingCall implements UnaryReceiver {
  readonly #caller: Caller
  readonly #path: string
  readonly #request: Uint8Array
  readonly #options: RequestOptions & { readonly anonymous?: boolean }
  readonly #reject: (error: unknown) => void
  readonly #resolve: (response: Uint8Array) => void
  readonly #deadlineMs: number
  #attempts = 0
  #renewals = 0
  #handle: CallHandle | undefined
  #timer: unknown
  #connection: Connection | undefined
  /** Where the last attempt failed, if it was sent. */
  #failedOn: Connection | undefined
  #metadata: CallMetadata | undefined
  #lastFailure: KvsError | undefined
  #ended = false

  constructor(
    caller: Caller,
    path: string,
    request: Uint8Array,
    options: RequestOptions & { readonly anonymous?: boolean },
    reject: (error: unknown) => void,
    resolve: (response: Uint8Array) => void,
  ) {
    this.#caller = caller
    this.#path = path
    this.#request = request
    this.#options = options
    this.#reject = reject
    this.#resolve = resolve
    this.#deadlineMs = caller.options.clock.now() + (options.timeoutMs ?? caller.options.timeoutMs)
    options.signal?.addEventListener('abort', this)
  }

  /** The abort of `signal`. */
  handleEvent(): void {
    this.#handle?.cancel()
    this.fail(new KvsError('CANCELLED', 'the call was aborted', { cause: this.#options.signal?.reason }))
  }

  start(): void {
    if (this.#options.signal?.aborted === true) {
      this.handleEvent()
      return
    }
    const connection = this.#caller.options.balancer.pick(this.#options.endpoint, this.#failedOn)
    const metadata = this.#tokenNow()
    if (connection !== undefined && metadata !== undefined) this.#send(connection, metadata)
    else void this.#prepare()
  }

  done(outcome: CallOutcome, response: Uint8Array | undefined): void {
    this.#handle = undefined
    if (this.#ended) return
    if (outcome.code === 0) this.#succeed(response ?? new Uint8Array())
    else this.#decide(outcome)
  }

  fail(error: KvsError): void {
    if (this.#ended) return
    this.#end()
    this.#reject(error)
  }

  #succeed(response: Uint8Array): void {
    this.#end()
    try {
      this.#resolve(response)
    } catch (cause) {
      this.#reject(new KvsError('INTERNAL', `the answer to ${this.#path} cannot be read`, { cause }))
    }
  }

  #end(): void {
    this.#ended = true
    this.#disarm()
    this.#options.signal?.removeEventListener('abort', this)
  }

  #disarm(): void {
    if (this.#timer !== undefined) this.#caller.options.clock.clearTimer(this.#timer)
    this.#timer = undefined
  }

  #tokenNow(): CallMetadata | undefined {
    if (this.#options.anonymous === true) return anonymous
    return this.#caller.tokens.current(this.#options.requireLeader ?? false)
  }

  #send(connection: Connection, metadata: CallMetadata): void {
    const left = this.#deadlineMs - this.#caller.options.clock.now()
    if (left <= 0) {
      this.#failDeadline()
      return
    }
    this.#attempts++
    this.#connection = connection
    this.#metadata = metadata
    const timeoutMs = Number.isFinite(left) ? left : undefined
    this.#handle = connection.channel.unary({ path: this.#path, metadata, request: this.#request, timeoutMs }, this)
  }

  /** The slow way: a token or a connection is missing. */
  async #prepare(): Promise<void> {
    const { clock, balancer } = this.#caller.options
    const left = this.#deadlineMs - clock.now()
    if (Number.isFinite(left)) {
      this.#disarm()
      this.#timer = clock.setTimer(Math.max(0, left), () => this.#failDeadline())
    }
    try {
      if (this.#tokenNow() === undefined) await this.#caller.tokens.renew(undefined)
      const { endpoint } = this.#options
      const connection = balancer.pick(endpoint, this.#failedOn) ?? (await balancer.connect(endpoint))
      this.#disarm()
      if (this.#caller.closed) this.fail(closedError())
      else if (!this.#ended) this.#send(connection, this.#tokenNow() ?? anonymous)
    } catch (error) {
      this.#attempts++
      this.#failedBefore(error)
    }
  }

  /** Nothing was sent: always worth another attempt if the server could not be reached. */
  #failedBefore(error: unknown): void {
    if (this.#ended) return
    if (!(error instanceof KvsError))
      this.fail(new KvsError('INTERNAL', 'the call could not be made', { cause: error }))
    else if (error.code !== 'UNAVAILABLE' || this.#attempts >= attemptsMax) this.fail(error)
    else this.#repeat(error)
  }

  #decide(outcome: CallOutcome): void {
    const endpoint = this.#connection?.endpoint.text
    const error = statusError(outcome.code, outcome.message, { endpoint })
    if (outcome.code === status.deadlineExceeded) this.fail(error)
    else if (asksForToken(error.reason) && this.#mayRenew()) void this.#renew()
    else if (this.#attempts < attemptsMax && this.#mayRepeat(outcome, error)) this.#repeat(error)
    else this.fail(error)
  }

  #mayRepeat(outcome: CallOutcome, error: KvsError): boolean {
    if (outcome.unprocessed) return true
    if (error.reason === 'NOT_SUPPORTED_FOR_LEARNER') {
      return this.#options.endpoint === undefined && this.#attempts < this.#caller.options.balancer.endpoints.length
    }
    return outcome.code === status.unavailable && repeatable.has(this.#path)
  }

  #mayRenew(): boolean {
    return this.#options.anonymous !== true && this.#caller.tokens.renewable && this.#renewals < authRenewalsMax
  }

  async #renew(): Promise<void> {
    this.#renewals++
    try {
      await this.#caller.tokens.renew(this.#metadata)
      if (!this.#ended) this.start()
    } catch (error) {
      this.#failedBefore(error)
    }
  }

  /** At once while there are endpoints that had no turn yet, then with pauses. */
  #repeat(failure: KvsError): void {
    this.#lastFailure = failure
    this.#failedOn = this.#connection
    const { clock, balancer } = this.#caller.options
    const endpoints = this.#options.endpoint === undefined ? balancer.endpoints.length : 1
    const round = Math.floor(this.#attempts / endpoints)
    const last = this.#attempts % endpoints === 0
    const pauseMs = last ? this.#caller.pauseMs(round - 1, { minMs: backoffMinMs, maxMs: backoffMaxMs }) : 0
    if (clock.now() + pauseMs >= this.#deadlineMs) {
      this.#failDeadline()
      return
    }
    this.#disarm()
    this.#timer = clock.setTimer(pauseMs, () => this.start())
  }

  #failDeadline(): void {
    this.#handle?.cancel()
    this.fail(new KvsError('DEADLINE_EXCEEDED', deadlineText, { cause: this.#lastFailure }))
  }
}
