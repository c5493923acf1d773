/**
 * A process to be killed, or to run out of space.
 *
 *   write PATH SEED   writes the history from where the file stands, for ever; says `durable N` after commits
 *   defragment PATH SEED   the same, and defragments all the time
 *   move PATH CALLS   puts a copy in the place of the open file; dies before its open, rename or syncDir of this number
 *   fill PATH FREE   writes until a commit fails, says what happens then, and closes; the disk says it has FREE bytes
 */

import { BackendError } from '@kvs/backend'
import { openLmdb } from '@kvs/backend/lmdb'
import { SeededRandom } from '@kvs/testing'
import { type Fs, nodeFs } from '@kvs/vfs'
import { applyEntry, historyBuckets, log } from './history.ts'

const [mode, path = '', seed = '1'] = process.argv.slice(2)

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

async function write(): Promise<void> {
  const backend = await openLmdb({ path, buckets: historyBuckets })
  const random = new SeededRandom(Number(seed))
  say(`open ${backend.consistent.index}`)
  let index = backend.consistent.index
  for (let round = 0; ; round++) {
    const count = 1 + random.below(random.chance(0.1) ? 2_000 : 60)
    for (let left = count; left > 0; left--) {
      index++
      applyEntry(backend, index)
      backend.endEntry({ index, term: 1 })
    }
    const commit = backend.commit().then(() => say(`durable ${backend.durable.index}`))
    if (mode === 'defragment' && round % 3 === 0) void backend.defragment()
    if (random.chance(0.5)) await commit
    else await new Promise(resolve => setImmediate(resolve))
  }
}

async function fill(): Promise<void> {
  const backend = await openLmdb({ path, buckets: historyBuckets, fs: diskWithFree(Number(seed)) })
  for (let index = 1; ; index++) {
    backend.put(log, Uint8Array.of(index >> 8, index), new Uint8Array(50_000).fill(index))
    backend.endEntry({ index, term: 1 })
    const error = await backend.commit().catch((caught: unknown) => caught)
    if (error === undefined) continue
    const soundness = error instanceof BackendError && error.unsound ? 'unsound' : 'sound'
    say(`failed ${codeOf(error)} at ${index}, durable ${backend.durable.index}, ${soundness}`)
    say(`then commit ${codeOf(await backend.commit().catch((caught: unknown) => caught))}`)
    say(`then put ${codeOf(caughtFrom(() => backend.put(log, Uint8Array.of(1), Uint8Array.of(1))))}`)
    say(`then get ${backend.get(log, Uint8Array.of(index >> 8, index))?.length}`)
    await backend.close()
    say('closed')
    return
  }
}

/** The disk of this machine, but for what it says to be free. */
function diskWithFree(freeBytes: number): Fs {
  const fs = nodeFs()
  return {
    open: (at, options) => fs.open(at, options),
    readDir: at => fs.readDir(at),
    makeDir: (at, permissions) => fs.makeDir(at, permissions),
    stat: at => fs.stat(at),
    rename: (from, to) => fs.rename(from, to),
    remove: at => fs.remove(at),
    syncDir: at => fs.syncDir(at),
    freeBytes: async () => freeBytes,
    busyUntil: work => fs.busyUntil(work),
  }
}

async function move(): Promise<void> {
  const old = await openLmdb({ path, buckets: historyBuckets })
  const received = path.replace(/db$/, '0000000000000007.snap.db')
  await old.copyTo(received)
  let left = Infinity
  const fs = diskThat(() => {
    left--
    if (left < 0) process.kill(process.pid, 'SIGKILL')
  })
  const next = await openLmdb({ path: received, buckets: historyBuckets, fs })
  for (const [backend, index] of [
    [old, 1_000_001],
    [next, 1_000_002],
  ] as const) {
    applyEntry(backend, index)
    backend.endEntry({ index, term: 1 })
    await backend.commit()
  }
  const view = old.view()
  left = Number(seed)
  await next.moveTo(path)
  left = Infinity
  view.close()
  say('moved')
  process.kill(process.pid, 'SIGKILL')
}

/** The disk of this machine; `happens` before every call that opens, renames or makes durable. */
function diskThat(happens: () => void): Fs {
  const fs = nodeFs()
  return new Proxy(fs, {
    get:
      (_, name: keyof Fs) =>
      (...args: unknown[]) => {
        if (['open', 'rename', 'syncDir'].includes(name)) happens()
        return (fs[name] as (...args: unknown[]) => unknown)(...args)
      },
  })
}

function caughtFrom(work: () => void): unknown {
  try {
    work()
    return undefined
  } catch (error) {
    return error
  }
}

function codeOf(error: unknown): string {
  return String((error as { code?: unknown } | undefined)?.code)
}

await (mode === 'fill' ? fill() : mode === 'move' ? move() : write())
