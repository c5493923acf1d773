import fc from 'fast-check'
import protobuf from 'protobufjs'
import { describe, expect, test } from 'vitest'
import { ProtoError } from '../src/index.ts'
import { modelOf, oracleDecode, oracleEncode, toRecord } from './model.ts'
import { cases, type MessageCase } from './schema.ts'

const unused = 15_000

/** One field of number `unused` per wire type, the group with a field inside. */
function unknownFields(): Uint8Array {
  const writer = new protobuf.Writer()
  writer.uint32((unused << 3) | 0).uint64(2 ** 40)
  writer.uint32((unused << 3) | 1).fixed64(7)
  writer.uint32((unused << 3) | 2).bytes(new Uint8Array(200))
  writer.uint32((unused << 3) | 3)
  writer.uint32((5 << 3) | 2).bytes(new Uint8Array(3))
  writer.uint32((unused << 3) | 4)
  writer.uint32((unused << 3) | 5).fixed32(9)
  return writer.finish()
}

function join(...parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

/** Runs a decoder that may fail, but only with a `ProtoError`. */
function decodeOrRefuse(item: MessageCase, bytes: Uint8Array): void {
  try {
    item.decode(bytes)
  } catch (error) {
    if (!(error instanceof ProtoError)) throw error
  }
}

describe.each(cases.map(item => [item.name, item] as const))('%s', (_name, item) => {
  test('what we write reads back, here and by reflection', () => {
    fc.assert(
      fc.property(modelOf(item), model => {
        const record = toRecord(item, model)
        const bytes = item.encode(record)
        expect(item.decode(bytes)).toEqual(record)
        expect(oracleDecode(item, bytes)).toEqual(record)
      }),
      { numRuns: 40 },
    )
  })

  test('what reflection writes reads back here, at any offset', () => {
    fc.assert(
      fc.property(modelOf(item), model => {
        const bytes = oracleEncode(item, model)
        expect(item.decode(bytes)).toEqual(toRecord(item, model))
        const within = join(new Uint8Array(3).fill(255), bytes, new Uint8Array(3).fill(255))
        expect(item.decode(within, 3, 3 + bytes.length)).toEqual(toRecord(item, model))
      }),
      { numRuns: 40 },
    )
  })

  test('unknown fields are skipped', () => {
    fc.assert(
      fc.property(modelOf(item), model => {
        const bytes = item.encode(toRecord(item, model))
        expect(item.decode(join(unknownFields(), bytes, unknownFields()))).toEqual(toRecord(item, model))
      }),
      { numRuns: 10 },
    )
  })

  test('a message cut at any byte is read or refused', () => {
    fc.assert(
      fc.property(modelOf(item), model => {
        const bytes = item.encode(toRecord(item, model))
        for (let end = 0; end < bytes.length; end++) {
          decodeOrRefuse(item, bytes.subarray(0, end))
          decodeOrRefuse(item, bytes.slice(0, end))
        }
      }),
      { numRuns: 10 },
    )
  })

  test('a message with one byte changed, or of any bytes, is read or refused', () => {
    fc.assert(
      fc.property(modelOf(item), fc.nat(), fc.nat(255), fc.uint8Array({ maxLength: 40 }), (model, at, byte, noise) => {
        const bytes = item.encode(toRecord(item, model))
        if (bytes.length > 0) bytes[at % bytes.length] = byte
        decodeOrRefuse(item, bytes)
        decodeOrRefuse(item, noise)
      }),
      { numRuns: 60 },
    )
  })

  test('a known number with another wire type is an unknown field', () => {
    for (const field of item.fields) {
      const delimited = field.resolvedType instanceof protobuf.Type || ['string', 'bytes'].includes(field.type)
      for (const wireType of [0, 1, 2, 3, 5]) {
        if (wireType === (delimited || field instanceof protobuf.MapField ? 2 : 0)) continue
        if (wireType === 2 && field.repeated) continue
        const writer = new protobuf.Writer().uint32((field.id << 3) | wireType)
        if (wireType === 0) writer.uint32(1)
        else if (wireType === 1) writer.fixed64(1)
        else if (wireType === 2) writer.bytes(new Uint8Array([8, 1]))
        else if (wireType === 3) writer.uint32((field.id << 3) | 4)
        else writer.fixed32(1)
        expect(item.decode(writer.finish()), `${field.name} with wire type ${wireType}`).toEqual(item.zero)
      }
    }
  })
})
