/**
 * The Huffman code of HPACK (RFC 7541, appendix B). The code is canonical: shorter codes first, equal lengths in the
 * order of their symbols, so the lengths alone define it.
 */

/** Length in bits of the code of each byte. The end-of-string code is 30 ones. */
// biome-ignore format: a table of 256 numbers
const lengths: readonly number[] = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28,
  28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10, 13,
  6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6, 15, 5, 6, 5, 6, 5, 6,
  6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23, 22, 23,
  23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22, 21, 20, 22, 22, 23, 23, 21,
  23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23, 26, 26, 20, 19, 22, 23,
  22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20, 21,
  22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
]
const END_LENGTH = 30
const END_SYMBOL = 256

const codes = new Uint32Array(257)
const codeLengths = new Uint8Array(257)

/** A step of the decoder: four bits at a node of the code tree. Packed: next node, symbol << 8, EMITS, FAILS. */
const EMITS = 0x1_0000
const FAILS = 0x2_0000
const steps = new Uint32Array(256 * 16)
/** Nodes where a string may end: at the root, or after at most seven ones (padding, RFC 7541, 5.2). */
const mayEnd = new Uint8Array(256)

/** Children of the tree's inner nodes, 2 per node: above 0 an inner node, below 0 the leaf of symbol -1 - value. */
const children = new Int32Array(512)

function assignCodes(): void {
  const order = Array.from({ length: 257 }, (_, symbol) => symbol)
  for (const symbol of order) codeLengths[symbol] = symbol === END_SYMBOL ? END_LENGTH : lengths[symbol]!
  order.sort((a, b) => codeLengths[a]! - codeLengths[b]! || a - b)
  let code = 0
  let length = 0
  for (const symbol of order) {
    code *= 2 ** (codeLengths[symbol]! - length)
    length = codeLengths[symbol]!
    codes[symbol] = code++
  }
}

function growTree(): void {
  let nodes = 1
  for (let symbol = 0; symbol <= END_SYMBOL; symbol++) {
    let node = 0
    for (let bit = codeLengths[symbol]! - 1; bit >= 0; bit--) {
      const slot = node * 2 + ((codes[symbol]! >>> bit) & 1)
      if (bit === 0) children[slot] = -1 - symbol
      else if (children[slot] === 0) children[slot] = nodes++
      node = children[slot]!
    }
  }
}

function fillSteps(): void {
  for (let start = 0; start < 256; start++) {
    for (let nibble = 0; nibble < 16; nibble++) {
      let node = start
      let packed = 0
      for (let bit = 3; bit >= 0 && (packed & FAILS) === 0; bit--) {
        node = children[node * 2 + ((nibble >> bit) & 1)]!
        if (node === -1 - END_SYMBOL) packed = FAILS
        else if (node < 0) {
          packed = EMITS | ((-1 - node) << 8)
          node = 0
        }
      }
      steps[start * 16 + nibble] = (packed & FAILS) !== 0 ? FAILS : packed | node
    }
  }
  for (let ones = 0, node = 0; ones < 8; ones++) {
    mayEnd[node] = 1
    node = children[node * 2 + 1]!
  }
}

assignCodes()
growTree()
fillSteps()

/** Most bytes that `length` coded bytes can decode to: the shortest code has five bits. */
export function huffmanDecodedBound(length: number): number {
  return Math.ceil((length * 8) / 5)
}

/**
 * Decodes `bytes[start..end)` into `target` from 0 on, which must have room for `huffmanDecodedBound`. Returns the
 * decoded length, or -1 if the code is broken: the end symbol inside, or padding that is too long or not all ones.
 */
export function huffmanDecode(bytes: Uint8Array, start: number, end: number, target: Uint8Array): number {
  let node = 0
  let at = 0
  for (let i = start; i < end; i++) {
    const byte = bytes[i]!
    const high = steps[(node << 4) | (byte >> 4)]!
    if ((high & EMITS) !== 0) target[at++] = high >> 8
    const low = steps[((high & 0xff) << 4) | (byte & 15)]!
    if (((high | low) & FAILS) !== 0) return -1
    if ((low & EMITS) !== 0) target[at++] = low >> 8
    node = low & 0xff
  }
  return mayEnd[node] === 1 ? at : -1
}

/** Bytes that the Latin-1 text takes when coded. */
export function huffmanEncodedLength(text: string): number {
  let bits = 0
  for (let i = 0; i < text.length; i++) bits += codeLengths[text.charCodeAt(i) & 0xff]!
  return (bits + 7) >> 3
}

/** Codes the Latin-1 text into `target` at `at`; returns the position behind it. */
export function huffmanEncode(text: string, target: Uint8Array, at: number): number {
  let pending = 0
  let bits = 0
  for (let i = 0; i < text.length; i++) {
    const symbol = text.charCodeAt(i) & 0xff
    let left = codeLengths[symbol]!
    const code = codes[symbol]!
    while (left > 0) {
      const take = Math.min(left, 8 - bits)
      left -= take
      pending = (pending << take) | ((code >>> left) & ((1 << take) - 1))
      bits += take
      if (bits === 8) {
        target[at++] = pending
        pending = 0
        bits = 0
      }
    }
  }
  if (bits > 0) target[at++] = (pending << (8 - bits)) | (0xff >> bits)
  return at
}
