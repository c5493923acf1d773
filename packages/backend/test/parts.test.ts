import fc from 'fast-check'
import { expect, test } from 'vitest'
import { updateCrc32c } from '../src/crc32c.ts'
import { compareKeys } from '../src/keys.ts'
import { HighKeys } from '../src/lmdb/high-keys.ts'
import { decodeMetaRecord, encodeMetaRecord } from '../src/lmdb/meta-record.ts'
import { FileSlice } from '../src/lmdb/slice.ts'
import { Snapshot, Totals } from '../src/lmdb/totals.ts'
import { type Tree, treeDelete, treeGet, treeNodes, treePut } from '../src/memory/tree.ts'

/** The rooms of the package, one by one. */

const keyArbitrary = fc.uint8Array({ maxLength: 6 })

test('crc32c gives the values of RFC 3720, B.4', () => {
  const ascending = new Uint8Array(32).map((_, at) => at)
  expect(updateCrc32c(0, new Uint8Array(32), 0, 32)).toBe(0x8a9136aa)
  expect(updateCrc32c(0, new Uint8Array(32).fill(255), 0, 32)).toBe(0x62a8ab43)
  expect(updateCrc32c(0, ascending, 0, 32)).toBe(0x46dd794e)
  expect(updateCrc32c(0, ascending.toReversed(), 0, 32)).toBe(0x113fdb5c)
})

test('a high key says new only of keys above all before', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(keyArbitrary, fc.uint8Array({ minLength: 60, maxLength: 200 }))), keys => {
      const high = new HighKeys()
      let highest: Uint8Array | undefined
      for (const key of keys) {
        const isNew = highest === undefined || compareKeys(key, highest) > 0
        expect(high.raise(3, key)).toBe(isNew)
        if (isNew) highest = key.slice()
      }
    }),
  )
})

test('totals do not depend on the order, and come back to nothing', () => {
  const checksum = fc.nat(0xffff_ffff)
  fc.assert(
    fc.property(fc.array(checksum, { maxLength: 50 }), list => {
      const totals = new Totals()
      const backwards = new Totals()
      for (const value of list) totals.change(1, -1, value)
      for (const value of list.toReversed()) backwards.change(1, -1, value)
      expect(backwards.sums[1]).toBe(totals.sums[1])
      for (const value of list) totals.change(1, value, 5)
      for (const _ of list) totals.change(1, 5, -1)
      expect([totals.counts[1], totals.sums[1]]).toEqual([0, 0])
    }),
  )
})

test('the record of sums comes back, and damage in its form is refused', () => {
  const snapshot = new Snapshot()
  const totals = new Totals()
  for (const id of [1, 7, 255])
    for (let value = 0; value < id; value++) totals.change(id, -1, 0xffff_fff0 + (value % 16))
  snapshot.set({ index: 2 ** 53 - 1, term: 12 }, totals)
  const record = snapshot.metaRecord(77)
  const bytes = encodeMetaRecord(record)
  expect(decodeMetaRecord(bytes, 'f')).toEqual({ ...record, highWaterPages: 77 })
  const damaged = bytes.slice()
  damaged[0] = 0
  expect(() => decodeMetaRecord(damaged, 'f')).toThrow(expect.objectContaining({ code: 'CORRUPT', file: 'f' }))
  expect(() => decodeMetaRecord(bytes.subarray(1), 'f')).toThrow(expect.objectContaining({ code: 'CORRUPT' }))
  expect(() => decodeMetaRecord(bytes.slice(0, -1), 'f')).toThrow(expect.objectContaining({ code: 'CORRUPT' }))
  const newer = bytes.slice()
  newer[8] = 2
  expect(() => decodeMetaRecord(newer, 'f')).toThrow(expect.objectContaining({ code: 'UNSUPPORTED' }))
  const huge = bytes.slice()
  huge.fill(255, 16, 24)
  expect(() => decodeMetaRecord(huge, 'f')).toThrow(expect.objectContaining({ code: 'CORRUPT' }))
})

test('a slice gives back what was put in, whatever the lengths', () => {
  const record = fc.record({ key: keyArbitrary, value: fc.uint8Array({ maxLength: 3_000 }) })
  fc.assert(
    fc.property(fc.array(record), fc.boolean(), (records, aligned) => {
      const slice = new FileSlice(16)
      const shared = new Uint8Array(4_096)
      for (const { key, value } of records) {
        const fileKey = Uint8Array.of(9, ...key)
        slice.addKey(fileKey, 0, fileKey.length)
        shared.set(value)
        const checksum = updateCrc32c(updateCrc32c(0, fileKey, 0, fileKey.length), value, 0, value.length)
        new DataView(shared.buffer).setUint32(value.length, checksum, true)
        slice.addValue(shared, aligned ? new Uint32Array(shared.buffer) : undefined, value.length + 4)
        shared.fill(1)
      }
      expect(slice.count).toBe(records.length)
      for (const [at, { key, value }] of records.entries()) {
        expect(slice.key(at)).toEqual(key)
        expect(slice.value(at)).toEqual(value)
        expect(slice.fileKey(at)).toEqual(Uint8Array.of(9, ...key))
        expect(slice.checksum(at)).toBeGreaterThanOrEqual(0)
      }
    }),
  )
})

test('a tree is a sorted map, and old roots stay as they were', () => {
  const change = fc.record({ key: keyArbitrary, isDelete: fc.boolean(), freeze: fc.boolean() })
  fc.assert(
    fc.property(fc.array(change, { maxLength: 60 }), changes => {
      let tree: Tree
      let edit = { version: 0 }
      const model = new Map<string, number>()
      const past: { readonly tree: Tree; readonly content: string }[] = []
      const content = (root: Tree): string =>
        Array.from(treeNodes(root, undefined, undefined), ({ key, value }) => `${[...key]}=${value[0]}`).join(';')
      for (const [at, { key, isDelete, freeze }] of changes.entries()) {
        if (isDelete) {
          if (treeGet(tree, key) !== undefined) tree = treeDelete(edit, tree, key)
          model.delete(`${[...key]}`)
        } else {
          tree = treePut(edit, tree, key, Uint8Array.of(at))
          model.set(`${[...key]}`, at)
        }
        if (!freeze) continue
        past.push({ tree, content: content(tree) })
        edit = { version: at }
      }
      expect(Array.from(treeNodes(tree, undefined, undefined), ({ key }) => [...key])).toEqual(
        [...model.keys()].map(toBytes).toSorted((a, b) => compareKeys(Uint8Array.from(a), Uint8Array.from(b))),
      )
      for (const { tree: root, content: before } of past) expect(content(root)).toBe(before)
    }),
  )
})

function toBytes(name: string): number[] {
  return name === '' ? [] : name.split(',').map(Number)
}
