import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import protobuf from 'protobufjs'
import 'protobufjs/ext/descriptor.js'
import { expect, test } from 'vitest'
import { fileDescriptors } from '../src/gen/descriptors.ts'
import { objects } from './schema.ts'

/** What protobufjs makes of the descriptors must be what it makes of the .proto files. */
const root = (protobuf.Root as unknown as { fromDescriptor(set: unknown): protobuf.Root }).fromDescriptor({
  file: fileDescriptors.map(({ base64 }) => decodeFile(base64)),
})
root.resolveAll()

function decodeFile(base64: string): unknown {
  const { FileDescriptorProto } = (
    protobuf as unknown as { descriptor: Record<string, { decode(bytes: Uint8Array): unknown } | undefined> }
  ).descriptor
  return FileDescriptorProto?.decode(Buffer.from(base64, 'base64'))
}

function shapeOf(object: protobuf.ReflectionObject | null): unknown {
  if (object instanceof protobuf.Enum) return object.values
  if (object instanceof protobuf.Type) {
    return object.fieldsArray.map(field => ({
      // protobufjs takes the names of JSON.
      name: field.name.replace(/_(.)/g, (_match, letter: string) => letter.toUpperCase()),
      ...{ id: field.id, repeated: field.repeated, map: field instanceof protobuf.MapField },
      type: field.resolvedType?.fullName ?? field.type,
      isInOneof: field.partOf !== null,
    }))
  }
  if (!(object instanceof protobuf.Service)) return undefined
  return object.methodsArray.map(method => {
    method.resolve()
    const types = [method.resolvedRequestType?.fullName, method.resolvedResponseType?.fullName]
    return [method.name, ...types, method.requestStream === true, method.responseStream === true]
  })
}

const published = new Set(fileDescriptors.flatMap(({ symbols }) => symbols))
const kept = objects.filter(object => published.has(object.fullName.slice(1)))

test('there is a descriptor for everything public, and nothing else', () => {
  const files = readdirSync(join(import.meta.dirname, '../proto'))
  const inside = ['etcdserver', 'lease', 'membership', 'raft', 'raft-internal', 'record', 'snap', 'version']
  const names = fileDescriptors.map(({ name }) => name).filter(name => name !== 'reflection-v1alpha.proto')
  expect(names.sort()).toEqual(files.filter(name => !inside.includes(name.replace('.proto', ''))).sort())
  expect(kept.length).toBeGreaterThan(120)
})

test.each(kept.map(object => [object.fullName, object] as const))('%s', (name, object) => {
  expect(shapeOf(root.lookup(name))).toEqual(shapeOf(object))
})

test('v1alpha of reflection is v1 under another name', () => {
  const service = (version: string) => root.lookupService(`grpc.reflection.${version}.ServerReflection`)
  expect(JSON.stringify(shapeOf(service('v1alpha'))).replaceAll('v1alpha', 'v1')).toBe(
    JSON.stringify(shapeOf(service('v1'))),
  )
})
