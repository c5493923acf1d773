import { AlarmType, Auth, Cluster, KV, Lease, Maintenance, Watch } from '@kvs/proto/rpc'
import { afterEach, describe, expect, test } from 'vitest'
import type { Member } from '../src/edge/member.ts'
import { runJob } from '../src/jobs/table.ts'
import { addUser, bytes, Identity, logIn, permissionTypes, rootPassword, startWithAuth } from './auth-world.ts'
import { World } from './member.ts'

const text = {
  empty: 'etcdserver: user name is empty',
  denied: 'etcdserver: permission denied',
  token: 'etcdserver: invalid auth token',
  failed: 'etcdserver: authentication failed, invalid user ID or password',
  off: 'etcdserver: authentication is not enabled',
  old: 'etcdserver: revision of auth store is old',
  management: 'etcdserver: invalid auth management',
  noPassword: 'auth: authentication failed, password was given for no password user',
}

let opened: World | undefined
const started: typeof startWithAuth = async (...options) => {
  const all = await startWithAuth(...options)
  opened = all.world
  return all
}
afterEach(() => opened?.close())

const get = (key: string, rangeEnd = '') => ({ key: bytes(key), rangeEnd: bytes(rangeEnd) })
const put = (key: string) => ({ key: bytes(key), value: bytes('1') })

describe('users and roles', () => {
  test('are administered as in etcd', async () => {
    opened = new World()
    const member = await opened.start({ bcryptCost: 4 })
    const admin = new Identity(member)
    expect(await admin.call(Auth.authStatus, {})).toMatchObject({ enabled: false, authRevision: 1 })
    expect(await admin.outcome(Auth.authEnable, {})).toBe('etcdserver: root user does not exist')
    expect(await admin.outcome(Auth.authenticate, { name: 'root', password: 'x' })).toBe(text.off)
    await admin.call(Auth.userAdd, { name: 'root', password: 'secret' })
    expect(await admin.outcome(Auth.authEnable, {})).toBe('etcdserver: root user does not have root role')
    expect(await admin.outcome(Auth.userAdd, { name: 'root', password: 'x' })).toBe(
      'etcdserver: user name already exists',
    )
    expect(await admin.outcome(Auth.userAdd, { name: '', password: 'x' })).toBe(text.empty)
    expect(await admin.outcome(Auth.userAdd, { name: 'u', password: 'p'.repeat(73) })).toBe(
      'bcrypt: password length exceeds 72 bytes',
    )
    expect(await admin.outcome(Auth.userAdd, { name: 'n'.repeat(1901) })).toBe('auth: name is too long')
    expect(await admin.outcome(Auth.roleAdd, { name: 'n'.repeat(1901) })).toBe('auth: name is too long')
    await admin.call(Auth.userGrantRole, { user: 'root', role: 'root' })
    await admin.call(Auth.roleAdd, { name: 'dev' })
    expect(await admin.outcome(Auth.roleGrantPermission, { name: 'dev' })).toBe('etcdserver: permission not given')
    const perm = { permType: permissionTypes.readwrite, key: bytes('a'), rangeEnd: bytes('b') }
    expect(await admin.call(Auth.roleGrantPermission, { name: 'dev', perm })).toMatchObject({
      header: { clusterId: member.member.clusterId, memberId: member.member.id, revision: 1 },
    })
    expect((await admin.call(Auth.roleGet, { role: 'dev' })).perm).toMatchObject([{ permType: 2 }])
    expect((await admin.call(Auth.roleList, {})).roles).toEqual(['dev'])
    expect((await admin.call(Auth.userList, {})).users).toEqual(['root'])
    expect((await admin.call(Auth.userGet, { name: 'root' })).roles).toEqual(['root'])
    await admin.call(Auth.authEnable, {})
    const root = await logIn(member, 'root', 'secret')
    expect(await admin.outcome(Auth.userList, {})).toBe(text.empty)
    expect(await root.outcome(Auth.userDelete, { name: 'root' })).toBe(text.management)
    const { enabled, authRevision } = await root.call(Auth.authStatus, {})
    expect({ enabled, authRevision }).toEqual({ enabled: true, authRevision: 5 })
    await root.call(Auth.userChangePassword, { name: 'root', password: 'other' })
    expect(await root.outcome(Auth.userList, {})).toBe(text.token)
    expect(await admin.outcome(Auth.authenticate, { name: 'root', password: 'secret' })).toBe(text.failed)
    const again = await logIn(member, 'root', 'other')
    await again.call(Auth.authDisable, {})
    expect(await admin.outcome(KV.put, put('free'))).toBe('ok')
    expect(await again.outcome(Auth.authStatus, {})).toBe('ok')
  })

  test('outlive the member; its tokens do not', async () => {
    const { world, member, root } = await started()
    const alice = await addUser(root, 'alice', { type: 'readwrite', key: 'a', end: 'b' })
    expect(await alice.outcome(KV.put, put('a1'))).toBe('ok')
    await member.member.stop()
    const again = await world.start({ bcryptCost: 4 })
    const stale = new Identity(again, { token: alice.metadata[0]?.[1] ?? '' })
    expect(await stale.outcome(KV.range, get('a1'))).toBe(text.token)
    const back = await logIn(again, 'alice', 'alice-password')
    expect(await back.outcome(KV.range, get('a1'))).toBe('ok')
    expect(await back.outcome(KV.range, get('b1'))).toBe(text.denied)
    expect(await new Identity(again).outcome(KV.put, put('a1'))).toBe(text.empty)
  })

  test('that have no password are known by certificate only', async () => {
    const { member, root, nobody } = await started({ clientCertAuth: true })
    await root.call(Auth.userAdd, { name: 'device', options: { noPassword: true } })
    expect(await nobody.outcome(Auth.authenticate, { name: 'device', password: '' })).toBe(text.noPassword)
    await root.call(Auth.roleAdd, { name: 'r' })
    const perm = { permType: permissionTypes.read, key: bytes('a'), rangeEnd: bytes('') }
    await root.call(Auth.roleGrantPermission, { name: 'r', perm })
    await root.call(Auth.userGrantRole, { user: 'device', role: 'r' })
    const device = new Identity(member, { commonName: 'device' })
    expect(await device.outcome(KV.range, get('a'))).toBe('ok')
    expect(await device.outcome(KV.put, put('a'))).toBe(text.denied)
    expect(await new Identity(member, { commonName: 'stranger' }).outcome(KV.range, get('a'))).toBe(text.denied)
    const both = new Identity(member, { commonName: 'device', token: 'nonsense' })
    expect(await both.outcome(KV.range, get('a'))).toBe(text.token)
  })

  test('a certificate counts for nothing where it is not asked for', async () => {
    const { member } = await started()
    expect(await new Identity(member, { commonName: 'root' }).outcome(Auth.userList, {})).toBe(text.empty)
  })
})

describe('logins', () => {
  test('cost an unknown user as much as a wrong password, and say the same', async () => {
    const jobs: string[] = []
    const executor = {
      open: () => Promise.reject(new Error('no backups here')),
      run: (job: string, input: unknown) => {
        jobs.push(job)
        return runJob(job, input)
      },
    }
    const { nobody } = await started({}, { executor })
    jobs.length = 0
    expect(await nobody.outcome(Auth.authenticate, { name: 'root', password: 'wrong' })).toBe(text.failed)
    expect(await nobody.outcome(Auth.authenticate, { name: 'nobody', password: 'wrong' })).toBe(text.failed)
    expect(jobs).toEqual(['bcrypt-compare', 'bcrypt-compare'])
  })

  test('a password checked at a revision that has passed is checked again', async () => {
    const { world, member, root } = await started()
    await addUser(root, 'alice')
    const nobody = new Identity(member)
    const [answer] = await Promise.all([
      nobody.call(Auth.authenticate, { name: 'alice', password: 'alice-password' }),
      root.call(Auth.roleAdd, { name: 'meanwhile' }),
    ])
    expect(world.log.map(({ message }) => message)).toContain('revision when password checked became stale; retrying')
    expect(answer.token).toMatch(/^[a-zA-Z]{16}\.\d+$/)
  })

  test('a job that breaks fails the call and nothing else', async () => {
    let broken = false
    const run = (job: string, input: unknown): Promise<unknown> =>
      broken ? Promise.reject(new Error('the worker thread has ended')) : runJob(job, input)
    const { nobody, root, world } = await started({}, { executor: { open: () => Promise.reject(), run } })
    broken = true
    expect(await nobody.outcome(Auth.authenticate, { name: 'root', password: 'x' })).toBe('the worker thread has ended')
    expect(await root.outcome(Auth.userAdd, { name: 'a', password: 'x' })).toBe('the worker thread has ended')
    expect(await root.outcome(Auth.userList, {})).toBe('ok')
    expect(world.fatal).toEqual([])
  })

  test('tokens expire when they are not used, and a timer forgets them', async () => {
    const { world, root } = await started({ authTokenTtlMs: 10_000 })
    for (let i = 0; i < 3; i++) {
      await world.advance(9000)
      expect(await root.outcome(Auth.userList, {})).toBe('ok')
    }
    await world.advance(10_000)
    expect(await root.outcome(Auth.userList, {})).toBe(text.token)
  })

  test('a token of an entry that is not there yet is waited for, not for ever', async () => {
    const { world, member } = await started()
    const early = new Identity(member, { token: `${'x'.repeat(16)}.99999` })
    const answer = early.outcome(KV.put, put('a'))
    await world.advance(6900)
    const settled = await Promise.race([answer, Promise.resolve('waits')])
    expect(settled).toBe('waits')
    await world.advance(200)
    expect(await answer).toBe(text.token)
  })

  test('signed tokens: the first call waits, and any change of users makes them old', async () => {
    const tokenKeys = { privateKey: bytes('a secret of thirty-two bytes....') }
    const { member, root } = await started({ authToken: 'jwt,sign-method=HS256' }, { tokenKeys })
    expect(await root.outcome(KV.put, put('a'))).toBe('ok')
    expect(await root.outcome(KV.range, get('a', 'b'))).toBe('ok')
    const watch = [{ createRequest: { key: bytes('a') } }, { createRequest: { key: bytes('b') } }]
    const fresh = await logIn(member, 'root', rootPassword)
    const { answers } = await fresh.stream(Watch.watch, watch, 2)
    expect(answers.map(({ watchId, canceled }) => [watchId, canceled])).toEqual([
      [0, false],
      [1, false],
    ])
    const unseen = await logIn(member, 'root', rootPassword)
    expect((await unseen.stream(Maintenance.snapshot, [{}], 1)).error).toBeUndefined()
    await root.call(Auth.roleAdd, { name: 'r' })
    expect(await root.outcome(KV.put, put('a'))).toBe(text.old)
    expect(await root.outcome(KV.range, get('a'))).toBe(text.old)
    expect(await root.outcome(Auth.userList, {})).toBe('ok')
    expect(await new Identity(member, { token: 'e30.e30.e30' }).outcome(KV.put, put('a'))).toBe(text.token)
  })

  test('options that make no sense are refused at start', async () => {
    opened = new World()
    await expect(opened.start({ authToken: 'jwt,sign-method=HS256' })).rejects.toThrow('auth: missing key data')
    await expect(opened.start({ authToken: 'magic' })).rejects.toThrow('auth: invalid auth options')
  })

  test('a cost that bcrypt does not have is said and replaced', async () => {
    opened = new World()
    await opened.start({ bcryptCost: 99 })
    expect(opened.log.map(({ message }) => message)).toContain(
      'use default bcrypt cost instead of the invalid given cost',
    )
  })
})

describe('permissions', () => {
  test('are looked at again when an entry is applied', async () => {
    const { root } = await started()
    const alice = await addUser(root, 'alice', { type: 'readwrite', key: 'a', end: 'b' })
    const [change, write] = await Promise.all([
      root.outcome(Auth.roleAdd, { name: 'meanwhile' }),
      alice.outcome(KV.put, put('a1')),
    ])
    expect([change, write]).toEqual(['ok', text.old])
    expect(await alice.outcome(KV.put, put('a1'))).toBe('ok')
  })

  test('a long read is refused if they changed meanwhile', async () => {
    const { world, member, root } = await started({ maxTxnOps: 10_000 })
    const alice = await addUser(root, 'alice', { type: 'readwrite', key: 'k', end: 'l' })
    for (let i = 0; i < 4; i++) {
      const success = Array.from({ length: 10_000 }, (_, j) => ({ requestPut: { key: bytes(`k${i * 10_000 + j}`) } }))
      await alice.call(KV.txn, { success })
    }
    // The state changes between two slices of the read.
    const { auth } = (member.member as unknown as Member).state
    const changeAfter = (turns: number, role: string): void => {
      world.clock.defer(() => (turns === 0 ? auth.store.roleAdd(role) : changeAfter(turns - 1, role)))
    }
    world.lookCostMs = 10
    changeAfter(12, 'meanwhile')
    expect(await alice.outcome(KV.range, get('k', 'l'))).toBe(text.old)
    changeAfter(12, 'again')
    const { answers, error } = await alice.stream(KV.rangeStream, [get('k', 'l')], 1000)
    expect([answers.length > 0, error]).toEqual([true, text.old])
    expect(await alice.outcome(KV.range, get('k', 'l'))).toBe('ok')
    world.lookCostMs = 0
  })

  test('watchers are refused one by one, in the words of a printed error', async () => {
    const { member, root, nobody } = await started()
    const alice = await addUser(root, 'alice', { type: 'read', key: 'a', end: 'b' })
    const watch = (key: string, rangeEnd = '') => ({ createRequest: { key: bytes(key), rangeEnd: bytes(rangeEnd) } })
    const reasons = async (who: Identity, ...requests: ReturnType<typeof watch>[]) => {
      const { answers } = await who.stream(Watch.watch, requests, requests.length)
      return answers.map(({ created, watchId, cancelReason }) => (created ? cancelReason || watchId : 'not created'))
    }
    const denied = `rpc error: code = PermissionDenied desc = ${text.denied}`
    expect(await reasons(alice, watch('a', 'b'), watch('a', '\0'), watch('c'), watch('aa'), watch(''))).toEqual([
      0,
      denied,
      denied,
      1,
      denied,
    ])
    expect(await reasons(nobody, watch('a'))).toEqual([`rpc error: code = InvalidArgument desc = ${text.empty}`])
    const bad = new Identity(member, { token: 'bad' })
    expect(await reasons(bad, watch('a'))).toEqual([`rpc error: code = Unauthenticated desc = ${text.token}`])
  })

  test('leases belong to those who may write their keys', async () => {
    const { root, nobody } = await started()
    const alice = await addUser(root, 'alice', { type: 'readwrite', key: 'a', end: 'b' })
    const bob = await addUser(root, 'bob', { type: 'read', key: 'a', end: 'b' })
    expect(await nobody.outcome(Lease.leaseGrant, { id: 7n, ttl: 100 })).toBe(text.empty)
    await alice.call(Lease.leaseGrant, { id: 7n, ttl: 100 })
    await alice.call(KV.put, { ...put('a1'), lease: 7n })
    await bob.call(Lease.leaseGrant, { id: 8n, ttl: 100 })
    const alive = (who: Identity) => who.stream(Lease.leaseKeepAlive, [{ id: 7n }], 1)
    expect((await alive(alice)).answers).toMatchObject([{ ttl: 100 }])
    expect((await alive(bob)).error).toBe(text.denied)
    expect((await alive(nobody)).error).toBe(text.empty)
    expect(await bob.outcome(Lease.leaseRevoke, { id: 7n })).toBe(text.denied)
    expect(await nobody.outcome(Lease.leaseRevoke, { id: 7n })).toBe(text.empty)
    expect(await bob.outcome(Lease.leaseTimeToLive, { id: 7n, keys: true })).toBe('ok')
    expect(await bob.outcome(Lease.leaseLeases, {})).toBe('ok')
    const carol = await addUser(root, 'carol', { type: 'readwrite', key: 'c' })
    expect(await carol.outcome(Lease.leaseTimeToLive, { id: 7n, keys: true })).toBe(text.denied)
    expect(await carol.outcome(Lease.leaseTimeToLive, { id: 7n })).toBe('ok')
    expect(await carol.outcome(Lease.leaseLeases, {})).toBe(text.denied)
    expect(await carol.outcome(KV.put, { ...put('c'), lease: 7n })).toBe(text.denied)
    expect(await alice.outcome(Lease.leaseRevoke, { id: 7n })).toBe('ok')
  })

  test('leases that run out are revoked by the member, whoever owns their keys', async () => {
    const { world, root } = await started()
    const alice = await addUser(root, 'alice', { type: 'readwrite', key: 'a', end: 'b' })
    await alice.call(Lease.leaseGrant, { id: 7n, ttl: 5 })
    await alice.call(KV.put, { ...put('a1'), lease: 7n })
    await world.advance(8000)
    expect((await alice.call(KV.range, get('a1'))).count).toBe(0)
    expect((await root.call(Lease.leaseLeases, {})).leases).toEqual([])
  })

  test('of administration: a role, or nothing', async () => {
    const { root, nobody } = await started()
    const alice = await addUser(root, 'alice', { type: 'readwrite', key: '\0', end: '\0' })
    const admin = [
      [KV.compact, { revision: 1 }],
      [Maintenance.hash, {}],
      [Maintenance.hashKV, {}],
      [Maintenance.defragment, {}],
      [Maintenance.moveLeader, { targetId: root.member.member.id }],
      [Auth.userList, {}],
      [Auth.userAdd, { name: 'x', password: 'x' }],
    ] as const
    for (const [method, request] of admin) {
      const asked = (who: Identity) => who.outcome(method as typeof KV.compact, request as { revision: number })
      expect([method.path, await asked(alice)]).toEqual([method.path, text.denied])
      expect([method.path, await asked(nobody)]).toEqual([method.path, text.empty])
      expect([method.path, await asked(root)]).toEqual([method.path, 'ok'])
    }
    expect((await alice.stream(Maintenance.snapshot, [{}], 1)).error).toBe(text.denied)
    expect((await root.stream(Maintenance.snapshot, [{}], 1)).error).toBeUndefined()
    for (const [method, request] of [
      [Cluster.memberList, {}],
      [Maintenance.status, {}],
      [Maintenance.alarm, {}],
    ] as const) {
      const asked = (who: Identity) => who.outcome(method as typeof Maintenance.status, request)
      expect([method.path, await asked(alice)]).toEqual([method.path, 'ok'])
      expect([method.path, await asked(nobody)]).toEqual([method.path, text.empty])
    }
    const raise = { action: 1, alarm: AlarmType.NOSPACE, memberId: 1n } as const
    expect(await alice.outcome(Maintenance.alarm, raise)).toBe(text.denied)
    expect(await root.outcome(Maintenance.alarm, raise)).toBe('ok')
    expect(await alice.outcome(Auth.userGet, { name: 'alice' })).toBe('ok')
    expect(await alice.outcome(Auth.userGet, { name: 'root' })).toBe(text.denied)
    expect(await alice.outcome(Auth.roleGet, { role: 'alice' })).toBe('ok')
    expect(await alice.outcome(Auth.roleGet, { role: 'root' })).toBe(text.denied)
  })

  test('come before alarms: who may not write is not told that there is no space', async () => {
    const { root } = await started()
    const alice = await addUser(root, 'alice', { type: 'readwrite', key: 'a', end: 'b' })
    await root.call(Maintenance.alarm, { action: 1, alarm: AlarmType.NOSPACE, memberId: 1n })
    expect(await alice.outcome(KV.put, put('b1'))).toBe(text.denied)
    expect(await alice.outcome(KV.put, put('a1'))).toBe('etcdserver: mvcc: database space exceeded')
  })
})

test('an entry that holds a password is refused, and the password is not kept', async () => {
  const { OperationField } = await import('../src/requests/entry.ts')
  const { encodeAuthUserAddRequest } = await import('@kvs/proto/rpc')
  const { authUserAdd } = await import('../src/apply/auth.ts')
  const { ParsedEntry, encodeEntry } = await import('../src/requests/entry.ts')
  const body = encodeAuthUserAddRequest({ name: 'a', password: 'plain' })
  const data = encodeEntry(OperationField.authUserAdd, body, 0, body.length, 1, 1)
  const entry = new ParsedEntry()
  expect(entry.parse(data)).toBe(true)
  authUserAdd.apply({ auth: { store: {} } } as never, data, entry, undefined)
  expect(entry.refusal?.message).toBe(text.management)
})

test('no password and no token is in files, log lines, metrics or backups', async () => {
  const { world, member, root } = await started()
  const canary = 'canary-7c1f-password'
  await root.call(Auth.userAdd, { name: 'bird', password: canary })
  await root.call(Auth.userChangePassword, { name: 'bird', password: `${canary}2` })
  const bird = await logIn(member, 'bird', `${canary}2`)
  await bird.outcome(KV.put, put('x'))
  await bird.outcome(Auth.authenticate, { name: 'bird', password: canary })
  const token = bird.metadata[0]?.[1] ?? ''
  const secret = token.slice(0, 16)
  expect(secret).toMatch(/^[a-zA-Z]{16}$/)
  const lines = JSON.stringify(world.log, (_key, value) => (typeof value === 'bigint' ? String(value) : value))
  const pieces: Uint8Array[] = []
  await root.stream(Maintenance.snapshot, [{}], 100_000).then(({ answers }) => {
    for (const { blob } of answers) pieces.push(blob)
  })
  const backup = Buffer.concat(pieces).toString('latin1')
  expect(backup.length).toBeGreaterThan(10_000)
  const metrics = JSON.stringify(member.member.metricFamilies.map(family => [family.name, family.samples()]))
  await member.member.stop()
  const files: string[] = []
  const walk = async (dir: string): Promise<void> => {
    for (const name of await world.disk.readDir(dir)) {
      const path = `${dir}/${name}`
      if ((await world.disk.stat(path))?.isDirectory === true) await walk(path)
      else {
        const file = await world.disk.open(path, { mode: 'read' })
        const content = new Uint8Array(await file.sizeBytes())
        await file.read(content, 0)
        await file.close()
        files.push(Buffer.from(content).toString('latin1'))
      }
    }
  }
  await walk('/data')
  expect(files.join('').includes('bird')).toBe(true)
  for (const [where, what] of Object.entries({ lines, backup, metrics, files: files.join('\n') })) {
    expect([where, what.includes(canary)]).toEqual([where, false])
    // The letters of a simple token are replicated, as in etcd: they stand in the log, and nowhere else.
    if (where !== 'files') expect([where, what.includes(secret)]).toEqual([where, false])
  }
})
