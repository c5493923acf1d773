import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type File, type Fs, memFs, nodeFs, type OpenMode, VfsError } from '@kvs/vfs'
import fc from 'fast-check'
import { expect, test } from 'vitest'

/** The disk in memory must answer as the real one does, step by step, errors included. */

const path = fc.constantFrom('a', 'b', 'd', 'd/a', 'd/e', 'd/e/f', 'a/x', '.')
const size = fc.nat(10_000)
const step = fc.oneof(
  fc.record({
    kind: fc.constant('open' as const),
    path,
    mode: fc.constantFrom<OpenMode[]>('read', 'write', 'create', 'create-new'),
  }),
  fc.record({ kind: fc.constantFrom('makeDir', 'readDir', 'stat', 'remove', 'syncDir').map(kind => kind), path }),
  fc.record({ kind: fc.constant('rename' as const), path, to: path }),
  fc.record({ kind: fc.constantFrom('write', 'writeSync', 'read', 'readSync'), file: fc.nat(5), position: size, size }),
  fc.record({ kind: fc.constantFrom('truncate', 'allocate'), file: fc.nat(5), size }),
  fc.record({ kind: fc.constantFrom('datasync', 'sizeBytes', 'lock', 'close'), file: fc.nat(5) }),
)
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

interface Side {
  readonly fs: Fs
  readonly root: string
  readonly files: File[]
}

async function perform(side: Side, step: Step): Promise<unknown> {
  if ('path' in step) {
    if (step.path === '.' && (step.kind === 'remove' || step.kind === 'rename')) return 'skipped'
    return performOnPath(side, step, `${side.root}/${step.path}`)
  }
  const file = side.files[step.file]
  return file === undefined ? 'no such handle' : performOnFile(file, step)
}

async function performOnPath({ fs, root, files }: Side, step: Step & { path: string }, at: string): Promise<unknown> {
  if (step.kind === 'open' && 'mode' in step) {
    files.push(await fs.open(at, { mode: step.mode }))
    return 'opened'
  }
  if (step.kind === 'rename' && 'to' in step) return step.to === '.' ? 'skipped' : fs.rename(at, `${root}/${step.to}`)
  if (step.kind === 'makeDir') return fs.makeDir(at)
  if (step.kind === 'readDir') return fs.readDir(at)
  if (step.kind === 'remove') return fs.remove(at)
  if (step.kind === 'syncDir') return fs.syncDir(at)
  const info = await fs.stat(at)
  return info?.isDirectory === true ? 'directory' : info
}

async function performOnFile(file: File, step: Step): Promise<unknown> {
  if ('position' in step) {
    if (step.kind === 'read') {
      const target = new Uint8Array(step.size)
      const count = await file.read(target, step.position)
      return { count, target }
    }
    const bytes = new Uint8Array(step.size).map((_, i) => (i * 31 + step.position) & 0xff)
    return step.kind === 'write' ? file.write(bytes, step.position) : file.writeSync(bytes, step.position)
  }
  if ('size' in step) return step.kind === 'truncate' ? file.truncate(step.size) : file.allocate(step.size)
  if (step.kind === 'lock') return file.lock()
  if (step.kind === 'datasync') return file.datasync()
  return step.kind === 'close' ? file.close() : file.sizeBytes()
}

async function outcome(side: Side, step: Step): Promise<unknown> {
  try {
    return await perform(side, step)
  } catch (error) {
    if (!(error instanceof VfsError)) throw error
    return { code: error.code, operation: error.operation }
  }
}

test('memory answers as the real disk does', async () => {
  const steps = fc.array(step, { minLength: 1, maxLength: 40, size: 'max' })
  const compare = async (steps: readonly Step[]): Promise<void> => {
    const root = await mkdtemp(join(tmpdir(), 'kvs-vfs-'))
    const real: Side = { fs: nodeFs(), root, files: [] }
    const memory: Side = { fs: memFs(), root: '', files: [] }
    try {
      for (const [at, step] of steps.entries()) {
        expect(await outcome(memory, step), `step ${at}: ${JSON.stringify(step)}`).toEqual(await outcome(real, step))
      }
    } finally {
      for (const file of real.files) await file.close()
      await rm(root, { recursive: true })
    }
  }
  await fc.assert(fc.asyncProperty(steps, compare), { numRuns: 150 })
})
