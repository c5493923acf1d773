import type { File } from '@kvs/vfs'
import { BoltError, type BoltPlace, orIoError } from './errors.ts'
import { readHeader } from './format.ts'
import { readAheadBytes, treePageBytesMax } from './limits.ts'
import { TreePage } from './tree-page.ts'

/** What bounds every pointer into a file. */
export interface FileShape {
  readonly pageSize: number
  readonly pageCount: number
}

/** A page with its overflow. `bytes` is never written again: views of it stay what they are. */
export interface RawPage {
  readonly bytes: Uint8Array
  readonly place: BoltPlace
}

/** Pages this far behind the last read still count as following it: branches lie between leaves. */
const nearPages = 8

/**
 * Reads the pages of one walk. While they follow each other on disk it reads ahead, doubling up to `readAheadBytes`; a
 * single page from elsewhere (a branch) does not end that. Holds one read-ahead buffer, no more.
 */
export class PageSource {
  readonly #file: File
  readonly #shape: FileShape
  #window: Uint8Array = new Uint8Array(0)
  /** First page of the window, and the first one behind it. */
  #start = 0
  #end = 0
  #aheadPages = 1
  /** Behind the last page that was read alone. */
  #aloneEnd = -1

  constructor(file: File, shape: FileShape) {
    this.#file = file
    this.#shape = shape
  }

  get shape(): FileShape {
    return this.#shape
  }

  /** A page of a tree with all that is in it checked. `id` must be below the page count. */
  async treePage(id: number): Promise<TreePage> {
    const { bytes, place } = await this.page(id)
    return new TreePage(bytes, { ...place, pageCount: this.#shape.pageCount })
  }

  /** A page whose id and overflow have been checked. `id` must be below the page count. */
  async page(id: number): Promise<RawPage> {
    const { pageSize, pageCount } = this.#shape
    const place = { page: id, offset: id * pageSize }
    const held = id >= this.#start && id < this.#end
    const { bytes, start } = held ? { bytes: this.#window, start: this.#start } : await this.#load(id)
    const at = (id - start) * pageSize
    const { id: storedId, overflow } = readHeader(bytes, at)
    if (storedId !== id) throw new BoltError('CORRUPT', `the page calls itself ${storedId}`, { at: place })
    if (overflow >= pageCount - id) {
      throw new BoltError('CORRUPT', `overflow of ${overflow} pages in a file of ${pageCount}`, {
        at: { page: id, offset: place.offset + 12 },
      })
    }
    const length = (overflow + 1) * pageSize
    if (at + length <= bytes.length) return { bytes: bytes.subarray(at, at + length), place }
    return { bytes: await this.#readSpilling(place, bytes.subarray(at), length), place }
  }

  /** Reads from `id` on: alone, or more if the pages before it were read just now. */
  async #load(id: number): Promise<{ bytes: Uint8Array; start: number }> {
    const { pageSize, pageCount } = this.#shape
    const follows = id >= this.#end && id - this.#end <= nearPages && this.#end > 0
    const followsAlone = id >= this.#aloneEnd && id - this.#aloneEnd <= nearPages && this.#aloneEnd > 0
    if (!follows && !followsAlone) {
      const bytes = await this.#read(id * pageSize, allocate(pageSize))
      this.#aloneEnd = id + 1
      return { bytes, start: id }
    }
    const most = Math.max(1, Math.floor(readAheadBytes / pageSize))
    this.#aheadPages = Math.min(most, pageCount - id, follows ? this.#aheadPages * 2 : 2)
    const bytes = await this.#read(id * pageSize, allocate(this.#aheadPages * pageSize))
    this.#window = bytes
    this.#start = id
    this.#end = id + this.#aheadPages
    return { bytes, start: id }
  }

  /** A page that goes on behind the bytes read so far. */
  async #readSpilling(place: BoltPlace, first: Uint8Array, length: number): Promise<Uint8Array> {
    if (length > treePageBytesMax) {
      throw new BoltError('UNSUPPORTED', `one page with its overflow has ${length} bytes`, { at: place })
    }
    const bytes = allocate(length)
    bytes.set(first)
    await this.#read(place.offset + first.length, bytes.subarray(first.length))
    const end = (place.offset + length) / this.#shape.pageSize
    if (place.page >= this.#start && place.page < this.#end) {
      this.#window = new Uint8Array(0)
      this.#start = end
      this.#end = end
    } else this.#aloneEnd = end
    return bytes
  }

  /** Fills `target` from `offset` on. */
  async #read(offset: number, target: Uint8Array): Promise<Uint8Array> {
    for (let done = 0; done < target.length; ) {
      const count = await orIoError(`read '${this.#file.path}'`, () => {
        return this.#file.read(done === 0 ? target : target.subarray(done), offset + done)
      })
      if (count === 0) {
        const at = { page: Math.floor((offset + done) / this.#shape.pageSize), offset: offset + done }
        throw new BoltError('TRUNCATED', `'${this.#file.path}' ends here`, { at })
      }
      done += count
    }
    return target
  }
}

/** Zeroed bytes; a length that this machine cannot hold is an error of the file's size, not of the program. */
function allocate(length: number): Uint8Array {
  try {
    return new Uint8Array(length)
  } catch (cause) {
    throw new BoltError('UNSUPPORTED', `cannot hold ${length} bytes in memory`, { cause })
  }
}
