import { memoryBackend } from '@kvs/backend/memory'
import { encodeRequest, type RequestInit } from '@kvs/proto/etcdserver'
import { encodeInternalRaftRequest } from '@kvs/proto/internal'
import { expect, test } from 'vitest'
import { applyV2Request } from '../src/apply/v2.ts'
import { ClusterState } from '../src/membership/cluster-state.ts'
import { describeEntry } from '../src/requests/describe-request.ts'
import { OperationField, ParsedEntry } from '../src/requests/entry.ts'
import { allBuckets } from '../src/state/buckets.ts'

/** Requests of etcd's second API as its releases put them into the log: bare, or inside of the newer message. */
const framings = [
  ['bare', (request: RequestInit) => encodeRequest(request)],
  ['inside', (request: RequestInit) => encodeInternalRaftRequest({ header: { id: 7n }, v2: request })],
] as const

const member = { id: 0xabcn, name: '', peerUrls: ['http://127.0.0.1:2380'], clientUrls: [], isLearner: false }

function cluster(): ClusterState {
  const state = new ClusterState(memoryBackend({ buckets: allBuckets }))
  state.apply({ type: 'add', member })
  return state
}

function apply(state: ClusterState, data: Uint8Array): void {
  const parsed = new ParsedEntry()
  expect(parsed.parse(data)).toBe(true)
  expect(parsed.operation).toBe(OperationField.v2)
  applyV2Request(state, { type: 0, index: 4, term: 2, data }, parsed)
}

test.each(framings)('what a member says about itself, %s', (_name, frame) => {
  const state = cluster()
  const val = '{"name":"n1","clientURLs":["http://127.0.0.1:2379"]}'
  apply(state, frame({ id: 5n, method: 'PUT', path: '/0/members/abc/attributes', val }))
  expect(state.members).toEqual([{ ...member, name: 'n1', clientUrls: ['http://127.0.0.1:2379'] }])
  apply(state, frame({ id: 5n, method: 'PUT', path: '/0/members/def/attributes', val }))
  expect(state.members).toHaveLength(1)
})

test.each(framings)('the version of the cluster, %s', (_name, frame) => {
  const state = cluster()
  apply(state, frame({ id: 5n, method: 'PUT', path: '/0/version', val: '3.4.0' }))
  expect(state.version).toBe('3.4.0')
})

test.each(framings)('keys of the second API have no effect, %s', (_name, frame) => {
  const state = cluster()
  for (const method of ['POST', 'PUT', 'DELETE', 'QGET', 'SYNC']) {
    apply(state, frame({ id: 5n, method, path: method === 'SYNC' ? '' : '/1/greeting', val: 'hello', time: 12 }))
  }
  expect(state.members).toEqual([member])
  expect(state.version).toBeUndefined()
})

test('what cannot be read stops the member and names the entry', () => {
  const request = encodeRequest({ id: 5n, method: 'PUT', path: '/0/members/abc/attributes', val: 'x' })
  expect(() => apply(cluster(), request)).toThrow(/^entry 4: /)
})

test('it is shown in dumps', () => {
  const data = encodeRequest({ id: 5n, method: 'PUT', path: '/0/version', val: '3.4.0' })
  expect(describeEntry(data)).toBe('header:<ID:5 > v2:<method:"PUT" path:"/0/version" value_size:5 > ')
})
