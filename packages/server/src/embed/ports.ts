import {
  formatAddress,
  type Listener,
  type Net,
  NetError,
  nodeNet,
  type Pipe,
  parseAddress,
  type TlsServer,
} from '@kvs/net'
import type { PeerEndpoint } from '@kvs/rafthttp'
import { type PeerPort, servePeers } from '@kvs/rafthttp/node'
import { clientGuests, type PortParts, servePort } from '../client-port.ts'
import { ServerError } from '../errors.ts'
import type { Logger } from '../parts.ts'
import { systemClock } from './clock.ts'
import type { Http1 } from './http1.ts'

/** The listeners of one kind. Connections wait in `early` until the member serves. */
export interface OpenPort {
  readonly name: string
  readonly addresses: readonly string[]
  readonly early: Pipe[]
  accept: ((pipe: Pipe) => void) | undefined
}

/** The ports of a member: they are opened before anything is written, and served when there is something to serve. */
export class Ports {
  readonly #logger: Logger
  readonly #net: Net
  #listeners: { readonly port: OpenPort; readonly listener: Listener }[] = []
  readonly #http = new Set<Http1>()
  readonly #peers: PeerPort[] = []

  /** Throws `ServerError` (`CONFIG`) where this Node.js cannot share ports. */
  constructor({ logger, reusePort }: { readonly logger: Logger; readonly reusePort: boolean }) {
    this.#logger = logger
    if (reusePort && !canSharePorts(process.versions.node)) {
      throw new ServerError('CONFIG', `--socket-reuse-port needs Node.js 22.12 or later, not ${process.versions.node}`)
    }
    this.#net = nodeNet({ reusePort })
  }

  /** Listens on these URLs; `tls` is for those that ask for it. Throws `ServerError` (`ADDRESS`). */
  async open(name: string, urls: readonly string[], tls: TlsServer | undefined): Promise<OpenPort> {
    const addresses: string[] = []
    const port: OpenPort = { name, addresses, early: [], accept: undefined }
    const take = (pipe: Pipe): void => {
      if (port.accept === undefined) port.early.push(pipe)
      else port.accept(pipe)
    }
    for (const url of urls) {
      try {
        const { address, encrypted } = parseAddress(url)
        const secured = (pipe: Pipe): void => tls?.accept(pipe, take)
        const listener = await this.#net.listen(address, encrypted ? secured : take)
        this.#listeners.push({ port, listener })
        addresses.push(formatAddress(listener.address))
      } catch (error) {
        if (!(error instanceof NetError)) throw error
        throw new ServerError('ADDRESS', `cannot listen on ${url} for the ${name}: ${error.message}`, { cause: error })
      }
    }
    return port
  }

  /** Begins to serve a port, those who waited first. Who speaks what it does not serve is sent away. */
  serve(port: OpenPort, serves: { readonly http1?: Http1 | undefined; readonly grpc?: (pipe: Pipe) => void }): void {
    const { http1, grpc } = serves
    if (http1 !== undefined) this.#http.add(http1)
    const sendAway = (pipe: Pipe): void => pipe.destroy()
    const plain = http1 === undefined ? sendAway : (pipe: Pipe): void => http1.accept(pipe)
    const guests = clientGuests({ grpc: grpc ?? sendAway, http1: plain })
    const parts: PortParts = { clock: systemClock, logger: this.#logger, name: port.name, guests }
    port.accept = pipe => servePort(parts, pipe)
    for (const pipe of port.early.splice(0)) port.accept(pipe)
  }

  /** Begins to answer peers, those who waited first. */
  servePeers(port: OpenPort, endpoint: PeerEndpoint): void {
    const peers = servePeers({ endpoint, logger: this.#logger })
    this.#peers.push(peers)
    port.accept = pipe => peers.accept(pipe)
    for (const pipe of port.early.splice(0)) port.accept(pipe)
  }

  /** Accepts nobody any more, but on the ports of `but`, and ends HTTP connections of clients. */
  async closeToClients(but: OpenPort): Promise<void> {
    const closing = this.#listeners.filter(({ port }) => port !== but)
    this.#listeners = this.#listeners.filter(({ port }) => port === but)
    await Promise.all(closing.map(({ listener }) => listener.close()))
    for (const http of this.#http) http.close()
    this.#http.clear()
  }

  /** Stops accepting, and ends the connections of HTTP and of peers. */
  async close(): Promise<void> {
    await Promise.all(this.#listeners.splice(0).map(({ listener }) => listener.close()))
    for (const http of this.#http) http.close()
    this.#http.clear()
    for (const peers of this.#peers.splice(0)) peers.close()
  }
}

/** Node.js passes SO_REUSEPORT on from 22.12 and 23.1 on. */
function canSharePorts(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major > 23 || (major === 23 && minor >= 1) || (major === 22 && minor >= 12)
}
