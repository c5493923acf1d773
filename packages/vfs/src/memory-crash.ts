import { PAGE_BYTES, SECTOR_BYTES } from './limits.ts'
import { applyEffect, type DataChange, DirNode, effectsIn, FileNode, type MemoryNode } from './memory-nodes.ts'
import type { PagedBytes } from './paged-bytes.ts'
import type { Random } from './random.ts'

/**
 * What a power cut leaves of the changes that were not synced.
 * `lose-all`: nothing. `keep-all`: everything. `prefix`: all changes up to a random one, in the order they were made,
 * that one torn. `keep-random`: for each 4 KiB page a random one of the states it had since the last sync, for each
 * directory change whether it happened, for each file one of the lengths it had. `torn`: the same by 512-byte sector.
 */
export type CrashMode = 'lose-all' | 'keep-all' | 'prefix' | 'keep-random' | 'torn'

export interface CrashOptions {
  readonly mode: CrashMode
  /** Needed by all modes but `lose-all` and `keep-all`, unless the file system was made with one. */
  readonly random?: Random
}

/** Decides the fate of single changes, one draw after the other, so that a seed repeats a cut. */
interface Fate {
  /** How many bytes are written back as one. */
  readonly unitBytes: number
  /** How many of `changes` a unit of a file has seen. */
  unit(changes: readonly DataChange[]): number
  /** How many of `changes` the length of a file has seen. */
  length(changes: readonly DataChange[]): number
  /** Whether a change of directories survives. */
  dirChange(sequence: number): boolean
}

/** The tree that a power cut leaves. The given tree stays as it is. `sequenceEnd` lies behind the newest change. */
export function crashTree(root: DirNode, options: CrashOptions, sequenceEnd: number): DirNode {
  const fate = makeFate(options, sequenceEnd)
  const survivors = new Map<MemoryNode, MemoryNode>()
  const decided = new Map<number, boolean>()
  const survives = (sequence: number): boolean => {
    const known = decided.get(sequence)
    if (known !== undefined) return known
    const kept = fate.dirChange(sequence)
    decided.set(sequence, kept)
    return kept
  }
  const visitDir = (dir: DirNode): DirNode => {
    const entries = new Map(dir.durable)
    for (const change of dir.changes) {
      if (!survives(change.sequence)) continue
      for (const effect of effectsIn(dir, change)) applyEffect(entries, effect)
    }
    const kept = new Map<string, MemoryNode>()
    for (const [name, node] of entries) {
      const known = survivors.get(node)
      // What two names claim, because only half of a rename survived: a directory stays with the first, a file is cloned.
      if (known !== undefined && known.kind === 'dir') continue
      const survivor = known === undefined ? visit(node) : new FileNode(known.durable.clone())
      if (survivor.kind === 'file') survivor.uses++
      kept.set(name, survivor)
    }
    return new DirNode(kept)
  }
  const visit = (node: MemoryNode): MemoryNode => {
    if (node.kind === 'dir') {
      const placeholder = new DirNode(new Map())
      survivors.set(node, placeholder)
      const dir = visitDir(node)
      survivors.set(node, dir)
      return dir
    }
    const file = new FileNode(crashBytes(node, fate))
    survivors.set(node, file)
    return file
  }
  return visitDir(root)
}

function makeFate(options: CrashOptions, sequenceEnd: number): Fate {
  const { mode, random } = options
  if (mode === 'lose-all') return { unitBytes: PAGE_BYTES, unit: () => 0, length: () => 0, dirChange: () => false }
  if (mode === 'keep-all') {
    const all = (changes: readonly DataChange[]): number => changes.length
    return { unitBytes: PAGE_BYTES, unit: all, length: all, dirChange: () => true }
  }
  if (random === undefined) throw new TypeError(`vfs: crash mode '${mode}' needs a random source`)
  if (mode === 'prefix') return prefixFate(random, random.below(sequenceEnd + 1))
  return randomFate(random, mode === 'torn' ? SECTOR_BYTES : PAGE_BYTES)
}

function prefixFate(random: Random, cut: number): Fate {
  const before = (changes: readonly DataChange[]): number => changes.filter(change => change.sequence < cut).length
  /** The change at the cut is torn: each unit and the length draw whether they have seen it. */
  const torn = (changes: readonly DataChange[]): number => {
    const count = before(changes)
    return changes[count]?.sequence === cut && random.chance(0.5) ? count + 1 : count
  }
  return { unitBytes: SECTOR_BYTES, unit: torn, length: torn, dirChange: sequence => sequence < cut }
}

function randomFate(random: Random, unitBytes: number): Fate {
  /** Leans towards keeping, towards losing, or neither, so that near-complete and near-empty disks occur too. */
  const keep = [0.5, 0.9, 0.1][random.below(3)] as number
  const draw = (changes: readonly DataChange[]): number => {
    if (changes.length === 0) return 0
    if (random.chance(0.5)) return random.chance(keep) ? changes.length : 0
    return random.below(changes.length + 1)
  }
  return { unitBytes, unit: draw, length: draw, dirChange: () => random.chance(keep) }
}

/** The bytes of one file after the cut: durable bytes plus, per unit, the first changes that the unit has seen. */
function crashBytes(file: FileNode, fate: Fate): PagedBytes {
  const { changes } = file
  const result = file.durable.clone()
  if (changes.length === 0) return result
  const lengths = lengthsAfter(file)
  const seenByLength = fate.length(changes)
  result.truncate(Math.max(...lengths))
  const seen = new Map<number, number>()
  changes.forEach((change, at) => {
    const start = change.position
    const end = change.kind === 'write' ? start + change.bytes.length : (lengths[at] as number)
    for (let unit = Math.floor(start / fate.unitBytes); unit * fate.unitBytes < end; unit++) {
      let count = seen.get(unit)
      if (count === undefined) {
        count = fate.unit(changes)
        seen.set(unit, count)
      }
      if (count > at) applyInUnit(result, change, { start: unit * fate.unitBytes, bytes: fate.unitBytes, end })
    }
  })
  result.truncate(lengths[seenByLength] as number)
  return result
}

function applyInUnit(
  bytes: PagedBytes,
  change: DataChange,
  unit: { readonly start: number; readonly bytes: number; readonly end: number },
): void {
  const start = Math.max(unit.start, change.position)
  const end = Math.min(unit.start + unit.bytes, unit.end)
  if (change.kind === 'write') {
    bytes.write(change.bytes.subarray(start - change.position, end - change.position), start)
  } else {
    bytes.zero(start, end)
  }
}

/** The durable length, then the length after each change. */
function lengthsAfter(file: FileNode): number[] {
  let length = file.durable.sizeBytes
  const lengths = [length]
  for (const change of file.changes) {
    if (change.kind === 'truncate') length = change.position
    else if (change.bytes.length > 0) length = Math.max(length, change.position + change.bytes.length)
    lengths.push(length)
  }
  return lengths
}
