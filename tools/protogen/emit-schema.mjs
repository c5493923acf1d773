// @ts-check
import protobuf from 'protobufjs'
import { qualified } from './names.mjs'

/** Files whose services JSON is translated for. */
const translated = ['rpc.proto', 'v3lock.proto', 'v3election.proto']

/**
 * The text of `schema.ts`: the fields of every message that a translated service takes or answers, with their names in
 * the schema.
 * @param {readonly protobuf.ReflectionObject[]} objects all there are
 * @param {(object: protobuf.ReflectionObject) => string | undefined} fileOf
 */
export function schemaText(objects, fileOf) {
  /** @type {Map<string, protobuf.Type>} */
  const messages = new Map()
  /** @type {Map<string, protobuf.Enum>} */
  const enums = new Map()
  const methods = []
  for (const service of objects) {
    if (!(service instanceof protobuf.Service) || !translated.includes(fileOf(service) ?? '')) continue
    for (const method of service.methodsArray) {
      method.resolve()
      const request = /** @type {protobuf.Type} */ (method.resolvedRequestType)
      const response = /** @type {protobuf.Type} */ (method.resolvedResponseType)
      collect(request, messages, enums)
      collect(response, messages, enums)
      methods.push(
        `  '/${qualified(service)}/${method.name}': { request: '${qualified(request)}', response: '${qualified(response)}' },\n`,
      )
    }
  }
  return `// Generated from ${translated.map(file => `proto/${file}`).join(', ')} by tools/protogen. Do not edit.
import type { FieldSchema, MethodSchema } from '../schema.ts'

/** Messages by qualified name: their fields by number. */
export const messageSchemas: Readonly<Record<string, readonly FieldSchema[]>> = {
${[...messages].sort(byName).map(messageText).join('')}}

/** Enums by qualified name: their values by name. */
export const enumSchemas: Readonly<Record<string, Readonly<Record<string, number>>>> = {
${[...enums].sort(byName).map(enumText).join('')}}

/** Methods by path: their messages by qualified name. */
export const methodSchemas: Readonly<Record<string, MethodSchema>> = {
${methods.join('')}}
`
}

/** @param {readonly [string, unknown]} a @param {readonly [string, unknown]} b */
const byName = ([a], [b]) => (a < b ? -1 : 1)

/**
 * @param {protobuf.Type} type
 * @param {Map<string, protobuf.Type>} messages
 * @param {Map<string, protobuf.Enum>} enums
 */
function collect(type, messages, enums) {
  if (messages.has(qualified(type))) return
  messages.set(qualified(type), type)
  for (const field of type.fieldsArray) {
    const target = field.resolve().resolvedType
    if (target instanceof protobuf.Type) collect(target, messages, enums)
    else if (target instanceof protobuf.Enum) enums.set(qualified(target), target)
  }
}

/** @param {[string, protobuf.Type]} entry */
function messageText([name, type]) {
  const fields = [...type.fieldsArray].sort((a, b) => a.id - b.id)
  if (fields.length === 0) return `  '${name}': [],\n`
  return `  '${name}': [\n${fields.map(field => `    ${fieldText(field)},\n`).join('')}  ],\n`
}

/** @param {protobuf.Field} field */
function fieldText(field) {
  if (field instanceof protobuf.MapField) throw new Error(`${qualified(field)}: no rule for maps`)
  const target = field.resolvedType
  const kind = target instanceof protobuf.Type ? 'message' : target instanceof protobuf.Enum ? 'enum' : field.type
  const parts = [`name: '${field.name}'`, `id: ${field.id}`, `kind: '${kind}'`]
  if (target !== null) parts.push(`type: '${qualified(target)}'`)
  if (field.repeated) parts.push('many: true')
  if (field.partOf !== null) parts.push(`oneof: '${field.partOf.name}'`)
  return `{ ${parts.join(', ')} }`
}

/** @param {[string, protobuf.Enum]} entry */
function enumText([name, { values }]) {
  const pairs = Object.entries(values).map(([key, value]) => `${key}: ${value}`)
  return `  '${name}': { ${pairs.join(', ')} },\n`
}
