import type { Socket } from 'node:net'
import { createServer, type SecureContextOptions, type Server, type TLSSocket } from 'node:tls'
import { NetError } from '../errors.ts'
import {
  DEFAULT_HANDSHAKE_TIMEOUT_MS,
  DEFAULT_HANDSHAKES_PER_TURN,
  DEFAULT_HIGH_WATER_BYTES,
  DEFAULT_MAX_HANDSHAKES,
  DEFAULT_MAX_WAITING_HANDSHAKES,
} from '../limits.ts'
import type { Listen, Pipe } from '../pipe.ts'
import { DEFAULT_ALPN, fixedContext, isAllowed, NOT_ALLOWED } from './context.ts'
import { verifyText } from './failure-text.ts'
import { HandshakeQueue } from './handshake-queue.ts'
import { type KeyPair, KeyPairFiles } from './key-pair.ts'
import type { TlsRejection, TlsServerOptions } from './options.ts'
import type { PeerCertificate } from './peer-certificate.ts'
import { plainSerial, RevocationList } from './revocation.ts'
import { sanMismatch, systemNames } from './san-check.ts'
import { type HandshakeHost, plainSocket, ServerHandshake } from './server-handshake.ts'

/** The listening side of TLS. */
export interface TlsServer {
  /**
   * Makes an encrypted pipe of one that was accepted and not yet started, and hands it to `secured` when the handshake is
   * done and the client's certificate has passed every check. A connection that does not make it is closed and told to
   * `onRejected`.
   */
  accept(pipe: Pipe, secured: (pipe: Pipe) => void): void
  /** `listen` of encrypted pipes. */
  listen(listen: Listen): Listen
  /** Connections that wait: for their hello, for their turn, for the rest of the handshake. */
  readonly handshakes: { readonly silent: number; readonly waiting: number; readonly inFlight: number }
}

/**
 * Reads certificate, key and authorities. Rejects with `NetError`: `TLS` for settings that make no sense, `CERTIFICATE` for
 * files that cannot be used.
 */
export async function createTlsServer(options: TlsServerOptions): Promise<TlsServer> {
  const fixed = await fixedContext(options)
  const pairs = new KeyPairFiles(options.certificate, options.onWarning ?? (() => undefined))
  return new EngineTlsServer(options, fixed, pairs, await pairs.current())
}

class EngineTlsServer implements TlsServer, HandshakeHost {
  readonly timeoutMs: number
  readonly highWaterBytes: number = DEFAULT_HIGH_WATER_BYTES
  readonly #options: TlsServerOptions
  readonly #clientCertificate: 'require' | 'verify' | 'none'
  readonly #fixed: SecureContextOptions
  readonly #pairs: KeyPairFiles
  readonly #revoked: RevocationList | undefined
  readonly #server: Server
  readonly #queue: HandshakeQueue
  /** Handshakes by the socket they happen on. */
  readonly #bySocket = new Map<Socket, ServerHandshake>()
  readonly #open = new Set<ServerHandshake>()
  #version: number
  #broken: Error | undefined

  constructor(options: TlsServerOptions, fixed: SecureContextOptions, pairs: KeyPairFiles, pair: KeyPair) {
    this.#options = options
    this.#fixed = fixed
    this.#pairs = pairs
    this.#version = pair.version
    this.timeoutMs = options.handshakeTimeoutMs ?? DEFAULT_HANDSHAKE_TIMEOUT_MS
    this.#clientCertificate = options.clientCertificate ?? (options.trustedCaFiles === undefined ? 'none' : 'require')
    this.#revoked = options.crlFile === undefined ? undefined : new RevocationList(options.crlFile)
    const limits = {
      perTurn: DEFAULT_HANDSHAKES_PER_TURN,
      maxInFlight: DEFAULT_MAX_HANDSHAKES,
      maxWaiting: DEFAULT_MAX_WAITING_HANDSHAKES,
      ...options.limits,
    }
    this.#queue = new HandshakeQueue(limits, () => this.#refresh())
    this.#server = this.#makeServer(pair)
  }

  #makeServer({ cert, key }: KeyPair): Server {
    const alpn = this.#options.alpn ?? DEFAULT_ALPN
    const server = createServer({
      ...this.#fixed,
      cert,
      key,
      handshakeTimeout: this.timeoutMs,
      requestCert: this.#clientCertificate !== 'none',
      rejectUnauthorized: this.#clientCertificate === 'require',
      ...(alpn.length === 0 ? {} : { ALPNProtocols: [...alpn] }),
    })
    server.on('secureConnection', socket => this.#handshakeOf(socket)?.secure(socket))
    server.on('tlsClientError', (error, socket) => this.#handshakeOf(socket)?.failed(error, socket))
    return server
  }

  get handshakes(): TlsServer['handshakes'] {
    const { waiting, inFlight } = this.#queue
    return { silent: this.#open.size - waiting - inFlight, waiting, inFlight }
  }

  accept(pipe: Pipe, secured: (pipe: Pipe) => void): void {
    this.#open.add(new ServerHandshake(this, pipe, secured))
  }

  listen(listen: Listen): Listen {
    return (address, accept) => listen(address, pipe => this.accept(pipe, accept))
  }

  // For handshakes

  ready(handshake: ServerHandshake): void {
    this.#queue.add(handshake)
  }

  begin(socket: Socket, handshake: ServerHandshake): void {
    if (this.#broken !== undefined) throw this.#broken
    this.#bySocket.set(socket, handshake)
    // A client that leaves in the middle of a handshake ends it. Once TLS stands, half-closed is allowed again.
    socket.allowHalfOpen = false
    this.#server.emit('connection', socket)
  }

  ended(handshake: ServerHandshake, socket: Socket | undefined): void {
    this.#open.delete(handshake)
    this.#queue.remove(handshake)
    if (socket !== undefined) this.#bySocket.delete(socket)
  }

  reject(rejection: TlsRejection): void {
    this.#options.onRejected?.(rejection)
  }

  judge(
    certificate: PeerCertificate | undefined,
    socket: TLSSocket,
    remoteHost: string,
  ): Promise<string | undefined> | undefined {
    if (certificate === undefined) return undefined
    if (!socket.authorized) return Promise.resolve(verifyFailure(socket))
    if (!isAllowed(this.#options, certificate)) return Promise.resolve(NOT_ALLOWED)
    const checksSan = this.#options.checkSan === true && remoteHost !== ''
    if (!checksSan && this.#revoked === undefined) return undefined
    return this.#judgeSlowly(certificate, checksSan ? remoteHost : undefined)
  }

  // Private

  async #judgeSlowly(certificate: PeerCertificate, remoteHost: string | undefined): Promise<string | undefined> {
    if (remoteHost !== undefined) {
      const mismatch = await sanMismatch(certificate, remoteHost, this.#options.names ?? systemNames)
      if (mismatch !== undefined) return mismatch
    }
    const serial = plainSerial(certificate.x509.serialNumber)
    const revoked = await this.#revoked?.current()
    return revoked?.has(serial) === true ? `transport: certificate serial ${serial} revoked` : undefined
  }

  #handshakeOf(socket: TLSSocket): ServerHandshake | undefined {
    const plain = plainSocket(socket)
    return plain === undefined ? undefined : this.#bySocket.get(plain)
  }

  /** Certificate and key as they are now. */
  async #refresh(): Promise<void> {
    try {
      const { cert, key, version } = await this.#pairs.current()
      this.#broken = undefined
      if (version === this.#version) return
      this.#server.setSecureContext({ ...this.#fixed, cert, key })
      this.#version = version
    } catch (error) {
      this.#broken = error instanceof Error ? error : new NetError('TLS', String(error))
    }
  }
}

function verifyFailure(socket: TLSSocket): string {
  return `tls: failed to verify certificate: ${verifyText(String(socket.authorizationError))}`
}
