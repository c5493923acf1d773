import { promises as dns } from 'node:dns'
import { hostnameError, type PeerCertificate } from './peer-certificate.ts'

/** Name service, as far as the check of a peer needs it. Both reject where nothing is found. */
export interface NameService {
  /** Names of an address (PTR). */
  reverse(address: string): Promise<readonly string[]>
  /** Addresses of a name. */
  lookup(name: string): Promise<readonly string[]>
}

export const systemNames: NameService = {
  reverse: address => dns.reverse(address),
  lookup: async name => (await dns.lookup(name, { all: true })).map(({ address }) => address),
}

/**
 * etcd's check of a peer: do the alternative names of its certificate fit the address it comes from? A certificate
 * without IP and DNS names fits everywhere. Returns Go's words for what is wrong, or undefined.
 */
export async function sanMismatch(
  certificate: PeerCertificate,
  remoteAddress: string,
  names: NameService = systemNames,
): Promise<string | undefined> {
  const { dnsNames, ipAddresses } = certificate
  if (ipAddresses.length > 0) {
    const error = hostnameError(certificate, remoteAddress)
    if (error === undefined || dnsNames.length === 0) return error
  }
  if (dnsNames.length === 0) return undefined
  const found = await isHostIn(remoteAddress, dnsNames, names)
  if (found.ok) return undefined
  const because = found.error === undefined ? '' : ` (${found.error})`
  return `tls: ${quote(remoteAddress)} does not match any of DNSNames [${dnsNames.map(quote).join(' ')}]${because}`
}

async function isHostIn(
  address: string,
  dnsNames: readonly string[],
  names: NameService,
): Promise<{ readonly ok: boolean; readonly error?: string }> {
  let error: string | undefined
  const suffixes = dnsNames.filter(name => name.startsWith('*.')).map(name => name.slice(1))
  const exact = dnsNames.filter(name => !name.startsWith('*.'))
  try {
    for (const found of await names.reverse(address)) {
      const name = found.replace(/\.$/, '')
      if (suffixes.some(suffix => name.endsWith(suffix)) || exact.includes(name)) return { ok: true }
    }
  } catch (cause) {
    error = messageOf(cause)
  }
  for (const name of exact) {
    try {
      if ((await names.lookup(name)).includes(address)) return { ok: true }
    } catch (cause) {
      error = messageOf(cause)
    }
  }
  return error === undefined ? { ok: false } : { ok: false, error }
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}

function quote(text: string): string {
  return JSON.stringify(text)
}
