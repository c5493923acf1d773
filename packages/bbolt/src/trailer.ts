import type { File } from '@kvs/vfs'
import { BoltError, orIoError } from './errors.ts'
import { chunkBytes, trailerBytes } from './limits.ts'
import type { FileAt } from './open.ts'

/** An incremental SHA-256, such as `createHash('sha256')` of `node:crypto`. */
export interface Sha256 {
  update(bytes: Uint8Array): unknown
  digest(): Uint8Array
}

/** Makes a fresh hash. */
export type NewSha256 = () => Sha256

/**
 * Verifies the SHA-256 at the end of a backup, as `snapshot restore` does. A file whose length modulo 512 is 32 has one:
 * `verified`, or `HASH_MISMATCH` with etcd's words. Any other length: `missing` (a database file copied as it is).
 */
export async function verifyTrailer(at: FileAt & { readonly sha256: NewSha256 }): Promise<'verified' | 'missing'> {
  const file = await orIoError(`open '${at.path}'`, () => at.fs.open(at.path, { mode: 'read' }))
  try {
    const sizeBytes = await orIoError(`open '${at.path}'`, () => file.sizeBytes())
    if (sizeBytes % 512 !== trailerBytes) return 'missing'
    const actual = await hashOf(file, sizeBytes - trailerBytes, at.sha256())
    const expected = new Uint8Array(trailerBytes)
    await readFully(file, expected, sizeBytes - trailerBytes)
    if (expected.every((byte, index) => byte === actual[index])) return 'verified'
    throw new BoltError('HASH_MISMATCH', `expected sha256 [${expected.join(' ')}], got [${actual.join(' ')}]`)
  } finally {
    await file.close()
  }
}

/** Hash of the first `lengthBytes` of a file, read in pieces. */
export async function hashOf(file: File, lengthBytes: number, sha256: Sha256): Promise<Uint8Array> {
  const buffer = new Uint8Array(Math.min(lengthBytes, chunkBytes * 4))
  for (let at = 0; at < lengthBytes; at += buffer.length) {
    const piece = buffer.subarray(0, Math.min(buffer.length, lengthBytes - at))
    await readFully(file, piece, at)
    sha256.update(piece)
  }
  return sha256.digest()
}

async function readFully(file: File, target: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < target.length; ) {
    const count = await orIoError(`read '${file.path}'`, () => file.read(target.subarray(done), position + done))
    if (count === 0) throw new BoltError('TRUNCATED', `'${file.path}' became shorter while it was read`)
    done += count
  }
}
