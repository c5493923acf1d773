/**
 * A large state: opening it, reading all of it, verifying, copying, defragmenting; with the longest time the event loop
 * was kept from its other work meanwhile.
 *
 * Arguments: records (1000000), bytes of a value (256).
 */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openLmdb } from '@kvs/backend/lmdb'

const records = Number(process.argv[2] ?? 1_000_000)
const valueBytes = Number(process.argv[3] ?? 256)
const key = { id: 6, name: 'key' }
const lease = { id: 7, name: 'lease' }
const folder = mkdtempSync(join(tmpdir(), 'kvs-bench-'))
const path = join(folder, 'db')

function revisionKey(number: number): Uint8Array {
  const bytes = new Uint8Array(17)
  new DataView(bytes.buffer).setUint32(4, number)
  bytes[8] = 0x5f
  return bytes
}

async function timed(name: string, work: () => Promise<unknown> | unknown): Promise<void> {
  let gap = 0
  let last = performance.now()
  let ticking = true
  const tick = (): void => {
    const now = performance.now()
    gap = Math.max(gap, now - last)
    last = now
    if (ticking) setImmediate(tick)
  }
  setImmediate(tick)
  const cpu = process.cpuUsage()
  const start = performance.now()
  await work()
  const wall = performance.now() - start
  gap = Math.max(gap, performance.now() - last)
  ticking = false
  const { user, system } = process.cpuUsage(cpu)
  const figures = [wall, (user + system) / 1_000, gap].map(figure => figure.toFixed(1).padStart(10)).join('')
  console.log(`${name.padEnd(40)}${figures}`)
  await new Promise(resolve => setImmediate(resolve))
}

try {
  console.log(`${records} records of ${valueBytes} bytes; ms`)
  console.log(`${''.padEnd(40)}${['wall', 'cpu+ticks', 'loop gap'].map(word => word.padStart(10)).join('')}`)
  let backend = await openLmdb({ path, buckets: [key, lease] })
  await timed('write all, 10000 per commit', async () => {
    for (let number = 0; number < records; number++) {
      backend.put(key, revisionKey(number), new Uint8Array(valueBytes).fill(number))
      backend.endEntry({ index: number + 1, term: 1 })
      if (number % 10_000 === 9_999) await backend.commit()
    }
    await backend.commit()
  })
  console.log(`sizes ${JSON.stringify(backend.sizes())}`)
  await backend.close()
  await timed('open', async () => {
    backend = await openLmdb({ path, buckets: [key, lease] })
  })
  await timed('verify', () => backend.verify())
  await timed('read all with records(), in one go', () => {
    let count = 0
    for (const { value } of backend.records(key)) count += value.length
    if (count !== records * valueBytes) throw new Error(`${count} bytes`)
  })
  await timed('copyTo', () => backend.copyTo(join(folder, 'copy')))
  await timed('defragment', () => backend.defragment())
  await timed('100000 records in one entry, one commit', async () => {
    for (let number = 0; number < 100_000; number++) {
      backend.put(key, revisionKey(records + number), new Uint8Array(valueBytes))
      if (number % 1_000 === 999) await new Promise(resolve => setImmediate(resolve))
    }
    backend.endEntry({ index: records + 1, term: 1 })
    await backend.commit()
  })
  await timed('delete nine of ten, 10000 per commit', async () => {
    for (let number = 0; number < records; number++) {
      if (number % 10 === 0) continue
      backend.delete(key, revisionKey(number))
      if (number % 1_000 === 999) await new Promise(resolve => setImmediate(resolve))
      if (number % 10_000 !== 9_999) continue
      backend.endEntry({ index: records + 2 + number, term: 1 })
      await backend.commit()
    }
    backend.endEntry({ index: records * 3, term: 1 })
    await backend.commit()
  })
  console.log(`sizes ${JSON.stringify(backend.sizes())}`)
  await timed('defragment', () => backend.defragment())
  console.log(`sizes ${JSON.stringify(backend.sizes())}`)
  await timed('verify', () => backend.verify())
  await backend.close()
} finally {
  rmSync(folder, { recursive: true, force: true })
}
