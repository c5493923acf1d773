import { createPrivateKey, X509Certificate } from 'node:crypto'
import { NetError } from '../errors.ts'
import type { CertificateFiles, TlsWarning } from './options.ts'
import { describeCertificate } from './peer-certificate.ts'
import { WatchedFile } from './watched-file.ts'

export interface KeyPair {
  readonly cert: Buffer
  readonly key: Buffer
  /** Counts the pairs read. */
  readonly version: number
}

/** Bits of a file's mode that let others than its owner and group read or write. */
const OTHERS = 0o007

/**
 * A certificate and its key in files, as they are now. While they cannot be read or do not belong together (one of them is
 * just being replaced), the last good pair stands in, and a warning says so.
 */
export class KeyPairFiles {
  readonly #cert: WatchedFile
  readonly #key: WatchedFile
  readonly #warn: (warning: TlsWarning) => void
  readonly #check: (cert: X509Certificate) => void
  #pair: KeyPair | undefined
  #versions = ''
  #warned = ''
  #reading: Promise<KeyPair> | undefined

  /** `check` may throw a `NetError` for a certificate that must not be used. */
  constructor(
    files: CertificateFiles,
    warn: (warning: TlsWarning) => void,
    check: (cert: X509Certificate) => void = () => undefined,
  ) {
    this.#cert = new WatchedFile(files.certFile)
    this.#key = new WatchedFile(files.keyFile)
    this.#warn = warn
    this.#check = check
  }

  /** Rejects with `NetError` if there never was a good pair. */
  current(): Promise<KeyPair> {
    const reading = this.#read()
    this.#reading = reading
    return reading
  }

  async #read(): Promise<KeyPair> {
    // One after another: two readers at once could take an old certificate and a new key for a pair.
    await this.#reading?.catch(() => undefined)
    try {
      const [cert, key] = [await this.#cert.current(), await this.#key.current()]
      const versions = `${this.#cert.version}:${this.#key.version}`
      if (this.#pair !== undefined && versions === this.#versions) return this.#pair
      this.#check(checkedPair(cert, key, this.#cert.path))
      this.#warnOfMode()
      this.#versions = versions
      this.#pair = { cert, key, version: (this.#pair?.version ?? 0) + 1 }
      this.#warned = ''
      return this.#pair
    } catch (error) {
      if (!(error instanceof NetError) || this.#pair === undefined) throw error
      if (this.#warned !== error.message) {
        this.#warned = error.message
        this.#warn({
          message: 'failed to read the certificate again, the last one is used',
          file: this.#cert.path,
          error,
        })
      }
      return this.#pair
    }
  }

  #warnOfMode(): void {
    if ((this.#key.mode & OTHERS) === 0) return
    const mode = (this.#key.mode & 0o777).toString(8).padStart(3, '0')
    this.#warn({ message: `others may read the private key (mode ${mode})`, file: this.#key.path, error: undefined })
  }
}

function checkedPair(cert: Buffer, key: Buffer, certFile: string): X509Certificate {
  if (!cert.includes('-----BEGIN CERTIFICATE-----')) {
    throw new NetError('CERTIFICATE', `${certFile}: tls: failed to find any PEM data in certificate input`)
  }
  let x509: X509Certificate
  let matches = false
  try {
    x509 = new X509Certificate(cert)
    matches = x509.checkPrivateKey(createPrivateKey(key))
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new NetError('CERTIFICATE', `${certFile}: tls: ${reason}`, { cause })
  }
  if (!matches) throw new NetError('CERTIFICATE', `${certFile}: tls: private key does not match public key`)
  return x509
}

/** For `emptyCommonName`. */
export function refuseCommonName(certFile: string): (cert: X509Certificate) => void {
  return x509 => {
    const { commonName } = describeCertificate(x509)
    if (commonName === '') return
    throw new NetError('CERTIFICATE', `cert has non empty Common Name (${commonName}): ${certFile}`)
  }
}
