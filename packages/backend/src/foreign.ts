/** Telling whose file it is by its first bytes. */

/** Bytes that `isBoltFile` wants to see. */
export const headerBytes = 64

/** bbolt: a page header of 16 bytes, then the magic number 0xED0CDAED, little-endian (Go's etcd up to 3.7 at least). */
export function isBoltFile(header: Uint8Array): boolean {
  return header.length >= 20 && header[16] === 0xed && header[17] === 0xda && header[18] === 0x0c && header[19] === 0xed
}
