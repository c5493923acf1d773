import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { openLmdb } from '@kvs/backend/lmdb'
import { memoryBackend } from '@kvs/backend/memory'
import { SeededRandom } from '@kvs/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { applyEntry, historyBuckets } from './history.ts'
import { listRecords } from './model.ts'

/** Real processes that die, or that the disk refuses. */

const folder = mkdtempSync(join(tmpdir(), 'kvs-backend-crash-'))
const program = join(folder, 'child.mjs')
const children: ChildProcess[] = []

beforeAll(() => {
  const bundler = fileURLToPath(new URL('./bundle-child.mjs', import.meta.url))
  execFileSync(process.execPath, [bundler, fileURLToPath(new URL('./child.ts', import.meta.url)), program])
})

afterAll(async () => {
  for (const child of children) {
    if (child.exitCode !== null || child.signalCode !== null) continue
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  rmSync(folder, { recursive: true })
})

interface Ended {
  readonly output: string
  /** The last entry the process said to be durable, and what it opened with. */
  readonly durable: number
}

/** Starts the program and kills it `delayMs` after its first word. */
async function killAfter(args: readonly string[], delayMs: number): Promise<Ended> {
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
  children.push(child)
  let output = ''
  child.stdout.on('data', chunk => {
    output += String(chunk)
  })
  await Promise.race([once(child.stdout, 'data'), once(child, 'exit')])
  await setTimeout(delayMs)
  child.kill('SIGKILL')
  await once(child, 'close')
  const last = output.slice(0, output.lastIndexOf('\n')).split('\n').at(-1)!
  return { output, durable: Number(last.split(' ')[1]) }
}

async function killing(mode: string, options: { readonly seed: number; readonly rounds: number }): Promise<void> {
  const random = new SeededRandom(options.seed)
  const place = join(folder, `${mode}-${options.seed}`)
  const path = join(place, 'db')
  const model = memoryBackend({ buckets: historyBuckets })
  let progress = 0
  for (let round = 1; round <= options.rounds; round++) {
    const seed = random.uint32()
    const delayMs = random.below(120)
    const about = `round ${round}, seed ${seed}, killed after ${delayMs} ms`
    const { durable } = await killAfter([mode, path, String(seed)], delayMs)
    const backend = await openLmdb({ path, buckets: historyBuckets })
    const { index } = backend.consistent
    expect(index, about).toBeGreaterThanOrEqual(durable)
    while (model.consistent.index < index) {
      const next = model.consistent.index + 1
      applyEntry(model, next)
      model.endEntry({ index: next, term: 1 })
    }
    await backend.verify()
    for (const bucket of historyBuckets) {
      expect(listRecords(backend.records(bucket)), about).toEqual(listRecords(model.records(bucket)))
    }
    await backend.close()
    expect(readdirSync(place).toSorted(), about).toEqual(['db', 'db-lock'])
    if (index > progress) progress = index
  }
  expect(progress, `${mode}: the processes wrote`).toBeGreaterThan(0)
}

test.each([1, 2, 3, 4])('a killed process leaves a prefix of the log, sums and all (seed %i)', async seed => {
  await killing('write', { seed, rounds: 5 })
})

test.each([5, 6, 7])('a process killed while it defragments leaves a prefix of the log (seed %i)', async seed => {
  await killing('defragment', { seed, rounds: 4 })
})

test('a process killed anywhere in a move leaves the old or the new file, whole', async () => {
  const left: number[] = []
  for (let calls = 0, moved = false; !moved; calls++) {
    const place = join(folder, `move-${calls}`)
    const path = join(place, 'db')
    const first = await openLmdb({ path, buckets: historyBuckets })
    for (let index = 1; index <= 50; index++) {
      applyEntry(first, index)
      first.endEntry({ index, term: 1 })
    }
    await first.close()
    const child = spawn(process.execPath, [program, 'move', path, String(calls)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    children.push(child)
    child.stdout.on('data', () => {
      moved = true
    })
    await once(child, 'close')
    expect(child.signalCode).toBe('SIGKILL')
    const backend = await openLmdb({ path, buckets: historyBuckets })
    left.push(backend.consistent.index)
    await backend.verify()
    applyEntry(backend, 1_000_003)
    backend.endEntry({ index: 1_000_003, term: 1 })
    await backend.commit()
    await backend.defragment()
    await backend.verify()
    await backend.close()
    if (moved) expect(readdirSync(place).toSorted()).toEqual(['db', 'db-lock'])
  }
  expect(left).toEqual([1_000_001, 1_000_001, 1_000_002, 1_000_002, 1_000_002])
})

test.each([
  { free: 0, code: 'NO_SPACE' },
  { free: 1e12, code: 'IO' },
])(
  'a write the system cuts short with $free bytes free fails the commit with $code for good',
  async ({ free, code }) => {
    const path = join(folder, `full-${code}`, 'db')
    const output = execFileSync(
      'bash',
      ['-c', 'ulimit -f 2048; exec "$0" "$@"', process.execPath, program, 'fill', path, String(free)],
      { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
    )
    const [first = '', ...rest] = output.trim().split('\n')
    const [, failed = '', failedAt = '', durable = ''] =
      /^failed (\w+) at (\d+), durable (\d+), unsound$/.exec(first) ?? []
    expect(failed, output).toBe(code)
    expect(Number(failedAt), output).toBe(Number(durable) + 1)
    expect(rest).toEqual([`then commit ${code}`, `then put ${code}`, 'then get 50000', 'closed'])
    const backend = await openLmdb({ path, buckets: historyBuckets })
    expect(backend.consistent.index).toBe(Number(durable))
    await backend.verify()
    await backend.close()
  },
)
