/** SHA-1 (FIPS 180-4) of a short message. Only for ids, which etcd derives by it; nothing here depends on its strength. */
export function sha1(message: Uint8Array): Uint8Array {
  const words = new Uint32Array(80)
  const state = new Uint32Array([0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0])
  const padded = pad(message)
  const view = new DataView(padded.buffer)
  for (let block = 0; block < padded.length; block += 64) {
    for (let i = 0; i < 16; i++) words[i] = view.getUint32(block + 4 * i)
    for (let i = 16; i < 80; i++) {
      const mixed = at(words, i - 3) ^ at(words, i - 8) ^ at(words, i - 14) ^ at(words, i - 16)
      words[i] = rotate(mixed, 1)
    }
    compress(state, words)
  }
  const digest = new Uint8Array(20)
  const out = new DataView(digest.buffer)
  for (let i = 0; i < 5; i++) out.setUint32(4 * i, at(state, i))
  return digest
}

/** The message, one set bit, zeros, and its length in bits: a multiple of 64 bytes. */
function pad(message: Uint8Array): Uint8Array {
  const padded = new Uint8Array(Math.ceil((message.length + 9) / 64) * 64)
  padded.set(message)
  padded[message.length] = 0x80
  new DataView(padded.buffer).setBigUint64(padded.length - 8, BigInt(message.length) * 8n)
  return padded
}

function compress(state: Uint32Array, words: Uint32Array): void {
  let [a, b, c, d, e] = [at(state, 0), at(state, 1), at(state, 2), at(state, 3), at(state, 4)]
  for (let i = 0; i < 80; i++) {
    let f: number
    let k: number
    if (i < 20) [f, k] = [(b & c) | (~b & d), 0x5a827999]
    else if (i < 40) [f, k] = [b ^ c ^ d, 0x6ed9eba1]
    else if (i < 60) [f, k] = [(b & c) | (b & d) | (c & d), 0x8f1bbcdc]
    else [f, k] = [b ^ c ^ d, 0xca62c1d6]
    const next = (rotate(a, 5) + f + e + k + at(words, i)) >>> 0
    e = d
    d = c
    c = rotate(b, 30)
    b = a
    a = next
  }
  const sums = [a, b, c, d, e]
  for (let i = 0; i < 5; i++) state[i] = at(state, i) + (sums[i] as number)
}

const rotate = (word: number, bits: number): number => ((word << bits) | (word >>> (32 - bits))) >>> 0
const at = (words: Uint32Array, i: number): number => words[i] as number
