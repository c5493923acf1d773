/** Size of an idle connection's first buffer; a busy one's grows up to the second. */
const FIRST_SLAB_BYTES = 4_096
const MAX_SLAB_BYTES = 65_536
const nothing: Uint8Array = new Uint8Array(0)
/** Slabs that were written out, for all connections; so many at most. */
const SPARE_SLABS_MAX = 32
const spareSlabs: Uint8Array[] = []
/** So many of one connection wait to become spare; those of a peer that reads slowly are left to the collector. */
const LEFT_SLABS_MAX = 8

/**
 * Bytes on their way to the pipe. Frames are encoded in place: `reserve`, write at `at`, move `at`. What was written is
 * handed over as views of the slab, so nothing is copied; a slab's used part is not touched again before `taken` says that
 * nobody looks at it any more.
 */
export class Output {
  bytes: Uint8Array = nothing
  at = 0
  #start = 0
  #slabBytes = FIRST_SLAB_BYTES
  /** Finished parts of slabs that had no more room. */
  #full: Uint8Array[] = []
  #fullBytes = 0
  /** Slabs of full size with no more room. */
  #left: Uint8Array[] = []

  /** Bytes not yet handed over. */
  get pendingBytes(): number {
    return this.#fullBytes + this.at - this.#start
  }

  /** Makes room for `length` bytes in one piece at `at`. */
  reserve(length: number): void {
    if (this.at + length > this.bytes.length) this.#newSlab(length)
  }

  /** Hands everything to `write`, in order. Returns what the last call returned; true if there was nothing. */
  drainTo(write: { write(bytes: Uint8Array): boolean }): boolean {
    let goOn = true
    if (this.#full.length > 0) {
      for (const part of this.#full) goOn = write.write(part)
      this.#full = []
      this.#fullBytes = 0
    }
    if (this.at > this.#start) {
      const part = this.bytes.subarray(this.#start, this.at)
      this.#start = this.at
      goOn = write.write(part)
    }
    return goOn
  }

  /** Whoever was handed bytes has let go of all of them: their room is used again, by whichever connection. */
  taken(): void {
    if (this.pendingBytes > 0) return
    this.at = this.#start = 0
    if (this.bytes.length === MAX_SLAB_BYTES && spareSlabs.length < SPARE_SLABS_MAX) {
      spareSlabs.push(this.bytes)
      this.bytes = nothing
    }
    for (const slab of this.#left) if (spareSlabs.length < SPARE_SLABS_MAX) spareSlabs.push(slab)
    this.#left = []
  }

  /** Forgets everything. */
  clear(): void {
    this.#left = []
    this.#full = []
    this.#fullBytes = 0
    this.bytes = nothing
    this.at = 0
    this.#start = 0
  }

  #newSlab(length: number): void {
    if (this.at > this.#start) {
      this.#full.push(this.bytes.subarray(this.#start, this.at))
      this.#fullBytes += this.at - this.#start
    }
    if (this.bytes.length === MAX_SLAB_BYTES && this.#left.length < LEFT_SLABS_MAX) this.#left.push(this.bytes)
    const isFullSize = length <= MAX_SLAB_BYTES && this.#slabBytes === MAX_SLAB_BYTES
    this.bytes = (isFullSize ? spareSlabs.pop() : undefined) ?? new Uint8Array(Math.max(length, this.#slabBytes))
    this.#slabBytes = Math.min(this.#slabBytes * 2, MAX_SLAB_BYTES)
    this.at = 0
    this.#start = 0
  }
}

/** Copies `source[start..end)` to `target` at `at`: a loop for short runs, which are most, and a block move for long. */
export function copyBytes(target: Uint8Array, at: number, source: Uint8Array, start: number, end: number): void {
  if (end - start > 48) {
    target.set(start === 0 && end === source.length ? source : source.subarray(start, end), at)
    return
  }
  for (let i = start; i < end; i++) target[at++] = source[i]!
}
