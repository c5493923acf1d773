import { SeededRandom } from '@kvs/testing'
import { type CrashMode, type MemFs, memFs } from '@kvs/vfs'
import fc from 'fast-check'
import { expect, test } from 'vitest'

/**
 * A power cut against a naive model. The model keeps whole copies: every content a file had since its last sync, and every
 * pending change of the directories. What a cut leaves must be one subset of the pending changes, and in every file
 * each sector must be one that the file had since its last sync.
 */

interface ModelFile {
  /** The durable content, then the content after each change. */
  versions: Uint8Array[]
}

type Dir = '/' | '/d'

interface ModelEffect {
  readonly dir: Dir
  readonly name: string
  readonly file: ModelFile | undefined
  synced: boolean
}

type Entries = Map<string, ModelFile>

class Model {
  readonly seen: Record<Dir, Entries> = { '/': new Map(), '/d': new Map() }
  readonly durable: Record<Dir, Entries> = { '/': new Map(), '/d': new Map() }
  pending: ModelEffect[][] = []

  change(...effects: Omit<ModelEffect, 'synced'>[]): void {
    for (const { dir, name, file } of effects) setEntry(this.seen[dir], name, file)
    this.pending.push(effects.map(effect => ({ ...effect, synced: false })))
  }

  syncDir(dir: Dir): void {
    this.durable[dir].clear()
    for (const [name, file] of this.seen[dir]) this.durable[dir].set(name, file)
    for (const effect of this.pending.flat()) if (effect.dir === dir) effect.synced = true
    this.pending = this.pending.filter(effects => effects.some(effect => !effect.synced))
  }

  /** Every pair of directories that a cut may leave. */
  *outcomes(): Generator<Record<Dir, Entries>> {
    for (let subset = 0; subset < 2 ** this.pending.length; subset++) {
      const entries = { '/': new Map(this.durable['/']), '/d': new Map(this.durable['/d']) }
      this.pending.forEach((effects, at) => {
        if ((subset & (1 << at)) === 0) return
        for (const effect of effects) if (!effect.synced) setEntry(entries[effect.dir], effect.name, effect.file)
      })
      yield entries
    }
  }
}

function setEntry(entries: Entries, name: string, file: ModelFile | undefined): void {
  if (file === undefined) entries.delete(name)
  else entries.set(name, file)
}

function newest(file: ModelFile): Uint8Array {
  return file.versions.at(-1)!
}

/** The content of each file of the disk, by path. */
async function contents(disk: MemFs): Promise<Record<Dir, Map<string, Uint8Array>>> {
  const result: Record<Dir, Map<string, Uint8Array>> = { '/': new Map(), '/d': new Map() }
  for (const dir of ['/', '/d'] as const) {
    for (const name of await disk.readDir(dir)) {
      if (name === 'd') continue
      const file = await disk.open(`${dir}/${name}`, { mode: 'read' })
      const bytes = new Uint8Array(await file.sizeBytes())
      await file.read(bytes, 0)
      await file.close()
      result[dir].set(name, bytes)
    }
  }
  return result
}

const UNIT: Record<CrashMode, number> = {
  'lose-all': 4096,
  'keep-all': 4096,
  prefix: 512,
  'keep-random': 4096,
  torn: 512,
}

/** Whether each unit of `found` occurs in one of the versions, and so does its length. */
function contentAllowed(file: ModelFile, found: Uint8Array, mode: CrashMode): boolean {
  if (mode === 'lose-all') return sameBytes(found, file.versions[0]!)
  if (mode === 'keep-all') return sameBytes(found, newest(file))
  if (!file.versions.some(version => version.length === found.length)) return false
  const unit = UNIT[mode]
  for (let start = 0; start < found.length; start += unit) {
    const end = Math.min(start + unit, found.length)
    const piece = found.subarray(start, end)
    if (!file.versions.some(version => sameBytes(piece, padded(version, start, end)))) return false
  }
  return true
}

function padded(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const piece = new Uint8Array(end - start)
  piece.set(bytes.subarray(start, end))
  return piece
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at])
}

function outcomeAllowed(model: Model, found: Record<Dir, Map<string, Uint8Array>>, mode: CrashMode): boolean {
  let subset = -1
  const last = 2 ** model.pending.length - 1
  for (const entries of model.outcomes()) {
    subset++
    if (mode === 'lose-all' && subset !== 0) continue
    if (mode === 'keep-all' && subset !== last) continue
    // A prefix keeps the first changes: its bits are ones from the bottom.
    if (mode === 'prefix' && (subset & (subset + 1)) !== 0) continue
    const dirs = ['/', '/d'] as const
    if (dirs.every(dir => entriesAllowed(entries[dir], found[dir], mode))) return true
  }
  return false
}

function entriesAllowed(entries: Entries, found: ReadonlyMap<string, Uint8Array>, mode: CrashMode): boolean {
  if (entries.size !== found.size) return false
  for (const [name, file] of entries) {
    const bytes = found.get(name)
    if (bytes === undefined || !contentAllowed(file, bytes, mode)) return false
  }
  return true
}

interface Step {
  readonly kind: 'create' | 'write' | 'truncate' | 'datasync' | 'rename' | 'remove' | 'syncDir' | 'crash' | 'kill'
  readonly dir: Dir
  readonly name: string
  readonly toDir: Dir
  readonly toName: string
  readonly position: number
  readonly length: number
  readonly mode: CrashMode
}

const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom(
    ...([
      'create',
      'write',
      'write',
      'write',
      'truncate',
      'datasync',
      'rename',
      'remove',
      'syncDir',
      'crash',
      'kill',
    ] as const),
  ),
  dir: fc.constantFrom<Dir[]>('/', '/d'),
  name: fc.constantFrom('a', 'b'),
  toDir: fc.constantFrom<Dir[]>('/', '/d'),
  toName: fc.constantFrom('a', 'b', 'c'),
  position: fc.nat(9000),
  length: fc.nat(6000),
  mode: fc.constantFrom<CrashMode[]>('lose-all', 'keep-all', 'prefix', 'keep-random', 'torn'),
})

/** Applies a step to disk and model; returns the disk that lives on. */
async function apply(disk: MemFs, model: Model, step: Step, mark: number): Promise<MemFs> {
  const path = `${step.dir}/${step.name}`
  const known = model.seen[step.dir].get(step.name)
  if (step.kind === 'kill') return disk.kill()
  if (step.kind === 'syncDir') {
    await disk.syncDir(step.dir)
    model.syncDir(step.dir)
  } else if (step.kind === 'remove') {
    await disk.remove(path)
    if (known !== undefined) model.change({ dir: step.dir, name: step.name, file: undefined })
  } else if (step.kind === 'create') {
    await (await disk.open(path, { mode: 'create' })).close()
    if (known === undefined) model.change({ dir: step.dir, name: step.name, file: { versions: [new Uint8Array(0)] } })
    else known.versions.push(new Uint8Array(0))
  } else if (known !== undefined && step.kind === 'rename') {
    const to = { dir: step.toDir, name: step.toName, file: known }
    await disk.rename(path, `${step.toDir}/${step.toName}`)
    if (model.seen[step.toDir].get(step.toName) === known) return disk
    model.change({ dir: step.dir, name: step.name, file: undefined }, to)
  } else if (known !== undefined) {
    await changeFile(disk, known, step, { path, mark })
  }
  return disk
}

async function changeFile(
  disk: MemFs,
  known: ModelFile,
  step: Step,
  { path, mark }: { readonly path: string; readonly mark: number },
): Promise<void> {
  const file = await disk.open(path, { mode: 'write' })
  const before = newest(known)
  if (step.kind === 'datasync') {
    await file.datasync()
    known.versions = [before]
  } else if (step.kind === 'truncate') {
    await file.truncate(step.position)
    known.versions.push(padded(before, 0, step.position))
  } else if (step.length > 0) {
    const bytes = new Uint8Array(step.length).fill(mark)
    if (step.length % 2 === 0) file.writeSync(bytes, step.position)
    else await file.write(bytes, step.position)
    const after = padded(before, 0, Math.max(before.length, step.position + step.length))
    after.set(bytes, step.position)
    known.versions.push(after)
  }
  await file.close()
}

async function expectModel(disk: MemFs, model: Model): Promise<void> {
  const found = await contents(disk)
  for (const dir of ['/', '/d'] as const) {
    expect([...found[dir].keys()].sort()).toEqual([...model.seen[dir].keys()].sort())
    for (const [name, file] of model.seen[dir]) expect(sameBytes(found[dir].get(name)!, newest(file))).toBe(true)
  }
}

/** After a cut the model starts again from what is there. */
function restart(found: Record<Dir, Map<string, Uint8Array>>): Model {
  const model = new Model()
  for (const dir of ['/', '/d'] as const) {
    for (const [name, bytes] of found[dir]) {
      const file = { versions: [bytes] }
      model.seen[dir].set(name, file)
      model.durable[dir].set(name, file)
    }
  }
  return model
}

async function runSteps(steps: readonly Step[], seed: number): Promise<void> {
  const random = new SeededRandom(seed)
  let disk = memFs({ random })
  let model = new Model()
  await disk.makeDir('/d')
  await disk.syncDir('/')
  let mark = 0
  for (const step of steps) {
    // The subsets of pending changes are enumerated: keep them few.
    if (step.kind === 'crash' || model.pending.length > 8) {
      disk = disk.crash({ mode: step.mode })
      const found = await contents(disk)
      expect(outcomeAllowed(model, found, step.mode), `${step.mode} left what it may not`).toBe(true)
      model = restart(found)
    } else {
      mark = (mark % 255) + 1
      disk = await apply(disk, model, step, mark)
      await expectModel(disk, model)
    }
  }
}

test('what was synced survives, of the rest any allowed part', async () => {
  const steps = fc.array(step, { minLength: 1, maxLength: 40, size: 'max' })
  await fc.assert(fc.asyncProperty(steps, fc.nat(), runSteps), { numRuns: 400 })
})
