import { isIP, type Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { takeSocket } from '../duplex.ts'
import { NetError } from '../errors.ts'
import { MAX_HELLO_BYTES } from '../limits.ts'
import { tlsClientHello } from '../matchers.ts'
import type { Pipe, PipeInfo } from '../pipe.ts'
import { type SniffEntry, sniff } from '../sniff.ts'
import { SocketPipe } from '../socket-pipe.ts'
import { handshakeText } from './failure-text.ts'
import type { PacedHandshake } from './handshake-queue.ts'
import type { TlsRejection } from './options.ts'
import { type PeerCertificate, peerCertificate } from './peer-certificate.ts'

/** A hello that has arrived whole: before that nothing is kept for a connection but its socket. */
const wholeHello: SniffEntry = {
  name: 'hello',
  match: prefix => {
    const verdict = tlsClientHello.match(prefix)
    if (verdict !== 'yes') return verdict
    const length = 5 + (((prefix[3] as number) << 8) | (prefix[4] as number))
    if (length > MAX_HELLO_BYTES) return 'no'
    return prefix.length >= length ? 'yes' : 'more'
  },
}

/** What a handshake needs of the server it belongs to. */
export interface HandshakeHost {
  readonly timeoutMs: number
  readonly highWaterBytes: number
  /** The hello is there: wait for a turn. */
  ready(handshake: ServerHandshake): void
  /** Begins TLS on the socket, which from now on means this handshake. Throws if there is no certificate. */
  begin(socket: Socket, handshake: ServerHandshake): void
  /** What is wrong with the certificate of a client, or undefined; asked once TLS stands. */
  judge(
    certificate: PeerCertificate | undefined,
    socket: TLSSocket,
    remoteHost: string,
  ): Promise<string | undefined> | undefined
  ended(handshake: ServerHandshake, socket: Socket | undefined): void
  reject(rejection: TlsRejection): void
}

/** One connection on its way from bytes to a pipe. */
export class ServerHandshake implements PacedHandshake {
  readonly #host: HandshakeHost
  readonly #secured: (pipe: Pipe) => void
  readonly #timer: NodeJS.Timeout
  #pipe: Pipe
  #plain: Socket | undefined
  #socket: TLSSocket | undefined
  #certificate: PeerCertificate | undefined
  #over = false

  constructor(host: HandshakeHost, pipe: Pipe, secured: (pipe: Pipe) => void) {
    this.#host = host
    this.#pipe = pipe
    this.#secured = secured
    this.#timer = setTimeout(() => this.#fail('i/o timeout', false), host.timeoutMs)
    sniff(pipe, [wholeHello], { maxBytes: MAX_HELLO_BYTES }).then(
      sniffed => {
        if (this.#over) return
        this.#pipe = sniffed.pipe
        host.ready(this)
      },
      (error: unknown) => {
        const code = error instanceof NetError ? error.code : 'FAILED'
        if (code === 'CLOSED') this.#fail('EOF', true)
        else if (code === 'PROTOCOL') this.#fail('tls: first record does not look like a TLS handshake', false)
        else this.#fail(error instanceof Error ? error.message : String(error), false)
      },
    )
  }

  begin(): void {
    if (this.#over) return
    try {
      this.#plain = socketBelow(this.#pipe)
      this.#host.begin(this.#plain, this)
    } catch (error) {
      this.#fail(error instanceof Error ? error.message : String(error), false)
    }
  }

  giveUp(): void {
    this.#fail('too many handshakes', false)
  }

  /** TLS stands. */
  secure(socket: TLSSocket): void {
    if (this.#over) {
      socket.destroy()
      return
    }
    this.#socket = socket
    socket.allowHalfOpen = true
    const certificate = peerCertificate(socket)
    this.#certificate = certificate
    const commonName = socket.authorized ? certificate?.commonName : undefined
    const pipe = new SocketPipe(socket, tlsInfo(this.#pipe.info, socket, commonName), this.#host.highWaterBytes)
    const judging = this.#host.judge(certificate, socket, hostOf(this.#pipe.info.remote))
    if (judging === undefined) {
      this.#done(pipe)
      return
    }
    judging.then(
      problem => (problem === undefined ? this.#done(pipe) : this.#fail(problem, false)),
      (error: unknown) => this.#fail(error instanceof Error ? error.message : String(error), false),
    )
  }

  /** TLS did not come to stand. */
  failed(error: Error, socket: TLSSocket): void {
    this.#socket = socket
    const text = handshakeText(error, socket)
    const hungUp = text === 'socket hang up'
    this.#fail(hungUp ? 'EOF' : text, hungUp)
  }

  #done(pipe: Pipe): void {
    if (this.#over) return
    this.#leave()
    this.#secured(pipe)
  }

  #leave(): void {
    this.#over = true
    clearTimeout(this.#timer)
    this.#host.ended(this, this.#plain)
  }

  #fail(error: string, isQuiet: boolean): void {
    if (this.#over) return
    this.#leave()
    const socket = this.#socket
    const certificate = this.#certificate
    const serverName = socket?.servername
    this.#host.reject({
      remote: this.#pipe.info.remote,
      serverName: typeof serverName === 'string' ? serverName : '',
      certificate:
        certificate === undefined
          ? undefined
          : { dnsNames: certificate.dnsNames, ipAddresses: certificate.ipAddresses },
      error,
      isQuiet,
    })
    if (socket !== undefined) socket.destroy()
    if (this.#plain === undefined) this.#pipe.destroy()
    else this.#plain.destroy()
  }
}

export function tlsInfo(info: PipeInfo, socket: TLSSocket, peerCommonName: string | undefined): PipeInfo {
  const { alpnProtocol } = socket
  const alpn = typeof alpnProtocol === 'string' && alpnProtocol !== '' ? alpnProtocol : undefined
  return { kind: 'tls', remote: info.remote, local: info.local, tls: { alpn, peerCommonName } }
}

/** The address without the port; empty for what has none (unix sockets, memory). */
function hostOf(remote: string): string {
  const match = /^(?:\[([^\]]*)\]|([^:]*)):\d+$/.exec(remote)
  const host = match?.[1] ?? match?.[2] ?? ''
  return isIP(host) === 0 ? '' : host
}

/** The socket of a pipe, for TLS to take over. Throws `NetError` `TLS` for a pipe that has none. */
export function socketBelow(pipe: Pipe): Socket {
  const socket = takeSocket(pipe)
  if (socket !== undefined) return socket
  throw new NetError('TLS', `TLS needs a socket; ${pipe.info.remote} is a pipe of kind ${pipe.info.kind}`)
}

/** The socket that a `TLSSocket` of a server was made over. */
export function plainSocket(socket: TLSSocket): Socket | undefined {
  return (socket as unknown as { readonly _parent?: Socket })._parent
}
