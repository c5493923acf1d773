import { Election } from '@kvs/proto/election'
import { Health } from '@kvs/proto/health'
import { decodeInternalRaftRequest } from '@kvs/proto/internal'
import { Lock } from '@kvs/proto/lock'
import { Auth, Cluster, KV, Lease, Maintenance, Watch } from '@kvs/proto/rpc'
import { describe, expect, test } from 'vitest'
import { applyPolicies, callPolicies, policyOfApplied, policyOfCall } from '../src/index.ts'

const services = [KV, Watch, Lease, Cluster, Maintenance, Auth, Lock, Election, Health]
const paths = services.flatMap(service => Object.values(service).map(({ path }) => path))

describe('policies', () => {
  test('are there for every call of every service, and for no other', () => {
    expect(paths.length).toBeGreaterThan(50)
    expect(Object.keys(callPolicies).sort()).toEqual(paths.sort())
  })

  test('are there for every request that can stand in the log', () => {
    const fields = Object.keys(decodeInternalRaftRequest(new Uint8Array(0)))
    const names = fields.filter(field => !['header', 'id', 'v2'].includes(field))
    const requests = names.map(field => field.charAt(0).toUpperCase() + field.slice(1))
    expect(Object.keys(applyPolicies).sort()).toEqual(requests.sort())
  })

  test.each([
    '',
    '/',
    '/etcdserverpb.KV/range',
    'etcdserverpb.KV/Range',
    '/etcdserverpb.KV/Range/',
    '//etcdserverpb.KV/Range',
    'toString',
    '__proto__',
    'constructor',
  ])('are not there for %j', path => {
    expect(policyOfCall(path)).toBeUndefined()
    expect(policyOfApplied(path)).toBeUndefined()
  })

  test('say who may call what', () => {
    const byPolicy = (policy: string) =>
      paths.filter(path => policyOfCall(path) === policy).map(path => path.replace(/.*\//, ''))
    expect(byPolicy('open')).toEqual(['Authenticate', 'Check', 'List', 'Watch'])
    expect(byPolicy('token')).toEqual(['AuthStatus'])
    expect(byPolicy('user')).toEqual(['MemberList', 'LeaseGrant', 'Status'])
    expect(byPolicy('self')).toEqual(['RoleGet', 'UserGet'])
    expect(byPolicy('alarm')).toEqual(['Alarm'])
    expect(byPolicy('admin')).toHaveLength(24)
    expect(policyOfApplied('AuthUserAdd')).toBe('admin')
  })
})
