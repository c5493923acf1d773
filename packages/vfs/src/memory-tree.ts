import { pagesBytes } from './memory-file.ts'
import type { DirNode, MemoryNode } from './memory-nodes.ts'
import { compareNames } from './names.ts'

/** The names along a path from the root; `.` and `..` are resolved without looking at the tree. */
export function pathParts(path: string): string[] {
  const parts: string[] = []
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue
    if (part === '..') parts.pop()
    else parts.push(part)
  }
  return parts
}

/** What is at a path, or why nothing can be. */
export function findNode(root: DirNode, parts: readonly string[]): MemoryNode | 'NOT_FOUND' | 'NOT_DIRECTORY' {
  let node: MemoryNode = root
  for (const part of parts) {
    if (node.kind === 'file') return 'NOT_DIRECTORY'
    const next = node.entries.get(part)
    if (next === undefined) return 'NOT_FOUND'
    node = next
  }
  return node
}

/** Whether `inner` is `outer` or lies below it. */
export function isWithin(outer: DirNode, inner: DirNode): boolean {
  if (outer === inner) return true
  for (const node of outer.entries.values()) if (node.kind === 'dir' && isWithin(node, inner)) return true
  return false
}

/** Bytes of the pages that all files of a tree take, each file counted once. */
export function treeBytes(root: DirNode): number {
  const seen = new Set<MemoryNode>()
  let bytes = 0
  visitFiles(root, node => {
    if (seen.has(node)) return
    seen.add(node)
    bytes += pagesBytes(node.current.sizeBytes)
  })
  return bytes
}

/**
 * Makes a tree ready for the next process after its user was killed: no handles, no locks, and the calls that were in
 * flight have happened.
 */
export function countUses(root: DirNode): void {
  visitFiles(root, node => {
    node.uses = 0
    node.lockedBy = undefined
    for (const change of node.changes) change.returned = true
  })
  visitFiles(root, node => {
    node.uses++
  })
  settleDir(root)
}

function settleDir(dir: DirNode): void {
  for (const change of dir.changes) change.returned = true
  for (const node of dir.entries.values()) if (node.kind === 'dir') settleDir(node)
}

function visitFiles(dir: DirNode, visit: (node: MemoryNode & { readonly kind: 'file' }) => void): void {
  for (const node of dir.entries.values()) {
    if (node.kind === 'dir') visitFiles(node, visit)
    else visit(node)
  }
}

/** The tree as text, sorted, one entry per line. */
export function describeTree(root: DirNode): string {
  const lines: string[] = []
  const visit = (dir: DirNode, path: string): void => {
    for (const name of [...dir.entries.keys()].sort(compareNames)) {
      const node = dir.entries.get(name) as MemoryNode
      const entry = dir.durable.get(name) === node ? '' : ' entry not synced'
      if (node.kind === 'dir') {
        lines.push(`${path}${name}/${entry}`)
        visit(node, `${path}${name}/`)
      } else {
        const changes = node.changes.length === 0 ? '' : ` ${node.changes.length} changes not synced`
        const locked = node.lockedBy === undefined ? '' : ' locked'
        lines.push(`${path}${name} ${node.current.sizeBytes} bytes${changes}${entry}${locked}`)
      }
    }
    for (const name of [...dir.durable.keys()].sort(compareNames)) {
      if (!dir.entries.has(name)) lines.push(`${path}${name} removal not synced`)
    }
  }
  visit(root, '/')
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`
}
