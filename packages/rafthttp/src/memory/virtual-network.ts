import { RaftHttpError } from '../errors.ts'
import { listenerFrameBytesMax } from '../limits.ts'
import type { TransportClock, TransportRandom } from '../ports.ts'
import type { LinkCall, LinkReply, PeerEndpoint, PeerRequest, Wire, WireCall, WireReply } from '../wire.ts'
import { MemoryExchange } from './exchange.ts'
import { Lane, type LaneNetwork, type NetworkFaults } from './lane.ts'
import { MemoryLink } from './memory-link.ts'

export interface VirtualNetworkOptions {
  readonly clock: TransportClock
  readonly random: TransportRandom
  /** Default: 1 ms each way, nothing lost. */
  readonly faults?: Partial<NetworkFaults>
}

/** One machine of a virtual network. */
export interface VirtualHost {
  readonly name: string
  /** The way out of this host. */
  readonly wire: Wire
  /** Answers under this URL; the result takes it back. One endpoint per URL. */
  listen(url: string, endpoint: PeerEndpoint): () => void
  /**
   * Kills what runs here: its endpoints are gone, its connections reset, and what they carried is lost. The host may listen
   * again. Stop its transport too: its timers belong to the clock.
   */
  crash(): void
}

/** A network in memory that runs on a clock of yours, with faults from a seed: for deterministic simulation. */
export interface VirtualNetwork {
  host(name: string): VirtualHost
  /** Changes what goes wrong from now on. */
  setFaults(faults: Partial<NetworkFaults>): void
  /** Nothing from `from` arrives at `to` any more: it waits, as with TCP, until `unblock`. One way only. */
  block(from: string, to: string): void
  unblock(from: string, to: string): void
  /** Both ways between the two groups. */
  partition(a: readonly string[], b: readonly string[]): void
  /** Ends all blocks. */
  heal(): void
  /** Resets all links between two hosts. */
  cut(a: string, b: string): void
  /** Links that are open. */
  readonly openLinks: number
}

export function virtualNetwork(options: VirtualNetworkOptions): VirtualNetwork {
  return new SimulatedNetwork(options)
}

interface Listening {
  readonly host: string
  readonly endpoint: PeerEndpoint
}

interface Dial {
  readonly from: string
  readonly to: string
  readonly crashed: () => void
}

const requestBytes = 500

class SimulatedNetwork implements VirtualNetwork, LaneNetwork {
  readonly clock: TransportClock
  readonly random: TransportRandom
  faults: NetworkFaults
  readonly #blocked = new Set<string>()
  readonly #listeners = new Map<string, Listening>()
  /** The host of every URL that was ever listened on: where a dial goes, though nobody may answer. */
  readonly #owners = new Map<string, string>()
  readonly #hosts = new Map<string, VirtualHost>()
  readonly #lanes = new Set<Lane>()
  /** Ends of open links; both ends of one stand side by side. */
  readonly #links = new Set<MemoryLink>()
  readonly #exchanges = new Set<MemoryExchange>()
  /** Links that are being opened. */
  readonly #dials = new Set<Dial>()

  constructor({ clock, faults, random }: VirtualNetworkOptions) {
    this.clock = clock
    this.random = random
    const none = { delayMs: { min: 1, max: 1 }, dropChance: 0, duplicateChance: 0, reorderChance: 0 }
    this.faults = { ...none, ...faults }
  }

  get openLinks(): number {
    return Math.ceil(this.#links.size / 2)
  }

  host(name: string): VirtualHost {
    const known = this.#hosts.get(name)
    if (known !== undefined) return known
    const wire: Wire = {
      openLink: call => this.#openLink(name, call),
      request: call => this.#request(name, call),
      close: () => undefined,
    }
    const host: VirtualHost = {
      name,
      wire,
      listen: (url, endpoint) => this.#listen(name, url, endpoint),
      crash: () => this.#crash(name),
    }
    this.#hosts.set(name, host)
    return host
  }

  setFaults(faults: Partial<NetworkFaults>): void {
    this.faults = { ...this.faults, ...faults }
  }

  isBlocked(from: string, to: string): boolean {
    return this.#blocked.has(`${from} ${to}`)
  }

  block(from: string, to: string): void {
    this.#blocked.add(`${from} ${to}`)
  }

  unblock(from: string, to: string): void {
    this.#blocked.delete(`${from} ${to}`)
    for (const lane of this.#lanes) lane.resume()
  }

  partition(a: readonly string[], b: readonly string[]): void {
    for (const one of a) {
      for (const other of b) {
        this.block(one, other)
        this.block(other, one)
      }
    }
  }

  heal(): void {
    this.#blocked.clear()
    for (const lane of this.#lanes) lane.resume()
  }

  cut(a: string, b: string): void {
    for (const link of [...this.#links]) {
      const { from, to } = link.lane
      if ((from === a && to === b) || (from === b && to === a)) link.destroy()
    }
  }

  #listen(host: string, url: string, endpoint: PeerEndpoint): () => void {
    if (this.#listeners.has(url)) throw new RaftHttpError('BAD_OPTION', `somebody listens on ${url}`)
    const listening = { host, endpoint }
    this.#listeners.set(url, listening)
    this.#owners.set(url, host)
    return () => {
      if (this.#listeners.get(url) === listening) this.#listeners.delete(url)
    }
  }

  #crash(host: string): void {
    for (const [url, listening] of this.#listeners) if (listening.host === host) this.#listeners.delete(url)
    for (const link of [...this.#links]) if (link.host === host) link.crash()
    for (const dial of [...this.#dials]) if (dial.from === host || dial.to === host) dial.crashed()
    for (const exchange of [...this.#exchanges]) exchange.crashed(host)
  }

  /** Who listens there. A dial of what nobody had ever listened on goes nowhere, though somebody may by now. */
  #listening(url: string, host: string): Listening | undefined {
    const listening = this.#listeners.get(url)
    return listening?.host === host ? listening : undefined
  }

  #lane(from: string, to: string): Lane {
    const lane = new Lane(this, from, to)
    this.#lanes.add(lane)
    return lane
  }

  /** The host behind a URL. One that nobody ever listened on is refused without leaving the machine. */
  #ownerOf(url: string, from: string): string {
    return this.#owners.get(url) ?? from
  }

  #openLink(from: string, call: LinkCall): Promise<LinkReply> {
    return new Promise((resolve, reject) => {
      const to = this.#ownerOf(call.url, from)
      const there = this.#lane(from, to)
      const back = this.#lane(to, from)
      let dialed: MemoryLink | undefined
      let isOver = false
      const end = (): void => {
        isOver = true
        call.signal.removeEventListener('abort', aborted)
        this.#dials.delete(dial)
        if (dialed === undefined) this.#forget(there, back)
      }
      const aborted = (reason: unknown): void => {
        if (isOver) return
        dialed?.destroy()
        end()
        reject(reason instanceof Error ? reason : call.signal.reason)
      }
      // A process that is gone dials nobody, though its request may be on its way.
      const dial: Dial = {
        from,
        to,
        crashed: () => aborted(new RaftHttpError('UNREACHABLE', 'connection reset by peer')),
      }
      this.#dials.add(dial)
      const answer = (sizeBytes: number, tell: () => void): void =>
        back.push(sizeBytes, () => {
          if (isOver) return
          tell()
          end()
        })
      if (call.signal.aborted) return aborted(undefined)
      call.signal.addEventListener('abort', aborted)
      there.push(requestBytes, () => {
        if (isOver) return
        const target = this.#listening(call.url, to)
        if (target === undefined) return answer(0, () => reject(refused(call.url)))
        const request = requestOf(from, { ...call, method: 'GET' })
        const reply = target.endpoint.upgrade(request, [call.protocol])
        const header = headerOf(reply.headers)
        if (!('accept' in reply)) {
          const text = new TextDecoder().decode(reply.body)
          return answer(reply.body.length, () => resolve({ status: reply.status, header, text, link: undefined }))
        }
        const [near, far] = this.#join({ there, back, frameBytesMax: call.frameBytesMax })
        dialed = near
        answer(requestBytes, () => resolve({ status: 101, header, text: '', link: near }))
        reply.accept(far)
      })
    })
  }

  /** Two ends of a link on these lanes: the one that dialed, and the other. */
  #join({ there, back, frameBytesMax }: { there: Lane; back: Lane; frameBytesMax: number }): [MemoryLink, MemoryLink] {
    const { clock } = this
    let open = 2
    const gone = (link: () => MemoryLink) => () => {
      this.#links.delete(link())
      open--
      if (open === 0) this.#forget(there, back)
    }
    const near: MemoryLink = new MemoryLink({
      host: there.from,
      remote: there.to,
      clock,
      out: there,
      frameBytesMax,
      gone: gone(() => near),
    })
    const far: MemoryLink = new MemoryLink({
      host: back.from,
      remote: back.to,
      clock,
      out: back,
      frameBytesMax: listenerFrameBytesMax,
      gone: gone(() => far),
    })
    MemoryLink.join(near, far)
    this.#links.add(near)
    this.#links.add(far)
    return [near, far]
  }

  async #request(from: string, call: WireCall): Promise<WireReply> {
    const to = this.#ownerOf(call.url, from)
    const [there, back] = [this.#lane(from, to), this.#lane(to, from)]
    const exchange = new MemoryExchange({
      there,
      back,
      call,
      request: requestOf(from, call),
      endpoint: () => this.#listening(call.url, to)?.endpoint,
    })
    this.#exchanges.add(exchange)
    try {
      return await exchange.run()
    } finally {
      this.#exchanges.delete(exchange)
      this.#forget(there, back)
    }
  }

  #forget(...lanes: readonly Lane[]): void {
    for (const lane of lanes) {
      lane.clear()
      this.#lanes.delete(lane)
    }
  }
}

function refused(url: string): RaftHttpError {
  return new RaftHttpError('UNREACHABLE', `dial ${url}: connection refused`)
}

function headerOf(fields: LinkCall['headers']): (name: string) => string | undefined {
  return name => fields.find(([field]) => field.toLowerCase() === name)?.[1]
}

function requestOf(from: string, call: Pick<WireCall, 'method' | 'path' | 'headers'>): PeerRequest {
  const mark = call.path.indexOf('?')
  return {
    method: call.method,
    path: mark < 0 ? call.path : call.path.slice(0, mark),
    query: mark < 0 ? '' : call.path.slice(mark + 1),
    header: headerOf(call.headers),
    remote: from,
  }
}
