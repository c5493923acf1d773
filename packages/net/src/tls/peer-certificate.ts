import type { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import type { TLSSocket } from 'node:tls'

/** What we look at in the certificate of the other end. */
export interface PeerCertificate {
  /** The last common name of the subject, as Go reads it; empty if there is none. */
  readonly commonName: string
  readonly dnsNames: readonly string[]
  readonly ipAddresses: readonly string[]
  readonly x509: X509Certificate
}

/** The certificate the other end has shown, verified or not; undefined if it showed none. */
export function peerCertificate(socket: TLSSocket): PeerCertificate | undefined {
  const x509 = socket.getPeerX509Certificate()
  return x509 === undefined ? undefined : describeCertificate(x509)
}

export function describeCertificate(x509: X509Certificate): PeerCertificate {
  const { subject } = x509.toLegacyObject()
  const names = (subject as { readonly CN?: string | string[] } | undefined)?.CN
  const commonName = (Array.isArray(names) ? names.at(-1) : names) ?? ''
  const sans = subjectAltNames(x509.subjectAltName ?? '')
  return {
    commonName,
    dnsNames: sans.filter(([type]) => type === 'DNS').map(([, name]) => name),
    ipAddresses: sans.filter(([type]) => type === 'IP Address').map(([, name]) => name),
    x509,
  }
}

/**
 * Reads Node's text of subject alternative names: `DNS:a, IP Address:::1, DNS:"a, b"`; names that could be mistaken for
 * more than one are quoted as JSON.
 */
export function subjectAltNames(text: string): (readonly [type: string, name: string])[] {
  const names: [string, string][] = []
  const entry = /([^:,]+):(?:("(?:[^"\\]|\\.)*")|([^,]*))(?:, |$)/y
  for (let match = entry.exec(text); match !== null && entry.lastIndex > match.index; match = entry.exec(text)) {
    const [, type = '', quoted, plain = ''] = match
    names.push([type, quoted === undefined ? plain : unquoted(quoted)])
    if (entry.lastIndex === text.length) break
  }
  return names
}

/** What is quoted otherwise than Node does names nobody. */
function unquoted(text: string): string {
  try {
    return JSON.parse(text) as string
  } catch {
    return text
  }
}

/** Go's match: a star stands for the whole first label; letters match whatever their case. */
function matchesName(pattern: string, host: string): boolean {
  const wanted = pattern.toLowerCase().split('.')
  const labels = host.toLowerCase().split('.')
  if (host === '' || wanted.length !== labels.length) return false
  return wanted.every((label, i) => label === labels[i] || (i === 0 && label === '*' && labels.length > 1))
}

/**
 * Why a certificate is not one for `host` (a name, or an IP address with or without brackets), in Go's words; undefined
 * if it is. Only alternative names count, never the common name.
 */
export function hostnameError(certificate: PeerCertificate, host: string): string | undefined {
  const { x509, dnsNames, ipAddresses, commonName } = certificate
  const address = /^\[(.*)\]$/.exec(host)?.[1] ?? host
  if (isIP(address) !== 0) {
    if (x509.checkIP(address) !== undefined) return undefined
    if (ipAddresses.length === 0) {
      return `x509: cannot validate certificate for ${host} because it doesn't contain any IP SANs`
    }
    return `x509: certificate is valid for ${ipAddresses.join(', ')}, not ${host}`
  }
  const name = host.replace(/\.$/, '')
  if (dnsNames.some(pattern => matchesName(pattern, name))) return undefined
  if (x509.subjectAltName === undefined && commonName === name) {
    return 'x509: certificate relies on legacy Common Name field, use SANs instead'
  }
  if (dnsNames.length === 0) return `x509: certificate is not valid for any names, but wanted to match ${host}`
  return `x509: certificate is valid for ${dnsNames.join(', ')}, not ${host}`
}
