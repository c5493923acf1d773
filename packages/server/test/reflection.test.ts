import { fileDescriptors } from '@kvs/proto/descriptors'
import { ServerReflection, type ServerReflectionRequestInit } from '@kvs/proto/reflection'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type TestMember, World } from './member.ts'

/** What grpcurl asks: list, describe, and the descriptors that it needs for a call. */

let world: World
let member: TestMember

beforeEach(() => {
  world = new World()
})
afterEach(async () => {
  await member.member.stop()
  world.close()
})

const info = ServerReflection.serverReflectionInfo
const alpha = { ...info, path: '/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo' }

/** Asks one after the other on one stream. */
async function ask(method: typeof info, ...requests: readonly ServerReflectionRequestInit[]) {
  const stream = member.stream(method)
  const answers = []
  for (const request of requests) {
    stream.send(request)
    answers.push(await stream.next())
  }
  stream.cancel()
  return answers
}

/** Names of the files in an answer: the first field of each. */
const namesIn = (files: readonly Uint8Array[] = []): readonly string[] =>
  files.map(file => Buffer.from(file.subarray(2, 2 + (file[1] ?? 0))).toString())

test.each([
  ['v1', info],
  ['v1alpha', alpha],
])('services, files by name and by symbol, %s', async (_version, method) => {
  member = await world.start({}, world.disk, { descriptors: fileDescriptors })
  const [services, byName, bySymbol, byMethod] = await ask(
    method,
    { host: 'here', listServices: '' },
    { fileByFilename: 'kv.proto' },
    { fileContainingSymbol: 'etcdserverpb.PutRequest' },
    { fileContainingSymbol: 'v3lockpb.Lock.Unlock' },
  )
  expect(services?.listServicesResponse?.service.map(({ name }) => name)).toEqual([
    ...['etcdserverpb.Auth', 'etcdserverpb.Cluster', 'etcdserverpb.KV', 'etcdserverpb.Lease'],
    ...['etcdserverpb.Maintenance', 'etcdserverpb.Watch', 'grpc.health.v1.Health'],
    ...['grpc.reflection.v1.ServerReflection', 'grpc.reflection.v1alpha.ServerReflection'],
    ...['v3electionpb.Election', 'v3lockpb.Lock'],
  ])
  expect([services?.validHost, services?.originalRequest?.listServices]).toEqual(['here', ''])
  expect(namesIn(byName?.fileDescriptorResponse?.fileDescriptorProto)).toEqual(['kv.proto'])
  expect(namesIn(bySymbol?.fileDescriptorResponse?.fileDescriptorProto)).toEqual([
    'rpc.proto',
    'kv.proto',
    'auth.proto',
  ])
  expect(namesIn(byMethod?.fileDescriptorResponse?.fileDescriptorProto)[0]).toBe('v3lock.proto')
})

test('what is not there is an answer of its own; there are no extensions', async () => {
  member = await world.start({}, world.disk, { descriptors: fileDescriptors })
  const answers = await ask(
    info,
    { fileByFilename: 'nope.proto' },
    { fileContainingSymbol: 'a.B' },
    { fileContainingExtension: { containingType: 'mvccpb.KeyValue', extensionNumber: 7 } },
    { allExtensionNumbersOfType: 'mvccpb.KeyValue' },
    { allExtensionNumbersOfType: 'a.B' },
    {},
  )
  const errors = answers.map(
    ({ errorResponse }) => errorResponse && [errorResponse.errorCode, errorResponse.errorMessage],
  )
  expect(errors).toEqual([
    [5, 'File not found: nope.proto'],
    [5, 'Symbol not found: a.B'],
    [5, 'Extension not found: mvccpb.KeyValue 7'],
    undefined,
    [5, 'Type not found: a.B'],
    [3, 'nothing is asked for'],
  ])
  expect(answers[3]?.allExtensionNumbersResponse).toEqual({ baseTypeName: 'mvccpb.KeyValue', extensionNumber: [] })
})

test('it is off unless descriptors are given', async () => {
  member = await world.start()
  expect(await member.refusal(info, { listServices: '' })).toMatch(/^12 unknown service/)
})
