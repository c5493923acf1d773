import { cpSync, mkdtempSync, rmSync, statSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openLmdb } from '@kvs/backend/lmdb'
import { contractBuckets as buckets } from '@kvs/backend/testing'
import { afterEach, expect, test } from 'vitest'

const [bucket] = buckets as [(typeof buckets)[number]]
const folder = mkdtempSync(join(tmpdir(), 'kvs-cut-'))
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const pageBytes = 4096
const keyOf = (number: number): Uint8Array => new TextEncoder().encode(`key-${String(number).padStart(6, '0')}`)
const bytesOf = (number: number): Uint8Array => new Uint8Array(500).fill(number)

/** A file whose last pages are free: much was written, nearly all of it deleted, and what is left was written again. */
async function make(path: string): Promise<number> {
  const backend = await openLmdb({ path, buckets })
  let index = 0
  const commit = async (): Promise<void> => {
    backend.endEntry({ index: ++index, term: 1 })
    await backend.commit()
  }
  for (let i = 0; i < 4000; i++) backend.put(bucket, keyOf(i), bytesOf(i))
  await commit()
  for (let i = 20; i < 4000; i++) backend.delete(bucket, keyOf(i))
  await commit()
  for (let round = 0; round < 6; round++) {
    for (let i = 0; i < 20; i++) backend.put(bucket, keyOf(i), bytesOf(i))
    await commit()
  }
  await backend.close()
  return index
}

/** Whether a copy with so many pages is taken. */
async function opens(whole: string, pages: number): Promise<boolean> {
  const path = join(folder, `cut-${pages}`)
  cpSync(whole, path)
  truncateSync(path, pages * pageBytes)
  try {
    await (await openLmdb({ path, buckets })).close()
    return true
  } catch (error) {
    expect(error).toMatchObject({ code: 'CORRUPT', file: path })
    return false
  }
}

test('a file that ends before free pages loses nothing and grows again; one page more and it is refused', async () => {
  const whole = join(folder, 'whole')
  const index = await make(whole)
  const pages = statSync(whole).size / pageBytes
  let [refused, left] = [2, pages]
  while (left - refused > 1) {
    const tried = Math.floor((left + refused) / 2)
    if (await opens(whole, tried)) left = tried
    else refused = tried
  }
  expect(left).toBeLessThan(pages - 100)
  truncateSync(whole, left * pageBytes)
  const backend = await openLmdb({ path: whole, buckets })
  await backend.verify()
  expect([...backend.records(bucket)].length).toBe(20)
  for (let i = 0; i < 4000; i++) backend.put(bucket, keyOf(i), bytesOf(i))
  backend.endEntry({ index: index + 1, term: 1 })
  await backend.commit()
  await backend.close()
  const again = await openLmdb({ path: whole, buckets })
  await again.verify()
  expect([...again.records(bucket)].map(({ value }) => value[0])).toEqual(
    Array.from({ length: 4000 }, (_, i) => i % 256),
  )
  await again.close()
})
