// @ts-check
import { isRecursive, plan } from './fields.mjs'
import { typeName } from './names.mjs'

/** @typedef {import('./fields.mjs').Plan} Plan */

const zero = {
  enum: '0',
  quantity: '0',
  unsigned: '0',
  uint32: '0',
  int32: '0',
  identity: '0n',
  unsignedIdentity: '0n',
  bool: 'false',
  string: "''",
  bytes: 'noBytes',
  message: 'undefined',
}

/** @param {import('protobufjs').Type} type @param {boolean} exact @returns {string} */
export function emitMessage(type, exact) {
  const name = typeName(type)
  const fields = type.fieldsArray.map(plan).sort((a, b) => a.id - b.id)
  const recursive = isRecursive(type)
  return [
    record(name, fields),
    init(name, fields),
    write(name, fields, recursive),
    read(name, fields, { exact, recursive }),
    doors(name),
  ].join('\n')
}

/** @param {Plan} field @param {string} suffix */
function typeOf(field, suffix) {
  const one = field.kind === 'message' ? field.type + suffix : field.type
  if (field.shape === 'many') return `readonly ${one}[]`
  if (field.shape === 'map') return `ReadonlyMap<string, ${one}>`
  return field.shape === 'optional' ? `${one} | undefined` : one
}

/** @param {string} name @param {Plan[]} fields */
function record(name, fields) {
  if (fields.length === 0) return `export type ${name} = Readonly<Record<never, never>>\n`
  return `export interface ${name} {\n${fields.map(f => `  readonly ${f.name}: ${typeOf(f, '')}\n`).join('')}}\n`
}

/** @param {string} name @param {Plan[]} fields */
function init(name, fields) {
  if (fields.length === 0) return `export type ${name}Init = Readonly<Record<never, never>>\n`
  const lines = fields.map(f => `  readonly ${f.name}?: ${typeOf(f, 'Init').replace(' | undefined', '')} | undefined\n`)
  return `/** What \`encode${name}\` takes: absent fields have their zero value. */\nexport interface ${name}Init {\n${lines.join('')}}\n`
}

/** @param {Plan} field @param {string} value statement that writes one value without its tag */
function writeValue(field, value) {
  switch (field.kind) {
    case 'message':
      return `write${field.type}(writer.fork(), ${value}${field.recursive ? ', depth + 1' : ''}).ldelim()`
    case 'quantity':
    case 'unsigned':
      return `writeQuantity(writer, ${value})`
    case 'identity':
    case 'unsignedIdentity':
      return `writeIdentity(writer, ${value})`
    case 'enum':
      return `writer.int32(${value})`
    case 'string':
      return `writeText(writer, ${value})`
    default:
      return `writer.${field.kind}(${value})`
  }
}

/** @param {Plan} field */
const wireType = field => (['message', 'string', 'bytes'].includes(field.kind) || field.shape === 'map' ? 2 : 0)
/** @param {Plan} field */
const tag = field => (field.id << 3) | wireType(field)

/** @param {Plan} field */
function writeField(field) {
  const at = `message.${field.name}`
  const tagged = `writer.uint32(${tag(field)})`
  const put = (/** @type {string} */ value) => `${tagged}\n    ${writeValue(field, value)}`
  if (field.packed) {
    return `  if (${at} !== undefined && ${at}.length > 0) {
    writer.uint32(${(field.id << 3) | 2}).fork()
    for (const value of ${at}) ${writeValue(field, 'value')}
    writer.ldelim()
  }\n`
  }
  if (field.shape === 'many') return `  for (const value of ${at} ?? []) {\n    ${put('value')}\n  }\n`
  if (field.shape === 'map') {
    return `  for (const [key, value] of ${at} ?? []) {
    ${tagged}.fork().uint32(10).string(key).uint32(18)
    ${writeValue(field, 'value')}
    writer.ldelim()
  }\n`
  }
  if (field.shape === 'optional') return `  if (${at} !== undefined) {\n    ${put(at)}\n  }\n`
  const fallback = field.kind === 'message' ? '{}' : zero[field.kind]
  if (field.always) return `  ${tagged}\n  ${writeValue(field, `${at} ?? ${fallback}`)}\n`
  const set = field.kind === 'bytes' || field.kind === 'string' ? `${at}.length > 0` : `${at} !== ${zero[field.kind]}`
  return `  if (${at} !== undefined && ${set}) {\n    ${put(at)}\n  }\n`
}

/** @param {string} name @param {boolean} recursive */
const depthCheck = (name, recursive) => (recursive ? `  checkDepth('${name}', depth)\n` : '')

/** @param {string} name @param {Plan[]} fields @param {boolean} recursive */
function write(name, fields, recursive) {
  const message = fields.length === 0 ? '_message' : 'message'
  const depth = recursive ? ', depth: number = 0' : ''
  return `/** Appends the fields of a ${name} to \`writer\`. */
export function write${name}(writer: Writer, ${message}: ${name}Init${depth}): Writer {
${depthCheck(name, recursive)}${fields.map(writeField).join('')}  return writer
}
`
}

/** @param {Plan} field @param {boolean} exact */
function readValue(field, exact) {
  switch (field.kind) {
    case 'message':
      return `read${field.type}(reader, reader.size() + reader.pos${field.recursive ? ', depth + 1' : ''})`
    case 'quantity':
      return exact ? `readExactQuantity(reader, '${field.source}')` : 'readQuantity(reader)'
    case 'unsigned':
      return exact ? `readExactUnsignedQuantity(reader, '${field.source}')` : 'readUnsignedQuantity(reader)'
    case 'identity':
      return 'readIdentity(reader)'
    case 'unsignedIdentity':
      return 'readUnsignedIdentity(reader)'
    case 'enum':
      return `reader.int32() as ${field.type}`
    case 'string':
      return field.strictText ? 'reader.stringVerify()' : 'reader.string()'
    default:
      return `reader.${field.kind}()`
  }
}

/** @param {Plan} field */
function local(field) {
  if (field.shape === 'many') return `  let ${field.name}: ${field.type}[] | undefined\n`
  if (field.shape === 'map') return `  const ${field.name} = new Map<string, ${field.type}>()\n`
  if (field.shape === 'optional' || field.kind === 'message') return `  let ${field.name}: ${field.type} | undefined\n`
  return `  let ${field.name}: ${field.type} = ${zero[field.kind]}\n`
}

/** @param {Plan} field @param {boolean} exact */
function readCase(field, exact) {
  const value = readValue(field, exact)
  const wanted = `      case ${tag(field)}:\n`
  if (field.shape === 'map') {
    return `${wanted}        readMapEntry(reader, (key, end) => ${field.name}.set(key, read${field.type}(reader, end)))\n        break\n`
  }
  if (field.shape !== 'many') {
    const rivals = field.rivals.map(rival => `        ${rival} = undefined\n`).join('')
    return `${wanted}        ${field.name} = ${value}\n${rivals}        break\n`
  }
  const one = `${wanted}        ${field.name} ??= []\n        ${field.name}.push(${value})\n        break\n`
  if (wireType(field) === 2) return one
  return `${one}      case ${(field.id << 3) | 2}: {
        ${field.name} ??= []
        const packedEnd = endOf(reader, reader.size() + reader.pos, end)
        while (reader.pos < packedEnd) ${field.name}.push(${value})
        break
      }\n`
}

/** @param {Plan} field */
function result(field) {
  if (field.shape === 'many') return `${field.name}: ${field.name} ?? []`
  if (field.shape === 'one' && field.kind === 'message') {
    return `${field.name}: ${field.name} ?? decode${field.type}(noBytes)`
  }
  return field.name
}

/** @param {string} name @param {Plan[]} fields @param {{ exact: boolean, recursive: boolean }} traits */
function read(name, fields, { exact, recursive }) {
  const loop =
    fields.length === 0
      ? '  while (reader.pos < end) skipField(reader, reader.tag())\n'
      : `  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
${fields.map(field => readCase(field, exact)).join('')}      default:
        skipField(reader, tag)
    }
  }
`
  return `/** Reads a ${name} that ends at position \`end\` of \`reader\`. Bytes fields are views of the input. */
export function read${name}(reader: Reader, end: number${recursive ? ', depth: number = 0' : ''}): ${name} {
${depthCheck(name, recursive)}  endOf(reader, end, reader.len)
${fields.map(local).join('')}${loop}  endOf(reader, reader.pos, end)
  return { ${fields.map(result).join(', ')} }
}
`
}

/** @param {string} name */
function doors(name) {
  return `export function encode${name}(message: ${name}Init): Uint8Array {
  return write${name}(new Writer(), message).finish()
}

/** Bytes fields are views of \`bytes\`. Throws \`ProtoError\`. */
export function decode${name}(bytes: Uint8Array, start = 0, end = bytes.length): ${name} {
  return decodeRange('${name}', read${name}, bytes, start, end)
}
`.replace('start = 0, end = bytes.length', 'start: number = 0, end: number = bytes.length')
}
