/**
 * A persistent ordered map of byte keys: a treap whose priorities are hashes of the keys, so its shape depends on its
 * content alone. Every root stands for one version and never changes while its `Edit` is over.
 *
 * Nodes made under the running `Edit` are changed in place; all others are copied on the way down (O(log n) per write).
 */

import { updateCrc32c } from '../crc32c.ts'
import { compareKeys } from '../keys.ts'

/** One span of writing. Whoever wants to keep a root starts a new one before the next write. */
export type Edit = { readonly version: number }

export interface TreeNode {
  readonly edit: Edit
  readonly key: Uint8Array
  readonly priority: number
  value: Uint8Array
  left: Tree
  right: Tree
}

export type Tree = TreeNode | undefined

export function treeGet(tree: Tree, key: Uint8Array): Uint8Array | undefined {
  let node = tree
  while (node !== undefined) {
    const order = compareKeys(key, node.key)
    if (order === 0) return node.value
    node = order < 0 ? node.left : node.right
  }
  return undefined
}

export function treePut(edit: Edit, tree: Tree, key: Uint8Array, value: Uint8Array): TreeNode {
  if (tree === undefined) {
    return { edit, key, priority: updateCrc32c(0, key, 0, key.length), value, left: undefined, right: undefined }
  }
  const node = own(edit, tree)
  const order = compareKeys(key, node.key)
  if (order === 0) {
    node.value = value
    return node
  }
  if (order < 0) {
    const left = treePut(edit, node.left, key, value)
    if (!above(left, node)) {
      node.left = left
      return node
    }
    node.left = left.right
    left.right = node
    return left
  }
  const right = treePut(edit, node.right, key, value)
  if (!above(right, node)) {
    node.right = right
    return node
  }
  node.right = right.left
  right.left = node
  return right
}

/** The tree without `key`, which must be in it. */
export function treeDelete(edit: Edit, tree: Tree, key: Uint8Array): Tree {
  if (tree === undefined) return undefined
  const order = compareKeys(key, tree.key)
  if (order === 0) return merge(edit, tree.left, tree.right)
  const node = own(edit, tree)
  if (order < 0) node.left = treeDelete(edit, node.left, key)
  else node.right = treeDelete(edit, node.right, key)
  return node
}

/** The first node with a key at or above `from`, then every later one below `to`, in order. */
export function* treeNodes(
  tree: Tree,
  from: Uint8Array | undefined,
  to: Uint8Array | undefined,
): IterableIterator<TreeNode> {
  const path: TreeNode[] = []
  let node = tree
  while (node !== undefined) {
    if (from !== undefined && compareKeys(node.key, from) < 0) {
      node = node.right
      continue
    }
    path.push(node)
    node = node.left
  }
  for (let next = path.pop(); next !== undefined; next = path.pop()) {
    if (to !== undefined && compareKeys(next.key, to) >= 0) return
    yield next
    for (let child = next.right; child !== undefined; child = child.left) path.push(child)
  }
}

/** Equal priorities are settled by the keys, so that the shape stays a function of the content. */
function above(a: TreeNode, b: TreeNode): boolean {
  return a.priority > b.priority || (a.priority === b.priority && compareKeys(a.key, b.key) < 0)
}

function own(edit: Edit, node: TreeNode): TreeNode {
  return node.edit === edit ? node : { ...node, edit }
}

/** All keys of `left` are below all keys of `right`. */
function merge(edit: Edit, left: Tree, right: Tree): Tree {
  if (left === undefined) return right
  if (right === undefined) return left
  if (above(left, right)) {
    const node = own(edit, left)
    node.right = merge(edit, node.right, right)
    return node
  }
  const node = own(edit, right)
  node.left = merge(edit, left, node.left)
  return node
}
