import { Writer } from '@kvs/proto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Cursor, sizeVarint, writeVarint, writeVarint64 } from '../src/requests/wire.ts'
import { plain, someNumber } from './messages.ts'

const two64 = 2n ** 64n
const anyBits = fc.oneof(
  fc.bigInt({ min: 0n, max: two64 - 1n }),
  fc.integer({ min: 0, max: 63 }).map(bits => 2n ** BigInt(bits)),
  fc.integer({ min: 0, max: 64 }).map(bits => 2n ** BigInt(bits) - 1n),
)

function written(write: (target: Uint8Array) => number): Uint8Array {
  const target = new Uint8Array(12)
  return target.slice(0, write(target))
}

/** The oracle: seven bits at a time, as the encoding is defined. */
function varintOf(value: bigint): Uint8Array {
  const bytes: number[] = []
  let rest = BigInt.asUintN(64, value)
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80)
  return Uint8Array.from([...bytes, Number(rest)])
}

test('numbers are written as the definition and the generic codec write them', () => {
  fc.assert(
    fc.property(someNumber, value => {
      const bytes = written(target => writeVarint(target, 0, value))
      expect(bytes).toEqual(varintOf(BigInt(value)))
      expect(bytes).toEqual(plain(new Writer().int64(value).finish()))
      expect(sizeVarint(value)).toBe(bytes.length)
    }),
  )
})

test('64 bits are written as the definition says', () => {
  fc.assert(
    fc.property(anyBits, bits => {
      const bytes = written(target => writeVarint64(target, 0, Number(bits >> 32n), Number(bits & 0xffff_ffffn)))
      expect(bytes).toEqual(varintOf(bits))
    }),
  )
})

test('64 bits are read back', () => {
  const cursor = new Cursor()
  fc.assert(
    fc.property(anyBits, fc.nat(5), (bits, offset) => {
      const bytes = varintOf(bits)
      const buffer = new Uint8Array(offset + bytes.length + 1).fill(0xff)
      buffer.set(bytes, offset)
      cursor.reset(buffer, offset, offset + bytes.length)
      cursor.varint64()
      expect((BigInt(cursor.high) << 32n) | BigInt(cursor.low)).toBe(bits)
      expect([cursor.failed, cursor.more]).toEqual([false, false])
    }),
  )
})

test('unsigned numbers are read up to 2^53, larger ones are refused', () => {
  const cursor = new Cursor()
  fc.assert(
    fc.property(anyBits, bits => {
      const bytes = varintOf(bits)
      cursor.reset(bytes, 0, bytes.length)
      const value = cursor.varint()
      if (bits < 2n ** 53n) expect([value, cursor.failed]).toEqual([Number(bits), false])
      else expect(cursor.failed).toBe(true)
    }),
  )
})

test('a varint that ends outside of its range fails, and the range is over', () => {
  const cursor = new Cursor()
  const buffer = Uint8Array.of(0x80, 0x80, 0x01)
  cursor.reset(buffer, 0, 2)
  cursor.varint64()
  expect([cursor.failed, cursor.more, cursor.low, cursor.high]).toEqual([true, false, 0, 0])
  cursor.reset(buffer, 0, 3)
  expect([cursor.varint(), cursor.failed]).toEqual([0x4000, false])
})

test('a length beyond the range fails', () => {
  const cursor = new Cursor()
  cursor.reset(Uint8Array.of(3, 1, 2, 3), 0, 3)
  cursor.bytesField()
  expect(cursor.failed).toBe(true)
  cursor.reset(Uint8Array.of(3, 1, 2, 3), 0, 4)
  expect([cursor.bytesField(), cursor.position, cursor.failed]).toEqual([1, 4, false])
})
