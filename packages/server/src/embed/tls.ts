import {
  type CertificateFiles,
  createTlsClient,
  createTlsServer,
  NetError,
  parseTlsVersion,
  selfSignedFiles,
  type TlsClient,
  type TlsOptions,
  type TlsServer,
  type TlsServerOptions,
} from '@kvs/net'
import { ServerError } from '../errors.ts'
import type { Logger } from '../parts.ts'

/** How the ports of one kind are encrypted: etcd's flags by name. It holds for `https` and `unixs` URLs. */
export interface ListenTls {
  /** PEM files; both or none. They are read again when they change. */
  readonly certFile?: string
  readonly keyFile?: string
  /** Shown to other members, if it is not that of the port. */
  readonly clientCertFile?: string
  readonly clientKeyFile?: string
  /** PEM file of the authorities that sign certificates of clients; with it, one is required. */
  readonly trustedCaFile?: string
  /** Clients must show a certificate that the authorities signed. */
  readonly clientCertAuth?: boolean
  /** Revoked certificates, DER. */
  readonly crlFile?: string
  /** The certificate of a client must have one of these common names. Not together with `allowedHostnames`. */
  readonly allowedCommonNames?: readonly string[]
  /** … or be valid for one of these hosts. */
  readonly allowedHostnames?: readonly string[]
  /** Peers: what the certificate names need not fit the address it comes from. */
  readonly skipClientSanVerification?: boolean
  /** Without `certFile`, make one that nobody can verify. */
  readonly auto?: boolean
  /** Years that such a one is valid. Default 1. */
  readonly selfSignedValidityYears?: number
  /** `TLS1.2` (default) or `TLS1.3`. */
  readonly minVersion?: string
  readonly maxVersion?: string
  /** Go's names. Default: those with forward secrecy. */
  readonly cipherSuites?: readonly string[]
}

export interface TlsPlace {
  /** In log lines and errors: `client endpoint`, `peer endpoint`. */
  readonly name: string
  /** All URLs of these ports. */
  readonly urls: readonly string[]
  /** Where a certificate of our own is kept. */
  readonly fixturesDir: string
  /** Whether names in certificates are compared with addresses. */
  readonly isPeer: boolean
  readonly logger: Logger
  /** What may be spoken, best first. Default: all that the port serves. */
  readonly alpn?: readonly string[]
}

const isEncrypted = (url: string): boolean => /^(https|unixs):/i.test(url)

/** Makes the TLS of a kind of ports, if one of their URLs asks for it. Throws `ServerError` (`CONFIG`). */
export async function openTls(tls: ListenTls, place: TlsPlace): Promise<TlsServer | undefined> {
  const { urls, logger } = place
  const asks = urls.filter(isEncrypted)
  const hasFiles = Boolean(tls.certFile) || Boolean(tls.keyFile)
  for (const url of urls.filter(each => !isEncrypted(each))) warnOfPlain(url, tls, place)
  if (asks.length === 0) return undefined
  try {
    if (!hasFiles && tls.auto !== true) {
      throw new ServerError(
        'CONFIG',
        `TLS key/cert (--cert-file, --key-file) must be provided for ${place.name} url ${asks[0]} with HTTPS scheme`,
      )
    }
    if (Boolean(tls.certFile) !== Boolean(tls.keyFile)) {
      throw new ServerError(
        'CONFIG',
        `KeyFile and CertFile must both be present[key: ${tls.keyFile ?? ''}, cert: ${tls.certFile ?? ''}]`,
      )
    }
    return await createTlsServer(await serverOptions(tls, place))
  } catch (error) {
    if (error instanceof ServerError) throw error
    if (!(error instanceof NetError)) throw error
    logger.error('cannot set up TLS', { endpoint: place.name, error: error.message })
    throw new ServerError('CONFIG', `TLS of the ${place.name}: ${error.message}`, { cause: error })
  }
}

function warnOfPlain(url: string, tls: ListenTls, { logger, name }: TlsPlace): void {
  const kind = name.startsWith('peer') ? 'peer' : 'client'
  if (tls.certFile || tls.keyFile) {
    logger.warn(
      `scheme is http or unix while ${kind} key and cert files are present; ignoring ${kind} key and cert files`,
      { [`${kind}-url`]: url },
    )
  }
  if (tls.clientCertAuth === true) {
    logger.warn(
      `scheme is http or unix while --${kind === 'peer' ? 'peer-' : ''}client-cert-auth is enabled; ignoring client cert auth for this URL`,
      { [`${kind}-url`]: url },
    )
  }
}

/** The configured certificate, or one of our own, which is made when it is asked for first. */
function certificateOf(
  { certFile, keyFile, selfSignedValidityYears }: ListenTls,
  place: TlsPlace,
): Promise<CertificateFiles> {
  if (certFile && keyFile) return Promise.resolve({ certFile, keyFile })
  const hosts = place.urls.map(hostOf)
  return selfSignedFiles(place.fixturesDir, { hosts, ...given('validityYears', selfSignedValidityYears) })
}

/**
 * How a member dials its peers: with the certificate that it serves with. One of our own cannot be verified by anybody,
 * so nobody tries. Throws `ServerError` (`CONFIG`).
 */
export async function openPeerTls(tls: ListenTls, place: TlsPlace): Promise<TlsClient> {
  const { certFile, keyFile, trustedCaFile, auto } = tls
  const isOwn = auto === true && !certFile && !keyFile
  const certificate = isOwn || (certFile && keyFile) ? await certificateOf(tls, place) : undefined
  return createTlsClient({
    ...commonOptions(tls, place),
    ...given('certificate', certificate),
    ...given('trustedCaFiles', trustedCaFile ? [trustedCaFile] : undefined),
    ...(isOwn ? { skipVerify: true } : {}),
  })
}

async function serverOptions(tls: ListenTls, place: TlsPlace): Promise<TlsServerOptions> {
  const { trustedCaFile } = tls
  return {
    ...commonOptions(tls, place),
    certificate: await certificateOf(tls, place),
    ...given('trustedCaFiles', trustedCaFile ? [trustedCaFile] : undefined),
    ...given('clientCertificate', tls.clientCertAuth === true ? ('require' as const) : undefined),
    ...given('crlFile', tls.crlFile || undefined),
    checkSan: place.isPeer && tls.skipClientSanVerification !== true,
    onRejected: rejection => tellRejected(place, rejection),
  }
}

/** What holds for both ends. */
function commonOptions(tls: ListenTls, { alpn, logger }: TlsPlace): TlsOptions {
  const { minVersion, maxVersion, allowedCommonNames = [], allowedHostnames = [], cipherSuites = [] } = tls
  return {
    ...given('allowedCommonNames', allowedCommonNames.length > 0 ? allowedCommonNames : undefined),
    ...given('allowedHostnames', allowedHostnames.length > 0 ? allowedHostnames : undefined),
    ...given('cipherSuites', cipherSuites.length > 0 ? cipherSuites : undefined),
    ...given('minVersion', minVersion ? parseTlsVersion(minVersion) : undefined),
    ...given('maxVersion', maxVersion ? parseTlsVersion(maxVersion) : undefined),
    ...given('alpn', alpn),
    onWarning: ({ message, file, error }) =>
      logger.warn(message, { file, ...(error === undefined ? {} : { error: error.message }) }),
  }
}

type Rejection = Parameters<NonNullable<TlsServerOptions['onRejected']>>[0]

function tellRejected(
  { logger, name }: TlsPlace,
  { remote, serverName, certificate, error, isQuiet }: Rejection,
): void {
  const fields = {
    'remote-addr': remote,
    'server-name': serverName,
    ...(certificate === undefined
      ? {}
      : { 'ip-addresses': certificate.ipAddresses, 'dns-names': certificate.dnsNames }),
    error,
  }
  if (isQuiet) logger.debug(`rejected connection on ${name}`, fields)
  else logger.warn(`rejected connection on ${name}`, fields)
}

/** A property, or none: an option that is there but undefined would not mean its default. */
function given<Name extends string, Value>(name: Name, value: Value | undefined): { readonly [K in Name]?: Value } {
  return value === undefined ? {} : ({ [name]: value } as { readonly [K in Name]: Value })
}

const hostOf = (url: string): string => url.replace(/^[a-z]+:\/\//i, '').replace(/\/.*$/, '')
