// @ts-check
/**
 * Writes `packages/proto/src/gen/*.ts` from `packages/proto/proto/*.proto`.
 *
 *   node tools/protogen/main.mjs            writes
 *   node tools/protogen/main.mjs --verify   fails if what is there differs from what would be written
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import protobuf from 'protobufjs'
import { descriptorsText } from './emit-descriptors.mjs'
import { emitMessage } from './emit-message.mjs'
import { schemaText } from './emit-schema.mjs'
import { emitEnum, emitService } from './emit-service.mjs'
import { modules, typeName } from './names.mjs'

const require = createRequire(import.meta.url)
const packageDir = join(dirname(fileURLToPath(import.meta.url)), '../../packages/proto')
const protoDir = join(packageDir, 'proto')
const genDir = join(packageDir, 'src/gen')

const wanted = generate()
const stale = (existsSync(genDir) ? readdirSync(genDir) : []).filter(file => !wanted.has(file))
if (process.argv.includes('--verify')) verify()
else {
  mkdirSync(genDir, { recursive: true })
  for (const [file, text] of wanted) writeFileSync(join(genDir, file), text)
  for (const file of stale) rmSync(join(genDir, file))
}

function verify() {
  const changed = [...wanted].filter(([file, text]) => read(join(genDir, file)) !== text).map(([file]) => file)
  for (const file of [...changed, ...stale]) console.error(`src/gen/${file} differs: run node tools/protogen/main.mjs`)
  if (changed.length + stale.length > 0) process.exitCode = 1
}

/** @param {string} file */
function read(file) {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined
}

/** @returns {Map<string, string>} file name → text */
function generate() {
  const root = new protobuf.Root()
  root.resolvePath = (_origin, target) =>
    target.startsWith('google/') ? join(dirname(require.resolve('protobufjs')), target) : join(protoDir, target)
  root.loadSync(Object.keys(modules), { keepCase: true })
  root.resolveAll()
  const objects = [...walk(root)].filter(object => object.filename !== null)
  /** @type {Map<string, string>} */
  const files = new Map()
  for (const [proto, { module, exact }] of Object.entries(modules)) {
    const own = objects.filter(object => object.filename === join(protoDir, proto))
    files.set(`${module}.ts`, moduleText(proto, exact, own))
  }
  files.set(
    'schema.ts',
    schemaText(objects, object => basename(object.filename ?? '')),
  )
  files.set('descriptors.ts', descriptorsText(objects))
  return files
}

/** @param {protobuf.NamespaceBase} namespace @returns {Iterable<protobuf.ReflectionObject>} */
function* walk(namespace) {
  for (const object of namespace.nestedArray) {
    if (object instanceof protobuf.Enum) yield object
    else if (
      object instanceof protobuf.Namespace ||
      object instanceof protobuf.Type ||
      object instanceof protobuf.Service
    ) {
      if (
        !(object instanceof protobuf.Namespace) ||
        object instanceof protobuf.Type ||
        object instanceof protobuf.Service
      )
        yield object
      yield* walk(object)
    }
  }
}

/** @param {string} proto @param {boolean} exact @param {protobuf.ReflectionObject[]} objects */
function moduleText(proto, exact, objects) {
  const body = objects.map(object => {
    if (object instanceof protobuf.Enum) return emitEnum(object)
    if (object instanceof protobuf.Type) return emitMessage(object, exact)
    return emitService(/** @type {protobuf.Service} */ (object))
  })
  const text = body.join('\n')
  return `// Generated from proto/${proto} by tools/protogen. Do not edit.\n${imports(proto, text, objects)}\n${text}`
}

/** @param {string} proto @param {string} text @param {protobuf.ReflectionObject[]} objects */
function imports(proto, text, objects) {
  const own = new Set(objects.map(typeName))
  const uses = (/** @type {string} */ name) => new RegExp(`\\b${name}\\b`).test(text)
  const lines = [
    `import { ${uses('new Writer') ? 'type Reader, Writer' : 'type Reader, type Writer'} } from 'protobufjs/minimal.js'`,
  ]
  const integers = [
    'readExactQuantity',
    'readExactUnsignedQuantity',
    'readIdentity',
    'readQuantity',
    'readUnsignedIdentity',
    'readUnsignedQuantity',
    'writeIdentity',
    'writeQuantity',
  ].filter(uses)
  if (integers.length > 0) lines.push(`import { ${integers.join(', ')} } from '../integers.ts'`)
  if (uses('Method')) lines.push(`import type { Method } from '../method.ts'`)
  lines.push(
    `import { ${['checkDepth', 'decodeRange', 'endOf', 'noBytes', 'readMapEntry', 'skipField', 'writeText'].filter(uses).join(', ')} } from '../runtime.ts'`,
  )
  for (const [other, { module }] of Object.entries(modules)) {
    if (other === proto) continue
    const names = referenced(objects, other).filter(name => !own.has(name))
    const members = names.flatMap(name => [
      `type ${name}`,
      `type ${name}Init`,
      `decode${name}`,
      `encode${name}`,
      `read${name}`,
      `write${name}`,
    ])
    const used = members.filter(member => uses(member.replace('type ', '')))
    if (used.length > 0) lines.push(`import { ${used.join(', ')} } from './${module}.ts'`)
  }
  return `${lines.join('\n')}\n`
}

/** Names of messages and enums of file `other` that fields of `objects` refer to.
 * @param {protobuf.ReflectionObject[]} objects @param {string} other @returns {string[]} */
function referenced(objects, other) {
  const path = join(protoDir, other)
  const names = new Set()
  for (const object of objects) {
    if (object instanceof protobuf.Type) {
      for (const field of object.fieldsArray) {
        const target = field.resolve().resolvedType
        if (target !== null && target.filename === path) names.add(typeName(target))
      }
    } else if (object instanceof protobuf.Service) {
      for (const method of object.methodsArray) {
        method.resolve()
        for (const type of [method.resolvedRequestType, method.resolvedResponseType]) {
          if (type !== null && type.filename === path) names.add(typeName(type))
        }
      }
    }
  }
  return [...names].sort()
}
