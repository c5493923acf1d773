import { type OracleInfo, type OracleOp, type OraclePermission, type OracleWorld, oracle } from '@kvs/auth/testing'
import { GrpcError } from '@kvs/grpc'
import type { Method } from '@kvs/proto'
import {
  AlarmRequestAlarmAction,
  AlarmType,
  Auth,
  Cluster,
  KV,
  Lease,
  Maintenance,
  type RequestOpInit,
  type TxnRequestInit,
  Watch,
} from '@kvs/proto/rpc'
import { SeededRandom } from '@kvs/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bytes, Identity, logIn, permissionTypes, rootPassword, startWithAuth } from './auth-world.ts'
import type { TestMember, World } from './member.ts'

/**
 * Every call × identity × shape of permission, through gRPC, against an oracle that shares no code with what it judges.
 * While the cases run, the alarm CORRUPT is active: what is permitted is then refused by that, without an effect, for
 * permissions are asked about first.
 */

const seed = Number(process.env['KVS_SEED'] ?? 20_260)
const rounds = 60
const casesPerIdentity = 125

const letters = ['\0', 'a', 'b', 'c', '\xff'] as const
const roleNames = ['one', 'two', 'three'] as const
const users: Readonly<Record<string, readonly string[]>> = {
  root: ['root'],
  admin: ['one', 'root'],
  plain: [],
  first: ['one'],
  both: ['one', 'two'],
  all: ['one', 'three', 'two'],
}

/** Who asks, and what the oracle is told about it: `bad` is a token that is none. */
interface Asker {
  readonly name: string
  readonly identity: Identity
  readonly info: (revision: number) => OracleInfo | 'bad'
}

/** A case: how it is asked, and what the oracle makes of it. */
interface Case {
  readonly what: string
  readonly ask: (who: Identity) => Promise<string>
  readonly expected: (world: OracleWorld, info: OracleInfo) => string | undefined
}

const texts: Readonly<Record<string, string>> = {
  'etcdserver: user name is empty': 'USER_EMPTY',
  'etcdserver: permission denied': 'PERMISSION_DENIED',
  'etcdserver: user name not found': 'USER_NOT_FOUND',
  'etcdserver: revision of auth store is old': 'AUTH_OLD_REVISION',
  'etcdserver: invalid auth token': 'bad',
}

/** What is said before anybody asks who it is: such a case decides nothing. */
const saidBefore = 'etcdserver: duplicate key given in txn request'

let world: World
let member: TestMember
let root: Identity
let askers: readonly Asker[]
const random = new SeededRandom(seed)
const pick = <Item>(items: readonly Item[]): Item => items[random.below(items.length)] as Item

beforeAll(async () => {
  const all = await startWithAuth({ clientCertAuth: true, authTokenTtlMs: 60_000, maxTxnOps: 10_000 })
  world = all.world
  member = all.member
  root = all.root
  await root.call(Auth.roleAdd, { name: 'root' })
  for (const role of roleNames) await root.call(Auth.roleAdd, { name: role })
  const tokens: Asker[] = []
  for (const [name, roles] of Object.entries(users)) {
    if (name !== 'root') await root.call(Auth.userAdd, { name, password: 'p' })
    for (const role of roles) await root.call(Auth.userGrantRole, { user: name, role })
  }
  const expired = await logIn(member, 'first', 'p')
  await world.advance(60_000)
  root = await logIn(member, 'root', rootPassword)
  for (const name of Object.keys(users)) {
    const loggedIn = await logIn(member, name, name === 'root' ? rootPassword : 'p')
    const identity = loggedIn.onConnection(member.connect())
    tokens.push({ name, identity, info: revision => ({ username: name, revision }) })
  }
  await root.call(Auth.userAdd, { name: 'deleted', password: 'p' })
  const deleted = await logIn(member, 'deleted', 'p')
  await root.call(Auth.userDelete, { name: 'deleted' })
  const certified = (commonName: string): Asker => ({
    name: `certificate of '${commonName}'`,
    identity: new Identity(member, { commonName }),
    info: revision => ({ username: commonName, revision }),
  })
  const bad = (name: string, identity: Identity): Asker => ({ name, identity, info: () => 'bad' })
  askers = [
    ...tokens,
    { name: 'nobody', identity: new Identity(member).onConnection(member.connect()), info: () => undefined },
    bad('a bad token', new Identity(member, { token: 'nonsense' })),
    bad('an expired token', expired),
    bad('the token of a deleted user', deleted),
    bad('a bad token beside a good certificate', new Identity(member, { token: 'x.1', commonName: 'root' })),
    certified('both'),
    certified('root'),
    certified('gone'),
    certified(''),
  ]
})
afterAll(() => world.close())

function aKey(): string {
  return Array.from({ length: 1 + random.below(3) }, () => pick(letters)).join('')
}

function prefixEnd(key: string): string {
  const cut = key.replace(/\xff+$/, '')
  return cut === '' ? '\0' : cut.slice(0, -1) + String.fromCharCode(cut.charCodeAt(cut.length - 1) + 1)
}

/** A key, two ends (also turned round), a prefix, everything from a key on. */
function aRange(): { readonly key: string; readonly end: string } {
  const key = aKey()
  return { key, end: pick(['', aKey(), prefixEnd(key), '\0']) }
}

/** None, some of any shape, or a chain of adjacent ranges with at most one link missing. */
function someGrants(): readonly OraclePermission[] {
  const type = (): OraclePermission['type'] => pick(['read', 'write', 'readwrite'])
  const shape = random.below(4)
  if (shape === 0) return []
  if (shape === 1) {
    const bounds = [...new Set(Array.from({ length: 5 }, aKey))].sort()
    const links = bounds.slice(1).map((end, at) => ({ type: type(), key: bounds[at] as string, end }))
    return links.filter((_, at) => at !== random.below(8))
  }
  const ranges = Array.from({ length: 1 + random.below(4) }, aRange)
  const valid = ranges.filter(({ key, end }) => end === '' || end === '\0' || key < end)
  // One range per start: granting another one beside it has rules of its own.
  const byStart = new Map(valid.map(range => [range.key, range]))
  return [...byStart.values()].map(range => ({ type: type(), ...range }))
}

/** Gives the roles new permissions and the leases new keys. */
async function newWorld(): Promise<OracleWorld> {
  // Connections that reset too many streams in a second are closed.
  await world.advance(1000)
  const alarm = { alarm: AlarmType.CORRUPT, memberId: member.member.id }
  await root.call(Maintenance.alarm, { ...alarm, action: AlarmRequestAlarmAction.DEACTIVATE })
  const roles: Record<string, readonly OraclePermission[]> = {}
  for (const role of roleNames) {
    const { perm } = await root.call(Auth.roleGet, { role })
    for (const { key, rangeEnd } of perm) await root.call(Auth.roleRevokePermission, { role, key, rangeEnd })
    const grants = someGrants()
    for (const { type, key, end } of grants) {
      const permission = { permType: permissionTypes[type], key: bytes(key), rangeEnd: bytes(end) }
      await root.call(Auth.roleGrantPermission, { name: role, perm: permission })
    }
    roles[role] = grants
  }
  const leases = new Map<bigint, readonly string[]>()
  for (const { id } of (await root.call(Lease.leaseLeases, {})).leases) await root.call(Lease.leaseRevoke, { id })
  const free = new Set(Array.from({ length: 6 }, aKey))
  for (const id of [1n, 2n, 3n].slice(0, 2 + random.below(2))) {
    await root.call(Lease.leaseGrant, { id, ttl: 1_000_000 })
    const keys = [...free].slice(0, random.below(4))
    for (const key of keys) {
      free.delete(key)
      await root.call(KV.put, { key: bytes(key), lease: id })
    }
    leases.set(id, keys)
  }
  await root.call(Maintenance.alarm, { ...alarm, action: AlarmRequestAlarmAction.ACTIVATE })
  const { authRevision } = await root.call(Auth.authStatus, {})
  return { isEnabled: true, revision: authRevision, roles, users, leases }
}

function aPlainOp(): OracleOp {
  const kind = random.below(3)
  if (kind === 0) return { kind: 'range', ...aRange() }
  if (kind === 1) return { kind: 'put', key: aKey(), lease: BigInt(random.below(5)), prevKv: random.chance(0.5) }
  return { kind: 'delete', ...aRange(), prevKv: random.chance(0.5) }
}

function aTxn(depth: number): OracleOp & { readonly kind: 'txn' } {
  const op = (): OracleOp => (depth > 0 && random.chance(0.3) ? aTxn(depth - 1) : aPlainOp())
  const ops = (): OracleOp[] => Array.from({ length: random.below(3) }, op)
  return { kind: 'txn', compare: Array.from({ length: random.below(2) }, aRange), success: ops(), failure: ops() }
}

function opOf(op: OracleOp): RequestOpInit {
  if (op.kind === 'range') return { requestRange: { key: bytes(op.key), rangeEnd: bytes(op.end) } }
  if (op.kind === 'put') return { requestPut: { key: bytes(op.key), lease: op.lease, prevKv: op.prevKv } }
  if (op.kind === 'txn') return { requestTxn: txnOf(op) }
  if (op.kind !== 'delete') throw new Error(`${op.kind} is no operation of a transaction`)
  return { requestDeleteRange: { key: bytes(op.key), rangeEnd: bytes(op.end), prevKv: op.prevKv } }
}

function txnOf({ compare, success, failure }: OracleOp & { readonly kind: 'txn' }): TxnRequestInit {
  return {
    compare: compare.map(({ key, end }) => ({ key: bytes(key), rangeEnd: bytes(end) })),
    success: success.map(opOf),
    failure: failure.map(opOf),
  }
}

const nobody = (info: OracleInfo): boolean => info === undefined || (info.username === '' && info.revision === 0)

function judged(op: OracleOp, ask: Case['ask']): Case {
  return { what: JSON.stringify(op, (_k, v) => (typeof v === 'bigint' ? `${v}n` : v)), ask, expected: verdictOf(op) }
}

/** That somebody asks at all is a question of its own for revocations, before they are proposed. */
function verdictOf(op: OracleOp): Case['expected'] {
  return (world, info) => (op.kind === 'revoke' && nobody(info) ? 'USER_EMPTY' : oracle(world, info, op))
}

function unary<Init>(method: Method<unknown, Init, unknown, never>, request: Init): Case['ask'] {
  return who => who.outcome(method, request)
}

/** Calls for administrators: none of them has an effect here. */
const administration: readonly (() => readonly [string, Case['ask']])[] = [
  () => ['Compact', unary(KV.compact, { revision: 1 })],
  () => ['Hash', unary(Maintenance.hash, {})],
  () => ['HashKV', unary(Maintenance.hashKV, {})],
  () => ['MoveLeader', unary(Maintenance.moveLeader, { targetId: 1n })],
  () => ['AuthEnable', unary(Auth.authEnable, {})],
  () => ['UserAdd', unary(Auth.userAdd, { name: 'first', options: { noPassword: true } })],
  () => ['UserList', unary(Auth.userList, {})],
  () => ['UserGrantRole', unary(Auth.userGrantRole, { user: 'first', role: 'one' })],
  () => ['UserRevokeRole', unary(Auth.userRevokeRole, { name: 'first', role: 'two' })],
  () => ['RoleAdd', unary(Auth.roleAdd, { name: 'one' })],
  () => ['RoleList', unary(Auth.roleList, {})],
  () => ['RoleDelete', unary(Auth.roleDelete, { role: 'none' })],
  () => ['RoleGrantPermission', unary(Auth.roleGrantPermission, { name: 'one' })],
  () => ['RoleRevokePermission', unary(Auth.roleRevokePermission, { role: 'one', key: bytes('zz') })],
  () => ['UserDelete root', unary(Auth.userDelete, { name: 'root' })],
  () => ['Alarm', unary(Maintenance.alarm, { action: AlarmRequestAlarmAction.DEACTIVATE, memberId: 77n })],
  () => ['Snapshot', who => streamed(who, Maintenance.snapshot, {})],
]

const forUsers: readonly (() => readonly [string, Case['ask']])[] = [
  () => ['Status', unary(Maintenance.status, {})],
  () => ['MemberList', unary(Cluster.memberList, { linearizable: random.chance(0.5) })],
  () => ['LeaseGrant', unary(Lease.leaseGrant, { id: 9n, ttl: 100 })],
  () => ['Alarm GET', unary(Maintenance.alarm, {})],
]

async function streamed<Init>(who: Identity, method: Method<unknown, Init, unknown, never>, request: Init) {
  return (await who.stream(method, [request], 1)).error ?? 'ok'
}

function aCase(): Case {
  const draw = random.below(100)
  if (draw < 45) {
    const op = aPlainOp()
    const init = opOf(op)
    if (init.requestPut) return judged(op, unary(KV.put, init.requestPut))
    if (init.requestDeleteRange) return judged(op, unary(KV.deleteRange, init.requestDeleteRange))
    const request = { ...init.requestRange, serializable: random.chance(0.3) }
    if (random.chance(0.15)) return judged(op, who => streamed(who, KV.rangeStream, request))
    return judged(op, unary(KV.range, request))
  }
  if (draw < 65) {
    const op = aTxn(2)
    return judged(op, unary(KV.txn, txnOf(op)))
  }
  if (draw < 70) {
    const op = { kind: 'watch', ...pick([aRange(), { key: '', end: pick(['', '\0', 'b']) }]) } as const
    const createRequest = { key: bytes(op.key), rangeEnd: bytes(op.end) }
    return judged(op, async who => {
      const { answers } = await who.stream(Watch.watch, [{ createRequest }], 1)
      return answers[0]?.cancelReason.replace(/^rpc error: code = \w+ desc = /, '') || 'ok'
    })
  }
  return aSmallCase(draw)
}

function aSmallCase(draw: number): Case {
  const lease = BigInt(random.below(5))
  if (draw < 74) return judged({ kind: 'revoke', lease }, unary(Lease.leaseRevoke, { id: lease }))
  if (draw < 77) {
    return judged({ kind: 'keepalive', lease }, who => streamed(who, Lease.leaseKeepAlive, { id: lease }))
  }
  if (draw < 81) {
    const keys = random.chance(0.7)
    return judged({ kind: 'ttl', lease, keys }, unary(Lease.leaseTimeToLive, { id: lease, keys }))
  }
  if (draw < 83) return judged({ kind: 'leases' }, unary(Lease.leaseLeases, {}))
  if (draw < 86) {
    const name = pick(['root', 'first', 'both'])
    return judged({ kind: 'userGet', name }, unary(Auth.userGet, { name }))
  }
  if (draw < 89) {
    const name = pick(['one', 'two', 'root'])
    return judged({ kind: 'roleGet', name }, unary(Auth.roleGet, { role: name }))
  }
  const isAdmin = draw < 95
  const [what, ask] = pick(isAdmin ? administration : forUsers)()
  return { what, ask, expected: verdictOf({ kind: isAdmin ? 'admin' : 'user' }) }
}

/** The verdict that an answer shows. */
async function verdict({ ask }: Case, who: Identity): Promise<string | undefined> {
  try {
    const text = await ask(who)
    return text === saidBefore ? text : texts[text]
  } catch (error) {
    if (error instanceof GrpcError) return texts[error.message]
    throw error
  }
}

test('every call, identity and shape of permission is judged as by the oracle', async () => {
  let decided = 0
  let permitted = 0
  const mismatches: string[] = []
  for (let round = 0; round < rounds; round++) {
    const known = await newWorld()
    const jobs = askers.flatMap(asker =>
      Array.from({ length: casesPerIdentity }, async () => {
        const info = asker.info(known.revision)
        const one = aCase()
        const expected = info === 'bad' ? 'bad' : one.expected(known, info)
        const found = await verdict(one, asker.identity)
        if (found === saidBefore) return
        decided++
        if (found === undefined) permitted++
        if (found !== expected) mismatches.push(`seed ${seed}: ${asker.name}: ${one.what}: ${found}, not ${expected}`)
      }),
    )
    await Promise.all(jobs)
    const { authRevision } = await root.call(Auth.authStatus, {})
    expect(authRevision).toBe(known.revision)
  }
  expect(mismatches.slice(0, 10)).toEqual([])
  expect(decided).toBeGreaterThan(100_000)
  expect(permitted).toBeGreaterThan(decided / 5)
  expect(world.fatal).toEqual([])
  console.log(`${decided} cases, ${permitted} permitted, seed ${seed}`)
}, 60_000)
