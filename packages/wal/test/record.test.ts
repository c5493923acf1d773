import { encodeEntry, encodeHardState } from '@kvs/proto/raft'
import { decodeRecord, encodeRecord } from '@kvs/proto/wal'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { updateCrc32c } from '../src/crc32c.ts'
import { parseSegmentFileName, RecordType, segmentFileName } from '../src/format.ts'
import { newRecordView, parseRecord, recordBytesOfWord } from '../src/record.ts'
import { RecordWriter } from '../src/record-writer.ts'
import { text } from './log.ts'

/** The definition, bit by bit. */
function slowCrc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
  }
  return ~crc >>> 0
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}

test('crc-32c has its check value and continues', () => {
  expect(updateCrc32c(0, text('123456789'), 0, 9)).toBe(0xe3069283)
  // RFC 3720, B.4
  expect(updateCrc32c(0, new Uint8Array(32), 0, 32)).toBe(0x8a9136aa)
  expect(updateCrc32c(0, new Uint8Array(32).fill(0xff), 0, 32)).toBe(0x62a8ab43)
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(), fc.nat(), (bytes, a, b) => {
      const start = a % (bytes.length + 1)
      const middle = start + (b % (bytes.length - start + 1))
      const whole = updateCrc32c(0, bytes, start, bytes.length)
      expect(whole).toBe(slowCrc32c(bytes.subarray(start)))
      expect(updateCrc32c(updateCrc32c(0, bytes, start, middle), bytes, middle, bytes.length)).toBe(whole)
    }),
  )
})

test('names of segments', () => {
  expect(segmentFileName({ sequence: 18, firstIndex: 0xabcdef })).toBe('0000000000000012-0000000000abcdef.wal')
  expect(parseSegmentFileName('0000000000000012-0000000000abcdef.wal')).toEqual({ sequence: 18, firstIndex: 0xabcdef })
  for (const name of [
    '0.tmp',
    '0000000000000012-0000000000ABCDEF.wal',
    '12-1.wal',
    'x',
    'ffffffffffffffff-0000000000000000.wal',
  ]) {
    expect(parseSegmentFileName(name)).toBeUndefined()
  }
})

test('a new log begins with the bytes that etcd writes', () => {
  const writer = new RecordWriter(0)
  writer.crcRecord()
  expect(hex(writer.bytes())).toBe('04000000000000840804100000000000')
})

const entries = fc.record({
  type: fc.constantFrom<0 | 1 | 2>(0, 1, 2),
  term: fc.oneof(fc.nat(300), fc.maxSafeNat()),
  index: fc.oneof(fc.nat(300), fc.maxSafeNat()),
  data: fc.uint8Array({ maxLength: 300 }),
})

test('frames equal those built with the generic codec, and parse back', () => {
  fc.assert(
    fc.property(fc.array(entries, { maxLength: 20 }), fc.bigInt(0n, 2n ** 64n - 1n), (list, vote) => {
      const writer = new RecordWriter(0x1234)
      let crc = 0x1234
      let expected = ''
      const expectFrame = (type: number, data: Uint8Array): void => {
        crc = updateCrc32c(crc, data, 0, data.length)
        const record = encodeRecord({ type, crc, data })
        const padding = -record.length & 7
        const word = Buffer.alloc(8)
        word.writeUInt32LE(record.length)
        word[7] = padding === 0 ? 0 : 0x80 | padding
        expected += hex(word) + hex(record) + '00'.repeat(padding)
      }
      for (const entry of list) {
        writer.entry(entry)
        expectFrame(RecordType.entry, encodeEntry(entry))
      }
      const state = { term: 3, vote, commit: 77 }
      writer.hardState(state)
      expectFrame(RecordType.state, encodeHardState(state))
      writer.record(RecordType.metadata, text('m'))
      expectFrame(RecordType.metadata, text('m'))
      expect(hex(writer.bytes())).toBe(expected)
      expect(writer.crc).toBe(crc)
      expectParsesBack(writer.bytes())
    }),
  )
})

function expectParsesBack(bytes: Uint8Array): void {
  const view = newRecordView()
  for (let at = 0; at < bytes.length; ) {
    const recordBytes = recordBytesOfWord(bytes, at)
    const record = decodeRecord(bytes, at + 8, at + 8 + recordBytes)
    expect(parseRecord(bytes, at + 8, at + 8 + recordBytes, view)).toBe(true)
    expect(view.type).toBe(record.type)
    expect(view.crc).toBe(record.crc)
    expect(hex(bytes.subarray(view.dataStart, view.dataEnd))).toBe(hex(record.data))
    at += 8 + recordBytes + (-recordBytes & 7)
  }
}

test('every length of checksum and of record is framed right', () => {
  // Checksums below 2^28 take fewer than five bytes: start the chain so that all lengths occur.
  const lengths = new Set<number>()
  for (let seed = 0; seed < 60_000 && lengths.size < 3; seed++) {
    const writer = new RecordWriter(seed)
    writer.entry({ type: 0, term: 1, index: 1, data: text('x') })
    const { crc } = writer
    lengths.add(crc < 0x20_0000 ? 3 : crc < 0x1000_0000 ? 4 : 5)
    expectParsesBack(writer.bytes())
  }
  expect([...lengths].sort()).toEqual([3, 4, 5])
})

test('what is taken back leaves no trace', () => {
  const plain = new RecordWriter(5)
  const rewound = new RecordWriter(5)
  for (const writer of [plain, rewound]) writer.entry({ type: 0, term: 1, index: 1, data: text('kept') })
  const point = rewound.point()
  rewound.hardState({ term: 9, vote: 1n, commit: 3 })
  rewound.rewind(point)
  for (const writer of [plain, rewound]) writer.hardState({ term: 9, vote: 1n, commit: 4 })
  expect(hex(rewound.bytes())).toBe(hex(plain.bytes()))
})

test('random bytes are no record, or one that stays inside its range', () => {
  const view = newRecordView()
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), bytes => {
      if (!parseRecord(bytes, 0, bytes.length, view)) return
      expect(view.dataStart).toBeGreaterThanOrEqual(0)
      expect(view.dataEnd).toBeLessThanOrEqual(bytes.length)
      expect(view.dataStart).toBeLessThanOrEqual(view.dataEnd)
    }),
    { numRuns: 2000 },
  )
})
