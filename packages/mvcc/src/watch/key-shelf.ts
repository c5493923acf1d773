/** Keys of watchers, many in one array: a view for each would be some times as large as most keys are. A hot room. */

const pieceBytes = 8 * 1024
/** Longer keys have an array of their own. */
const sharedKeyBytes = pieceBytes / 4
/** The place of a key that has. */
const whole = -1

/** Where a key lies. The array lives as long as the places in it are known to anybody. */
export interface ShelvedKey {
  readonly bytes: Uint8Array
  /** Start and length in one small number. */
  readonly place: number
}

let piece = new Uint8Array(pieceBytes)
let used = 0

/** A copy of the key. */
export function shelve(key: Uint8Array): ShelvedKey {
  if (key.length > sharedKeyBytes) return { bytes: new Uint8Array(key), place: whole }
  if (used + key.length > pieceBytes) {
    piece = new Uint8Array(pieceBytes)
    used = 0
  }
  piece.set(key, used)
  used += key.length
  return { bytes: piece, place: (used - key.length) * pieceBytes + key.length }
}

/** A view of the key. */
export function keyAt(bytes: Uint8Array, place: number): Uint8Array {
  if (place === whole) return bytes
  const start = Math.floor(place / pieceBytes)
  return bytes.subarray(start, start + (place % pieceBytes))
}

/** Whether it is this key. */
export function isKeyAt(bytes: Uint8Array, place: number, key: Uint8Array): boolean {
  const start = place === whole ? 0 : Math.floor(place / pieceBytes)
  const length = place === whole ? bytes.length : place % pieceBytes
  if (length !== key.length) return false
  for (let at = 0; at < length; at++) if (bytes[start + at] !== key[at]) return false
  return true
}
