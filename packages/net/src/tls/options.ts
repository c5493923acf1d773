import type { NetError } from '../errors.ts'
import type { TlsVersion } from './cipher-suites.ts'
import type { NameService } from './san-check.ts'

/** A certificate (with its chain) and its private key, PEM files. They are read again when they have changed. */
export interface CertificateFiles {
  readonly certFile: string
  readonly keyFile: string
}

/** What both ends of TLS can be told. */
export interface TlsOptions {
  /** PEM files of the authorities that certificates of the other end are verified with. Read once. Default: Node's own. */
  readonly trustedCaFiles?: readonly string[]
  /** Default TLS1.2 up to TLS1.3. */
  readonly minVersion?: TlsVersion
  readonly maxVersion?: TlsVersion
  /** Go's names; default: suites with forward secrecy and authenticated encryption. */
  readonly cipherSuites?: readonly string[]
  /** Protocols for ALPN, best first; default `h2`, `http/1.1`. Without any, no ALPN. */
  readonly alpn?: readonly string[]
  /** The verified certificate of the other end must have one of these common names. Not together with host names. */
  readonly allowedCommonNames?: readonly string[]
  /** … or be valid for one of these hosts. */
  readonly allowedHostnames?: readonly string[]
  /** From the accepted or dialed connection to the end of the handshake and its checks; default 10 s. */
  readonly handshakeTimeoutMs?: number
  /** Something is wrong and was got around: files that cannot be read again, a key that others may read. */
  readonly onWarning?: (warning: TlsWarning) => void
}

export interface TlsServerOptions extends TlsOptions {
  readonly certificate: CertificateFiles
  /**
   * `require`: a verified certificate, or no connection. `verify`: none is asked for, but one that comes must verify.
   * Default: `require` with `trustedCaFiles`, else `none`.
   */
  readonly clientCertificate?: 'require' | 'verify' | 'none'
  /** Revocation list, DER or PEM; read again when it has changed. */
  readonly crlFile?: string
  /** etcd's check of peers: the client's alternative names must fit the address it comes from. */
  readonly checkSan?: boolean
  readonly names?: NameService
  /** A connection did not make it. */
  readonly onRejected?: (rejection: TlsRejection) => void
  readonly limits?: Partial<HandshakeLimits>
}

export interface TlsClientOptions extends TlsOptions {
  /** Shown to servers that ask for one. */
  readonly certificate?: CertificateFiles
  /** Name that the server's certificate must be valid for, and that is sent (SNI). Default: the host that is dialed. */
  readonly serverName?: string
  /** Takes any certificate: for peers with self-signed ones (`--auto-tls`). The connection is then no proof of anything. */
  readonly skipVerify?: boolean
  /** Refuse a certificate of our own that has a common name (etcd's grpc-proxy must not lend its name). */
  readonly emptyCommonName?: boolean
}

export interface HandshakeLimits {
  /** Handshakes begun per turn of the loop: each costs up to 2 ms. */
  readonly perTurn: number
  /** Handshakes that wait for the other end; one more ends the oldest. */
  readonly maxInFlight: number
  /** Connections that have said hello and wait for their turn; one more ends the oldest. */
  readonly maxWaiting: number
}

export interface TlsWarning {
  readonly message: string
  readonly file: string
  readonly error: NetError | undefined
}

/** Why a connection did not become a pipe, in etcd's words. */
export interface TlsRejection {
  readonly remote: string
  /** What the client called us (SNI); empty if it did not. */
  readonly serverName: string
  /** Of the certificate the client showed, if it did. */
  readonly certificate: { readonly dnsNames: readonly string[]; readonly ipAddresses: readonly string[] } | undefined
  readonly error: string
  /** The client closed without a word: not worth more than a line of debugging. */
  readonly isQuiet: boolean
}
