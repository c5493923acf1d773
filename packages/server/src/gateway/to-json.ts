import { type FieldSchema, Reader } from '@kvs/proto'
import * as limits from '../limits.ts'
import { enumName, fieldsOf, type MessageFields } from './fields.ts'

/** A message that is being written. */
interface Level {
  readonly fields: MessageFields
  readonly end: number
  /** The list that is open. */
  list: FieldSchema | undefined
  isEmpty: boolean
}

/**
 * A message of ours as JSON, in etcd's shape: names of the schema, 64-bit integers as text, bytes in Base64, enums by
 * name, zero values left out but for members of a oneof. Fields come in the order in which they are encoded, and the
 * elements of a list one after the other, which is how this member encodes. Comes in pieces of `limits.jsonPieceChars` or
 * little more, so that whoever writes a large answer can give way in between.
 */
export function* toJson(message: string, bytes: Uint8Array): Generator<string, void> {
  const reader = new Reader(bytes)
  const levels: Level[] = [levelOf(message, bytes.length)]
  let text = '{'
  for (let level = levels[0]; level !== undefined; level = levels.at(-1)) {
    if (reader.pos >= level.end) {
      text += level.list === undefined ? '}' : ']}'
      levels.pop()
    } else {
      const tag = reader.uint32()
      const field = level.fields.byId.get(tag >>> 3)
      if (field === undefined) reader.skipType(tag & 7)
      else if (field.kind === 'message') {
        const end = reader.uint32() + reader.pos
        text += `${opening(level, field)}{`
        levels.push(levelOf(field.type as string, end))
      } else text += scalars(reader, level, field, tag & 7)
    }
    if (text.length > limits.jsonPieceChars) {
      yield text
      text = ''
    }
  }
  yield text
}

function levelOf(message: string, end: number): Level {
  return { fields: fieldsOf(message), end, list: undefined, isEmpty: true }
}

/** What goes before a value: comma, name, bracket. */
function opening(level: Level, field: FieldSchema): string {
  if (level.list === field) return ','
  const closed = level.list === undefined ? '' : ']'
  const comma = level.isEmpty ? '' : ','
  level.isEmpty = false
  level.list = field.many === true ? field : undefined
  return `${closed}${comma}"${field.name}":${field.many === true ? '[' : ''}`
}

/** One value, or several that are packed. */
function scalars(reader: Reader, level: Level, field: FieldSchema, wireType: number): string {
  const isPacked = wireType === 2 && field.kind !== 'bytes' && field.kind !== 'string'
  if (!isPacked) return scalar(reader, level, field)
  let text = ''
  for (const end = reader.uint32() + reader.pos; reader.pos < end; ) text += scalar(reader, level, field)
  return text
}

function scalar(reader: Reader, level: Level, field: FieldSchema): string {
  const value = rendered(reader, field)
  const isZero = value === zeros[field.kind] && field.oneof === undefined && field.many !== true
  return isZero ? '' : opening(level, field) + value
}

/** Values that say nothing. An enum's is told by its number, which becomes a name only afterwards. */
const zeros: Readonly<Record<FieldSchema['kind'], string>> = {
  ...{ bool: 'false', string: '""', bytes: '""', int64: '"0"', uint64: '"0"', int32: '0', uint32: '0' },
  ...{ enum: '0', message: '' },
}

function rendered(reader: Reader, { kind, type, oneof, many }: FieldSchema): string {
  switch (kind) {
    case 'bool':
      return String(reader.bool())
    case 'string':
      return JSON.stringify(reader.string())
    case 'bytes': {
      const bytes = reader.bytes()
      return `"${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64')}"`
    }
    case 'enum': {
      const value = reader.int32()
      if (value === 0 && oneof === undefined && many !== true) return '0'
      const name = enumName(type as string, value)
      return name === undefined ? String(value) : `"${name}"`
    }
    case 'int64':
      return `"${bits64(reader, true)}"`
    case 'uint64':
      return `"${bits64(reader, false)}"`
    case 'int32':
      return String(reader.int32())
    default:
      return String(reader.uint32())
  }
}

/** A varint of up to 64 bits, in decimal digits. */
function bits64(reader: Reader, signed: boolean): string {
  const bytes = reader.buf
  let low = 0
  for (let at = reader.pos, scale = 1; scale < 2 ** 49; at++, scale *= 128) {
    const byte = bytes[at] as number
    low += (byte & 0x7f) * scale
    if (byte < 0x80) {
      reader.pos = at + 1
      return String(low)
    }
  }
  let value = 0n
  for (let shift = 0n; ; shift += 7n) {
    const byte = bytes[reader.pos++] as number
    value |= BigInt(byte & 0x7f) << shift
    if (byte < 0x80) break
  }
  return String(signed ? BigInt.asIntN(64, value) : BigInt.asUintN(64, value))
}
