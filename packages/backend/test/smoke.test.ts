import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openLmdb } from '@kvs/backend/lmdb'
import { afterAll, expect, test } from 'vitest'

const folder = mkdtempSync(join(tmpdir(), 'kvs-backend-'))
afterAll(() => rmSync(folder, { recursive: true }))
const b = { id: 6, name: 'key' }
const b2 = { id: 10, name: 'meta' }
test('smoke', async () => {
  const path = join(folder, 'db')
  let s = await openLmdb({ path, buckets: [b, b2] })
  console.log(s.sizes(), s.consistent)
  for (let i = 0; i < 30000; i++) s.put(b, Uint8Array.of(i >> 16, i >> 8, i), new Uint8Array(300).fill(i))
  s.put(b2, Uint8Array.of(1), Uint8Array.of(2))
  expect(s.get(b2, Uint8Array.of(1))).toEqual(Uint8Array.of(2))
  s.endEntry({ index: 5, term: 1 })
  s.put(b2, Uint8Array.of(1), Uint8Array.of(3))
  await s.commit()
  console.log(s.sizes(), s.durable)
  expect(s.get(b2, Uint8Array.of(1))).toEqual(Uint8Array.of(3))
  expect([...s.records(b)].length).toBe(30000)
  expect([...s.records(b2)]).toEqual([{ key: Uint8Array.of(1), value: Uint8Array.of(3) }])
  await s.verify()
  await s.defragment()
  await s.verify()
  console.log(s.sizes(), readdirSync(folder))
  await s.copyTo(join(folder, 'copy'))
  await s.close()
  s = await openLmdb({ path, buckets: [b, b2] })
  expect(s.consistent).toEqual({ index: 5, term: 1 })
  expect(s.get(b2, Uint8Array.of(1))).toEqual(Uint8Array.of(2))
  await s.verify()
  console.log(s.sizes(), readdirSync(folder))
  await s.close()
})
