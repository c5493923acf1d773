/**
 * Where a record lies in the file, for messages about damage. Reads with calls that block, for errors are made in the
 * middle of other work; nothing here is used while all is well.
 */
import { closeSync, openSync, readSync } from 'node:fs'
import { updateCrc32c } from '../../crc32c.ts'
import { compareKeys } from '../../keys.ts'
import { checksumBytes, storedChecksum } from '../checksum.ts'
import { chooseMeta, type MetaPage } from './meta-page.ts'
import { type NodeView, pageFlag, pageHeadBytes, readUint64, viewOf, visitNodes } from './page.ts'

/** Offset of the value of the record with this key (bucket byte first); undefined if it cannot be found. */
export function locateRecord(path: string, key: Uint8Array): number | undefined {
  return withFile(path, file => {
    for (let page = file.root; page !== undefined; ) {
      let next: number | undefined
      let found: number | undefined
      file.visit(page, (node, nodeKey, place, isLeaf) => {
        if (!isLeaf && (place === 0 || compareKeys(nodeKey, key) <= 0)) next = node.child
        if (isLeaf && compareKeys(nodeKey, key) === 0) found = file.dataAt(page as number, node)
      })
      if (found !== undefined) return found
      page = next
    }
    return undefined
  })
}

/** Offset of the value of the first record that does not match its checksum; undefined if all of them do. */
export function locateDamage(path: string): number | undefined {
  return withFile(path, file => {
    let found: number | undefined
    const search = (page: number): void => {
      const children: number[] = []
      file.visit(page, (node, key, _place, isLeaf) => {
        if (found !== undefined) return
        if (!isLeaf) children.push(node.child)
        else if (!isSound(key, file.data(page, node))) found = file.dataAt(page, node)
      })
      for (const child of children) if (found === undefined) search(child)
    }
    if (file.root !== undefined) search(file.root)
    return found
  })
}

function isSound(key: Uint8Array, stored: Uint8Array): boolean {
  if (stored.length < checksumBytes) return false
  const ofKey = updateCrc32c(0, key, 0, key.length)
  return updateCrc32c(ofKey, stored, 0, stored.length - checksumBytes) === storedChecksum(stored, stored.length)
}

function withFile(path: string, look: (file: OpenPages) => number | undefined): number | undefined {
  let fd: number | undefined
  try {
    fd = openSync(path, 'r')
    return look(new OpenPages(fd))
  } catch {
    // The damage is told without its place.
    return undefined
  } finally {
    if (fd !== undefined) closeSync(fd)
  }
}

class OpenPages {
  readonly #fd: number
  readonly #meta: MetaPage

  constructor(fd: number) {
    this.#fd = fd
    const head = this.#read(0, 64)
    const pageBytes = viewOf(head).getUint32(48, true)
    this.#meta = chooseMeta(this.#read(0, 2 * pageBytes), pageBytes)
  }

  get root(): number | undefined {
    return this.#meta.records.root
  }

  visit(page: number, visit: (node: NodeView, key: Uint8Array, place: number, isLeaf: boolean) => void): void {
    const bytes = this.#read(page * this.#meta.pageBytes, this.#meta.pageBytes)
    const view = viewOf(bytes)
    const isLeaf = view.getUint16(18, true) === pageFlag.leaf
    visitNodes(view, isLeaf, (node, place) => visit(node, bytes.subarray(node.keyAt, node.keyEnd), place, isLeaf))
  }

  /** Offset in the file of a value. */
  dataAt(page: number, node: NodeView): number {
    const at = page * this.#meta.pageBytes + node.dataAt
    if (!node.isBig) return at
    return readUint64(viewOf(this.#read(at, 8)), 0) * this.#meta.pageBytes + pageHeadBytes
  }

  data(page: number, node: NodeView): Uint8Array {
    return this.#read(this.dataAt(page, node), node.dataBytes)
  }

  #read(at: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length)
    const count = readSync(this.#fd, bytes, 0, length, at)
    return bytes.subarray(0, count)
  }
}
