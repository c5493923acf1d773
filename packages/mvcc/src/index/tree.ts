/**
 * Entries in key order: a B+tree whose nodes lie in typed arrays. A hot room.
 *
 * A node is 128 words: word 0 the count, word 1 the level (0 for leaves), words 2 and 3 the next and the previous leaf.
 * Leaves hold up to 124 entry handles from word 4. Inner nodes hold up to 62 children from word 4 and their lower
 * bounds (handles of keys of their own; that of child 0 is unused) from word 66. Node 0 is none.
 */

import { assert } from '../assert.ts'
import { chunkMask, chunkShift, type WordArena } from './arena.ts'
import { allocateKey, entryKey, keyByte, keyLength } from './entry.ts'

const nodeShift = 7
const pageShift = 15
const pageMask = 2 ** pageShift - 1
const itemsFrom = 4
const boundsFrom = 66
const leafMax = 124
const innerMax = 62

export class Tree {
  private readonly arena: WordArena
  private readonly pages: Uint32Array[] = []
  private readonly vacant: number[] = []
  private nodes = 1
  private root = 0
  /** Inner nodes passed on the way to a leaf, and the child taken in each. */
  private readonly pathNodes: number[] = []
  private readonly pathChildren: number[] = []
  /** Equal bytes at the start of the last comparison. */
  private matched = 0
  /** Rises whenever a place found before may have become wrong. */
  version = 0

  constructor(arena: WordArena) {
    this.arena = arena
    this.root = this.addNode(0)
  }

  get allocatedBytes(): number {
    return this.pages.length * 4 * (pageMask + 1)
  }

  // Nodes

  private addNode(level: number): number {
    const node = this.vacant.pop() ?? this.nodes++
    const offset = (node << nodeShift) >>> 0
    while (this.pages.length <= offset >>> pageShift) this.pages.push(new Uint32Array(pageMask + 1))
    const page = this.page(node)
    const at = this.base(node)
    page[at] = page[at + 2] = page[at + 3] = 0
    page[at + 1] = level
    return node
  }

  private page(node: number): Uint32Array {
    return this.pages[node >>> (pageShift - nodeShift)]!
  }

  private base(node: number): number {
    return (node << nodeShift) & pageMask
  }

  /** Sign of (key of `handle`) − (`key[start, end)`), given that the first `from` bytes are equal. */
  private compare(handle: number, key: Uint8Array, from: number): number {
    const chunk = handle >>> chunkShift
    const at = handle & chunkMask
    const length = this.arena.words[chunk]![at + keyLength]!
    const bytes = this.arena.bytes[chunk]!
    const first = at * 4 + keyByte
    const common = Math.min(length, key.length)
    let offset = from
    while (offset < common && bytes[first + offset] === key[offset]) offset++
    this.matched = offset
    return offset < common ? bytes[first + offset]! - key[offset]! : length - key.length
  }

  /** First index in `[low, count)` of the handles from `from` on whose key is not below `key` (`above`: is above). */
  private search(node: number, from: number, low: number, key: Uint8Array, above: boolean): number {
    const page = this.page(node)
    const at = this.base(node)
    let left = low
    let right = page[at]!
    let matchedLeft = 0
    let matchedRight = 0
    while (left < right) {
      const middle = (left + right) >>> 1
      const order = this.compare(page[at + from + middle]!, key, Math.min(matchedLeft, matchedRight))
      if (order < 0 || (above && order === 0)) {
        left = middle + 1
        matchedLeft = this.matched
      } else {
        right = middle
        matchedRight = this.matched
      }
    }
    return left
  }

  /** The leaf where `key` belongs; fills the path. */
  private descend(key: Uint8Array): number {
    let node = this.root
    let depth = 0
    for (;;) {
      const page = this.page(node)
      const at = this.base(node)
      if (page[at + 1] === 0) break
      const child = this.search(node, boundsFrom, 1, key, true) - 1
      this.pathNodes[depth] = node
      this.pathChildren[depth] = child
      depth++
      node = page[at + itemsFrom + child]!
    }
    this.pathNodes.length = this.pathChildren.length = depth
    return node
  }

  // Walking

  /** Place of the first key ≥ `key`: sets `foundLeaf` (0 at the end) and `foundAt`. */
  seek(key: Uint8Array): void {
    const leaf = this.descend(key)
    this.foundLeaf = leaf
    this.foundAt = this.search(leaf, itemsFrom, 0, key, false)
    if (this.foundAt < this.countOf(leaf)) return
    this.foundLeaf = this.nextLeaf(leaf)
    this.foundAt = 0
  }

  foundLeaf = 0
  foundAt = 0

  nextLeaf(leaf: number): number {
    return this.page(leaf)[this.base(leaf) + 2]!
  }

  countOf(leaf: number): number {
    return this.page(leaf)[this.base(leaf)]!
  }

  handleAt(leaf: number, index: number): number {
    return this.page(leaf)[this.base(leaf) + itemsFrom + index]!
  }

  /** How many entries of the leaf, which is not empty, are below `end`. */
  countBelow(leaf: number, end: Uint8Array): number {
    const count = this.countOf(leaf)
    if (this.compare(this.handleAt(leaf, count - 1), end, 0) < 0) return count
    return this.search(leaf, itemsFrom, 0, end, false)
  }

  // Inserting

  /** The key must not be there yet. */
  insert(handle: number): void {
    const key = entryKey(this.arena, handle)
    const leaf = this.descend(key)
    const place = this.search(leaf, itemsFrom, 0, key, false)
    this.version++
    if (this.countOf(leaf) < leafMax) this.insertItem(leaf, place, handle)
    else this.splitLeaf(leaf, place, handle)
  }

  private insertItem(node: number, place: number, item: number): void {
    const page = this.page(node)
    const at = this.base(node)
    const from = at + itemsFrom
    page.copyWithin(from + place + 1, from + place, from + page[at]!)
    page[from + place] = item
    page[at]!++
  }

  private splitLeaf(leaf: number, place: number, handle: number): void {
    const fresh = this.addNode(0)
    const page = this.page(leaf)
    const at = this.base(leaf)
    const freshPage = this.page(fresh)
    const freshAt = this.base(fresh)
    const next = page[at + 2]!
    // Keys that arrive in order leave full leaves behind.
    const keep = place === leafMax && next === 0 ? leafMax : leafMax >>> 1
    freshPage.set(page.subarray(at + itemsFrom + keep, at + itemsFrom + leafMax), freshAt + itemsFrom)
    page[at] = keep
    freshPage[freshAt] = leafMax - keep
    freshPage[freshAt + 2] = next
    freshPage[freshAt + 3] = leaf
    page[at + 2] = fresh
    if (next !== 0) this.page(next)[this.base(next) + 3] = fresh
    if (place > keep || keep === leafMax) this.insertItem(fresh, place - keep, handle)
    else this.insertItem(leaf, place, handle)
    this.addToParent(leaf, fresh, this.boundBetween(leaf, fresh), this.pathNodes.length - 1)
  }

  /** The shortest key above everything in `left` and not above anything in `right`. */
  private boundBetween(left: number, right: number): number {
    const first = entryKey(this.arena, this.handleAt(right, 0))
    this.compare(this.handleAt(left, this.countOf(left) - 1), first, 0)
    return allocateKey(this.arena, first, 0, this.matched + 1)
  }

  private addToParent(left: number, fresh: number, bound: number, depth: number): void {
    if (depth < 0) {
      const root = this.addNode(this.page(left)[this.base(left) + 1]! + 1)
      const page = this.page(root)
      const at = this.base(root)
      page[at] = 2
      page[at + itemsFrom] = left
      page[at + itemsFrom + 1] = fresh
      page[at + boundsFrom] = 0
      page[at + boundsFrom + 1] = bound
      this.root = root
      return
    }
    const node = this.pathNodes[depth]!
    const place = this.pathChildren[depth]! + 1
    if (this.countOf(node) < innerMax) this.insertChild(node, place, fresh, bound)
    else this.splitInner(node, place, fresh, bound, depth)
  }

  private insertChild(node: number, place: number, child: number, bound: number): void {
    const page = this.page(node)
    const at = this.base(node)
    const bounds = at + boundsFrom
    page.copyWithin(bounds + place + 1, bounds + place, bounds + page[at]!)
    page[bounds + place] = bound
    this.insertItem(node, place, child)
  }

  private splitInner(node: number, place: number, child: number, bound: number, depth: number): void {
    const page = this.page(node)
    const at = this.base(node)
    const fresh = this.addNode(page[at + 1]!)
    const freshPage = this.page(fresh)
    const freshAt = this.base(fresh)
    const keep = place === innerMax ? innerMax - 1 : innerMax >>> 1
    const moved = innerMax - keep
    freshPage.set(page.subarray(at + itemsFrom + keep, at + itemsFrom + innerMax), freshAt + itemsFrom)
    freshPage.set(page.subarray(at + boundsFrom + keep, at + boundsFrom + innerMax), freshAt + boundsFrom)
    page[at] = keep
    freshPage[freshAt] = moved
    // The lower bound of the first child that moved is what separates the two nodes.
    const between = freshPage[freshAt + boundsFrom]!
    freshPage[freshAt + boundsFrom] = 0
    if (place > keep) this.insertChild(fresh, place - keep, child, bound)
    else this.insertChild(node, place, child, bound)
    this.addToParent(node, fresh, between, depth - 1)
  }

  // Removing

  remove(handle: number): void {
    const key = entryKey(this.arena, handle)
    const leaf = this.descend(key)
    const place = this.search(leaf, itemsFrom, 0, key, false)
    assert(place < this.countOf(leaf) && this.handleAt(leaf, place) === handle, 'a removed key is in the tree')
    this.version++
    this.removeItem(leaf, place)
    const count = this.countOf(leaf)
    const depth = this.pathNodes.length - 1
    if (depth < 0 || count >= leafMax >>> 2) return
    if (count > 0) this.mergeChild(depth, leafMax)
    else {
      this.unlinkLeaf(leaf)
      this.removeChild(depth, this.pathChildren[depth]!)
    }
  }

  private removeItem(node: number, place: number): void {
    const page = this.page(node)
    const at = this.base(node)
    const from = at + itemsFrom
    page.copyWithin(from + place, from + place + 1, from + page[at]!)
    page[at]!--
  }

  private unlinkLeaf(leaf: number): void {
    const next = this.nextLeaf(leaf)
    const previous = this.page(leaf)[this.base(leaf) + 3]!
    if (next !== 0) this.page(next)[this.base(next) + 3] = previous
    if (previous !== 0) this.page(previous)[this.base(previous) + 2] = next
  }

  /** Takes child `place` out of the inner node at `depth` of the path and frees it. */
  private removeChild(depth: number, place: number): void {
    const node = this.pathNodes[depth]!
    const page = this.page(node)
    const at = this.base(node)
    const bounds = at + boundsFrom
    this.vacant.push(page[at + itemsFrom + place]!)
    const bound = page[bounds + Math.max(place, 1)]!
    if (page[at]! > 1) this.arena.free(bound)
    page.copyWithin(bounds + Math.max(place, 1), bounds + Math.max(place, 1) + 1, bounds + page[at]!)
    this.removeItem(node, place)
    const count = page[at]!
    if (depth === 0) this.shrinkRoot()
    else if (count === 0) this.removeChild(depth - 1, this.pathChildren[depth - 1]!)
    else if (count < innerMax >>> 2) this.mergeChild(depth - 1, innerMax)
  }

  private shrinkRoot(): void {
    while (this.page(this.root)[this.base(this.root) + 1] !== 0 && this.countOf(this.root) <= 1) {
      const old = this.root
      this.root = this.countOf(old) === 1 ? this.handleAt(old, 0) : this.addNode(0)
      this.vacant.push(old)
    }
  }

  /** Joins the path's child at `depth` with a neighbour under the same parent if both fit into one with room. */
  private mergeChild(depth: number, max: number): void {
    const parent = this.pathNodes[depth]!
    const place = this.pathChildren[depth]!
    const children = this.countOf(parent)
    const size = (index: number): number => this.countOf(this.handleAt(parent, index))
    const room = max - (max >>> 2)
    if (place + 1 < children && size(place) + size(place + 1) <= room) this.merge(depth, place)
    else if (place > 0 && size(place - 1) + size(place) <= room) this.merge(depth, place - 1)
  }

  /** Moves everything of child `place + 1` behind child `place`. */
  private merge(depth: number, place: number): void {
    const parent = this.pathNodes[depth]!
    const left = this.handleAt(parent, place)
    const right = this.handleAt(parent, place + 1)
    const page = this.page(left)
    const at = this.base(left)
    const rightPage = this.page(right)
    const rightAt = this.base(right)
    const count = page[at]!
    const moved = rightPage[rightAt]!
    page.set(rightPage.subarray(rightAt + itemsFrom, rightAt + itemsFrom + moved), at + itemsFrom + count)
    page[at] = count + moved
    if (page[at + 1] === 0) this.unlinkLeaf(right)
    else {
      page.set(rightPage.subarray(rightAt + boundsFrom, rightAt + boundsFrom + moved), at + boundsFrom + count)
      // The bound in the parent is freed with the child; the moved first child needs one of its own.
      const bound = this.page(parent)[this.base(parent) + boundsFrom + place + 1]!
      const key = entryKey(this.arena, bound).slice()
      page[at + boundsFrom + count] = allocateKey(this.arena, key, 0, key.length)
    }
    this.removeChild(depth, place + 1)
  }

  // Bulk loading

  /** Fills the empty tree with handles in key order; yields how many are in, to give way. */
  *build(handles: Uint32Array, sliceKeys: number): Generator<number, void> {
    assert(this.countOf(this.root) === 0, 'only an empty tree is bulk-loaded')
    const fill = leafMax - (leafMax >>> 3)
    let leaf = this.root
    for (let from = 0; from < handles.length; from += fill) {
      const slice = handles.subarray(from, Math.min(from + fill, handles.length))
      if (from > 0) leaf = this.appendLeaf(leaf, slice[0]!)
      this.page(leaf).set(slice, this.base(leaf) + itemsFrom)
      this.page(leaf)[this.base(leaf)] = slice.length
      if (Math.floor((from + fill) / sliceKeys) > Math.floor(from / sliceKeys)) yield from + slice.length
    }
    this.version++
  }

  private appendLeaf(last: number, firstHandle: number): number {
    const fresh = this.addNode(0)
    const page = this.page(fresh)
    page[this.base(fresh) + 3] = last
    this.page(last)[this.base(last) + 2] = fresh
    const first = entryKey(this.arena, firstHandle)
    this.compare(this.handleAt(last, this.countOf(last) - 1), first, 0)
    const bound = allocateKey(this.arena, first, 0, this.matched + 1)
    this.descend(first)
    this.addToParent(last, fresh, bound, this.pathNodes.length - 1)
    return fresh
  }
}
