import { inspect } from 'node:util'
import { SeededRandom, VirtualClock } from '@kvs/testing'
import { describe, expect, test } from 'vitest'
import {
  type Access,
  AuthError,
  applyPolicies,
  type CallPath,
  callPolicies,
  createAccess,
  createAuthenticator,
  createAuthStore,
  createJwtTokens,
  createPasswords,
  createSimpleTokens,
  describeCredentials,
  describeTokenGrant,
  describeTokens,
  describeUser,
  policyOfCall,
  type TxnAccess,
  type TxnOpAccess,
} from '../src/index.ts'
import { passwordJobs } from '../src/jobs.ts'
import { file } from './key-pairs.ts'
import { addUser, bytes, codeOf, enableAuth, inlineExecutor, MemoryStorage, newWorld, perm } from './world.ts'

/**
 * What was found in etcd over the years, each as the attack it was: `reader` may read [a, c), `writer` may write it,
 * and lease 7 holds a key of somebody else.
 */
function newTarget(): { access: Access; reader: Who; writer: Who } {
  const { store } = newWorld()
  addUser(store, 'reader', ['read'])
  addUser(store, 'writer', ['write'])
  store.roleGrantPermission({ role: 'read', permission: perm('read', 'a', 'c') })
  store.roleGrantPermission({ role: 'write', permission: perm('write', 'a', 'c') })
  enableAuth(store)
  const leases = new Map([[7n, [bytes('secret')]]])
  const access = createAccess({ store, leases: { keys: id => leases.get(id) } })
  const { revision } = store
  return { access, reader: { username: 'reader', revision }, writer: { username: 'writer', revision } }
}

type Who = { readonly username: string; readonly revision: number }

const noOp: TxnOpAccess = {
  requestRange: undefined,
  requestPut: undefined,
  requestDeleteRange: undefined,
  requestTxn: undefined,
}
const txn = (parts: Partial<TxnAccess>): TxnAccess => ({ compare: [], success: [], failure: [], ...parts })
const nested = (inner: TxnAccess): TxnOpAccess => ({ ...noOp, requestTxn: inner })

describe('CVE-2018-16886: certificates over the REST gateway', () => {
  test('the gateway’s own certificate names nobody', () => {
    const storage = new MemoryStorage()
    const tokens = createSimpleTokens({
      clock: new VirtualClock(),
      random: new SeededRandom(1),
      applied: { isApplied: () => true, wait: async () => true },
    })
    const store = createAuthStore({ storage, tokens })
    enableAuth(store)
    const authenticator = createAuthenticator({ store, tokens })
    const call = { token: undefined, authorization: undefined, commonName: 'root' }
    expect(authenticator.identify({ ...call, isGateway: true })).toBeUndefined()
    expect(authenticator.identify({ ...call, isGateway: false })).toMatchObject({ username: 'root' })
  })
})

describe('CVE-2020-15115, audit finding 008: passwords of any length', () => {
  test('a least length can be asked for', async () => {
    const options = { executor: inlineExecutor, random: new SeededRandom(1), cost: 4 }
    await expect(createPasswords({ ...options, bytesMin: 12 }).hash('hunter2')).rejects.toMatchObject({
      code: 'PASSWORD_TOO_SHORT',
    })
  })
})

describe('CVE-2021-28235, audit finding 012, GHSA-xr7q-jx4m-x55m: secrets in debug output, log and storage', () => {
  test('a password and a token are nowhere to be seen', async () => {
    const canary = 'canary-password'
    const storage = new MemoryStorage()
    const clock = new VirtualClock()
    const applied = { isApplied: () => true, wait: async () => true }
    const tokens = createSimpleTokens({ clock, random: new SeededRandom(1), applied })
    const store = createAuthStore({ storage, tokens })
    const passwords = createPasswords({ executor: inlineExecutor, random: new SeededRandom(2), cost: 4 })
    store.userAdd({ name: 'alice', hashedPassword: await passwords.hash(canary), noPassword: false })
    enableAuth(store)
    await passwords.verify(store, { name: 'alice', password: canary })
    const wrong = await passwords.verify(store, { name: 'alice', password: `${canary}!` }).catch(error => error)
    const long = await passwords.hash(canary.repeat(9)).catch(error => error)
    const job = codeOfJob({ password: canary, cost: 99, salt: new Uint8Array(16) })
    const grant = { ...store.authenticate('alice'), prefix: tokens.newPrefix(), index: 5 }
    tokens.granted(grant)
    const token = tokens.issue(grant)
    const authenticator = createAuthenticator({ store, tokens })
    const bad = { token: `${token}x`, authorization: `Bearer ${token}`, commonName: undefined, isGateway: false }
    const refused = errorOf(() => void authenticator.identify(bad))
    const seen = [store, storage, tokens, passwords, authenticator, wrong, long, job, refused]
    const texts = [
      ...seen.map(one => inspect(one, { depth: 9, showHidden: true })),
      ...seen.map(one => JSON.stringify(one)),
      ...seen.map(String),
      describeUser(store.user('alice')!),
      describeTokenGrant(grant),
      describeTokens(tokens.status()),
      describeCredentials(bad),
    ]
    for (const text of texts) {
      expect(text).not.toContain('canary')
      expect(text).not.toContain(token)
      expect(text).not.toContain(grant.prefix)
    }
    const hash = String.fromCharCode(...store.user('alice')!.passwordHash)
    expect(hash).toMatch(/^\$2a\$04\$/)
    for (const text of [...texts.slice(-4), ...storage.log]) expect(text).not.toContain(hash)
  })

  test('a secret to sign with, and a token that was signed, neither', async () => {
    const clock = new VirtualClock()
    const tokens = await createJwtTokens({ method: 'HS256', privateKey: file('canary-secret'), clock })
    const token = await tokens.issue({ username: 'alice', revision: 7, prefix: '', index: 5 })
    await tokens.find(token)
    const broken = await createJwtTokens({ method: 'RS256', privateKey: file('canary-secret'), clock }).catch(e => e)
    for (const one of [tokens, tokens.status(), broken]) {
      for (const text of [inspect(one, { depth: 9, showHidden: true }), JSON.stringify(one), String(one)]) {
        expect(text).not.toContain('canary')
        expect(text).not.toContain(token)
      }
    }
  })
})

describe('CVE-2023-32082: LeaseTimeToLive tells keys that may not be read', () => {
  test('keys are told to who may read them all', () => {
    const { access, reader } = newTarget()
    expect(access.checkLeaseTimeToLive(reader, { id: 7n, keys: true })).toBe('PERMISSION_DENIED')
    expect(access.checkLeaseTimeToLive(reader, { id: 7n, keys: false })).toBeUndefined()
    expect(access.checkLeaseTimeToLive(undefined, { id: 7n, keys: false })).toBe('USER_EMPTY')
    expect(access.checkLeases(reader, [7n])).toBe('PERMISSION_DENIED')
  })
})

describe('etcd #15656, #15677: tokens without claims, permissions without keys', () => {
  test('a well-signed token without user or revision is none', async () => {
    const tokens = await createJwtTokens({ method: 'HS256', privateKey: file('secret'), clock: new VirtualClock() })
    const token = await tokens.issue({ username: undefined as unknown as string, revision: 7, prefix: '', index: 5 })
    expect(await tokens.find(token)).toBeUndefined()
    const other = await tokens.issue({ username: 'a', revision: undefined as unknown as number, prefix: '', index: 5 })
    expect(await tokens.find(other)).toBeUndefined()
  })

  test('an empty range is not granted, and where one is stored already it permits nothing', () => {
    const { store, storage } = newWorld()
    addUser(store, 'a', ['r'])
    for (const [key, end] of [['', ''] as const, ['', '\0'] as const, ['b', 'a'] as const]) {
      expect(codeOf(() => store.roleGrantPermission({ role: 'r', permission: perm('read', key, end) }))).toBe(
        'INVALID_AUTH_MGMT',
      )
    }
    enableAuth(store)
    const stored = [perm('readwrite', '', ''), perm('readwrite', '', '\0'), perm('readwrite', 'b', 'a')]
    store.restore({ ...storage.content(), roles: new Map([['r', { name: 'r', permissions: stored }]]) })
    const access = createAccess({ store, leases: { keys: () => undefined } })
    const info = { username: 'a', revision: store.revision }
    for (const [key, end] of [
      ['a', ''],
      ['\0', '\0'],
      ['b', 'c'],
      ['', ''],
      ['', '\0'],
    ] as const) {
      expect(access.checkRange(info, { key: bytes(key), rangeEnd: bytes(end) })).toBe('PERMISSION_DENIED')
    }
  })
})

describe('PR 11418: users without password', () => {
  test('log in by no password, neither at the edge nor at apply', async () => {
    const { store } = newWorld()
    addUser(store, 'cert')
    enableAuth(store)
    const passwords = createPasswords({ executor: { run: async () => true }, random: new SeededRandom(1) })
    await expect(passwords.verify(store, { name: 'cert', password: '' })).rejects.toMatchObject({
      code: 'NO_PASSWORD_USER',
    })
    expect(codeOf(() => store.authenticate('cert'))).toBe('AUTH_FAILED')
  })
})

describe('CVE-2026-33413: calls that nobody had thought of', () => {
  test('a call without policy is refused; those that were forgotten have one', () => {
    const forgotten: Readonly<Partial<Record<CallPath, string>>> = {
      '/etcdserverpb.KV/Compact': 'admin',
      '/etcdserverpb.Maintenance/Alarm': 'alarm',
      '/etcdserverpb.Cluster/MemberList': 'user',
      '/etcdserverpb.Lease/LeaseGrant': 'user',
      '/etcdserverpb.Lease/LeaseRevoke': 'keys',
      '/etcdserverpb.Lease/LeaseKeepAlive': 'keys',
    }
    expect(callPolicies).toMatchObject(forgotten)
    expect(policyOfCall('/etcdserverpb.KV/Compact2')).toBeUndefined()
    // @ts-expect-error: a table of handlers has no place for a call without policy.
    const table: Partial<Record<CallPath, () => void>> = { '/etcdserverpb.KV/Compact2': () => {} }
    expect(Object.keys(table)).toHaveLength(1)
    expect(Object.keys(applyPolicies)).not.toContain('Compact2')
  })

  test('nobody, and who has no role, gets past none of them', () => {
    const { access, reader } = newTarget()
    expect([access.checkAlarm(undefined, true), access.checkAlarm(undefined, false)]).toEqual([
      'USER_EMPTY',
      'USER_EMPTY',
    ])
    expect([access.checkAlarm(reader, true), access.checkAlarm(reader, false)]).toEqual([
      undefined,
      'PERMISSION_DENIED',
    ])
    expect(access.checkAdmin(reader)).toBe('PERMISSION_DENIED')
    expect(access.checkUser(undefined)).toBe('USER_EMPTY')
    expect(access.checkUser({ username: '', revision: 0 })).toBe('USER_EMPTY')
    expect(access.checkLeaseKeepAlive(undefined, 7n)).toBe('USER_EMPTY')
    expect(access.checkLeaseKeepAlive(reader, 7n)).toBe('PERMISSION_DENIED')
    expect(access.checkLeaseRevoke(reader, 7n)).toBe('PERMISSION_DENIED')
  })
})

describe('CVE-2026-33343: what nested transactions do', () => {
  const forbidden: readonly TxnOpAccess[] = [
    { ...noOp, requestRange: { key: bytes('secret'), rangeEnd: bytes('') } },
    { ...noOp, requestPut: { key: bytes('secret'), lease: 0n, prevKv: false } },
    { ...noOp, requestDeleteRange: { key: bytes('secret'), rangeEnd: bytes(''), prevKv: false } },
    nested(txn({ compare: [{ key: bytes('secret'), rangeEnd: bytes('') }] })),
  ]

  test.each([1, 2, 3, 50])('is checked %i levels down, in both branches', depth => {
    const { access, reader } = newTarget()
    for (const op of forbidden) {
      for (const branch of ['success', 'failure'] as const) {
        let request = txn({ [branch]: [op] })
        for (let level = 1; level < depth; level++)
          request = txn({ [level % 2 ? 'failure' : 'success']: [nested(request)] })
        expect(access.checkTxn(reader, request)).toBe('PERMISSION_DENIED')
      }
    }
  })

  test('is checked without running out of stack', () => {
    const { access, reader } = newTarget()
    let request = txn({ compare: [{ key: bytes('a'), rangeEnd: bytes('c') }] })
    for (let level = 0; level < 200_000; level++) request = txn({ success: [nested(request)] })
    expect(access.checkTxn(reader, request)).toBeUndefined()
  })
})

describe('CVE-2026-44283: previous values and leases of puts inside transactions', () => {
  test('are checked as those of puts that stand alone', () => {
    const { access, writer } = newTarget()
    const plain = { key: bytes('a'), lease: 0n, prevKv: false }
    for (const put of [
      { ...plain, prevKv: true },
      { ...plain, lease: 7n },
    ]) {
      const op = { ...noOp, requestPut: put }
      expect(access.checkPut(writer, put)).toBe('PERMISSION_DENIED')
      expect(access.checkTxn(writer, txn({ success: [op] }))).toBe('PERMISSION_DENIED')
      expect(access.checkTxn(writer, txn({ failure: [op] }))).toBe('PERMISSION_DENIED')
      expect(access.checkTxn(writer, txn({ success: [nested(txn({ failure: [op] }))] }))).toBe('PERMISSION_DENIED')
    }
    expect(access.checkTxn(writer, txn({ success: [{ ...noOp, requestPut: plain }] }))).toBeUndefined()
    const deletion = { key: bytes('a'), rangeEnd: bytes('b'), prevKv: true }
    expect(access.checkTxn(writer, txn({ success: [{ ...noOp, requestDeleteRange: deletion }] }))).toBe(
      'PERMISSION_DENIED',
    )
  })
})

describe('CVE-2026-73499: watching from a key on', () => {
  test('needs all keys behind it, not the one it begins at', () => {
    const { store } = newWorld()
    addUser(store, 'one', ['one'])
    addUser(store, 'tail', ['tail'])
    store.roleGrantPermission({ role: 'one', permission: perm('read', 'k') })
    store.roleGrantPermission({ role: 'tail', permission: perm('read', 'k', '\0') })
    enableAuth(store)
    const access = createAccess({ store, leases: { keys: () => undefined } })
    const watch = (username: string, key: string, end: string) =>
      access.checkWatch({ username, revision: store.revision }, { key: bytes(key), rangeEnd: bytes(end) })
    expect(watch('one', 'k', '\0')).toBe('PERMISSION_DENIED')
    expect(watch('one', 'k', '')).toBeUndefined()
    expect(watch('one', 'k', 'k\0')).toBeUndefined()
    expect(watch('tail', 'k', '\0')).toBeUndefined()
    expect(watch('tail', '', '\0')).toBe('PERMISSION_DENIED')
    expect(watch('tail', '', '')).toBe('PERMISSION_DENIED')
  })
})

function errorOf(action: () => void): unknown {
  try {
    return action()
  } catch (error) {
    return error
  }
}

function codeOfJob(input: unknown): unknown {
  const error = errorOf(() => void passwordJobs.get('bcrypt-hash')?.(input))
  expect(error).toBeInstanceOf(AuthError)
  return error
}
