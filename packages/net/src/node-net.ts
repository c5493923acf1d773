import { lstat, unlink } from 'node:fs/promises'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { formatAddress } from './address.ts'
import { NetError, nodeError, systemCode } from './errors.ts'
import {
  DEFAULT_DIAL_TIMEOUT_MS,
  DEFAULT_HIGH_WATER_BYTES,
  KEEPALIVE_MS,
  LISTEN_BACKLOG,
  MAX_UNIX_PATH_BYTES,
} from './limits.ts'
import type { Dial, Listen, Listener, Pipe, PipeAddress } from './pipe.ts'
import { SocketPipe, tcpInfo, UNNAMED_UNIX } from './socket-pipe.ts'

/** A way to listen and a way to dial that belong together. */
export interface Net {
  readonly listen: Listen
  readonly dial: Dial
}

export interface NodeNetOptions {
  /** Default 256 KiB; see `Pipe.write`. */
  readonly highWaterBytes?: number
  /** Default 30 s; then a dial fails with `TIMEOUT`. */
  readonly dialTimeoutMs?: number
  /** Other processes may listen on the same TCP ports (SO_REUSEPORT). Node.js before 22.12 passes over it. */
  readonly reusePort?: boolean
  /** A connection could not be accepted (`LIMIT`: too many open files); the listener goes on. Default: nobody is told. */
  readonly onAcceptError?: (error: NetError) => void
}

/** TCP and unix sockets of this machine: no Nagle delay, keepalive after 30 s, half-closed pipes stay open. */
export function nodeNet(options: NodeNetOptions = {}): Net {
  const highWaterBytes = options.highWaterBytes ?? DEFAULT_HIGH_WATER_BYTES
  const onAcceptError = options.onAcceptError ?? (() => undefined)
  return {
    listen: (address, accept) =>
      listen(address, accept, { highWaterBytes, onAcceptError, reusePort: options.reusePort === true }),
    dial: (address, { signal } = {}) => {
      const timeoutMs = options.dialTimeoutMs ?? DEFAULT_DIAL_TIMEOUT_MS
      return dial(address, { highWaterBytes, timeoutMs, signal })
    },
  }
}

function socketOptions(highWaterBytes: number): {
  readonly allowHalfOpen: true
  readonly noDelay: true
  readonly keepAlive: true
  readonly keepAliveInitialDelay: number
  readonly highWaterMark: number
  readonly writableHighWaterMark: number
} {
  return {
    allowHalfOpen: true,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: KEEPALIVE_MS,
    // A server reads the first, a dialed socket (a Duplex) the second.
    highWaterMark: highWaterBytes,
    writableHighWaterMark: highWaterBytes,
  }
}

interface ListenOptions {
  readonly highWaterBytes: number
  readonly onAcceptError: (error: NetError) => void
  readonly reusePort: boolean
}

async function listen(address: PipeAddress, accept: (pipe: Pipe) => void, options: ListenOptions): Promise<Listener> {
  const what = `listen on ${formatAddress(address)}`
  checkAddress(address, what)
  const server = createServer(socketOptions(options.highWaterBytes), socket => {
    accept(new SocketPipe(socket, address.kind === 'tcp' ? tcpInfo(socket) : unixInfo(address.path, 'server')))
  })
  if (address.kind === 'unix') await removeStaleSocket(address.path, what)
  await listening(server, { address, reusePort: options.reusePort }, what)
  server.on('error', cause => options.onAcceptError(nodeError(cause, `${what}: accept`)))
  return new NodeListener(server, listenedAddress(server, address))
}

function checkAddress(address: PipeAddress, what: string): asserts address is PipeAddress & { kind: 'tcp' | 'unix' } {
  if (address.kind === 'memory') throw new NetError('BAD_ADDRESS', `${what}: there is no memory network here`)
  if (address.kind === 'unix' && Buffer.byteLength(address.path) > MAX_UNIX_PATH_BYTES) {
    throw new NetError('BAD_ADDRESS', `${what}: the path is longer than ${MAX_UNIX_PATH_BYTES} bytes`)
  }
}

function listening(
  server: Server,
  { address, reusePort }: { readonly address: PipeAddress & { kind: 'tcp' | 'unix' }; readonly reusePort: boolean },
  what: string,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (cause: Error): void => reject(nodeError(cause, what))
    server.once('error', failed)
    const listened = (): void => {
      server.off('error', failed)
      resolve()
    }
    try {
      if (address.kind === 'unix') server.listen({ path: address.path, backlog: LISTEN_BACKLOG }, listened)
      else {
        const shared = reusePort ? { reusePort } : {}
        server.listen({ ...hostAndPort(address), ...shared, backlog: LISTEN_BACKLOG }, listened)
      }
    } catch (cause) {
      failed(cause as Error)
    }
  })
}

/** An empty host means every address of the machine, IPv4 and IPv6. */
function hostAndPort(address: PipeAddress & { kind: 'tcp' }): { readonly host?: string; readonly port: number } {
  return address.host === '' ? { port: address.port } : { host: address.host, port: address.port }
}

function listenedAddress(server: Server, wanted: PipeAddress): PipeAddress {
  if (wanted.kind !== 'tcp') return wanted
  return { kind: 'tcp', host: wanted.host, port: (server.address() as AddressInfo).port }
}

class NodeListener implements Listener {
  readonly address: PipeAddress
  readonly #server: Server
  #closed = false

  constructor(server: Server, address: PipeAddress) {
    this.#server = server
    this.address = address
  }

  /** Does not wait for `close` of the server: that comes only after its last connection. */
  close(): Promise<void> {
    if (!this.#closed) {
      this.#closed = true
      this.#server.close()
    }
    return Promise.resolve()
  }
}

/** Removes the file of a unix socket that nobody listens on. Refuses if somebody does, or if it is another kind of file. */
async function removeStaleSocket(path: string, what: string): Promise<void> {
  try {
    const stats = await lstat(path)
    if (!stats.isSocket()) throw new NetError('ADDRESS_IN_USE', `${what}: the file exists and is no socket`)
    if (await somebodyListens(path)) throw new NetError('ADDRESS_IN_USE', `${what}: somebody listens there`)
    await unlink(path)
  } catch (cause) {
    if (cause instanceof NetError) throw cause
    if (systemCode(cause) !== 'ENOENT') throw nodeError(cause, what)
  }
}

function somebodyListens(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect({ path })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', error => {
      const code = systemCode(error)
      if (code === 'ECONNREFUSED' || code === 'ENOENT') resolve(false)
      // A listener whose queue is full is alive.
      else if (code === 'EAGAIN') resolve(true)
      else reject(error)
    })
  })
}

interface DialSettings {
  readonly highWaterBytes: number
  readonly timeoutMs: number
  readonly signal: AbortSignal | undefined
}

function dial(address: PipeAddress, settings: DialSettings): Promise<Pipe> {
  const what = `dial ${formatAddress(address)}`
  return new Promise((resolve, reject) => {
    checkAddress(address, what)
    if (settings.signal?.aborted === true) throw new NetError('ABORTED', `${what}: aborted`)
    const socket = startConnect(address, settings.highWaterBytes, what)
    const settle = (): void => {
      clearTimeout(timer)
      settings.signal?.removeEventListener('abort', aborted)
      socket.off('connect', connected)
      socket.off('error', failed)
    }
    const giveUp = (error: NetError): void => {
      settle()
      // A connection attempt that fails after we gave up must not become an uncaught error.
      socket.on('error', () => undefined)
      socket.destroy()
      reject(error)
    }
    const failed = (cause: Error): void => giveUp(nodeError(cause, what))
    const aborted = (): void => giveUp(new NetError('ABORTED', `${what}: aborted`))
    const connected = (): void => {
      settle()
      resolve(new SocketPipe(socket, address.kind === 'tcp' ? tcpInfo(socket) : unixInfo(address.path, 'client')))
    }
    const timeout = (): void => giveUp(new NetError('TIMEOUT', `${what}: no answer within ${settings.timeoutMs} ms`))
    const timer = setTimeout(timeout, settings.timeoutMs)
    settings.signal?.addEventListener('abort', aborted)
    socket.on('connect', connected)
    socket.on('error', failed)
  })
}

function startConnect(address: PipeAddress & { kind: 'tcp' | 'unix' }, highWaterBytes: number, what: string): Socket {
  const options = socketOptions(highWaterBytes)
  try {
    if (address.kind === 'unix') return connect({ ...options, path: address.path })
    return connect({ ...options, host: address.host === '' ? 'localhost' : address.host, port: address.port })
  } catch (cause) {
    throw nodeError(cause, what)
  }
}

function unixInfo(path: string, side: 'server' | 'client'): Pipe['info'] {
  const named = formatAddress({ kind: 'unix', path })
  if (side === 'server') return { kind: 'unix', remote: UNNAMED_UNIX, local: named }
  return { kind: 'unix', remote: named, local: UNNAMED_UNIX }
}
