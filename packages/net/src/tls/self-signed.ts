import { chmod, mkdir, stat, writeFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { join } from 'node:path'
import { NetError, nodeError, systemCode } from '../errors.ts'
import { DEFAULT_CERTIFICATE_YEARS } from '../limits.ts'
import type { CertificateFiles } from './options.ts'
import { issueCertificate } from './x509.ts'

export interface SelfSignedOptions {
  /** `host:port` or `host` of every URL that is served; what is an IP address becomes one. */
  readonly hosts: readonly string[]
  /** Years of 365 days; default 1. */
  readonly validityYears?: number
  /** Default: now. */
  readonly now?: Date
}

/**
 * The certificate of `--auto-tls`: in `folder`, as `cert.pem` and `key.pem`. Files that are there are taken as they are;
 * else they are made: an ECDSA key on P-521, organization `etcd`, flagged as its own authority. Nobody can verify it:
 * it keeps out listeners, not impostors. Throws `NetError` `CERTIFICATE`.
 */
export async function selfSignedFiles(folder: string, options: SelfSignedOptions): Promise<CertificateFiles> {
  const files = { certFile: join(folder, 'cert.pem'), keyFile: join(folder, 'key.pem') }
  if ((await exists(files.certFile)) && (await exists(files.keyFile))) return files
  const { certificatePem, keyPem } = await selfSignedCertificate(options)
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await writeFile(files.certFile, certificatePem, { mode: 0o600 })
    await writeFile(files.keyFile, keyPem, { mode: 0o600 })
    // `mode` does nothing to a file that was there.
    await chmod(files.keyFile, 0o600)
  } catch (cause) {
    throw nodeError(cause, `self-signed certificate in ${folder}`)
  }
  return files
}

/** The certificate of `--auto-tls` as text. Throws `NetError` `CERTIFICATE` for a validity that is none. */
export async function selfSignedCertificate(
  options: SelfSignedOptions,
): Promise<{ readonly certificatePem: string; readonly keyPem: string }> {
  const years = options.validityYears ?? DEFAULT_CERTIFICATE_YEARS
  if (!Number.isInteger(years) || years <= 0) {
    throw new NetError('CERTIFICATE', 'selfSignedCertValidity is invalid,it should be greater than 0')
  }
  const notBefore = options.now ?? new Date()
  const hosts = options.hosts.map(hostOf)
  const { certificatePem, keyPem } = await issueCertificate({
    organization: 'etcd',
    notBefore,
    notAfter: new Date(notBefore.getTime() + years * 365 * 86_400_000),
    isAuthority: true,
    keyUsages: ['keys'],
    usages: ['server'],
    key: 'P-521',
    ipAddresses: hosts.filter(host => isIP(host) !== 0),
    dnsNames: hosts.filter(host => isIP(host) === 0 && host !== ''),
  })
  return { certificatePem, keyPem }
}

function hostOf(hostPort: string): string {
  const match = /^(?:\[([^\]]*)\]|([^:]*))(?::\d*)?$/.exec(hostPort)
  return match?.[1] ?? match?.[2] ?? hostPort
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path)
    return true
  } catch (cause) {
    if (systemCode(cause) === 'ENOENT') return false
    throw nodeError(cause, `self-signed certificate ${path}`)
  }
}
