import { PAGE_BYTES } from './limits.ts'

interface Page {
  readonly bytes: Uint8Array
  /** Another `PagedBytes` may hold this page: copy it before a change. */
  shared: boolean
}

/** Bytes of a file in pages. A missing page is all zeros, so a preallocated file of any length costs nothing. */
export class PagedBytes {
  readonly #pages: (Page | undefined)[] = []
  #sizeBytes = 0

  get sizeBytes(): number {
    return this.#sizeBytes
  }

  /** A copy that shares its pages until one side changes them. */
  clone(): PagedBytes {
    const copy = new PagedBytes()
    copy.#sizeBytes = this.#sizeBytes
    this.#pages.forEach((page, at) => {
      if (page !== undefined) page.shared = true
      copy.#pages[at] = page
    })
    return copy
  }

  /** Fills `target` from `position`; returns the count, short only at the end. */
  read(target: Uint8Array, position: number): number {
    const count = Math.max(0, Math.min(target.length, this.#sizeBytes - position))
    let done = 0
    while (done < count) {
      const at = position + done
      const inPage = at % PAGE_BYTES
      const length = Math.min(PAGE_BYTES - inPage, count - done)
      const page = this.#pages[Math.floor(at / PAGE_BYTES)]
      if (page === undefined) target.fill(0, done, done + length)
      else target.set(page.bytes.subarray(inPage, inPage + length), done)
      done += length
    }
    return count
  }

  /** Copies `bytes` in, with zeros between the old end and `position` if that lies behind it. */
  write(bytes: Uint8Array, position: number): void {
    let done = 0
    while (done < bytes.length) {
      const at = position + done
      const inPage = at % PAGE_BYTES
      const length = Math.min(PAGE_BYTES - inPage, bytes.length - done)
      this.#ownPage(Math.floor(at / PAGE_BYTES)).set(bytes.subarray(done, done + length), inPage)
      done += length
    }
    if (bytes.length > 0) this.#sizeBytes = Math.max(this.#sizeBytes, position + bytes.length)
  }

  /** Zeros [start, end) as far as the file reaches; the length stays. */
  zero(start: number, end: number): void {
    const last = Math.min(end, this.#sizeBytes)
    let at = start
    while (at < last) {
      const index = Math.floor(at / PAGE_BYTES)
      const next = Math.min((index + 1) * PAGE_BYTES, last)
      if (this.#pages[index] !== undefined) {
        if (at % PAGE_BYTES === 0 && next - at === PAGE_BYTES) this.#pages[index] = undefined
        else this.#ownPage(index).fill(0, at % PAGE_BYTES, next - index * PAGE_BYTES)
      }
      at = next
    }
  }

  /** Cuts the file, or extends it with zeros. */
  truncate(lengthBytes: number): void {
    if (lengthBytes < this.#sizeBytes) {
      this.zero(lengthBytes, this.#sizeBytes)
      this.#pages.length = Math.min(this.#pages.length, Math.ceil(lengthBytes / PAGE_BYTES))
    }
    this.#sizeBytes = lengthBytes
  }

  #ownPage(index: number): Uint8Array {
    const page = this.#pages[index]
    if (page !== undefined && !page.shared) return page.bytes
    const bytes = page === undefined ? new Uint8Array(PAGE_BYTES) : page.bytes.slice()
    while (this.#pages.length < index) this.#pages.push(undefined)
    this.#pages[index] = { bytes, shared: false }
    return bytes
  }
}
