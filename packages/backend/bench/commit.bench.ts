/**
 * What a record costs from `put` to a durable commit, on the main thread and in all threads, beside three ways of lmdb
 * itself that do less (no checksum, no buffer that can be read, no sums).
 *
 * Arguments: records per row (250000).
 */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openLmdb } from '@kvs/backend/lmdb'
import { open } from 'lmdb'

const records = Number(process.argv[2] ?? 250_000)
const valueBytes = 300
const key = { id: 6, name: 'key' }
const meta = { id: 10, name: 'meta' }
const value = new Uint8Array(valueBytes).map((_, at) => at)

/** A writer of one batch; `main` is the part that blocks, `done` ends when the batch is durable. */
interface Way {
  write(first: number, count: number): Promise<unknown>
  close(): Promise<unknown>
}

function revisionKey(number: number): Uint8Array {
  const bytes = new Uint8Array(17)
  bytes[4] = number >>> 24
  bytes[5] = number >>> 16
  bytes[6] = number >>> 8
  bytes[7] = number
  bytes[8] = 0x5f
  return bytes
}

const ways: Record<string, (folder: string) => Promise<Way>> = {
  'kvs backend': async folder => {
    const backend = await openLmdb({ path: join(folder, 'db'), buckets: [key, meta] })
    return {
      write(first, count) {
        for (let number = first; number < first + count; number++) {
          backend.put(key, revisionKey(number), value)
          backend.endEntry({ index: number + 1, term: 1 })
        }
        return backend.commit()
      },
      close: () => backend.close(),
    }
  },
  'lmdb put': async folder => {
    const store = openPlain(folder)
    return {
      write(first, count) {
        for (let number = first; number < first + count; number++) void store.put(revisionKey(number), value.slice())
        return Promise.resolve(store.flushed)
      },
      close: () => store.close(),
    }
  },
  'lmdb batch': async folder => {
    const store = openPlain(folder)
    return {
      write(first, count) {
        void store.batch(() => {
          for (let number = first; number < first + count; number++) void store.put(revisionKey(number), value.slice())
        })
        return Promise.resolve(store.flushed)
      },
      close: () => store.close(),
    }
  },
  'lmdb transactionSync': async folder => {
    const store = openPlain(folder)
    return {
      async write(first, count) {
        store.transactionSync(() => {
          for (let number = first; number < first + count; number++) store.putSync(revisionKey(number), value)
        })
      },
      close: () => store.close(),
    }
  },
}

function openPlain(folder: string) {
  return open<Uint8Array, Uint8Array>(join(folder, 'db'), {
    noSubdir: true,
    keyEncoding: 'binary',
    encoding: 'binary',
    mapSize: 4_294_967_296,
  })
}

async function measure(name: string, batch: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'kvs-bench-'))
  try {
    const way = await ways[name]!(folder)
    await run(way, batch, Math.min(records, 20_000), 0)
    const cpu = process.cpuUsage()
    const start = performance.now()
    const main = await run(way, batch, records, 20_000)
    const wall = performance.now() - start
    const { user, system } = process.cpuUsage(cpu)
    const figures = [(main * 1_000) / records, (user + system) / records, (wall * 1_000) / records]
    console.log(
      `${name.padEnd(22)}${String(batch).padStart(6)}${figures.map(figure => figure.toFixed(2).padStart(10)).join('')}`,
    )
    await way.close()
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Returns the milliseconds the main thread was kept. */
async function run(way: Way, batch: number, count: number, first: number): Promise<number> {
  let main = 0
  for (let number = first; number < first + count; number += batch) {
    const start = performance.now()
    const done = way.write(number, batch)
    main += performance.now() - start
    await done
  }
  return main
}

function keysOnly(): void {
  let sum = 0
  const start = performance.now()
  for (let number = 0; number < records; number++) sum += revisionKey(number)[7]!
  const perKey = ((performance.now() - start) * 1_000) / records
  console.log(`making a key takes ${perKey.toFixed(2)} us of every row (${sum})`)
}

console.log(`${records} records of ${valueBytes} bytes, us per record`)
console.log(
  `${''.padEnd(22)}${['batch', 'main', 'cpu', 'wall'].map((word, at) => word.padStart(at === 0 ? 6 : 10)).join('')}`,
)
for (const batch of [25, 100, 1_000, 10_000]) for (const name of Object.keys(ways)) await measure(name, batch)
keysOnly()
