import { describe, expect, test } from 'vitest'
import {
  type AuthContent,
  AuthError,
  createAuthStore,
  createNoTokens,
  describePermission,
  PermissionType,
  type TokenKeeper,
} from '../src/index.ts'
import { addUser, bytes, codeOf, enableAuth, MemoryStorage, newWorld, perm } from './world.ts'

const hash = btoa('$2a$04$......................5xMS66LwuJIVe4rTZGUJBFoDN6NhE2a')

describe('switching auth on and off', () => {
  test('needs a root user with the root role', () => {
    const { store } = newWorld()
    expect(codeOf(() => store.enable())).toBe('ROOT_USER_NOT_EXIST')
    addUser(store, 'root')
    expect(codeOf(() => store.enable())).toBe('ROOT_ROLE_NOT_EXIST')
    store.userGrantRole({ user: 'root', role: 'root' })
    store.enable()
    expect(store.isEnabled).toBe(true)
  })

  test('leaves the revision alone when on, raises it when off, and does nothing twice', () => {
    const { store, storage } = newWorld()
    enableAuth(store)
    expect(store.revision).toBe(3)
    storage.log.length = 0
    store.enable()
    expect(storage.log).toEqual([])
    store.disable()
    expect(store.revision).toBe(4)
    expect(storage.log).toEqual(['enabled false', 'revision 4'])
    store.disable()
    expect(storage.log).toHaveLength(2)
  })

  test('while it is on, nobody can be locked out', () => {
    const { store } = newWorld()
    store.roleAdd('root')
    enableAuth(store)
    const before = store.revision
    expect(codeOf(() => store.userDelete('root'))).toBe('INVALID_AUTH_MGMT')
    expect(codeOf(() => store.roleDelete('root'))).toBe('INVALID_AUTH_MGMT')
    expect(codeOf(() => store.userRevokeRole({ user: 'root', role: 'root' }))).toBe('INVALID_AUTH_MGMT')
    expect(store.revision).toBe(before)
    store.disable()
    store.userRevokeRole({ user: 'root', role: 'root' })
    store.roleDelete('root')
    store.userDelete('root')
  })

  test('tells who keeps the tokens', () => {
    const told: string[] = []
    const tokens: TokenKeeper = {
      enable: () => told.push('enable'),
      disable: () => told.push('disable'),
      invalidateUser: name => told.push(`forget ${name}`),
    }
    const { store } = newWorld(tokens)
    told.length = 0
    enableAuth(store)
    addUser(store, 'a')
    store.userChangePassword({ name: 'a', hashedPassword: '' })
    store.userDelete('a')
    store.disable()
    expect(told).toEqual(['enable', 'forget a', 'forget a', 'disable'])
  })
})

describe('users', () => {
  test('are added once, with a name', () => {
    const { store } = newWorld()
    expect(codeOf(() => addUser(store, ''))).toBe('USER_EMPTY')
    addUser(store, 'a')
    expect(codeOf(() => addUser(store, 'a'))).toBe('USER_ALREADY_EXIST')
    expect(store.userGet('a')).toEqual([])
    expect(codeOf(() => store.userGet('b'))).toBe('USER_NOT_FOUND')
  })

  test('are stored with the hash that the log brought, as bytes', () => {
    const { store, storage } = newWorld()
    store.userAdd({ name: 'a', hashedPassword: hash, noPassword: false })
    expect(storage.users.get('a')).toEqual({
      name: 'a',
      passwordHash: bytes(atob(hash)),
      roles: [],
      noPassword: false,
    })
    store.userChangePassword({ name: 'a', hashedPassword: '' })
    expect(storage.users.get('a')?.passwordHash).toHaveLength(0)
  })

  test('without password keep none, whatever hash comes', () => {
    const { store } = newWorld()
    store.userAdd({ name: 'a', hashedPassword: 'no base64 at all', noPassword: true })
    store.userChangePassword({ name: 'a', hashedPassword: hash })
    expect(store.user('a')).toMatchObject({ passwordHash: new Uint8Array(0), noPassword: true })
  })

  test.each(['$2a', 'AAA', 'A===', 'AA=A', '=', 'AAAA=', 'AA==AAAA', 'Ä'])('with the hash %j are refused', bad => {
    const { store } = newWorld()
    expect(codeOf(() => store.userAdd({ name: 'a', hashedPassword: bad, noPassword: false }))).toBe('NO_PASSWORD_USER')
    expect(store.userList()).toEqual([])
  })

  test('are listed in the order of their bytes, as are their roles', () => {
    const { store } = newWorld()
    const names = ['\u{1f600}', '\uff5e', 'z', 'Z', 'a', 'ab', 'é']
    const byBytes = ['Z', 'a', 'ab', 'z', 'é', '\uff5e', '\u{1f600}']
    for (const name of names) addUser(store, name)
    expect(store.userList()).toEqual(byBytes)
    addUser(store, 'all', names)
    expect(store.userGet('all')).toEqual(byBytes)
    expect(store.roleList()).toEqual(byBytes)
  })

  test('are granted roles that exist, or role root; a second time nothing happens', () => {
    const { store, storage } = newWorld()
    expect(codeOf(() => store.userGrantRole({ user: 'a', role: 'root' }))).toBe('USER_NOT_FOUND')
    addUser(store, 'a')
    expect(codeOf(() => store.userGrantRole({ user: 'a', role: 'r' }))).toBe('ROLE_NOT_FOUND')
    store.userGrantRole({ user: 'a', role: 'root' })
    storage.log.length = 0
    store.userGrantRole({ user: 'a', role: 'root' })
    expect(storage.log).toEqual([])
    store.userRevokeRole({ user: 'a', role: 'root' })
    expect(codeOf(() => store.userRevokeRole({ user: 'a', role: 'root' }))).toBe('ROLE_NOT_GRANTED')
    expect(codeOf(() => store.userRevokeRole({ user: 'b', role: 'root' }))).toBe('USER_NOT_FOUND')
  })

  test('that do not exist cannot be changed', () => {
    const { store } = newWorld()
    expect(codeOf(() => store.userDelete('a'))).toBe('USER_NOT_FOUND')
    expect(codeOf(() => store.userChangePassword({ name: 'a', hashedPassword: '' }))).toBe('USER_NOT_FOUND')
    expect(store.revision).toBe(1)
  })
})

describe('roles', () => {
  test('are added once, with a name, and go with all their grants', () => {
    const { store } = newWorld()
    expect(codeOf(() => store.roleAdd(''))).toBe('ROLE_EMPTY')
    store.roleAdd('r')
    expect(codeOf(() => store.roleAdd('r'))).toBe('ROLE_ALREADY_EXIST')
    addUser(store, 'a', ['r', 's'])
    addUser(store, 'b', ['s'])
    const before = store.revision
    store.roleDelete('r')
    expect(store.revision).toBe(before + 1)
    expect(store.userGet('a')).toEqual(['s'])
    expect(codeOf(() => store.roleDelete('r'))).toBe('ROLE_NOT_FOUND')
  })

  test('root permits everything, if it exists', () => {
    const { store } = newWorld()
    expect(codeOf(() => store.roleGet('root'))).toBe('ROLE_NOT_FOUND')
    store.roleAdd('root')
    expect(store.roleGet('root')).toEqual([
      { permType: PermissionType.readwrite, key: new Uint8Array(0), rangeEnd: Uint8Array.of(0) },
    ])
  })

  test('hold permissions in the order of keys; the same range again changes the type', () => {
    const { store } = newWorld()
    store.roleAdd('r')
    const grant = (type: 'read' | 'write' | 'readwrite', key: string, end = '') =>
      store.roleGrantPermission({ role: 'r', permission: perm(type, key, end) })
    grant('read', 'm', 'p')
    grant('write', 'b')
    grant('readwrite', 'z', '\0')
    grant('write', 'm', 'p')
    grant('read', 'm')
    expect(store.roleGet('r').map(describePermission)).toEqual([
      'WRITE "b"',
      'WRITE ["m", "p")',
      'READ "m"',
      'READWRITE ["z", …)',
    ])
    expect(store.revision).toBe(7)
  })

  test('keep a second range of one start beside its new grant, as etcd does', () => {
    const { store } = newWorld()
    store.roleAdd('r')
    for (const [type, end] of [['read', 'c'] as const, ['readwrite', 'b'] as const, ['read', 'b'] as const]) {
      store.roleGrantPermission({ role: 'r', permission: perm(type, 'a', end) })
    }
    const shown = () => store.roleGet('r').map(describePermission)
    expect(shown()).toEqual(['READ ["a", "c")', 'READWRITE ["a", "b")', 'READ ["a", "b")'])
    store.roleRevokePermission({ role: 'r', key: bytes('a'), rangeEnd: bytes('b') })
    expect(shown()).toEqual(['READ ["a", "c")'])
  })

  test('refuse ranges that are none, and permissions that are not given', () => {
    const { store } = newWorld()
    const grant = (key: string, end: string, role = 'r') =>
      codeOf(() => store.roleGrantPermission({ role, permission: perm('read', key, end) }))
    expect(grant('a', 'b')).toBe('ROLE_NOT_FOUND')
    store.roleAdd('r')
    expect(codeOf(() => store.roleGrantPermission({ role: 'r', permission: undefined }))).toBe('PERMISSION_NOT_GIVEN')
    expect(grant('', '')).toBe('INVALID_AUTH_MGMT')
    expect(grant('', 'a')).toBe('INVALID_AUTH_MGMT')
    expect(grant('', '\0')).toBe('INVALID_AUTH_MGMT')
    expect(grant('b', 'a')).toBe('INVALID_AUTH_MGMT')
    expect(grant('a', 'a')).toBe('INVALID_AUTH_MGMT')
    expect(grant('b', 'a', 'nobody')).toBe('INVALID_AUTH_MGMT')
    expect(grant('a', '\0')).toBeUndefined()
    expect(grant('\0', '\0')).toBeUndefined()
    expect(grant('\0', '')).toBeUndefined()
    expect(grant('a', 'a\0')).toBeUndefined()
  })

  test('give back what was granted for the very range only', () => {
    const { store } = newWorld()
    store.roleAdd('r')
    store.roleGrantPermission({ role: 'r', permission: perm('read', 'a', 'c') })
    const revoke = (key: string, end: string, role = 'r') =>
      codeOf(() => store.roleRevokePermission({ role, key: bytes(key), rangeEnd: bytes(end) }))
    expect(revoke('a', 'c', 's')).toBe('ROLE_NOT_FOUND')
    expect(revoke('a', '')).toBe('PERMISSION_NOT_GRANTED')
    expect(revoke('a', 'b')).toBe('PERMISSION_NOT_GRANTED')
    expect(revoke('a', 'c')).toBeUndefined()
    expect(store.roleGet('r')).toEqual([])
  })

  test('share no bytes with what they were granted from', () => {
    const { store, storage } = newWorld()
    store.roleAdd('r')
    const permission = perm('read', 'a', 'c')
    store.roleGrantPermission({ role: 'r', permission })
    permission.key[0] = 0x7a
    expect(store.roleGet('r').map(describePermission)).toEqual(['READ ["a", "c")'])
    expect(storage.roles.get('r')?.permissions.map(describePermission)).toEqual(['READ ["a", "c")'])
  })
})

describe('logins, when they are applied', () => {
  test('are for users with a password while auth is on', () => {
    const { store } = newWorld()
    expect(codeOf(() => store.authenticate('a'))).toBe('AUTH_NOT_ENABLED')
    enableAuth(store)
    expect(codeOf(() => store.authenticate('a'))).toBe('AUTH_FAILED')
    expect(codeOf(() => store.authenticate('root'))).toBe('AUTH_FAILED')
    store.userAdd({ name: 'a', hashedPassword: hash, noPassword: false })
    expect(store.authenticate('a')).toEqual({ username: 'a', revision: 4 })
    expect(store.rootInfo()).toEqual({ username: 'root', revision: 4 })
  })
})

describe('what is stored', () => {
  test('begins with revision 1 at a first start, and is left alone at others', () => {
    const { storage } = newWorld()
    expect(storage.log).toEqual(['revision 1'])
    const tokens = createNoTokens()
    const content: AuthContent = { ...storage.content(), revision: 9 }
    const again = new MemoryStorage()
    expect(createAuthStore({ storage: again, tokens, content }).revision).toBe(9)
    expect(again.log).toEqual([])
  })

  test('comes back: the same users, roles, permissions and verdicts', () => {
    const { store, storage } = newWorld()
    addUser(store, 'a', ['r'])
    store.roleGrantPermission({ role: 'r', permission: perm('read', 'a', 'c') })
    enableAuth(store)
    const told: string[] = []
    const tokens = { enable: () => told.push('enable'), disable: () => told.push('disable'), invalidateUser() {} }
    const restored = createAuthStore({ storage: new MemoryStorage(), tokens, content: storage.content() })
    expect(told).toEqual(['enable'])
    expect(restored.status()).toEqual(store.status())
    expect(restored.status()).toEqual({ isEnabled: true, revision: 7, userCount: 2, roleCount: 1 })
    expect(restored.grantsOf('a')?.read.hasKey(bytes('b'))).toBe(true)
    const { storage: empty } = newWorld()
    restored.restore(empty.content())
    expect(told).toEqual(['enable', 'disable'])
    expect(restored.grantsOf('a')).toBeUndefined()
  })

  test('is told before it is visible, so a storage that fails leaves the store as it was', () => {
    const { store, storage } = newWorld()
    storage.putUser = () => {
      throw new Error('disk')
    }
    expect(() => addUser(store, 'a')).toThrow('disk')
    expect(store.userList()).toEqual([])
    expect(store.revision).toBe(1)
  })
})

test('errors have etcd’s texts and a code', () => {
  const error = new AuthError('PERMISSION_DENIED', undefined, { cause: 7 })
  expect(error).toBeInstanceOf(Error)
  expect([error.name, error.code, error.message, error.cause]).toEqual([
    'AuthError',
    'PERMISSION_DENIED',
    'auth: permission denied',
    7,
  ])
})
