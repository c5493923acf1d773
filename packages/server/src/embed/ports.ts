import { formatAddress, type Listener, NetError, nodeNet, type Pipe, parseAddress, type TlsServer } from '@kvs/net'
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
  readonly #net = nodeNet()
  readonly #listeners: Listener[] = []
  readonly #http: Http1[] = []

  constructor(logger: Logger) {
    this.#logger = logger
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
        this.#listeners.push(listener)
        addresses.push(formatAddress(listener.address))
      } catch (error) {
        if (!(error instanceof NetError)) throw error
        throw new ServerError('ADDRESS', `cannot listen on ${url} for the ${name}: ${error.message}`, { cause: error })
      }
    }
    return port
  }

  /** Begins to serve a port, those who waited first. */
  serve(port: OpenPort, http: Http1, grpc?: (pipe: Pipe) => void): void {
    this.#http.push(http)
    const http1 = (pipe: Pipe): void => http.accept(pipe)
    const guests = clientGuests({ grpc: grpc ?? (pipe => pipe.destroy()), http1 })
    const parts: PortParts = { clock: systemClock, logger: this.#logger, name: port.name, guests }
    port.accept = pipe => servePort(parts, pipe)
    for (const pipe of port.early.splice(0)) port.accept(pipe)
  }

  /** Stops accepting, and ends HTTP connections. */
  async close(): Promise<void> {
    await Promise.all(this.#listeners.splice(0).map(listener => listener.close()))
    for (const http of this.#http.splice(0)) http.close()
  }
}
