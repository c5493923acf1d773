/**
 * Messages as models: field name of the schema → value, 64-bit integers as bigint, nested messages as models. A model can
 * be handed to the generated codec, to protobufjs's reflection codec, and be compared with what either decodes.
 */
import fc from 'fast-check'
import protobuf from 'protobufjs'
import { caseNamed, type GeneratedRecord, is64Bit, isBigint, type MessageCase } from './schema.ts'

/** The little of a Long that protobufjs needs so as not to round 64-bit integers. */
class Long {
  readonly low: number
  readonly high: number
  readonly unsigned: boolean

  constructor(low: number, high: number, unsigned: boolean) {
    this.low = low
    this.high = high
    this.unsigned = unsigned
  }

  static fromBits(low: number, high: number, unsigned: boolean): Long {
    return new Long(low, high, unsigned)
  }

  static fromNumber(value: number, unsigned: boolean): Long {
    return new Long(value, 0, unsigned)
  }

  toBigint(): bigint {
    const bits = (BigInt(this.high >>> 0) << 32n) | BigInt(this.low >>> 0)
    return this.unsigned ? bits : BigInt.asIntN(64, bits)
  }
}

protobuf.util.Long = Long as never
protobuf.configure()

export type Model = { readonly [field: string]: unknown }

const safe = 2n ** 53n - 1n
const int64 = fc.oneof(fc.bigInt({ min: -safe, max: safe }), fc.bigInt({ min: 0n, max: 300n }))
const uint64 = fc.oneof(fc.bigInt({ min: 0n, max: safe }), fc.bigInt({ min: 0n, max: 300n }))
const wideInt64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
const wideUint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })

const nestedCase = (field: protobuf.Field): MessageCase =>
  caseNamed((field.resolvedType as protobuf.Type).fullName.slice(1))

function one(item: MessageCase, index: number, depth: number): fc.Arbitrary<unknown> {
  const field = item.fields[index] as protobuf.Field
  if (field.resolvedType instanceof protobuf.Enum) return fc.constantFrom(...Object.values(field.resolvedType.values))
  if (field.resolvedType instanceof protobuf.Type) return modelOf(nestedCase(field), depth + 1)
  if (field.type === 'int64') return isBigint(item, index) ? wideInt64 : int64
  if (field.type === 'uint64') return isBigint(item, index) ? wideUint64 : uint64
  if (field.type === 'bool') return fc.boolean()
  if (field.type === 'string') return fc.string({ unit: 'binary', maxLength: 12 })
  if (field.type === 'bytes') return fc.uint8Array({ maxLength: 12 })
  if (field.type === 'int32') return fc.integer()
  if (field.type === 'uint32') return fc.integer({ min: 0, max: 2 ** 32 - 1 })
  throw new Error(`no arbitrary for ${field.fullName}: ${field.type}`)
}

/** Any message of the type: fields absent or present, at most one member of each oneof. */
export function modelOf(item: MessageCase, depth = 0): fc.Arbitrary<Model> {
  const record: Record<string, fc.Arbitrary<unknown>> = {}
  item.fields.forEach((field, index) => {
    if (depth >= 3 && field.resolvedType instanceof protobuf.Type) return
    const value = one(item, index, depth)
    if (field instanceof protobuf.MapField)
      record[field.name] = fc.uniqueArray(fc.tuple(fc.string(), value), { selector: pair => pair[0], maxLength: 3 })
    else record[field.name] = field.repeated ? fc.array(value, { maxLength: 3 }) : value
  })
  const choice = fc.nat()
  return fc.tuple(fc.record(record, { requiredKeys: [] }), choice).map(([model, pick]) => {
    const kept: Record<string, unknown> = { ...model }
    for (const group of item.type.oneofsArray) {
      const present = group.oneof.filter(name => name in kept)
      present.forEach((name, i) => {
        if (i !== pick % present.length) delete kept[name]
      })
    }
    return kept
  })
}

function generatedValue(item: MessageCase, index: number, value: unknown): unknown {
  const field = item.fields[index] as protobuf.Field
  if (field.resolvedType instanceof protobuf.Type) return toRecord(nestedCase(field), value as Model)
  return is64Bit(field) && !isBigint(item, index) ? Number(value) : value
}

/** What the generated decoder must return for the model. Also a valid input of the generated encoder. */
export function toRecord(item: MessageCase, model: Model): GeneratedRecord {
  const record: GeneratedRecord = { ...item.zero }
  item.fields.forEach((field, index) => {
    const value = model[field.name]
    if (value === undefined) return
    const key = item.keys[index] as string
    const convert = (each: unknown): unknown => generatedValue(item, index, each)
    if (field instanceof protobuf.MapField) {
      record[key] = new Map((value as [string, unknown][]).map(([name, each]) => [name, convert(each)]))
    } else record[key] = field.repeated ? (value as unknown[]).map(convert) : convert(value)
  })
  return record
}

/** Encodes the model by protobufjs's reflection: the oracle. */
export function oracleEncode(item: MessageCase, model: Model): Uint8Array {
  return new Uint8Array(item.type.encode(toPlain(item, model)).finish())
}

function toPlain(item: MessageCase, model: Model): Record<string, unknown> {
  const plain: Record<string, unknown> = {}
  for (const field of item.fields) {
    const value = model[field.name]
    if (value === undefined) continue
    const convert = (each: unknown): unknown =>
      field.resolvedType instanceof protobuf.Type ? toPlain(nestedCase(field), each as Model) : plainScalar(field, each)
    if (field instanceof protobuf.MapField) {
      plain[field.name] = Object.fromEntries(
        (value as [string, unknown][]).map(([name, each]) => [name, convert(each)]),
      )
    } else plain[field.name] = field.repeated ? (value as unknown[]).map(convert) : convert(value)
  }
  return plain
}

/** protobufjs takes 64-bit integers as halves. */
function plainScalar(field: protobuf.Field, value: unknown): unknown {
  if (!is64Bit(field)) return value
  const bits = BigInt.asUintN(64, value as bigint)
  return new Long(Number(bits & 0xffff_ffffn) | 0, Number(bits >> 32n) | 0, field.type === 'uint64')
}

/** Decodes by reflection and gives the record that the generated decoder must give for the same bytes. */
export function oracleDecode(item: MessageCase, bytes: Uint8Array): GeneratedRecord {
  return toRecord(item, fromMessage(item, item.type.decode(bytes) as unknown as Record<string, unknown>))
}

function fromMessage(item: MessageCase, message: Record<string, unknown>): Model {
  const model: Record<string, unknown> = {}
  for (const field of item.fields) {
    if (!Object.hasOwn(message, field.name) || message[field.name] === null) continue
    const value = message[field.name]
    const convert = (each: unknown): unknown => {
      if (field.resolvedType instanceof protobuf.Type) {
        return fromMessage(nestedCase(field), each as Record<string, unknown>)
      }
      return each instanceof Long ? each.toBigint() : each
    }
    if (field instanceof protobuf.MapField) {
      model[field.name] = Object.entries(value as object).map(([name, each]) => [name, convert(each)])
    } else model[field.name] = field.repeated ? (value as unknown[]).map(convert) : convert(value)
  }
  return model
}
