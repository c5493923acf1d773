import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  createTlsClient,
  createTlsServer,
  type MemoryNet,
  memoryNet,
  type Net,
  nodeNet,
  parseAddress,
  selfSignedFiles,
} from '@kvs/net'
import { SeededRandom, VirtualClock } from '@kvs/testing'
import type { TransportClock } from '../src/index.ts'
import { type VirtualNetwork, virtualNetwork } from '../src/memory.ts'
import { nodeWire, type PeerPort, servePeers, sha256 } from '../src/node.ts'
import type { MemberPlace, TransportWorld } from '../src/testing.ts'

export const systemClock: TransportClock = {
  now: () => performance.now(),
  wallNow: () => Date.now(),
  setTimer: (delayMs, callback) => setTimeout(callback, delayMs),
  clearTimer: timer => clearTimeout(timer as NodeJS.Timeout),
  defer: callback => {
    setImmediate(callback)
  },
}

export const silentLogger = {
  debug: (): void => undefined,
  info: (): void => undefined,
  warn: (): void => undefined,
  error: (): void => undefined,
}

/** Lets everything happen that is on its way inside this process. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise(resolve => setImmediate(resolve))
}

async function untilReal(what: string, holds: () => boolean): Promise<void> {
  for (let i = 0; i < 2000; i++) {
    if (holds()) return
    await sleep(3)
  }
  throw new Error(`waited too long for ${what}`)
}

/** Sockets that speak TLS with a certificate of their own making. */
export async function tlsNet(folder: string): Promise<Net> {
  const certificate = await selfSignedFiles(folder, { hosts: ['127.0.0.1'] })
  const alpn = ['http/1.1']
  const net = nodeNet()
  const server = await createTlsServer({ certificate, alpn })
  const client = await createTlsClient({ trustedCaFiles: [certificate.certFile], alpn })
  return { listen: server.listen(net.listen), dial: client.dial(net.dial) }
}

/** Real sockets of this machine, or pipes in memory under the same driver. */
export class DriverWorld implements TransportWorld {
  readonly clock = systemClock
  readonly random = new SeededRandom(1)
  readonly makeHash = sha256
  readonly #net: Net
  readonly #memory: MemoryNet | undefined
  readonly #closers: (() => Promise<void>)[] = []
  #nextPort = 7001

  constructor(net: Net | 'memory' = nodeNet()) {
    this.#memory = net === 'memory' ? memoryNet() : undefined
    this.#net = this.#memory ?? (net as Net)
  }

  async place(name: string): Promise<MemberPlace> {
    const net = this.#memory?.host(name) ?? this.#net
    const url = await this.#freeUrl(name)
    const { address } = parseAddress(url)
    const wire = nodeWire({ dial: (peerUrl, options) => net.dial(parseAddress(peerUrl).address, options) })
    let served: { port: PeerPort; close: () => Promise<void> } | undefined
    const kill = async (): Promise<void> => {
      served?.port.close()
      await served?.close()
      served = undefined
    }
    this.#closers.push(async () => {
      await kill()
      wire.close()
    })
    return {
      url,
      wire,
      kill,
      serve: async endpoint => {
        const port = servePeers({ endpoint, logger: silentLogger })
        const listener = await net.listen(address, pipe => port.accept(pipe))
        served = { port, close: () => listener.close() }
      },
    }
  }

  /** A port nobody listens on, which stays the same when the place is served again. */
  async #freeUrl(name: string): Promise<string> {
    if (this.#memory !== undefined) return `http://${name}:${this.#nextPort++}`
    const listener = await this.#net.listen({ kind: 'tcp', host: '127.0.0.1', port: 0 }, pipe => pipe.destroy())
    await listener.close()
    const { address } = listener
    return `http://127.0.0.1:${address.kind === 'tcp' ? address.port : 0}`
  }

  until(what: string, holds: () => boolean): Promise<void> {
    return untilReal(what, holds)
  }

  async pass(durationMs: number): Promise<void> {
    await sleep(durationMs)
  }

  async dispose(): Promise<void> {
    for (const close of this.#closers) await close()
  }
}

/** The simulated network on virtual time. */
export class VirtualWorld implements TransportWorld {
  readonly clock = new VirtualClock()
  readonly random: SeededRandom
  readonly makeHash = sha256
  readonly network: VirtualNetwork

  constructor(seed = 1) {
    this.random = new SeededRandom(seed)
    const faults = { delayMs: { min: 0.1, max: 3 } }
    this.network = virtualNetwork({ clock: this.clock, random: this.random.fork(), faults })
  }

  async place(name: string): Promise<MemberPlace> {
    const host = this.network.host(name)
    const url = `http://${name}:2380`
    return {
      url,
      wire: host.wire,
      serve: async endpoint => {
        host.listen(url, endpoint)
      },
      kill: async () => host.crash(),
    }
  }

  async until(what: string, holds: () => boolean): Promise<void> {
    const untilMs = this.clock.now() + 30_000
    while (!holds()) {
      await settle()
      if (holds()) return
      const next = this.clock.nextAt()
      if (next === undefined || next > untilMs) throw new Error(`waited too long for ${what}`)
      this.clock.step()
    }
  }

  async pass(durationMs: number): Promise<void> {
    const untilMs = this.clock.now() + durationMs
    for (;;) {
      await settle()
      const next = this.clock.nextAt()
      if (next === undefined || next > untilMs) break
      this.clock.step()
    }
    this.clock.advance(untilMs - this.clock.now())
  }

  async dispose(): Promise<void> {}
}
