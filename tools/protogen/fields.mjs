// @ts-check
import protobuf from 'protobufjs'
import { camel, isAlwaysPresent, isIdentity, isTriState, qualified, typeName } from './names.mjs'

/**
 * One field, resolved to what the emitter needs.
 * @typedef {object} Plan
 * @property {string} name name in TypeScript
 * @property {string} source qualified name in the schema
 * @property {number} id
 * @property {'message' | 'enum' | 'quantity' | 'unsigned' | 'identity' | 'unsignedIdentity' | 'uint32' | 'int32' | 'bool' | 'string' | 'bytes'} kind
 * @property {string} type TypeScript type of one value
 * @property {protobuf.ReflectionObject | undefined} target message or enum it refers to
 * @property {'one' | 'optional' | 'many' | 'map'} shape `optional`: absent is undefined
 * @property {boolean} always written even when it has its zero value
 * @property {boolean} packed
 * @property {string[]} rivals the other members of its oneof
 * @property {boolean} recursive its message can contain itself: the depth is handed on
 * @property {boolean} strictText only well-formed UTF-8 is accepted (proto3)
 */

/** @type {Record<string, Plan['kind']>} */
const scalarKinds = { bool: 'bool', string: 'string', bytes: 'bytes', uint32: 'uint32', int32: 'int32' }
/** @type {Record<string, string>} */
const scalarTypes = { bool: 'boolean', string: 'string', bytes: 'Uint8Array', uint32: 'number', int32: 'number' }

/** @param {protobuf.Field} field @returns {Plan} */
export function plan(field) {
  field.resolve()
  const name = camel(field.name)
  const source = qualified(field)
  const proto2 = syntaxOf(field) === 'proto2'
  const value = kindOf(field, name)
  const inOneof = field.partOf !== null && !field.partOf.isProto3Optional
  const many = field.repeated
  const optional = !many && (isTriState(source) || inOneof || (value.kind === 'message' && !isAlwaysPresent(source)))
  return {
    ...value,
    name,
    source,
    id: field.id,
    shape: field instanceof protobuf.MapField ? 'map' : many ? 'many' : optional ? 'optional' : 'one',
    always: isAlwaysPresent(source) || (proto2 && value.kind !== 'bytes'),
    packed: many && !proto2 && !['message', 'string', 'bytes'].includes(value.kind),
    rivals: inOneof ? rivalsOf(field) : [],
    recursive:
      value.target instanceof protobuf.Type &&
      isRecursive(value.target) &&
      isRecursive(/** @type {protobuf.Type} */ (field.parent)),
    strictText: !proto2,
  }
}

/** @param {protobuf.Field} field @param {string} name @returns {Pick<Plan, 'kind' | 'type' | 'target'>} */
function kindOf(field, name) {
  const target = field.resolvedType ?? undefined
  if (target instanceof protobuf.Type) return { kind: 'message', type: typeName(target), target }
  if (target instanceof protobuf.Enum) return { kind: 'enum', type: typeName(target), target }
  if (field.type === 'int64') {
    return isIdentity(name)
      ? { kind: 'identity', type: 'bigint', target: undefined }
      : { kind: 'quantity', type: 'number', target: undefined }
  }
  if (field.type === 'uint64') {
    return isIdentity(name)
      ? { kind: 'unsignedIdentity', type: 'bigint', target: undefined }
      : { kind: 'unsigned', type: 'number', target: undefined }
  }
  const kind = scalarKinds[field.type]
  const type = scalarTypes[field.type]
  if (kind === undefined || type === undefined) throw new Error(`${qualified(field)}: no rule for type ${field.type}`)
  return { kind, type, target: undefined }
}

/** Whether a message of this type can contain another of the same type, at any depth.
 * @param {protobuf.Type} type */
export function isRecursive(type) {
  const seen = new Set()
  const open = [type]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const field of next.fieldsArray) {
      const target = field.resolve().resolvedType
      if (target === type) return true
      if (target instanceof protobuf.Type && !seen.has(target)) {
        seen.add(target)
        open.push(target)
      }
    }
  }
  return false
}

/** @param {protobuf.Field} field */
const rivalsOf = field => (field.partOf?.oneof ?? []).filter(name => name !== field.name).map(camel)

/** @param {protobuf.ReflectionObject} object */
function syntaxOf(object) {
  const features = /** @type {any} */ (object)._features ?? {}
  return features.field_presence === 'EXPLICIT' ? 'proto2' : 'proto3'
}
