/**
 * Intervals of keys, to find all that contain a key: a treap by (from, to) in which every node knows the highest end
 * below it. Its priorities come from a counter, so it is the same on every member.
 */

import { compareBytes } from '../bytes.ts'
import type { KeyInterval } from '../index/key-walk.ts'
import { Members } from './members.ts'

interface Node<Member> {
  readonly interval: KeyInterval
  readonly members: Members<Member>
  readonly priority: number
  left: Node<Member> | undefined
  right: Node<Member> | undefined
  /** Highest end in this subtree; `undefined` is the end of all keys. */
  highest: Uint8Array | undefined
}

type Link<Member> = Node<Member> | undefined

export class IntervalTree<Member> {
  private root: Link<Member>
  private counter = 0

  get isEmpty(): boolean {
    return this.root === undefined
  }

  add(interval: KeyInterval, member: Member): void {
    this.root = this.insert(this.root, interval, member)
  }

  remove(interval: KeyInterval, member: Member): void {
    this.root = removeFrom(this.root, interval, member)
  }

  /** Appends every member whose interval contains the key to `found`. */
  collect(key: Uint8Array, found: Member[]): void {
    collectFrom(this.root, key, found)
  }

  private insert(node: Link<Member>, interval: KeyInterval, member: Member): Node<Member> {
    if (node === undefined) return this.makeNode(interval, member)
    const order = compareIntervals(interval, node.interval)
    if (order === 0) {
      node.members.add(member)
      return node
    }
    if (order < 0) node.left = this.insert(node.left, interval, member)
    else node.right = this.insert(node.right, interval, member)
    const child = order < 0 ? node.left! : node.right!
    if (child.priority > node.priority) return order < 0 ? rotateRight(node, child) : rotateLeft(node, child)
    update(node)
    return node
  }

  private makeNode(interval: KeyInterval, member: Member): Node<Member> {
    this.counter = (this.counter + 0x9e3779b9) | 0
    let mixed = Math.imul(this.counter ^ (this.counter >>> 16), 0x85ebca6b)
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
    const priority = mixed ^ (mixed >>> 16)
    const members = new Members(member)
    return { interval, members, priority, left: undefined, right: undefined, highest: interval.to }
  }
}

function removeFrom<Member>(node: Link<Member>, interval: KeyInterval, member: Member): Link<Member> {
  if (node === undefined) return undefined
  const order = compareIntervals(interval, node.interval)
  if (order < 0) node.left = removeFrom(node.left, interval, member)
  else if (order > 0) node.right = removeFrom(node.right, interval, member)
  else {
    node.members.delete(member)
    if (node.members.isEmpty) return join(node.left, node.right)
  }
  update(node)
  return node
}

/** One treap of two, everything in `left` being below everything in `right`. */
function join<Member>(left: Link<Member>, right: Link<Member>): Link<Member> {
  if (left === undefined) return right
  if (right === undefined) return left
  if (left.priority > right.priority) {
    left.right = join(left.right, right)
    update(left)
    return left
  }
  right.left = join(left, right.left)
  update(right)
  return right
}

function rotateRight<Member>(node: Node<Member>, child: Node<Member>): Node<Member> {
  node.left = child.right
  child.right = node
  update(node)
  update(child)
  return child
}

function rotateLeft<Member>(node: Node<Member>, child: Node<Member>): Node<Member> {
  node.right = child.left
  child.left = node
  update(node)
  update(child)
  return child
}

function update<Member>(node: Node<Member>): void {
  let highest = node.interval.to
  for (const child of [node.left, node.right]) {
    if (child === undefined || highest === undefined) continue
    if (child.highest === undefined || compareBytes(child.highest, highest) > 0) highest = child.highest
  }
  node.highest = highest
}

function collectFrom<Member>(node: Link<Member>, key: Uint8Array, found: Member[]): void {
  if (node === undefined) return
  if (node.highest !== undefined && compareBytes(node.highest, key) <= 0) return
  collectFrom(node.left, key, found)
  const { from, to } = node.interval
  if (compareBytes(from, key) > 0) return
  if (to === undefined || compareBytes(key, to) < 0) node.members.collect(found)
  collectFrom(node.right, key, found)
}

function compareIntervals(left: KeyInterval, right: KeyInterval): number {
  const order = compareBytes(left.from, right.from)
  if (order !== 0) return order
  if (left.to === undefined || right.to === undefined)
    return Number(left.to === undefined) - Number(right.to === undefined)
  return compareBytes(left.to, right.to)
}
