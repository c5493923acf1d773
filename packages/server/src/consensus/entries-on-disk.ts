import type { Entry } from '@kvs/raft'
import type { File, Fs } from '@kvs/vfs'
import { readSpan, type WalSpan } from '@kvs/wal'
import { assert } from '../assert.ts'
import * as limits from '../limits.ts'

/** Entries that lie together in a segment of the log. */
interface Piece {
  readonly first: number
  last: number
  span: WalSpan
}

/** A segment that is read; without a file it is not open yet. */
interface Segment {
  file: File | undefined
}

/**
 * The entries of the log that may be wanted again, as they lie on disk: a member that gets a snapshot needs what was
 * appended meanwhile, which is too much to keep in memory. What was opened here stays readable when the log has given its
 * segments up.
 */
export class EntriesOnDisk {
  readonly #fs: Fs
  readonly #dir: string
  /** Oldest first, without a gap. */
  readonly #pieces: Piece[] = []
  readonly #segments = new Map<string, Segment>()
  /** The piece that was read last: its reader comes back for the rest, and for terms. */
  #lastRead: { readonly piece: Piece; readonly last: number; readonly entries: readonly Entry[] } | undefined
  #isClosed = false

  constructor(parts: { readonly fs: Fs; readonly dir: string }) {
    this.#fs = parts.fs
    this.#dir = parts.dir
  }

  /** The first entry that is known here. */
  get firstIndex(): number | undefined {
    return this.#pieces[0]?.first
  }

  /** Entries were appended; they follow those before, or take the place of some. */
  noted({ first, last }: { readonly first: number; readonly last: number }, span: WalSpan): void {
    const newest = this.#pieces.at(-1)
    if (newest !== undefined && first !== newest.last + 1) this.clear()
    else if (newest?.span.segment === span.segment) {
      const { startBytes, endBytes } = newest.span
      if (endBytes - startBytes < limits.logPieceBytes) {
        newest.last = last
        newest.span = { ...newest.span, endBytes: span.endBytes }
        return
      }
    }
    this.#pieces.push({ first, last, span })
  }

  /** Whether all up to this entry can be read on the spot. Opens what is not open yet, for the next time. */
  isReadable(upTo: number): boolean {
    let isOpen = true
    for (const { first, span } of this.#pieces) {
      if (first > upTo) break
      const segment = this.#segments.get(span.segment)
      if (segment === undefined) this.#open(span.segment)
      if (segment?.file === undefined) isOpen = false
    }
    return isOpen && (this.#pieces.at(-1)?.last ?? 0) >= upTo
  }

  /** Entries in `[low, high)`, all of which are readable: at least one, and then as many as `maxBytes` hold. */
  entries(low: number, high: number, maxBytes: number): readonly Entry[] {
    const result: Entry[] = []
    let bytes = 0
    for (let index = low; index < high; ) {
      for (const entry of this.#read(index)) {
        if (entry.index < index) continue
        bytes += entry.data.length + limits.entryOverheadBytes
        if (index >= high || (result.length > 0 && bytes > maxBytes)) return result
        result.push(entry)
        index++
      }
    }
    return result
  }

  /** The term of a readable entry; undefined if the entry is not known here. */
  term(index: number): number | undefined {
    if (index < (this.firstIndex ?? Number.POSITIVE_INFINITY)) return undefined
    const entries = this.#read(index)
    return (entries[index - (entries[0] as Entry).index] as Entry).term
  }

  /** Nobody wants entries before this one any more. */
  forget(index: number): void {
    let count = 0
    while ((this.#pieces[count]?.last ?? Number.POSITIVE_INFINITY) < index) count++
    if (count === 0) return
    this.#pieces.splice(0, count)
    const needed = new Set(this.#pieces.map(({ span }) => span.segment))
    for (const [name, { file }] of this.#segments) {
      if (needed.has(name)) continue
      this.#segments.delete(name)
      file?.close().catch(() => {})
    }
    if (this.#lastRead !== undefined && this.#lastRead.last < index) this.#lastRead = undefined
  }

  clear(): void {
    this.forget(Number.MAX_SAFE_INTEGER)
  }

  close(): void {
    this.#isClosed = true
    this.clear()
  }

  #read(index: number): readonly Entry[] {
    const piece = this.#pieceOf(index)
    const known = this.#lastRead
    if (known?.piece === piece && known.last >= index) return known.entries
    const file = this.#segments.get(piece.span.segment)?.file
    assert(file !== undefined, 'only what is open is read on the spot')
    const entries = readSpan(file, piece.span)
    this.#lastRead = { piece, last: piece.last, entries }
    return entries
  }

  /** Readers go through the log: the piece is the one read last, or the next. */
  #pieceOf(index: number): Piece {
    const at = this.#pieces.findIndex(({ last }) => last >= index)
    const piece = this.#pieces[at]
    assert(piece !== undefined && piece.first <= index, 'the entry is on disk')
    return piece
  }

  #open(name: string): void {
    const segment: Segment = { file: undefined }
    this.#segments.set(name, segment)
    this.#fs.open(`${this.#dir}/${name}`, { mode: 'read' }).then(
      file => {
        segment.file = file
        if (this.#isClosed || this.#segments.get(name) !== segment) file.close().catch(() => {})
      },
      () => this.#lost(name),
    )
  }

  /** The segment is gone, or cannot be opened: what is in it and before it cannot be read. */
  #lost(name: string): void {
    for (let at = this.#pieces.length - 1; at >= 0; at--) {
      const piece = this.#pieces[at]
      if (piece?.span.segment === name) return this.forget(piece.last + 1)
    }
  }
}
