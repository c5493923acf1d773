import { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { type ConnectionOptions, connect, createSecureContext, type SecureContext, type TLSSocket } from 'node:tls'
import { formatAddress } from '../address.ts'
import { NetError, systemCode } from '../errors.ts'
import { DEFAULT_HANDSHAKE_TIMEOUT_MS, DEFAULT_HIGH_WATER_BYTES } from '../limits.ts'
import type { Dial, Pipe } from '../pipe.ts'
import { SocketPipe } from '../socket-pipe.ts'
import { DEFAULT_ALPN, fixedContext, isAllowed, NOT_ALLOWED } from './context.ts'
import { handshakeText } from './failure-text.ts'
import { KeyPairFiles, refuseCommonName } from './key-pair.ts'
import type { TlsClientOptions } from './options.ts'
import { describeCertificate, hostnameError, type PeerCertificate, peerCertificate } from './peer-certificate.ts'
import { socketBelow, tlsInfo } from './server-handshake.ts'

/** The dialing side of TLS. */
export interface TlsClient {
  /**
   * Makes an encrypted pipe of one that was dialed and not yet started. `host` is what the server's certificate must be
   * valid for unless `serverName` says otherwise. Rejects with `NetError`: `CERTIFICATE`, `TLS`, `TIMEOUT`, `ABORTED`, `RESET`.
   */
  connect(pipe: Pipe, host: string, options?: { readonly signal?: AbortSignal }): Promise<Pipe>
  /** `dial` of encrypted pipes. */
  dial(dial: Dial): Dial
}

/** Reads certificate, key and authorities. Rejects with `NetError` as `createTlsServer` does. */
export async function createTlsClient(options: TlsClientOptions = {}): Promise<TlsClient> {
  const { certificate } = options
  const fixed = await fixedContext(options)
  const check =
    options.emptyCommonName === true && certificate !== undefined ? refuseCommonName(certificate.certFile) : undefined
  const pairs =
    certificate === undefined ? undefined : new KeyPairFiles(certificate, options.onWarning ?? (() => undefined), check)
  const contexts = new ClientContexts(fixed, pairs)
  await contexts.current()
  return new EngineTlsClient(options, contexts)
}

/** A handshake that went well. */
interface Shaken {
  readonly certificate: PeerCertificate | undefined
}

/** One context for as long as the files stay the same. */
class ClientContexts {
  readonly #fixed: Awaited<ReturnType<typeof fixedContext>>
  readonly #pairs: KeyPairFiles | undefined
  #version = -1
  #context: SecureContext | undefined

  constructor(fixed: Awaited<ReturnType<typeof fixedContext>>, pairs: KeyPairFiles | undefined) {
    this.#fixed = fixed
    this.#pairs = pairs
  }

  async current(): Promise<SecureContext> {
    const pair = await this.#pairs?.current()
    const version = pair?.version ?? 0
    if (this.#context !== undefined && version === this.#version) return this.#context
    const own = pair === undefined ? {} : { cert: pair.cert, key: pair.key }
    this.#context = createSecureContext({ ...this.#fixed, ...own })
    this.#version = version
    return this.#context
  }
}

class EngineTlsClient implements TlsClient {
  readonly #options: TlsClientOptions
  readonly #contexts: ClientContexts

  constructor(options: TlsClientOptions, contexts: ClientContexts) {
    this.#options = options
    this.#contexts = contexts
  }

  dial(dial: Dial): Dial {
    return async (address, options) => {
      const pipe = await dial(address, options)
      // A name for what has none: so do gRPC's clients.
      const host = address.kind === 'tcp' && address.host !== '' ? address.host : 'localhost'
      try {
        return await this.connect(pipe, host, options)
      } catch (cause) {
        if (!(cause instanceof NetError)) throw cause
        throw new NetError(cause.code, `dial ${formatAddress(address)}: ${cause.message.replace(/^net: /, '')}`, {
          cause,
        })
      }
    }
  }

  async connect(pipe: Pipe, host: string, { signal }: { readonly signal?: AbortSignal } = {}): Promise<Pipe> {
    const name = this.#options.serverName ?? host
    let secureContext: SecureContext
    try {
      secureContext = await this.#contexts.current()
    } catch (error) {
      pipe.destroy()
      throw error
    }
    const alpn = this.#options.alpn ?? DEFAULT_ALPN
    const socket = connect({
      socket: socketBelow(pipe),
      secureContext,
      servername: isIP(name) === 0 ? name : '',
      rejectUnauthorized: this.#options.skipVerify !== true,
      checkServerIdentity: checkIdentity(name),
      ...(alpn.length === 0 ? {} : { ALPNProtocols: [...alpn] }),
    })
    const outcome = await this.#outcome(socket, signal)
    if (outcome instanceof NetError) {
      socket.on('error', () => undefined)
      socket.destroy()
      throw outcome
    }
    const { certificate } = outcome
    const commonName = socket.authorized ? certificate?.commonName : undefined
    return new SocketPipe(socket, tlsInfo(pipe.info, socket, commonName), DEFAULT_HIGH_WATER_BYTES)
  }

  /** Waits for the end of the handshake; an error if it went wrong. */
  #outcome(socket: TLSSocket, signal: AbortSignal | undefined): Promise<Shaken | NetError> {
    const timeoutMs = this.#options.handshakeTimeoutMs ?? DEFAULT_HANDSHAKE_TIMEOUT_MS
    return new Promise(resolve => {
      const settle = (outcome: Shaken | NetError): void => {
        clearTimeout(timer)
        signal?.removeEventListener('abort', aborted)
        socket.off('secureConnect', secured)
        socket.off('error', failed)
        socket.off('close', closed)
        resolve(outcome)
      }
      const secured = (): void => settle(this.#judge(socket))
      const failed = (error: Error): void => settle(clientError(error, socket))
      const closed = (): void => settle(new NetError('RESET', 'tls handshake: the connection was closed'))
      const aborted = (): void => settle(new NetError('ABORTED', 'tls handshake: aborted'))
      const late = (): void => settle(new NetError('TIMEOUT', `tls handshake: not done within ${timeoutMs} ms`))
      const timer = setTimeout(late, timeoutMs)
      socket.on('secureConnect', secured)
      socket.on('error', failed)
      socket.on('close', closed)
      if (signal?.aborted === true) aborted()
      else signal?.addEventListener('abort', aborted)
    })
  }

  #judge(socket: TLSSocket): Shaken | NetError {
    // Asked once: on a client Node takes the certificate out of the chain and does not find it again.
    const certificate = peerCertificate(socket)
    if (certificate === undefined || isAllowed(this.#options, certificate)) return { certificate }
    return new NetError('CERTIFICATE', `tls handshake: ${NOT_ALLOWED}`)
  }
}

function checkIdentity(name: string): NonNullable<ConnectionOptions['checkServerIdentity']> {
  return (_host, shown) => {
    const x509 = (shown as { readonly raw: Buffer }).raw
    const error = hostnameError(describeCertificate(new X509Certificate(x509)), name)
    return error === undefined ? undefined : new NetError('CERTIFICATE', `tls handshake: ${error}`)
  }
}

function clientError(error: Error, socket: TLSSocket): NetError {
  if (error instanceof NetError) return error
  const code = systemCode(error)
  if (code === 'ECONNRESET' || code === 'EPIPE') {
    return new NetError('RESET', `tls handshake: ${error.message}`, { cause: error })
  }
  const text = handshakeText(error, socket)
  const isCertificate = text.includes('x509:') || text.includes('certificate')
  return new NetError(isCertificate ? 'CERTIFICATE' : 'TLS', `tls handshake: ${text}`, { cause: error })
}
