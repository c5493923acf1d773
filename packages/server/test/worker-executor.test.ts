import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { openLmdb } from '@kvs/backend/lmdb'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { WorkerExecutor } from '../src/embed/worker-executor.ts'
import { allBuckets, buckets } from '../src/state/buckets.ts'
import { bytesOf } from './messages.ts'

/** Jobs in a real worker thread, which Node can only run as one bundled file. */

const folder = mkdtempSync(join(tmpdir(), 'kvs-worker-'))
const workerFile = join(folder, 'worker.mjs')
let executor: WorkerExecutor | undefined

beforeAll(async () => {
  const [source, bundler] = ['../src/embed/worker.ts', '../../backend/test/bundle-child.mjs'].map(path =>
    fileURLToPath(new URL(path, import.meta.url)),
  ) as [string, string]
  const bundled = spawnSync(process.execPath, [bundler, source, workerFile], { encoding: 'utf8' })
  expect(bundled.stderr.replace(/^npm warn.*\n/gm, '')).toBe('')
  const backend = await openLmdb({ path: join(folder, 'copy'), buckets: allBuckets })
  for (let i = 0; i < 3000; i++) {
    const key = new Uint8Array(17).fill(0x5f)
    new DataView(key.buffer).setBigUint64(0, BigInt(i + 2))
    backend.put(buckets.key, key, bytesOf('x'.repeat(1000)))
  }
  backend.endEntry({ index: 9, term: 2 })
  await backend.close()
})
afterEach(async () => {
  await executor?.close()
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function start(file: string = workerFile): WorkerExecutor {
  executor = new WorkerExecutor(pathToFileURL(file))
  return executor
}

const input = { source: join(folder, 'copy'), meta: [] }

async function read(pieces: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const all: Uint8Array[] = []
  for await (const piece of pieces) all.push(piece.slice())
  return Buffer.concat(all)
}

test('a job makes as many bytes as it said, and the same each time', async () => {
  const worker = start()
  const first = await worker.open('backup', input)
  const file = await read(first.pieces)
  expect(file.length).toBe(first.sizeBytes)
  expect(createHash('sha256').update(file.subarray(0, -32)).digest()).toEqual(file.subarray(-32))
  const again = await worker.open('backup', input)
  expect(Buffer.compare(await read(again.pieces), file)).toBe(0)
})

test('a state that is lent gives the same backup as a copy, also of values longer than a piece', async () => {
  const path = join(folder, 'lent')
  const backend = await openLmdb({ path, buckets: allBuckets })
  for (let i = 0; i < 40; i++) {
    const key = new Uint8Array(17).fill(0x5f)
    new DataView(key.buffer).setBigUint64(0, BigInt(i + 2))
    backend.put(buckets.key, key, bytesOf('x'.repeat(i % 3 === 0 ? 1_000_000 : 100)))
  }
  backend.endEntry({ index: 9, term: 2 })
  await backend.commit()
  const worker = start()
  const lent = await backend.lend(source => worker.open('backup', { source, meta: [] }))
  const file = await read(lent.opened.pieces)
  lent.release()
  await backend.close()
  const copy = await worker.open('backup', { source: path, meta: [] })
  expect(file.length).toBe(lent.opened.sizeBytes)
  expect(Buffer.compare(await read(copy.pieces), file)).toBe(0)
})

test('a job that cannot begin says why, and the next one begins', async () => {
  const worker = start()
  await expect(worker.open('backup', { source: workerFile, meta: [] })).rejects.toThrow(/worker\.mjs/)
  await expect(worker.open('no such job', input)).rejects.toThrow("there is no job 'no such job'")
  const { pieces } = await worker.open('backup', input)
  expect((await read(pieces)).length).toBeGreaterThan(3_000_000)
})

test('a job that is ended early lets go of the copy', async () => {
  const worker = start()
  const { pieces } = await worker.open('backup', input)
  await pieces.next()
  await pieces.return?.()
  expect(await pieces.next()).toEqual({ done: true, value: undefined })
})

test('a short job gives its result beside a long one, and says why it could not', async () => {
  const worker = start()
  const { pieces } = await worker.open('backup', input)
  await pieces.next()
  const salt = new Uint8Array(16)
  const hash = await worker.run('bcrypt-hash', { password: 'secret', cost: 4, salt })
  expect(hash).toMatch(/^\$2a\$04\$.{53}$/)
  expect(await worker.run('bcrypt-compare', { password: 'secret', hash })).toBe(true)
  expect(await worker.run('bcrypt-compare', { password: 'other', hash })).toBe(false)
  await expect(worker.run('no such job', {})).rejects.toThrow("there is no job 'no such job'")
  await expect(worker.run('bcrypt-hash', {})).rejects.toThrow('auth: invalid job')
  expect((await read(pieces)).length).toBeGreaterThan(2_000_000)
})

test('a thread that dies takes its jobs with it', async () => {
  const broken = join(folder, 'broken.mjs')
  writeFileSync(broken, 'throw new Error("broken thread")')
  await expect(start(broken).open('backup', input)).rejects.toThrow('broken thread')

  const worker = start()
  const { pieces } = await worker.open('backup', input)
  const closed = worker.close()
  await expect(read(pieces)).rejects.toThrow('the worker thread has ended')
  await closed
})
