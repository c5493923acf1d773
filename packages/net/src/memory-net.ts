import { formatAddress, formatHostPort } from './address.ts'
import { watchClose } from './close-hook.ts'
import { NetError } from './errors.ts'
import {
  type MemoryPipe,
  type MemoryPipeOptions,
  type MemoryPipeSettings,
  makePair,
  pipeSettings,
} from './memory-pipe.ts'
import type { Net } from './node-net.ts'
import type { Listener, Pipe, PipeAddress } from './pipe.ts'

/** One open connection of a memory network. */
export interface MemoryConnection {
  /** Printable address of the end that dialed, such as `10.0.0.1:49152`. */
  readonly from: string
  /** Where it dialed to. */
  readonly to: string
  /** Breaks it: both ends close with `RESET`, what was on its way is lost. */
  cut(): void
}

export interface MemoryNet extends Net {
  /**
   * The network as one host sees it: its loopback and wildcard addresses mean this host, and connections show who
   * dialed. Hosts are made by being named.
   */
  host(name: string): Net
  /** All open connections, oldest first. */
  connections(): readonly MemoryConnection[]
}

/**
 * A network in memory. Any address will do: `memory` names, and `tcp` and `unix` addresses, which are but names here, so
 * that a program with URLs in its settings runs on it unchanged. Port 0 gets a free number.
 */
export function memoryNet(options: MemoryPipeOptions = {}): MemoryNet {
  return new MemoryNetwork(pipeSettings(options))
}

type Accept = (pipe: Pipe) => void

const FIRST_FREE_PORT = 49_152

const WILDCARDS: ReadonlySet<string> = new Set(['', '0.0.0.0', '::'])

class MemoryNetwork implements MemoryNet {
  readonly #settings: MemoryPipeSettings
  readonly #listeners = new Map<string, Accept>()
  readonly #connections = new Set<MemoryConnection>()
  readonly #hosts = new Map<string, Net>()
  readonly #anywhere: Net
  #nextPort = FIRST_FREE_PORT

  constructor(settings: MemoryPipeSettings) {
    this.#settings = settings
    this.#anywhere = this.#netOf(undefined)
  }

  get listen(): Net['listen'] {
    return this.#anywhere.listen
  }

  get dial(): Net['dial'] {
    return this.#anywhere.dial
  }

  host(name: string): Net {
    const known = this.#hosts.get(name)
    if (known !== undefined) return known
    const made = this.#netOf(name)
    this.#hosts.set(name, made)
    return made
  }

  connections(): readonly MemoryConnection[] {
    return [...this.#connections]
  }

  #netOf(host: string | undefined): Net {
    return {
      listen: async (address, accept) => this.#listen(host, address, accept),
      dial: (address, { signal } = {}) => this.#dial(host, address, signal),
    }
  }

  #listen(host: string | undefined, wanted: PipeAddress, accept: Accept): Listener {
    const address = wanted.kind === 'tcp' && wanted.port === 0 ? { ...wanted, port: this.#freePort() } : wanted
    const key = listenKey(host, address)
    if (this.#listeners.has(key)) {
      throw new NetError('ADDRESS_IN_USE', `listen on ${formatAddress(address)}: somebody listens there`)
    }
    this.#listeners.set(key, accept)
    const close = (): Promise<void> => {
      if (this.#listeners.get(key) === accept) this.#listeners.delete(key)
      return Promise.resolve()
    }
    return { address, close }
  }

  #freePort(): number {
    return this.#nextPort++
  }

  #dial(host: string | undefined, address: PipeAddress, signal: AbortSignal | undefined): Promise<Pipe> {
    const what = `dial ${formatAddress(address)}`
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) throw new NetError('ABORTED', `${what}: aborted`)
      const from = formatHostPort(host ?? 'client', this.#freePort())
      const to = formatAddress(address)
      let waiting = true
      const aborted = (): void => {
        waiting = false
        reject(new NetError('ABORTED', `${what}: aborted`))
      }
      signal?.addEventListener('abort', aborted, { once: true })
      this.#settings.schedule({ kind: 'connect', from, to, sizeBytes: 0 }, () => {
        if (!waiting) return
        signal?.removeEventListener('abort', aborted)
        const accept = this.#findListener(host, address)
        if (accept === undefined) reject(new NetError('REFUSED', `${what}: nobody listens there`))
        else resolve(this.#connect(accept, { from, to }))
      })
    })
  }

  /** A listener of this very address, or one of the same host and port on every address. */
  #findListener(host: string | undefined, address: PipeAddress): Accept | undefined {
    const exact = this.#listeners.get(listenKey(host, address))
    if (exact !== undefined || address.kind !== 'tcp' || host === undefined) return exact
    return isLoopback(address.host) ? this.#listeners.get(listenKey(host, { ...address, host: '' })) : undefined
  }

  #connect(accept: Accept, { from, to }: { readonly from: string; readonly to: string }): Pipe {
    const [dialed, accepted]: [MemoryPipe, MemoryPipe] = makePair(this.#settings, { a: from, b: to })
    const cut = (): void => {
      dialed.breakOff()
      accepted.breakOff()
    }
    const connection: MemoryConnection = { from, to, cut }
    this.#connections.add(connection)
    let open = 2
    const closed = (): void => {
      if (--open === 0) this.#connections.delete(connection)
    }
    watchClose(dialed, closed)
    watchClose(accepted, closed)
    accept(accepted)
    return dialed
  }
}

/** Where a listener is found: a host's own addresses are under its name. */
function listenKey(host: string | undefined, address: PipeAddress): string {
  if (address.kind === 'memory') return formatAddress(address)
  const own = host === undefined ? '' : `${host} `
  if (address.kind === 'unix') return own + formatAddress(address)
  if (WILDCARDS.has(address.host)) return formatHostPort(host ?? '', address.port)
  return (isLoopback(address.host) ? own : '') + formatHostPort(address.host, address.port)
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.')
}
