import type { Clock } from '@kvs/grpc'
import { type Endpoint, parseEndpoint } from './endpoints.ts'
import { KvsError } from './errors.ts'
import { backoffMaxMs, backoffMinMs } from './limits.ts'
import type { Channel, Transport } from './ports.ts'

/** An open connection and where it leads. */
export interface Connection {
  readonly channel: Channel
  readonly endpoint: Endpoint
}

/** One endpoint and what is known of it. */
interface Slot {
  readonly endpoint: Endpoint
  connection: Connection | undefined
  dialing: Promise<Connection> | undefined
  failures: number
  /** Not dialled in the background before this time. */
  notBeforeMs: number
}

export interface BalancerOptions {
  readonly endpoints: readonly string[]
  readonly transport: Transport
  readonly clock: Clock
  readonly dialTimeoutMs: number
}

/**
 * Spreads calls over the endpoints in turn. A connection is opened when a call first needs it; a call that finds one open
 * does not wait for the others, which are opened behind its back.
 */
export class Balancer {
  readonly #options: BalancerOptions
  #slots: Slot[]
  /** Endpoints that were asked for by name only. */
  readonly #others = new Map<string, Slot>()
  /** All connections that are not gone, also those that take no more calls. */
  readonly #channels = new Set<Channel>()
  #turn = 0
  #closed = false

  constructor(options: BalancerOptions) {
    this.#options = options
    this.#slots = slotsOf(options.endpoints)
  }

  get endpoints(): readonly string[] {
    return this.#slots.map(slot => slot.endpoint.text)
  }

  /** Connections to endpoints that are no longer listed are closed. */
  set endpoints(texts: readonly string[]) {
    const kept = new Map(this.#slots.map(slot => [slot.endpoint.text, slot]))
    const next = slotsOf(texts).map(slot => kept.get(slot.endpoint.text) ?? slot)
    for (const slot of this.#slots) if (!next.includes(slot)) slot.connection?.channel.close()
    this.#slots = next
  }

  /**
   * An open connection, or undefined: then `connect` must be awaited. `text` asks for this endpoint and no other; `failed`
   * is the connection that an attempt failed on: then it is the next endpoint's turn, open or not.
   */
  pick(text?: string, failed?: Connection): Connection | undefined {
    if (text !== undefined) return this.#slotAt(text).connection
    const count = this.#slots.length
    if (failed !== undefined && count > 1) {
      this.#turn = this.#slots.findIndex(slot => slot.endpoint === failed.endpoint) + 1
      const next = this.#slots[this.#turn % count] as Slot
      if (next.connection === undefined) return undefined
    }
    let picked: Connection | undefined
    for (let i = 0; i < count && picked === undefined; i++) {
      const slot = this.#slots[this.#turn % count] as Slot
      this.#turn = (this.#turn + 1) % count
      picked = slot.connection
    }
    if (picked === undefined || count === 1) return picked
    for (const slot of this.#slots) if (slot.connection === undefined) this.#dialBehind(slot)
    return picked
  }

  /** Tries every endpoint once, each in its turn. Rejects with `KvsError` (`UNAVAILABLE`) of the last one tried. */
  async connect(text?: string): Promise<Connection> {
    if (text !== undefined) return this.#dial(this.#slotAt(text))
    const count = this.#slots.length
    let failure: unknown
    for (let i = 0; i < count; i++) {
      const slot = this.#slots[this.#turn % this.#slots.length] as Slot
      this.#turn++
      try {
        return slot.connection ?? (await this.#dial(slot))
      } catch (error) {
        failure = error
      }
    }
    throw failure
  }

  close(): void {
    this.#closed = true
    for (const channel of [...this.#channels]) channel.close()
  }

  #slotAt(text: string): Slot {
    const known = this.#slots.find(slot => slot.endpoint.text === text) ?? this.#others.get(text)
    if (known !== undefined) return known
    const slot = newSlot(parseEndpoint(text))
    this.#others.set(text, slot)
    return slot
  }

  #dialBehind(slot: Slot): void {
    if (slot.dialing !== undefined || this.#options.clock.now() < slot.notBeforeMs) return
    this.#dial(slot).catch(() => {
      // The slot remembers the failure; whoever needs the endpoint dials again and is told.
    })
  }

  #dial(slot: Slot): Promise<Connection> {
    slot.dialing ??= this.#open(slot).finally(() => {
      slot.dialing = undefined
    })
    return slot.dialing
  }

  async #open(slot: Slot): Promise<Connection> {
    const { transport, clock, dialTimeoutMs } = this.#options
    if (this.#closed) throw new KvsError('CANCELLED', 'the client is closed', { reason: 'CLOSED' })
    let channel: Channel | undefined
    let retired = false
    const onRetire = (): void => {
      retired = true
      if (slot.connection?.channel === channel) slot.connection = undefined
    }
    const onClose = (): void => {
      onRetire()
      if (channel !== undefined) this.#channels.delete(channel)
    }
    try {
      channel = await transport.connect(slot.endpoint, { timeoutMs: dialTimeoutMs, onRetire, onClose })
      const connection = { channel, endpoint: slot.endpoint }
      if (this.#closed) channel.close()
      else if (retired) channel.close()
      else {
        this.#channels.add(channel)
        slot.connection = connection
      }
      slot.failures = 0
      return connection
    } catch (cause) {
      const pauseMs = Math.min(backoffMinMs * 2 ** slot.failures++, backoffMaxMs)
      slot.notBeforeMs = clock.now() + pauseMs
      const reason = cause instanceof Error ? cause.message : String(cause)
      throw new KvsError('UNAVAILABLE', `${slot.endpoint.text}: ${reason}`, { endpoint: slot.endpoint.text, cause })
    }
  }
}

function newSlot(endpoint: Endpoint): Slot {
  return { endpoint, connection: undefined, dialing: undefined, failures: 0, notBeforeMs: 0 }
}

function slotsOf(texts: readonly string[]): Slot[] {
  if (texts.length === 0) throw new KvsError('INVALID_ARGUMENT', 'at least one endpoint is needed')
  return [...new Set(texts)].map(text => newSlot(parseEndpoint(text)))
}
