// @ts-check
import { basename } from 'node:path'
import protobuf from 'protobufjs'
import { qualified } from './names.mjs'

/** Files that clients meet, and what they use. */
const published = ['kv.proto', 'auth.proto', 'rpc.proto', 'v3lock.proto', 'v3election.proto', 'health.proto']
const reflection = 'reflection.proto'

/**
 * Types of FieldDescriptorProto.
 * @type {Readonly<Record<string, number>>}
 */
const types = {
  ...{ double: 1, float: 2, int64: 3, uint64: 4, int32: 5, fixed64: 6, fixed32: 7, bool: 8, string: 9 },
  ...{ bytes: 12, uint32: 13, sfixed32: 15, sfixed64: 16, sint32: 17, sint64: 18 },
}
const [messageType, enumType] = [11, 14]

/**
 * The text of `descriptors.ts`: what gRPC's reflection tells of the public services, as `google.protobuf.FileDescriptorProto`
 * in base64. Comments and options are left out.
 * @param {readonly protobuf.ReflectionObject[]} objects all there are
 * @returns {string}
 */
export function descriptorsText(objects) {
  /** @type {[string, ReturnType<typeof fileOf>][]} */
  const files = [...published, reflection].map(name => [name, fileOf(objects, name)])
  files.push(['reflection-v1alpha.proto', fileOf(objects, reflection, 'alpha')])
  const entries = files.map(([name, { symbols, services, needs, bytes }]) => {
    const list = (/** @type {readonly string[]} */ names) => `[${names.map(each => `'${each}'`).join(', ')}]`
    return `  {\n    name: '${name}',\n    needs: ${list(needs)},\n    services: ${list(services)},\n    symbols: ${list(symbols)},\n    base64:\n      '${bytes}',\n  },\n`
  })
  return `// Generated from proto/*.proto by tools/protogen. Do not edit.
import type { FileDescriptor } from '../descriptor.ts'

/** The files of the public services. */
export const fileDescriptors: readonly FileDescriptor[] = [
${entries.join('')}]
`
}

/**
 * One file: its bytes, what is defined in it, and the files whose types it uses.
 * @param {readonly protobuf.ReflectionObject[]} objects
 * @param {string} name
 * @param {string} suffix of its package
 */
function fileOf(objects, name, suffix = '') {
  const own = objects.filter(object => basename(object.filename ?? '') === name)
  const top = own.filter(object => !(object.parent instanceof protobuf.Type))
  const parent = top[0]?.parent
  if (parent === null || parent === undefined) throw new Error(`${name} defines nothing`)
  const plain = qualified(parent)
  const renamed = (/** @type {string} */ type) => (suffix === '' ? type : type.replace(plain, plain + suffix))
  const needs = new Set()
  const context = { renamed, needs, name }
  const writer = protobuf.Writer.create()
  writer.uint32(tag(1, 2)).string(suffix === '' ? name : name.replace('.proto', `-v1${suffix}.proto`))
  writer.uint32(tag(2, 2)).string(renamed(plain))
  const body = protobuf.Writer.create()
  for (const type of top.filter(isType)) nested(body, 4, messageBytes(type, context))
  for (const each of top.filter(isEnum)) nested(body, 5, enumBytes(each))
  for (const service of top.filter(isService)) nested(body, 6, serviceBytes(service, context))
  for (const need of needs) writer.uint32(tag(3, 2)).string(need)
  const bytes = Buffer.concat([writer.finish(), body.finish(), stringField(12, 'proto3')])
  const symbols = own.flatMap(object => [
    renamed(qualified(object)),
    ...(isService(object) ? object.methodsArray.map(method => `${renamed(qualified(object))}.${method.name}`) : []),
  ])
  const services = own.filter(isService).map(service => renamed(qualified(service)))
  return { bytes: bytes.toString('base64'), symbols, services, needs: [...needs] }
}

/** @param {protobuf.ReflectionObject} object @returns {object is protobuf.Type} */
const isType = object => object instanceof protobuf.Type
/** @param {protobuf.ReflectionObject} object @returns {object is protobuf.Enum} */
const isEnum = object => object instanceof protobuf.Enum
/** @param {protobuf.ReflectionObject} object @returns {object is protobuf.Service} */
const isService = object => object instanceof protobuf.Service

/** @param {number} id @param {number} wire */
const tag = (id, wire) => (id << 3) | wire

/** @param {protobuf.Writer} writer @param {number} id @param {Uint8Array} bytes */
const nested = (writer, id, bytes) => writer.uint32(tag(id, 2)).bytes(bytes)

/** @param {number} id @param {string} text */
const stringField = (id, text) => protobuf.Writer.create().uint32(tag(id, 2)).string(text).finish()

/** @typedef {{ readonly renamed: (type: string) => string, readonly needs: Set<string>, readonly name: string }} Context */

/** @param {protobuf.Type} type @param {Context} context @returns {Uint8Array} */
function messageBytes(type, context) {
  const writer = protobuf.Writer.create()
  writer.uint32(tag(1, 2)).string(type.name)
  const maps = type.fieldsArray.filter(field => field instanceof protobuf.MapField)
  for (const field of type.fieldsArray) {
    const each = /** @type {protobuf.Field | protobuf.MapField} */ (field)
    nested(writer, 2, fieldBytes(each, type, context))
  }
  for (const each of type.nestedArray) {
    if (isType(each)) nested(writer, 3, messageBytes(each, context))
  }
  for (const field of maps) nested(writer, 3, mapEntryBytes(field, type, context))
  for (const each of type.nestedArray) if (isEnum(each)) nested(writer, 4, enumBytes(each))
  for (const oneof of type.oneofsArray) nested(writer, 8, stringField(1, oneof.name))
  return writer.finish()
}

/** A map is a list of messages that have a key and a value. @param {{ readonly name: string }} field */
const entryName = field => `${pascal(field.name)}Entry`

/** @param {protobuf.MapField} field @param {protobuf.Type} type @param {Context} context */
function mapEntryBytes(field, type, context) {
  const writer = protobuf.Writer.create()
  writer.uint32(tag(1, 2)).string(entryName(field))
  const key = new protobuf.Field('key', 1, field.keyType)
  const value = new protobuf.Field('value', 2, field.type)
  value.resolvedType = field.resolvedType
  for (const each of [key, value]) nested(writer, 2, fieldBytes(each, type, context))
  nested(writer, 7, protobuf.Writer.create().uint32(tag(7, 0)).bool(true).finish())
  return writer.finish()
}

/** @param {protobuf.Field | protobuf.MapField} field @param {protobuf.Type} type @param {Context} context */
function fieldBytes(field, type, context) {
  const isMap = field instanceof protobuf.MapField
  const writer = protobuf.Writer.create()
  writer.uint32(tag(1, 2)).string(field.name)
  writer.uint32(tag(3, 0)).int32(field.id)
  writer.uint32(tag(4, 0)).int32(isMap || field.repeated ? 3 : 1)
  const target = field.resolvedType
  if (isMap) {
    writer.uint32(tag(5, 0)).int32(messageType)
    writer.uint32(tag(6, 2)).string(`.${context.renamed(qualified(type))}.${entryName(field)}`)
  } else if (target === null) writer.uint32(tag(5, 0)).int32(types[field.type] ?? unknown(field))
  else {
    writer.uint32(tag(5, 0)).int32(isEnum(target) ? enumType : messageType)
    writer.uint32(tag(6, 2)).string(`.${context.renamed(qualified(target))}`)
    const file = basename(target.filename ?? '')
    if (file !== context.name) context.needs.add(file)
  }
  const oneof = field.partOf === null ? -1 : type.oneofsArray.indexOf(field.partOf)
  if (oneof >= 0) writer.uint32(tag(9, 0)).int32(oneof)
  writer.uint32(tag(10, 2)).string(jsonName(field.name))
  return writer.finish()
}

/** @param {protobuf.Field | protobuf.MapField} field @returns {never} */
function unknown(field) {
  throw new Error(`${qualified(field)}: no descriptor for ${field.type}`)
}

/** @param {protobuf.Enum} object */
function enumBytes(object) {
  const writer = protobuf.Writer.create()
  writer.uint32(tag(1, 2)).string(object.name)
  for (const [name, value] of Object.entries(object.values)) {
    const each = protobuf.Writer.create().uint32(tag(1, 2)).string(name)
    nested(writer, 2, each.uint32(tag(2, 0)).int32(value).finish())
  }
  return writer.finish()
}

/** @param {protobuf.Service} service @param {Context} context */
function serviceBytes(service, context) {
  const writer = protobuf.Writer.create()
  writer.uint32(tag(1, 2)).string(service.name)
  for (const method of service.methodsArray) {
    method.resolve()
    const each = protobuf.Writer.create().uint32(tag(1, 2)).string(method.name)
    for (const [id, type] of /** @type {const} */ ([
      [2, method.resolvedRequestType],
      [3, method.resolvedResponseType],
    ])) {
      if (type === null) throw new Error(`${qualified(method)}: a type is missing`)
      each.uint32(tag(id, 2)).string(`.${context.renamed(qualified(type))}`)
      const file = basename(type.filename ?? '')
      if (file !== context.name) context.needs.add(file)
    }
    if (method.requestStream) each.uint32(tag(5, 0)).bool(true)
    if (method.responseStream) each.uint32(tag(6, 0)).bool(true)
    nested(writer, 2, each.finish())
  }
  return writer.finish()
}

/** protoc's name of a field in JSON. @param {string} name */
const jsonName = name => name.replace(/_(.)/g, (_match, letter) => letter.toUpperCase()).replace(/_$/, '')

/** @param {string} name */
const pascal = name => jsonName(name).replace(/^./, letter => letter.toUpperCase())
