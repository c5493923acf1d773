import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import protobuf from 'protobufjs'
import { describe, expect, test } from 'vitest'
import type { Method } from '../src/index.ts'
import { fieldsOf, moduleOf, objects } from './schema.ts'

type AnyMethod = Method<unknown, unknown, unknown, unknown>

const camelCase = (name: string): string => name.charAt(0).toLowerCase() + name.slice(1)

function describeField(field: protobuf.Field): string {
  const type = field.resolvedType?.name ?? field.type
  const group = field.partOf !== null && !field.partOf.isProto3Optional ? ` of ${field.partOf.name}` : ''
  if (field instanceof protobuf.MapField) return `${field.id} ${field.name} map of ${type}`
  return `${field.id} ${field.name} ${field.repeated ? 'repeated ' : ''}${type}${group}`
}

/** Lines in the notation of `testdata/schema.txt`. */
function describeObject(object: protobuf.ReflectionObject): string[] {
  const name = object.fullName.slice(1)
  if (object instanceof protobuf.Enum) {
    return [`enum ${name} ${Object.entries(object.values).map(([key, value]) => `${key} = ${value}`)}`]
  }
  if (object instanceof protobuf.Type) return [`message ${name} ${fieldsOf(object).map(describeField)}`]
  if (!(object instanceof protobuf.Service)) return []
  return object.methodsArray.map(method => {
    const request = (method.requestStream ? 'stream ' : '') + method.requestType.split('.').at(-1)
    const response = (method.responseStream ? 'stream ' : '') + method.responseType.split('.').at(-1)
    return `rpc ${name}/${method.name} ${request} -> ${response}`
  })
}

test('the schema has every service, method, message, field and enum of etcd, and no other', () => {
  const expected = readFileSync(join(import.meta.dirname, 'testdata/schema.txt'), 'utf8')
    .trim()
    .split('\n')
  const lines = objects
    .filter(({ fullName }) => !fullName.startsWith('.grpc.reflection.'))
    .flatMap(describeObject)
    .map(line => line.replaceAll(',', ', ').trim())
  expect(lines.sort()).toEqual(expected.sort())
})

test('the generated code is what the generator writes now', () => {
  const generator = join(import.meta.dirname, '../../../tools/protogen/main.mjs')
  expect(execFileSync(process.execPath, [generator, '--verify'], { encoding: 'utf8' })).toBe('')
})

const services = objects.filter(object => object instanceof protobuf.Service)

describe.each(services.map(service => [service.fullName.slice(1), service] as const))('%s', (name, service) => {
  const table = moduleOf(service)[service.name] as Record<string, AnyMethod>

  test('the table has each method once, with its path, its streams and its codecs', () => {
    expect(Object.keys(table)).toEqual(service.methodsArray.map(method => camelCase(method.name)))
    for (const method of service.methodsArray) {
      const generated = table[camelCase(method.name)] as AnyMethod
      const request = method.requestType.split('.').at(-1)
      const response = method.responseType.split('.').at(-1)
      expect(generated.path).toBe(`/${name}/${method.name}`)
      expect(generated.clientStreams).toBe(method.requestStream === true)
      expect(generated.serverStreams).toBe(method.responseStream === true)
      expect(generated.encodeRequest.name).toBe(`encode${request}`)
      expect(generated.decodeRequest.name).toBe(`decode${request}`)
      expect(generated.encodeResponse.name).toBe(`encode${response}`)
      expect(generated.decodeResponse.name).toBe(`decode${response}`)
    }
  })
})

test('enums have the values of the schema', () => {
  for (const object of objects) {
    if (!(object instanceof protobuf.Enum)) continue
    const module = moduleOf(object)
    const parent = object.parent?.name ?? ''
    expect(module[object.name] ?? module[parent + object.name], object.fullName).toEqual(object.values)
  }
})
