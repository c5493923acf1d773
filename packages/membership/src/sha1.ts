/**
 * SHA-1 (FIPS 180-4, 6.1.2), for the ids of members and clusters, which etcd derives with it. Not for secrets.
 */
export function sha1(message: Uint8Array): Uint8Array {
  const paddedBytes = (((message.length + 8) >>> 6) + 1) * 64
  const padded = new Uint8Array(paddedBytes)
  padded.set(message)
  padded[message.length] = 0x80
  const view = new DataView(padded.buffer)
  view.setUint32(paddedBytes - 8, Math.floor(message.length / 0x2000_0000))
  view.setUint32(paddedBytes - 4, (message.length << 3) >>> 0)
  const hash = new Int32Array([0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0])
  const words = new Int32Array(80)
  for (let block = 0; block < paddedBytes; block += 64) {
    for (let at = 0; at < 16; at++) words[at] = view.getInt32(block + 4 * at)
    for (let at = 16; at < 80; at++) {
      words[at] = rotateLeft(words[at - 3]! ^ words[at - 8]! ^ words[at - 14]! ^ words[at - 16]!, 1)
    }
    mixBlock(hash, words)
  }
  const digest = new Uint8Array(20)
  const out = new DataView(digest.buffer)
  hash.forEach((word, at) => {
    out.setInt32(4 * at, word)
  })
  return digest
}

function mixBlock(hash: Int32Array, words: Int32Array): void {
  let a = hash[0]!
  let b = hash[1]!
  let c = hash[2]!
  let d = hash[3]!
  let e = hash[4]!
  for (let at = 0; at < 80; at++) {
    const next = (rotateLeft(a, 5) + choose(at, b, c, d) + e + words[at]!) | 0
    e = d
    d = c
    c = rotateLeft(b, 30)
    b = a
    a = next
  }
  hash[0]! += a
  hash[1]! += b
  hash[2]! += c
  hash[3]! += d
  hash[4]! += e
}

/** The function and the constant of one of the four rounds. */
function choose(at: number, b: number, c: number, d: number): number {
  if (at < 20) return ((b & c) | (~b & d)) + 0x5a827999
  if (at < 40) return (b ^ c ^ d) + 0x6ed9eba1
  if (at < 60) return ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc
  return (b ^ c ^ d) + 0xca62c1d6
}

function rotateLeft(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits))
}
