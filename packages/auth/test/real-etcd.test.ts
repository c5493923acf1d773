import { SeededRandom } from '@kvs/testing'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type AccessVerdict,
  type AuthErrorCode,
  type AuthStore,
  createAccess,
  createJwtTokens,
  type JwtMethod,
  type Permission,
} from '../src/index.ts'
import { file, keyFilesOf } from './key-pairs.ts'
import { type Answer, hasEtcd, type RealEtcd, startEtcd } from './real-etcd.ts'
import { addUser, codeOf, enableAuth, newWorld } from './world.ts'

/** What the codes are on the wire (etcd.md 1.5). */
const texts: Readonly<Partial<Record<AuthErrorCode, string>>> = {
  USER_EMPTY: 'etcdserver: user name is empty',
  USER_ALREADY_EXIST: 'etcdserver: user name already exists',
  USER_NOT_FOUND: 'etcdserver: user name not found',
  ROLE_EMPTY: 'etcdserver: role name is empty',
  ROLE_ALREADY_EXIST: 'etcdserver: role name already exists',
  ROLE_NOT_FOUND: 'etcdserver: role name not found',
  ROLE_NOT_GRANTED: 'etcdserver: role is not granted to the user',
  PERMISSION_NOT_GRANTED: 'etcdserver: permission is not granted to the role',
  PERMISSION_DENIED: 'etcdserver: permission denied',
  ROOT_USER_NOT_EXIST: 'etcdserver: root user does not exist',
  ROOT_ROLE_NOT_EXIST: 'etcdserver: root user does not have root role',
}

const base64 = (key: Uint8Array): string => Buffer.from(key).toString('base64')
const key = (text: string): Uint8Array => file(Buffer.from(text, 'latin1'))
const permTypes = ['READ', 'WRITE', 'READWRITE']

/** A change, for us and for etcd's gateway. */
interface Change {
  readonly route: string
  readonly body: Answer
  run(store: AuthStore): void
}

/**
 * Up to twelve permissions a role: more of them Go sorts in another way, in which those of one start change places from
 * version to version.
 */
const permissionsMax = 12

function permissionChange(random: SeededRandom, role: string, store: AuthStore): Change {
  const keys = ['\0', 'a', 'ab', 'b', 'b\xff', 'c'].map(key)
  const from = random.below(keys.length)
  const ends = [key(''), key('\0'), ...keys.slice(from + 1)]
  const held = store.roleList().includes(role) && role !== 'root' ? store.roleGet(role) : []
  const isFull = held.length >= permissionsMax
  const drawn: Permission = { permType: random.below(3), key: keys[from]!, rangeEnd: random.pick(ends) }
  const permission = isFull ? random.pick(held) : drawn
  const range = { key: base64(permission.key), range_end: base64(permission.rangeEnd) }
  if (isFull || random.chance(0.2)) {
    return {
      route: '/v3/auth/role/revoke',
      body: { role, ...range },
      run: store => store.roleRevokePermission({ role, key: permission.key, rangeEnd: permission.rangeEnd }),
    }
  }
  return {
    route: '/v3/auth/role/grant',
    body: { name: role, perm: { permType: permTypes[permission.permType], ...range } },
    run: store => store.roleGrantPermission({ role, permission }),
  }
}

function change(random: SeededRandom, store: AuthStore): Change {
  const user = random.pick(['root', 'a', 'b', 'ü', ''])
  const role = random.pick(['root', 'r', 's', 'ü', ''])
  const changes: (() => Change)[] = [
    () => ({
      route: '/v3/auth/user/add',
      body: { name: user, options: { no_password: true } },
      run: store => store.userAdd({ name: user, hashedPassword: '', noPassword: true }),
    }),
    () => ({ route: '/v3/auth/user/delete', body: { name: user }, run: store => store.userDelete(user) }),
    () => ({
      route: '/v3/auth/user/changepw',
      body: { name: user, password: 'x' },
      run: store => store.userChangePassword({ name: user, hashedPassword: '' }),
    }),
    () => ({ route: '/v3/auth/user/grant', body: { user, role }, run: store => store.userGrantRole({ user, role }) }),
    () => ({
      route: '/v3/auth/user/revoke',
      body: { name: user, role },
      run: store => store.userRevokeRole({ user, role }),
    }),
    () => ({ route: '/v3/auth/role/add', body: { name: role }, run: store => store.roleAdd(role) }),
    () => ({ route: '/v3/auth/role/delete', body: { role }, run: store => store.roleDelete(role) }),
    () => ({ route: '/v3/auth/user/get', body: { name: user }, run: store => void store.userGet(user) }),
    () => ({ route: '/v3/auth/role/get', body: { role }, run: store => void store.roleGet(role) }),
  ]
  const weights = [5, 1, 1, 5, 2, 4, 1, 1, 1, 12]
  let draw = random.below(weights.reduce((sum, weight) => sum + weight))
  const drawn = weights.findIndex(weight => {
    draw -= weight
    return draw < 0
  })
  return changes[drawn]?.() ?? permissionChange(random, role, store)
}

async function compareState(etcd: RealEtcd, store: AuthStore): Promise<void> {
  const list = async (route: string, field: string) => ((await etcd.call(route, {})).body[field] ?? []) as string[]
  expect(store.userList()).toEqual(await list('/v3/auth/user/list', 'users'))
  expect(store.roleList()).toEqual(await list('/v3/auth/role/list', 'roles'))
  for (const name of store.userList()) {
    const { body } = await etcd.call('/v3/auth/user/get', { name })
    expect([name, store.userGet(name)]).toEqual([name, body['roles'] ?? []])
  }
  // 3.4 shows what is stored of role root, later ones that it may do everything.
  for (const name of store.roleList().filter(role => role !== 'root')) {
    const { body } = await etcd.call('/v3/auth/role/get', { role: name })
    const shown = store.roleGet(name).map(({ permType, key: from, rangeEnd }) => ({
      // The gateway leaves out what is empty or zero.
      ...(permType === 0 ? {} : { permType: permTypes[permType] }),
      key: base64(from),
      ...(rangeEnd.length === 0 ? {} : { range_end: base64(rangeEnd) }),
    }))
    expect([name, shown]).toEqual([name, body['perm'] ?? []])
  }
}

const seeds = [1, 2]

describe.skipIf(!hasEtcd)('against the real etcd (skipped where it is not installed)', () => {
  test.each(seeds)(
    'the same changes are refused for the same reasons and leave the same behind, seed %i',
    async seed => {
      const etcd = await startEtcd()
      try {
        const random = new SeededRandom(seed)
        const { store } = newWorld()
        const met = new Set<string>()
        for (let step = 0; step < 400; step++) {
          const { route, body, run } = change(random, store)
          const code = codeOf(() => run(store))
          const expected = code === undefined ? undefined : (texts[code] ?? code)
          expect([step, route, body, expected]).toEqual([step, route, body, (await etcd.call(route, body)).error])
          met.add(`${route} ${code}`)
          if (step % 100 === 99) await compareState(etcd, store)
        }
        expect(met.size).toBeGreaterThan(18)
      } finally {
        await etcd.stop()
      }
    },
  )

  test('the same requests are allowed to the same users', async () => {
    const etcd = await startEtcd()
    try {
      const random = new SeededRandom(3)
      const { store } = newWorld()
      const users = ['root', 'a', 'b', 'c']
      for (const [at, user] of users.entries()) {
        await etcd.call('/v3/auth/user/add', { name: user, password: 'x' })
        store.userAdd({ name: user, hashedPassword: '', noPassword: false })
        const role = user === 'root' ? 'root' : `r${at}`
        await etcd.call('/v3/auth/role/add', { name: role })
        store.roleAdd(role)
        await etcd.call('/v3/auth/user/grant', { user, role })
        store.userGrantRole({ user, role })
      }
      for (let step = 0; step < 24; step++) {
        const { route, body, run } = permissionChange(random, `r${1 + random.below(3)}`, store)
        expect((await etcd.call(route, body)).error === undefined).toBe(codeOf(() => run(store)) === undefined)
      }
      await etcd.call('/v3/auth/enable', {})
      store.enable()
      const access = createAccess({ store, leases: { keys: () => undefined } })
      const tokens = new Map<string, string>()
      for (const name of users) {
        const { body } = await etcd.call('/v3/auth/authenticate', { name, password: 'x' })
        tokens.set(name, String(body['token']))
      }
      const verdicts = { allowed: 0, denied: 0 }
      const keys = ['\0', 'a', 'a\0', 'ab', 'b', 'b\xff', 'b\xff\0', 'c', 'd'].map(key)
      for (let step = 0; step < 500; step++) {
        const username = random.pick(users)
        const info = { username, revision: store.revision }
        // Ends at their keys too, which makes empty ranges. With ends before them etcd's answer depends on the shape of
        // a tree.
        const from = random.below(keys.length)
        const range = { key: keys[from]!, rangeEnd: random.pick([key(''), key('\0'), ...keys.slice(from)]) }
        const json = { key: base64(range.key), range_end: base64(range.rangeEnd) }
        const put = { key: range.key, lease: 0n, prevKv: random.chance(0.5) }
        const kinds: [string, Answer, AccessVerdict][] = [
          ['/v3/kv/range', json, access.checkRange(info, range)],
          ['/v3/kv/put', { key: json.key, prev_kv: put.prevKv }, access.checkPut(info, put)],
          ['/v3/kv/deleterange', { ...json, prev_kv: put.prevKv }, access.checkDelete(info, { ...range, ...put })],
          ['/v3/kv/txn', { compare: [{ target: 'VERSION', version: 1, ...json }] }, access.checkRange(info, range)],
        ]
        const [route, body, verdict] = random.pick(kinds)
        const { error } = await etcd.call(route, body, tokens.get(username))
        const expected = verdict === undefined ? undefined : (texts[verdict] ?? verdict)
        expect([step, username, route, body, expected]).toEqual([step, username, route, body, error])
        verdicts[error === undefined ? 'allowed' : 'denied']++
      }
      expect(Math.min(verdicts.allowed, verdicts.denied)).toBeGreaterThan(100)
    } finally {
      await etcd.stop()
    }
  })
})

describe.skipIf(!hasEtcd).each<JwtMethod>(['RS256', 'PS384', 'ES256', 'HS512'])(
  'signed tokens with %s (skipped where etcd is not installed)',
  method => {
    const keys = keyFilesOf(method)
    let etcd: RealEtcd

    beforeAll(async () => {
      const files = {
        'priv.pem': keys.privateKey,
        ...(keys.publicKey === undefined ? {} : { 'pub.pem': keys.publicKey }),
      }
      const publicKey = keys.publicKey === undefined ? '' : ',pub-key={folder}/pub.pem'
      etcd = await startEtcd(
        ['--auth-token', `jwt${publicKey},priv-key={folder}/priv.pem,sign-method=${method},ttl=10m`],
        files,
      )
      for (const name of ['root', 'alice']) await etcd.call('/v3/auth/user/add', { name, password: 'x' })
      await etcd.call('/v3/auth/user/grant', { user: 'root', role: 'root' })
      await etcd.call('/v3/auth/enable', {})
    })
    afterAll(() => etcd.stop())

    test('of etcd are ours, and ours are etcd’s', async () => {
      const { store } = newWorld()
      addUser(store, 'root')
      addUser(store, 'alice')
      store.userGrantRole({ user: 'root', role: 'root' })
      enableAuth(store)
      const tokens = await createJwtTokens({ method, ...keys, clock: { wallNow: () => Date.now() } })
      const { body } = await etcd.call('/v3/auth/authenticate', { name: 'alice', password: 'x' })
      expect(await tokens.find(String(body['token']))).toEqual({ username: 'alice', revision: store.revision })
      const ours = await tokens.issue({ username: 'root', revision: store.revision, prefix: '', index: 1 })
      expect(await etcd.call('/v3/auth/user/list', {}, ours)).toMatchObject({ body: { users: ['alice', 'root'] } })
      const old = await tokens.issue({ username: 'root', revision: store.revision - 1, prefix: '', index: 1 })
      expect((await etcd.call('/v3/kv/put', { key: 'YQ==' }, old)).error).toBe(
        'etcdserver: revision of auth store is old',
      )
      const forged = `${ours.slice(0, -8)}AAAAAAAA`
      expect((await etcd.call('/v3/auth/user/list', {}, forged)).error).toBe('etcdserver: invalid auth token')
      expect(await tokens.find(forged)).toBeUndefined()
    })
  },
)
