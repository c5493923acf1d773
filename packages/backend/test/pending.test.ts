import { SeededRandom } from '@kvs/testing'
import { expect, test } from 'vitest'
import { compareKeys } from '../src/keys.ts'
import { keyChecksum } from '../src/lmdb/checksum.ts'
import { Pending } from '../src/lmdb/pending.ts'

const bucket = 3
const dbi = 1
const value = new Uint8Array(8)

function put(pending: Pending, key: Uint8Array): void {
  pending.segment().put(dbi, bucket, key, value, keyChecksum(bucket, key))
}

function remove(pending: Pending, key: Uint8Array): void {
  pending.segment().delete(dbi, bucket, key, keyChecksum(bucket, key))
}

const keyOf = (number: number): Uint8Array => Uint8Array.of(number >> 16, number >> 8, number)
const numberOf = (key: Uint8Array): number => (key[0]! << 16) | (key[1]! << 8) | key[2]!

test('of a large entry a reader looks at little at a time', () => {
  const pending = new Pending()
  for (let number = 0; number < 100_000; number++) put(pending, keyOf(number))
  let from: Uint8Array | undefined = keyOf(10)
  let seen = 10
  for (let left = 20; left > 0; left--) {
    const { operations, isWhole } = pending.operations(bucket, { from, to: undefined }, 512)
    expect(isWhole).toBe(false)
    expect(operations.length).toBeGreaterThanOrEqual(512)
    expect(operations.length).toBeLessThan(10_000)
    for (const { key } of operations) expect(numberOf(key)).toBe(seen++)
    from = keyOf(seen)
  }
  expect(pending.operations(bucket, { from: keyOf(99_999), to: undefined }, 512)).toMatchObject({ isWhole: true })
})

test('reading on behind what was found finds the last operation on every key, in order', () => {
  const random = new SeededRandom(5)
  const pending = new Pending()
  const model = new Map<number, boolean>()
  for (let step = 0; step < 30_000; step++) {
    const base = random.below(4) === 0 ? 0 : step
    const number = base + random.below(500)
    const isDelete = random.below(3) === 0
    if (isDelete) remove(pending, keyOf(number))
    else put(pending, keyOf(number))
    model.set(number, isDelete)
    if (step === 12_000) {
      pending.endEntry()
      pending.take(dbi)
    }
  }
  const wanted = [...model].sort(([a], [b]) => a - b)
  for (const atLeast of [1, 100, 5000, 100_000]) {
    const found: [number, boolean][] = []
    let from: Uint8Array | undefined
    for (;;) {
      const { operations, isWhole } = pending.operations(bucket, { from, to: undefined }, atLeast)
      for (const { key, segment, operation } of operations) found.push([numberOf(key), segment.isDelete(operation)])
      if (isWhole) break
      const last = operations.at(-1)!.key
      expect(from === undefined || compareKeys(from, last) <= 0).toBe(true)
      from = keyOf(numberOf(last) + 1)
    }
    expect(found).toEqual(wanted)
  }
})
