import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { RaftError } from '../src/errors.ts'
import type { ConfChange, ConfChangeSingle, ConfChangeV2, Entry } from '../src/types.ts'
import {
  confChangePayload,
  confChangeToV2,
  countWithin,
  decodeConfChange,
  decodeConfChangeV2,
  encodeConfChange,
  encodeConfChangeV2,
  enterJointOf,
  isLeaveJoint,
  limitSize,
  payloadSize,
  sizeEntries,
  sizeEntry,
  sizeVarint,
} from '../src/wire.ts'

const noBytes = new Uint8Array(0)

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], pair => Number.parseInt(pair, 16))
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, byte => byte.toString(16).padStart(2, '0')).join('')
}

function entryOf(term: number, index: number, length: number): Entry {
  return { term, index, type: 0, data: new Uint8Array(length) }
}

describe('sizes', () => {
  /** Term, index and bytes of data, then the size that go.etcd.io/raft v3.7.0 reports. */
  test.each([
    [0, 0, 0, 6],
    [1, 1, 0, 6],
    [127, 128, 1, 10],
    [16383, 16384, 127, 138],
    [1, 2 ** 35, 128, 142],
    [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, 20_000, 20_024],
  ])('of an entry with term %d, index %d and %d bytes', (term, index, length, size) => {
    expect(sizeEntry(entryOf(term, index, length))).toBe(size)
  })

  test('of varints step at multiples of seven bits', () => {
    for (let size = 1; size <= 7; size++) {
      expect(sizeVarint(2 ** (7 * size) - 1)).toBe(size)
      expect(sizeVarint(2 ** (7 * size))).toBe(size + 1)
    }
  })

  test('of several entries add up; payloads count data alone', () => {
    const entries = [entryOf(1, 1, 0), entryOf(1, 2, 10), entryOf(1, 3, 300)]
    expect(sizeEntries(entries)).toBe(6 + 18 + 309)
    expect(payloadSize(entries)).toBe(310)
    expect([sizeEntries([]), payloadSize([])]).toEqual([0, 0])
  })
})

describe('limits', () => {
  const entries = [entryOf(1, 1, 0), entryOf(1, 2, 10), entryOf(1, 3, 300)]
  test.each([
    [0, 1],
    [6, 1],
    [23, 1],
    [24, 2],
    [332, 2],
    [333, 3],
    [Number.MAX_SAFE_INTEGER, 3],
  ])('%d bytes let %d entries pass', (bytes, count) => {
    expect(limitSize(entries, bytes)).toEqual(entries.slice(0, count))
    expect(countWithin([entryOf(9, 9, 9), ...entries], { start: 1, end: 4 }, bytes)).toBe(count)
  })

  test('nothing stays nothing', () => {
    expect(limitSize([], 0)).toEqual([])
    expect(countWithin(entries, { start: 2, end: 2 }, 100)).toBe(0)
  })
})

/** Recorded from go.etcd.io/raft v3.7.0. */
const v1Vectors: [string, ConfChange][] = [
  [
    '08f0ffffffffffffffff01100318ac02220b612262007fc285c3a9ff0a',
    {
      id: 0xffff_ffff_ffff_fff0n,
      type: 3,
      nodeId: 300n,
      context: Uint8Array.of(0x61, 0x22, 0x62, 0, 0x7f, 0xc2, 0x85, 0xc3, 0xa9, 0xff, 0x0a),
    },
  ],
  ['080010001804', { id: 0n, type: 0, nodeId: 4n, context: noBytes }],
]
const v2Vectors: [string, ConfChangeV2][] = [
  [
    '0802120408001001120d080110808080808080808080011a03666f6f',
    {
      transition: 2,
      changes: [
        { type: 0, nodeId: 1n },
        { type: 1, nodeId: 1n << 63n },
      ],
      context: Uint8Array.of(0x66, 0x6f, 0x6f),
    },
  ],
  ['0800', { transition: 0, changes: [], context: noBytes }],
]

describe('configuration changes', () => {
  test.each(v1Vectors)('V1 %s', (hex, change) => {
    expect(hexOf(encodeConfChange(change))).toBe(hex)
    expect(decodeConfChange(bytesOf(hex))).toEqual(change)
  })

  test.each(v2Vectors)('V2 %s', (hex, change) => {
    expect(hexOf(encodeConfChangeV2(change))).toBe(hex)
    expect(decodeConfChangeV2(bytesOf(hex))).toEqual(change)
  })

  test('absent fields are zero, unknown ones are passed over', () => {
    expect(decodeConfChange(noBytes)).toEqual({ id: 0n, type: 0, nodeId: 0n, context: noBytes })
    expect(decodeConfChangeV2(noBytes)).toEqual({ transition: 0, changes: [], context: noBytes })
    expect(decodeConfChangeV2(bytesOf('1200'))).toMatchObject({ changes: [{ type: 0, nodeId: 0n }] })
    // A varint, eight bytes, a text, four bytes, and a group with a field and a group in it; then the node.
    const unknown = ['2805', '310102030405060708', '3a0141', '4501020304', '4b28054b4c4c', '1807']
    expect(decodeConfChange(bytesOf(unknown.join('')))).toEqual({ id: 0n, type: 0, nodeId: 7n, context: noBytes })
    // A known number with another wire type is an unknown field.
    expect(decodeConfChange(bytesOf('1a0107')).nodeId).toBe(0n)
  })

  test.each([
    ['08', 'the end inside of a varint at byte 1'],
    ['18ffffffffffffffffff02', 'a varint of more than 64 bits'],
    ['18ffffffffffffffffffff01', 'a varint of more than ten bytes'],
    ['2203aabb', '3 bytes announced beyond the end'],
    ['31010203', 'the end inside of a number'],
    ['0005', 'field number 0'],
    ['4b', 'group 9 never ends'],
    ['4c', 'the end of group 9, which is not open'],
    ['4b54', 'the end of group 10, which is not open'],
    ['1e', 'wire type 6'],
  ])('malformed %s', (hex, reason) => {
    for (const decode of [decodeConfChange, decodeConfChangeV2]) {
      let error: unknown
      try {
        decode(bytesOf(hex))
      } catch (caught) {
        error = caught
      }
      expect(error).toBeInstanceOf(RaftError)
      expect(error).toMatchObject({ code: 'MALFORMED', message: expect.stringContaining(reason) })
    }
  })

  test('a malformed operation inside of a V2 change is refused', () => {
    expect(() => decodeConfChangeV2(bytesOf('120108'))).toThrow('malformed ConfChangeV2')
  })
})

const nodeId = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n })
const type = fc.constantFrom<ConfChangeSingle['type']>(0, 1, 2, 3)
const context = fc.uint8Array({ maxLength: 300 })
const v1: fc.Arbitrary<ConfChange> = fc.record({ id: nodeId, type, nodeId, context })
const v2: fc.Arbitrary<ConfChangeV2> = fc.record({
  transition: fc.constantFrom<ConfChangeV2['transition']>(0, 1, 2),
  changes: fc.array(fc.record({ type, nodeId })),
  context,
})

test('every change comes back from its bytes', () => {
  fc.assert(
    fc.property(v1, v2, (change, changeV2) => {
      expect(decodeConfChange(encodeConfChange(change))).toEqual(change)
      expect(decodeConfChangeV2(encodeConfChangeV2(changeV2))).toEqual(changeV2)
    }),
    { numRuns: 500 },
  )
})

test('bytes that are no change are refused with MALFORMED and nothing else', () => {
  fc.assert(
    fc.property(v2, fc.nat(), fc.integer({ min: 0, max: 255 }), (change, at, byte) => {
      const bytes = encodeConfChangeV2(change)
      bytes[at % bytes.length] = byte
      for (const decode of [decodeConfChange, decodeConfChangeV2]) {
        try {
          decode(bytes.subarray(0, bytes.length - (at % 3)))
        } catch (error) {
          expect(error).toMatchObject({ code: 'MALFORMED' })
        }
      }
    }),
    { numRuns: 1000 },
  )
})

describe('what a change asks for', () => {
  const changes = (count: number): ConfChangeSingle[] => Array.from({ length: count }, () => ({ type: 0, nodeId: 1n }))
  test.each([
    [0, 0, false, false],
    [0, 1, false, false],
    [0, 2, true, true],
    [1, 0, true, true],
    [1, 1, true, true],
    [1, 2, true, true],
    [2, 0, false, true],
    [2, 1, false, true],
    [2, 2, false, true],
  ] as const)('transition %d with %d operations', (transition, count, autoLeave, useJoint) => {
    const change: ConfChangeV2 = { transition, changes: changes(count), context: Uint8Array.of(1) }
    expect(enterJointOf(change)).toEqual({ autoLeave, useJoint })
    expect(isLeaveJoint(change)).toBe(transition === 0 && count === 0)
  })

  test('a transition that is not known is refused', () => {
    const decoded = decodeConfChangeV2(bytesOf('0809'))
    expect(() => enterJointOf(decoded)).toThrow('unknown transition: 9')
  })

  test('V1 becomes V2 with one operation; the payload names its form', () => {
    const [hex1, change1] = v1Vectors[0] as [string, ConfChange]
    const [hex2, change2] = v2Vectors[0] as [string, ConfChangeV2]
    const expected = { transition: 0, changes: [{ type: 3, nodeId: 300n }], context: change1.context }
    expect(confChangeToV2(change1)).toEqual(expected)
    expect(confChangeToV2(change2)).toBe(change2)
    expect(confChangePayload(change1)).toEqual({ type: 1, data: bytesOf(hex1) })
    expect(confChangePayload(change2)).toEqual({ type: 2, data: bytesOf(hex2) })
    expect(confChangePayload(undefined)).toEqual({ type: 2, data: noBytes })
  })
})
