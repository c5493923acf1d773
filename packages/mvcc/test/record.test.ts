import { decodeKeyValue, encodeKeyValue, encodeEvent as encodeProtoEvent } from '@kvs/proto/mvcc'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { crc32c } from '../src/crc32c.ts'
import { decodeEvent, decodeRecord, type KeyValue, MvccError } from '../src/index.ts'
import { encodeRecord, encodeTombstone, varintBytes, writeVarint } from '../src/record.ts'
import { checkRevisionKey, encodeRevisionKey, isTombstoneKey, mainOf, subOf } from '../src/revision.ts'
import { encodeEvent } from '../src/watch/event.ts'
import { bytes } from './sorted-state.ts'

const number = fc.oneof(fc.nat(300), fc.maxSafeNat())
const keyValue: fc.Arbitrary<KeyValue> = fc.record({
  key: fc.uint8Array({ maxLength: 200 }),
  createRevision: number,
  modRevision: number,
  version: number,
  value: fc.uint8Array({ maxLength: 400 }),
  lease: fc.oneof(fc.constant(0n), fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n)),
})

function encode(kv: KeyValue): Uint8Array {
  const { key, value } = kv
  return encodeRecord({ ...kv, keyStart: 0, keyEnd: key.length, valueStart: 0, valueEnd: value.length })
}

describe('record', () => {
  it('is what the generated codec writes, and reads what that wrote', () => {
    fc.assert(
      fc.property(keyValue, kv => {
        const record = encode(kv)
        expect(Buffer.from(record)).toEqual(Buffer.from(encodeKeyValue(kv)))
        expect(decodeRecord(record)).toEqual(kv)
        expect({ ...decodeKeyValue(record) }).toEqual(kv)
      }),
    )
  })

  it('of a tombstone has only the key', () => {
    expect(encodeTombstone(bytes('key'))).toEqual(Uint8Array.of(0x0a, 3, 0x6b, 0x65, 0x79))
  })

  it('is read whatever the order of its fields, and with fields of later versions', () => {
    const strange = Uint8Array.of(0x30, 5, 0x2a, 1, 0x76, 0x38, 0x81, 1, 0x45, 1, 2, 3, 4, 0x49, 1, 2, 3, 4, 5, 6, 7, 8)
    const more = Uint8Array.of(0x52, 2, 9, 9, 0x20, 7, 0x0a, 1, 0x6b)
    expect(decodeRecord(Uint8Array.of(...strange, ...more))).toEqual({
      key: bytes('k'),
      createRevision: 0,
      modRevision: 0,
      version: 7,
      value: bytes('v'),
      lease: 5n,
    })
  })

  it('is refused when it is damaged', () => {
    const damaged = [[0x0a], [0x0a, 5, 1], [0x10], [0x10, 0x80], [0x30, 0x80], [0x00, 1], [0x0b], [0x49, 1, 2]]
    damaged.push([0x10, ...Array<number>(9).fill(0xff), 1], [0x30, ...Array<number>(10).fill(0xff), 1])
    for (const wrong of damaged) expect(() => decodeRecord(Uint8Array.from(wrong))).toThrow(MvccError)
  })

  it('never makes anything but a key-value or CORRUPT_STATE of random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), wrong => {
        try {
          decodeRecord(wrong)
        } catch (error) {
          expect(error).toMatchObject({ code: 'CORRUPT_STATE' })
        }
      }),
    )
  })

  it('has varints of the size that is computed', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          number,
          fc.nat(64).map(bit => Math.min(2 ** bit, Number.MAX_SAFE_INTEGER)),
        ),
        value => {
          const target = new Uint8Array(10)
          expect(writeVarint(target, 0, value)).toBe(varintBytes(value))
        },
      ),
    )
  })
})

describe('event', () => {
  it('is what the generated codec writes as a repeated field 11', () => {
    const changed = keyValue.filter(kv => kv.key.length > 0 && kv.modRevision > 0)
    fc.assert(
      fc.property(changed, fc.option(keyValue, { nil: undefined }), fc.boolean(), (kv, prevKv, isDelete) => {
        const parts = { isDelete, revision: kv.modRevision, record: encode(kv), previous: prevKv && encode(prevKv) }
        if (isDelete) parts.record = encodeTombstone(kv.key)
        const { bytes: framed } = encodeEvent(parts)
        const shown = isDelete ? { key: kv.key, modRevision: kv.modRevision } : kv
        const event = encodeProtoEvent({ type: isDelete ? 1 : 0, kv: shown, prevKv })
        expect(Buffer.from(framed.subarray(framed.length - event.length))).toEqual(Buffer.from(event))
        const head = new Uint8Array(10)
        const headBytes = writeVarint(head, writeVarint(head, 0, 0x5a), event.length)
        expect(framed.subarray(0, framed.length - event.length)).toEqual(head.subarray(0, headBytes))
        const decoded = decodeEvent(framed)
        expect(decoded).toMatchObject({ isDelete, previous: prevKv })
        expect(decoded.kv).toEqual(isDelete ? { ...empty, key: kv.key, modRevision: kv.modRevision } : kv)
      }),
    )
  })

  it('is refused when it is none', () => {
    for (const wrong of [[], [0x5a], [0x5a, 5, 1], [0x5a, 0], [0x5a, 2, 0x08, 1], [0x12, 0], [0x5a, 2, 0x20, 0]]) {
      expect(() => decodeEvent(Uint8Array.from(wrong))).toThrow(expect.objectContaining({ code: 'CORRUPT_STATE' }))
    }
  })
})

const empty = { key: bytes(''), createRevision: 0, modRevision: 0, version: 0, value: bytes(''), lease: 0n }

describe('revision key', () => {
  it('is ordered as revisions are', () => {
    fc.assert(
      fc.property(
        fc.maxSafeNat(),
        fc.nat(),
        fc.boolean(),
        fc.maxSafeNat(),
        fc.nat(),
        (main, sub, isDelete, other, at) => {
          const key = encodeRevisionKey(main, sub, isDelete)
          checkRevisionKey(key)
          expect([mainOf(key), subOf(key), isTombstoneKey(key)]).toEqual([main, sub, isDelete])
          const order = Buffer.compare(key, encodeRevisionKey(other, at, isDelete))
          expect(Math.sign(order)).toBe(Math.sign(main - other || sub - at))
        },
      ),
    )
  })

  it('is refused in any other form', () => {
    const good = encodeRevisionKey(5, 1, true)
    const wrong = [
      good.subarray(0, 16),
      Uint8Array.of(...good, 0),
      good.with(8, 0x2d),
      good.with(17, 0),
      good.with(0, 1),
    ]
    for (const key of wrong) {
      expect(() => checkRevisionKey(key)).toThrow(expect.objectContaining({ code: 'CORRUPT_STATE' }))
    }
  })
})

describe('crc32c', () => {
  it('is Castagnoli', () => {
    expect(crc32c(0, bytes('123456789'))).toBe(0xe3069283)
    expect(crc32c(0, new Uint8Array(32))).toBe(0x8a9136aa)
  })

  it('may be fed in parts', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.nat(100), (data, cut) => {
        expect(crc32c(crc32c(0, data, 0, Math.min(cut, data.length)), data.subarray(cut))).toBe(crc32c(0, data))
      }),
    )
  })
})
