import { type FieldSchema, nestedLevelsMax, Writer, writeIdentity } from '@kvs/proto'
import { enumNumber, fieldsOf, jsonName } from './fields.ts'
import { JsonCursor } from './json-cursor.ts'

/**
 * JSON as protobuf, by the rules of Go's protojson: names of the schema or of JSON, integers as numbers or text, bytes in
 * either Base64, enums by name or number, null as absent; unknown fields and unknown names of enums are passed over.
 * `json` is one value that `JsonValues` has cut out. Throws `JsonError`.
 */
export function toMessage(message: string, json: Uint8Array): Uint8Array {
  const cursor = new JsonCursor(json)
  const writer = new Writer()
  writeMessage(writer, cursor, message, 0)
  return writer.finish()
}

const wireLengthDelimited = 2

function writeMessage(writer: Writer, cursor: JsonCursor, message: string, depth: number): void {
  const start = cursor.token()
  if (cursor.raw(start) !== '{') throw cursor.unexpected(start)
  if (depth > nestedLevelsMax) throw cursor.error(start, 'exceeded max recursion depth')
  const { byName } = fieldsOf(message)
  const seen = new Set<FieldSchema | string>()
  while (!cursor.takes(0x7d)) {
    cursor.takes(0x2c)
    const nameAt = cursor.token()
    const name = cursor.raw(nameAt)
    const field = byName.get(cursor.text(nameAt))
    cursor.takes(0x3a)
    if (field === undefined) {
      cursor.skip()
      continue
    }
    if (seen.has(field)) throw cursor.error(nameAt, `duplicate field ${name}`)
    seen.add(field)
    if (takesNull(cursor)) continue
    if (field.oneof !== undefined) {
      const whole = `${message}.${field.oneof}`
      if (seen.has(whole)) throw cursor.error(nameAt, `error parsing ${name}, oneof ${whole} is already set`)
      seen.add(whole)
    }
    if (field.many === true) writeList(writer, cursor, field, depth)
    else writeField(writer, cursor, field, depth)
  }
}

function takesNull(cursor: JsonCursor): boolean {
  if (cursor.peek() !== 0x6e) return false
  cursor.token()
  return true
}

function writeList(writer: Writer, cursor: JsonCursor, field: FieldSchema, depth: number): void {
  const start = cursor.token()
  if (cursor.raw(start) !== '[') throw cursor.unexpected(start)
  while (!cursor.takes(0x5d)) {
    cursor.takes(0x2c)
    writeField(writer, cursor, field, depth)
  }
}

function writeField(writer: Writer, cursor: JsonCursor, field: FieldSchema, depth: number): void {
  const { kind, id } = field
  if (kind === 'message') {
    writer.uint32((id << 3) | wireLengthDelimited).fork()
    writeMessage(writer, cursor, field.type as string, depth + 1)
    writer.ldelim()
    return
  }
  const start = cursor.token()
  const value = scalarOf(cursor, start, field)
  if (value === undefined) {
    const raw = cursor.raw(start)
    throw cursor.error(start, `invalid value for ${kind} field ${jsonName(field)}: ${raw}`)
  }
  if (value === unknownName) return
  if (typeof value === 'string') writer.uint32((id << 3) | wireLengthDelimited).string(value)
  else if (value instanceof Uint8Array) writer.uint32((id << 3) | wireLengthDelimited).bytes(value)
  else if (typeof value === 'boolean') writer.uint32(id << 3).bool(value)
  else writeIdentity(writer.uint32(id << 3), value)
}

/** An enum's value that only others know of. */
const unknownName = Symbol('unknown name of an enum')

type Scalar = string | Uint8Array | boolean | bigint | typeof unknownName

/** The value that stands from `start` to the cursor; undefined if it is not of this kind. */
function scalarOf(cursor: JsonCursor, start: number, { kind, type }: FieldSchema): Scalar | undefined {
  const isText = cursor.isText(start)
  switch (kind) {
    case 'bool':
      return ({ true: true, false: false } as Readonly<Record<string, boolean>>)[isText ? '' : cursor.raw(start)]
    case 'string':
      return isText ? cursor.text(start) : undefined
    case 'bytes':
      return isText ? bytesOf(cursor.asciiText(start)) : undefined
    case 'enum': {
      if (!isText) return integerOf(cursor.raw(start), -(2n ** 31n), 2n ** 31n - 1n)
      const number = enumNumber(type as string, cursor.text(start))
      return number === undefined ? unknownName : BigInt(number)
    }
    case 'int64':
      return integerOf(isText ? cursor.text(start) : cursor.raw(start), -(2n ** 63n), 2n ** 63n - 1n)
    case 'uint64':
      return integerOf(isText ? cursor.text(start) : cursor.raw(start), 0n, 2n ** 64n - 1n)
    case 'int32':
      return integerOf(isText ? cursor.text(start) : cursor.raw(start), -(2n ** 31n), 2n ** 31n - 1n)
    default:
      return integerOf(isText ? cursor.text(start) : cursor.raw(start), 0n, 2n ** 32n - 1n)
  }
}

/** More digits than any number of 64 bits has. */
const digitsMax = 20

/** A JSON number that is whole and within bounds: `12`, `1.5e3`. */
function integerOf(text: string, least: bigint, most: bigint): bigint | undefined {
  const match = /^(-?)(0|[1-9]\d*)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(text)
  if (match === null) return undefined
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match
  const digits = `${whole}${fraction}`.replace(/^0+/, '')
  if (digits === '') return 0n
  const significant = digits.replace(/0+$/, '')
  const zeros = Number(exponent) - fraction.length + (digits.length - significant.length)
  if (zeros < 0 || significant.length + zeros > digitsMax) return undefined
  const value = BigInt(`${sign}${significant}${'0'.repeat(zeros)}`)
  return value >= least && value <= most ? value : undefined
}

/** Base64 as Go reads it: either alphabet, with or without padding, line ends passed over. */
function bytesOf(text: string | undefined): Uint8Array | undefined {
  if (text === undefined) return undefined
  const pure = text.includes('\n') || text.includes('\r') ? text.replace(/[\r\n]/g, '') : text
  const isUrl = /[-_]/.test(pure)
  const isPadded = text.length % 4 === 0
  const wanted = isUrl ? /^[\w-]*(={0,2})$/ : /^[A-Za-z0-9+/]*(={0,2})$/
  const padding = wanted.exec(pure)?.[1]
  if (padding === undefined) return undefined
  if (isPadded ? pure.length % 4 !== 0 : padding !== '' || pure.length % 4 === 1) return undefined
  return Buffer.from(pure, isUrl ? 'base64url' : 'base64')
}
