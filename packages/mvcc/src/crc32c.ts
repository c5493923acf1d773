/**
 * CRC-32C (Castagnoli, reflected polynomial 0x82f63b78, initial value and final xor 0xffffffff) with eight tables,
 * eight bytes per round. A hot room.
 */

const tables: readonly Uint32Array[] = makeTables()

function makeTables(): Uint32Array[] {
  const first = new Uint32Array(256)
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
    first[byte] = crc
  }
  const all = [first]
  for (let table = 1; table < 8; table++) {
    const previous = all[table - 1]!
    all.push(previous.map(crc => (crc >>> 8) ^ first[crc & 0xff]!))
  }
  return all
}

/** Feeds `bytes[start, end)` into a checksum; start with 0, the result is the checksum so far. */
export function crc32c(crc: number, bytes: Uint8Array, start: number = 0, end: number = bytes.length): number {
  const [t0, t1, t2, t3, t4, t5, t6, t7] = tables as readonly [
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
    Uint32Array,
  ]
  let state = ~crc
  let at = start
  for (const stop = end - 7; at < stop; at += 8) {
    state ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
    state =
      t7[state & 0xff]! ^
      t6[(state >>> 8) & 0xff]! ^
      t5[(state >>> 16) & 0xff]! ^
      t4[state >>> 24]! ^
      t3[bytes[at + 4]!]! ^
      t2[bytes[at + 5]!]! ^
      t1[bytes[at + 6]!]! ^
      t0[bytes[at + 7]!]!
  }
  for (; at < end; at++) state = (state >>> 8) ^ t0[(state ^ bytes[at]!) & 0xff]!
  return ~state >>> 0
}
