import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { CertificateFiles } from './tls/options.ts'
import { type CertificateFields, type IssuedCertificate, issueCertificate, issueRevocationList } from './tls/x509.ts'

const DAY_MS = 86_400_000

/** What a test says about a certificate; the rest is: valid since yesterday for ten days, P-256, for servers and clients. */
export type TestCertificate = Partial<CertificateFields>

/** A certificate authority for tests, in memory, with files where they are asked for. */
export interface TestAuthority {
  readonly certificatePem: string
  /** A certificate signed by this authority. */
  issue(fields?: TestCertificate): Promise<IssuedCertificate>
  /** Issues one into `NAME.crt` and `NAME.key` of the folder. */
  files(folder: string, name: string, fields?: TestCertificate): Promise<CertificateFiles & { readonly serial: string }>
  /** Writes the authority's own certificate into the folder; returns the path. */
  caFile(folder: string, name?: string): Promise<string>
  /** A revocation list (DER) of these serials. */
  revocationList(serials: readonly string[]): Promise<Uint8Array>
}

/** A new authority; `by` signs it instead of itself. */
export async function testAuthority(fields: TestCertificate = {}, by?: IssuedCertificate): Promise<TestAuthority> {
  const usages = ['certificates', 'revocations'] as const
  const own = await issueCertificate(
    complete({ commonName: 'test authority', isAuthority: true, keyUsages: usages, ...fields }),
    by,
  )
  const issue = (wanted: TestCertificate = {}): Promise<IssuedCertificate> =>
    issueCertificate(complete({ usages: ['server', 'client'], ...wanted }), own)
  return {
    certificatePem: own.certificatePem,
    issue,
    files: async (folder, name, wanted) => {
      const { certificatePem, keyPem, serial } = await issue(wanted)
      return { ...(await writeCertificate(folder, name, { certificatePem, keyPem })), serial }
    },
    caFile: async (folder, name = 'ca') => {
      const path = join(folder, `${name}.crt`)
      await writeFile(path, own.certificatePem)
      return path
    },
    revocationList: serials => issueRevocationList(own, serials, new Date()),
  }
}

/** Writes a certificate and its key into `NAME.crt` and `NAME.key` of the folder. */
export async function writeCertificate(
  folder: string,
  name: string,
  issued: { readonly certificatePem: string; readonly keyPem: string },
): Promise<CertificateFiles> {
  const files = { certFile: join(folder, `${name}.crt`), keyFile: join(folder, `${name}.key`) }
  await writeFile(files.certFile, issued.certificatePem)
  await writeFile(files.keyFile, issued.keyPem, { mode: 0o600 })
  return files
}

function complete(fields: TestCertificate): CertificateFields {
  const now = Date.now()
  return { notBefore: new Date(now - DAY_MS), notAfter: new Date(now + 10 * DAY_MS), ...fields }
}
