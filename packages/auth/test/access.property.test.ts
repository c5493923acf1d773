import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type Access,
  type AccessVerdict,
  type AuthInfo,
  createAccess,
  IntervalSet,
  keySpanOf,
  type TxnAccess,
  type TxnOpAccess,
} from '../src/index.ts'
import { type OracleInfo, type OracleOp, type OraclePermission, type OracleWorld, oracle } from '../src/testing.ts'
import { addUser, bytes, enableAuth, newWorld, perm } from './world.ts'

/** Few bytes, so that ranges meet, touch and leave gaps; the smallest and the largest are among them. */
const aKey = fc.string({ unit: fc.constantFrom('\0', 'a', 'b', 'c', '\xff'), minLength: 1, maxLength: 3 })

/** The end behind all keys that begin so. */
function prefixEnd(key: string): string {
  const cut = key.replace(/\xff+$/, '')
  return cut === '' ? '\0' : cut.slice(0, -1) + String.fromCharCode(cut.charCodeAt(cut.length - 1) + 1)
}

/** Every shape of a range: a key, two ends (also empty and turned round), a prefix, everything from a key on. */
const aRange = fc.oneof(
  fc.record({ key: aKey, end: fc.constant('') }),
  fc.record({ key: aKey, end: aKey }),
  aKey.map(key => ({ key, end: prefixEnd(key) })),
  fc.record({ key: aKey, end: fc.constant('\0') }),
)

const aType = fc.constantFrom('read' as const, 'write' as const, 'readwrite' as const)

/**
 * No permission, some of any shape (each range once: granting it again changes its type), or a chain of adjacent ranges
 * with at most one link missing.
 */
const someGrants: fc.Arbitrary<readonly OraclePermission[]> = fc.oneof<fc.Arbitrary<readonly OraclePermission[]>[]>(
  fc.constant([]),
  fc.uniqueArray(
    fc.record({ type: aType, range: aRange }).map(({ type, range }) => ({ type, ...range })),
    { minLength: 1, maxLength: 5, selector: ({ key, end }) => JSON.stringify([key, end]) },
  ),
  fc
    .record({
      bounds: fc.uniqueArray(aKey, { minLength: 3, maxLength: 6 }),
      missing: fc.nat({ max: 8 }),
      types: fc.array(aType, { minLength: 5, maxLength: 5 }),
    })
    .map(({ bounds, missing, types }) => {
      bounds.sort()
      return bounds
        .slice(1)
        .map((end, at) => ({ type: types[at]!, key: bounds[at]!, end }))
        .filter((_, at) => at !== missing)
    }),
)

const isValid = ({ key, end }: OraclePermission): boolean => end === '' || end === '\0' || key < end

const aWorld: fc.Arbitrary<OracleWorld> = fc.record({
  isEnabled: fc.integer({ min: 0, max: 9 }).map(chance => chance > 0),
  revision: fc.constant(0),
  roles: fc.record({ one: someGrants, two: someGrants, three: someGrants }),
  users: fc.record({
    root: fc.constant(['root']),
    admin: fc.constant(['one', 'root']),
    plain: fc.constant([]),
    first: fc.constant(['one']),
    both: fc.constant(['one', 'two']),
    all: fc.constant(['one', 'three', 'two']),
  }),
  leases: fc
    .array(fc.array(aKey, { maxLength: 4 }), { minLength: 2, maxLength: 3 })
    .map(leases => new Map(leases.map((keys, at) => [BigInt(at + 1), [...new Set(keys)].sort()]))),
})

const aLease = fc.bigInt({ min: 0n, max: 4n })
const aPlainOp: fc.Arbitrary<OracleOp> = fc.oneof(
  aRange.map(range => ({ kind: 'range' as const, ...range })),
  fc.record({ kind: fc.constant('put' as const), key: aKey, lease: aLease, prevKv: fc.boolean() }),
  fc
    .record({ range: aRange, prevKv: fc.boolean() })
    .map(({ range, prevKv }) => ({ kind: 'delete' as const, ...range, prevKv })),
)
const aTxn: fc.Arbitrary<OracleOp> = fc.letrec<{ txn: OracleOp; op: OracleOp }>(tie => ({
  op: fc.oneof({ maxDepth: 3, withCrossShrink: true }, { arbitrary: aPlainOp, weight: 3 }, tie('txn')),
  txn: fc.record({
    kind: fc.constant('txn' as const),
    compare: fc.array(aRange, { maxLength: 2 }),
    success: fc.array(tie('op'), { maxLength: 2 }),
    failure: fc.array(tie('op'), { maxLength: 2 }),
  }),
})).txn
const anOp: fc.Arbitrary<OracleOp> = fc.oneof(
  { weight: 4, arbitrary: aPlainOp },
  { weight: 2, arbitrary: aTxn },
  fc
    .oneof(aRange, fc.record({ key: fc.constant(''), end: fc.constantFrom('', '\0', 'b') }))
    .map(range => ({ kind: 'watch' as const, ...range })),
  fc.record({ kind: fc.constantFrom('revoke' as const, 'keepalive' as const), lease: aLease }),
  fc.record({ kind: fc.constant('ttl' as const), lease: aLease, keys: fc.boolean() }),
  fc.constantFrom<OracleOp>({ kind: 'leases' }, { kind: 'admin' }, { kind: 'user' }),
  fc.record({
    kind: fc.constantFrom('userGet' as const, 'roleGet' as const),
    name: fc.constantFrom('root', 'first', 'one', 'two', 'nobody', ''),
  }),
)

/** Everybody who can ask: users now and before the last change, one who is gone, nameless ones, nobody. */
function infos(revision: number): OracleInfo[] {
  const users = ['root', 'admin', 'plain', 'first', 'both', 'all', 'gone']
  return [
    undefined,
    { username: '', revision: 0 },
    { username: '', revision },
    { username: 'first', revision: 0 },
    ...users.map(username => ({ username, revision })),
    ...['root', 'all'].map(username => ({ username, revision: revision - 1 })),
    { username: 'both', revision: revision + 1 },
  ]
}

/** The world as our store and checks know it. */
function build(world: OracleWorld, hasSpans: boolean): { access: Access; revision: number } {
  const { store } = newWorld()
  for (const [role, permissions] of Object.entries(world.roles)) {
    store.roleAdd(role)
    for (const { type, key, end } of permissions) {
      const permission = perm(type, key, end)
      if (isValid({ type, key, end })) store.roleGrantPermission({ role, permission })
      else expect(() => store.roleGrantPermission({ role, permission })).toThrow('invalid auth management')
    }
  }
  for (const [user, roles] of Object.entries(world.users)) addUser(store, user, roles)
  if (world.isEnabled) enableAuth(store)
  const keys = (id: bigint) => world.leases.get(id)?.map(bytes)
  const span = (id: bigint) => {
    const all = keys(id) ?? []
    return all.length === 0 ? undefined : { first: all[0]!, last: all.at(-1)! }
  }
  const access = createAccess({ store, leases: hasSpans ? { keys, span } : { keys } })
  return { access, revision: store.revision }
}

function check(access: Access, world: OracleWorld, info: AuthInfo | undefined, op: OracleOp): AccessVerdict {
  switch (op.kind) {
    case 'range':
      return access.checkRange(info, { key: bytes(op.key), rangeEnd: bytes(op.end) })
    case 'watch':
      return access.checkWatch(info, { key: bytes(op.key), rangeEnd: bytes(op.end) })
    case 'put':
      return access.checkPut(info, { ...op, key: bytes(op.key) })
    case 'delete':
      return access.checkDelete(info, { key: bytes(op.key), rangeEnd: bytes(op.end), prevKv: op.prevKv })
    case 'txn':
      return access.checkTxn(info, txnOf(op))
    case 'revoke':
      return access.checkLeaseRevoke(info, op.lease)
    case 'keepalive':
      return access.checkLeaseKeepAlive(info, op.lease)
    case 'ttl':
      return access.checkLeaseTimeToLive(info, { id: op.lease, keys: op.keys })
    case 'leases':
      return access.checkLeases(info, world.leases.keys())
    case 'admin':
      return access.checkAdmin(info)
    case 'user':
      return access.checkUser(info)
    case 'userGet':
      return access.checkUserGet(info, op.name)
    case 'roleGet':
      return access.checkRoleGet(info, op.name)
  }
}

function txnOf(op: Extract<OracleOp, { kind: 'txn' }>): TxnAccess {
  return {
    compare: op.compare.map(({ key, end }) => ({ key: bytes(key), rangeEnd: bytes(end) })),
    success: op.success.map(opOf),
    failure: op.failure.map(opOf),
  }
}

function opOf(op: OracleOp): TxnOpAccess {
  const none = { requestRange: undefined, requestPut: undefined, requestDeleteRange: undefined, requestTxn: undefined }
  if (op.kind === 'put') return { ...none, requestPut: { ...op, key: bytes(op.key) } }
  if (op.kind === 'txn') return { ...none, requestTxn: txnOf(op) }
  if (op.kind !== 'range' && op.kind !== 'delete') throw new Error(`${op.kind} is no operation of a transaction`)
  const range = { key: bytes(op.key), rangeEnd: bytes(op.end) }
  if (op.kind === 'range') return { ...none, requestRange: range }
  return { ...none, requestDeleteRange: { ...range, prevKv: op.prevKv } }
}

/** What `mayAll` answers for. */
const keyOps: ReadonlySet<string> = new Set(['range', 'put', 'delete', 'txn', 'revoke'])

describe('against an oracle that goes through permissions one by one', () => {
  test('over 100 000 verdicts agree', () => {
    const counts = new Map<string, number>()
    fc.assert(
      fc.property(aWorld, fc.boolean(), fc.array(anOp, { minLength: 15, maxLength: 15 }), (drawn, hasSpans, ops) => {
        const { access, revision } = build(drawn, hasSpans)
        const roles = Object.entries(drawn.roles).map(([name, permissions]) => [name, permissions.filter(isValid)])
        const world: OracleWorld = { ...drawn, revision, roles: Object.fromEntries(roles) }
        for (const info of infos(revision)) {
          for (const op of ops) {
            const expected = oracle(world, info, op)
            const found = check(access, world, info, op)
            if (found !== expected) expect({ info, op, verdict: found }).toEqual({ info, op, verdict: expected })
            if (keyOps.has(op.kind) && expected !== undefined && access.mayAll(info))
              expect({ info, op, mayAll: true }).toEqual({ info, op, mayAll: false })
            counts.set(expected ?? 'go on', (counts.get(expected ?? 'go on') ?? 0) + 1)
          }
        }
      }),
      { numRuns: 600 },
    )
    const total = [...counts.values()].reduce((sum, count) => sum + count, 0)
    expect(total).toBeGreaterThanOrEqual(100_000)
    // Every verdict was met often enough for the agreement to say something.
    for (const verdict of ['go on', 'PERMISSION_DENIED', 'AUTH_OLD_REVISION', 'USER_EMPTY', 'USER_NOT_FOUND']) {
      expect([verdict, (counts.get(verdict) ?? 0) > 500]).toEqual([verdict, true])
    }
  })

  test('only root may all, at the present revision', () => {
    const { store } = newWorld()
    store.roleAdd('all')
    store.roleGrantPermission({ role: 'all', permission: perm('readwrite', '\0', '\0') })
    addUser(store, 'user', ['all'])
    const access = createAccess({ store, leases: { keys: () => undefined } })
    expect(access.mayAll(undefined)).toBe(true)
    enableAuth(store)
    const { revision } = store
    expect(access.mayAll({ username: 'root', revision })).toBe(true)
    expect(access.mayAll({ username: 'root', revision: revision - 1 })).toBe(false)
    expect(access.mayAll({ username: 'root', revision: 0 })).toBe(false)
    expect(access.mayAll({ username: 'user', revision })).toBe(false)
    expect(access.mayAll({ username: 'nobody', revision })).toBe(false)
    expect(access.mayAll(undefined)).toBe(false)
  })

  test('and so do 100 000 questions to merged intervals', () => {
    let total = 0
    fc.assert(
      fc.property(someGrants, someGrants, fc.array(aRange, { minLength: 100, maxLength: 100 }), (one, two, ranges) => {
        const permissions = [...one, ...two]
          .map(({ key, end }) => ({ type: 'read' as const, key, end }))
          .filter(isValid)
        const set = IntervalSet.of(permissions.map(({ key, end }) => perm('read', key, end)))
        expect(set.size).toBeLessThanOrEqual(permissions.length)
        const world = {
          isEnabled: true,
          revision: 1,
          users: { u: ['r'] },
          roles: { r: permissions },
          leases: new Map(),
        }
        for (const { key, end } of ranges) {
          const expected = oracle(world, { username: 'u', revision: 1 }, { kind: 'range', key, end }) === undefined
          const found = set.covers(keySpanOf(bytes(key), bytes(end)))
          if (found !== expected)
            expect({ key, end, permissions, found }).toEqual({ key, end, permissions, found: expected })
          total++
        }
      }),
      { numRuns: 1_000 },
    )
    expect(total).toBe(100_000)
  })
})

describe('merged intervals', () => {
  const set = (...ranges: (readonly [string, string])[]) =>
    IntervalSet.of(ranges.map(([key, end]) => perm('read', key, end)))
  const covers = (of: IntervalSet, key: string, end = '') => of.covers(keySpanOf(bytes(key), bytes(end)))

  test('of adjacent grants are one', () => {
    const adjacent = set(['b', 'c'], ['a', 'b'])
    expect(adjacent.size).toBe(1)
    expect(covers(adjacent, 'a', 'c')).toBe(true)
    expect(covers(adjacent, 'a', 'c\0')).toBe(false)
    const chain = set(['a', ''], ['a\0', 'b'], ['b', '\0'])
    expect(chain.size).toBe(1)
    expect(covers(chain, 'a', '\0')).toBe(true)
  })

  test('keep gaps', () => {
    const gap = set(['a', 'b'], ['b\0', 'c'])
    expect(gap.size).toBe(2)
    expect(covers(gap, 'b')).toBe(false)
    expect(covers(gap, 'a', 'c')).toBe(false)
    expect(covers(gap, 'b\0', 'c')).toBe(true)
  })

  test('swallow what lies inside', () => {
    const nested = set(['a', 'z'], ['b', 'c'], ['d', ''])
    expect(nested.size).toBe(1)
    expect(covers(nested, 'x', 'z')).toBe(true)
  })

  test('cover an open range only if one of them is open', () => {
    expect(covers(set(['a', '\xff\xff\xff']), 'a', '\0')).toBe(false)
    expect(covers(set(['a', '\0']), 'b', '\0')).toBe(true)
    expect(covers(set(['a', '\0']), '\0', '\0')).toBe(false)
    expect(covers(set(['\0', '\0']), '\0', '\0')).toBe(true)
  })

  test('take an empty range for its first key', () => {
    expect(covers(set(['b', 'c']), 'b', 'a')).toBe(true)
    expect(covers(set(['b', 'c']), 'b', 'b')).toBe(true)
    expect(covers(set(['b', 'c']), 'c', 'a')).toBe(false)
  })

  test('of ranges that are none cover nothing', () => {
    const none = set(['', ''], ['', '\0'], ['c', 'a'])
    expect(none.size).toBe(0)
    expect(covers(none, 'b')).toBe(false)
    expect(covers(none, 'a', '\0')).toBe(false)
  })
})
