import { NetError } from '../errors.ts'
import { loadPki } from './pki.ts'
import { WatchedFile } from './watched-file.ts'

/** Serials of revoked certificates, from a list that is read again when it has changed. */
export class RevocationList {
  readonly #file: WatchedFile
  #serials: ReadonlySet<string> = new Set()
  #version = 0

  constructor(path: string) {
    this.#file = new WatchedFile(path)
  }

  /** The serials as of now, lower-case hexadecimal without leading zeros. Rejects with `NetError`. */
  async current(): Promise<ReadonlySet<string>> {
    const bytes = await this.#file.current()
    if (this.#file.version === this.#version) return this.#serials
    const serials = await revokedSerials(bytes, this.#file.path)
    this.#version = this.#file.version
    this.#serials = serials
    return serials
  }
}

/** The serial of a certificate as revocation lists have it here. */
export function plainSerial(serial: string): string {
  return serial.toLowerCase().replace(/^0+/, '')
}

/** The serials in a list, DER or PEM; `path` for what is wrong with it. Rejects with `NetError`. */
export async function revokedSerials(bytes: Buffer, path: string): Promise<ReadonlySet<string>> {
  const { pki } = await loadPki()
  try {
    const list = pki.CertificateRevocationList.fromBER(derOf(bytes))
    return new Set(
      (list.revokedCertificates ?? []).map(({ userCertificate }) =>
        plainSerial(Buffer.from(userCertificate.valueBlock.valueHexView).toString('hex')),
      ),
    )
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new NetError('CERTIFICATE', `x509: malformed crl ${path}: ${reason}`, { cause })
  }
}

function derOf(bytes: Buffer): ArrayBuffer {
  const match = /-----BEGIN X509 CRL-----([\s\S]*?)-----END X509 CRL-----/.exec(bytes.toString('latin1'))
  return Uint8Array.from(match?.[1] === undefined ? bytes : Buffer.from(match[1], 'base64')).buffer
}
