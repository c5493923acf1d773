import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type AuthStore, createAuthStore, createNoTokens, describePermission, type Permission } from '../src/index.ts'
import { bytes, codeOf, MemoryStorage, newWorld } from './world.ts'

type Command =
  | { readonly do: 'enable' | 'disable' }
  | { readonly do: 'userAdd' | 'userDelete' | 'changePassword' | 'roleAdd' | 'roleDelete'; readonly name: string }
  | { readonly do: 'grantRole' | 'revokeRole'; readonly user: string; readonly role: string }
  | { readonly do: 'grant'; readonly role: string; readonly type: number; readonly key: string; readonly end: string }
  | { readonly do: 'revoke'; readonly role: string; readonly key: string; readonly end: string }

const aName = fc.constantFrom('root', 'a', 'b', 'c', '')
const aKey = fc.constantFrom('', '\0', 'a', 'b', 'c')
const aCommand: fc.Arbitrary<Command> = fc.oneof(
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('enable' as const, 'disable' as const) }) },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constantFrom('userAdd' as const, 'userAdd' as const, 'userDelete' as const, 'changePassword' as const),
      name: aName,
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom('roleAdd' as const, 'roleAdd' as const, 'roleDelete' as const),
      name: aName,
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constantFrom('grantRole' as const, 'grantRole' as const, 'revokeRole' as const),
      user: aName,
      role: aName,
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('grant' as const),
      role: aName,
      type: fc.nat({ max: 3 }),
      key: aKey,
      end: aKey,
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('revoke' as const), role: aName, key: aKey, end: aKey }) },
)

function run(store: AuthStore, command: Command): void {
  switch (command.do) {
    case 'enable':
      return store.enable()
    case 'disable':
      return store.disable()
    case 'userAdd':
      return store.userAdd({ name: command.name, hashedPassword: 'JDJh', noPassword: command.name === 'b' })
    case 'userDelete':
      return store.userDelete(command.name)
    case 'changePassword':
      return store.userChangePassword({ name: command.name, hashedPassword: 'JDJi' })
    case 'roleAdd':
      return store.roleAdd(command.name)
    case 'roleDelete':
      return store.roleDelete(command.name)
    case 'grantRole':
      return store.userGrantRole(command)
    case 'revokeRole':
      return store.userRevokeRole(command)
    case 'grant': {
      const { role, type: permType, key, end } = command
      return store.roleGrantPermission({ role, permission: { permType, key: bytes(key), rangeEnd: bytes(end) } })
    }
    case 'revoke': {
      const { role, key, end } = command
      return store.roleRevokePermission({ role, key: bytes(key), rangeEnd: bytes(end) })
    }
  }
}

/** The rules once more, on plain lists. Permissions are `key end type`. */
class Model {
  enabled = false
  revision = 1
  users: [name: string, hash: string, roles: string[]][] = []
  roles: [name: string, permissions: [key: string, end: string, type: number][]][] = []

  /** Says the code of the refusal, or does it. */
  run(command: Command): string | undefined {
    const user = 'user' in command ? command.user : 'name' in command ? command.name : ''
    const roleName = 'role' in command ? command.role : 'name' in command ? command.name : ''
    const found = this.users.find(([name]) => name === user)
    const role = this.roles.find(([name]) => name === roleName)
    const rule = this.rules(command, found, role, user, roleName)
    if (typeof rule === 'string') return rule
    if (rule === undefined) return undefined
    rule()
    return undefined
  }

  private rules(
    command: Command,
    user: Model['users'][number] | undefined,
    role: Model['roles'][number] | undefined,
    userName: string,
    roleName: string,
  ): string | (() => void) | undefined {
    const changes =
      (change: () => void): (() => void) =>
      () => {
        change()
        this.revision++
      }
    switch (command.do) {
      case 'enable': {
        const root = this.users.find(([name]) => name === 'root')
        if (this.enabled) return undefined
        if (root === undefined) return 'ROOT_USER_NOT_EXIST'
        if (!root[2].includes('root')) return 'ROOT_ROLE_NOT_EXIST'
        return () => {
          this.enabled = true
        }
      }
      case 'disable':
        return this.enabled
          ? changes(() => {
              this.enabled = false
            })
          : undefined
      case 'userAdd':
        if (userName === '') return 'USER_EMPTY'
        return user
          ? 'USER_ALREADY_EXIST'
          : changes(() => this.users.push([userName, userName === 'b' ? '' : '$2a', []]))
      case 'userDelete':
        if (this.enabled && userName === 'root') return 'INVALID_AUTH_MGMT'
        return user ? changes(() => this.users.splice(this.users.indexOf(user), 1)) : 'USER_NOT_FOUND'
      case 'changePassword':
        return user
          ? changes(() => {
              user[1] = userName === 'b' ? '' : '$2b'
            })
          : 'USER_NOT_FOUND'
      case 'roleAdd':
        if (roleName === '') return 'ROLE_EMPTY'
        return role ? 'ROLE_ALREADY_EXIST' : changes(() => this.roles.push([roleName, []]))
      case 'roleDelete':
        if (this.enabled && roleName === 'root') return 'INVALID_AUTH_MGMT'
        return role
          ? changes(() => {
              this.roles.splice(this.roles.indexOf(role), 1)
              for (const one of this.users) one[2] = one[2].filter(name => name !== roleName)
            })
          : 'ROLE_NOT_FOUND'
      case 'grantRole':
        if (!user) return 'USER_NOT_FOUND'
        if (!role && roleName !== 'root') return 'ROLE_NOT_FOUND'
        return user[2].includes(roleName) ? undefined : changes(() => user[2].push(roleName))
      case 'revokeRole':
        if (this.enabled && userName === 'root' && roleName === 'root') return 'INVALID_AUTH_MGMT'
        if (!user) return 'USER_NOT_FOUND'
        if (!user[2].includes(roleName)) return 'ROLE_NOT_GRANTED'
        return changes(() => {
          user[2] = user[2].filter(name => name !== roleName)
        })
      case 'grant': {
        const { key, end, type } = command
        if (key === '' || (end !== '' && end !== '\0' && end <= key)) return 'INVALID_AUTH_MGMT'
        if (!role) return 'ROLE_NOT_FOUND'
        const first = role[1].find(([other]) => other === key)
        if (first?.[1] === end) {
          return changes(() => {
            first[2] = type
          })
        }
        return changes(() => {
          role[1].push([key, end, type])
          // Stable, as the language promises.
          role[1].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
        })
      }
      case 'revoke': {
        const { key, end } = command
        if (!role) return 'ROLE_NOT_FOUND'
        const left = role[1].filter(([k, e]) => k !== key || e !== end)
        if (left.length === role[1].length) return 'PERMISSION_NOT_GRANTED'
        return changes(() => {
          role[1] = left
        })
      }
    }
  }

  look(): unknown {
    return {
      enabled: this.enabled,
      revision: this.revision,
      users: this.users.map(([name, hash, roles]) => [name, hash, [...roles].sort()]).sort(),
      roles: this.roles.map(([name, permissions]) => [name, permissions]).sort(),
    }
  }
}

const text = (some: Uint8Array): string => String.fromCharCode(...some)

function look(storage: MemoryStorage): unknown {
  const shown = ({ key, rangeEnd, permType }: Permission) => [text(key), text(rangeEnd), permType]
  return {
    enabled: storage.isEnabled,
    revision: storage.revision,
    users: [...storage.users.values()].map(({ name, passwordHash, roles }) => [name, text(passwordHash), roles]).sort(),
    roles: [...storage.roles.values()].map(({ name, permissions }) => [name, permissions.map(shown)]).sort(),
  }
}

test('any sequence of changes ends as the rules say, refusals included', () => {
  fc.assert(
    fc.property(fc.array(aCommand, { minLength: 20, maxLength: 60 }), commands => {
      const { store, storage } = newWorld()
      const model = new Model()
      for (const command of commands) {
        expect([command, codeOf(() => run(store, command))]).toEqual([command, model.run(command)])
        expect(store.revision).toBe(model.revision)
      }
      expect(look(storage)).toEqual(model.look())
      expect(store.userList()).toEqual(model.users.map(([name]) => name).sort())
      expect(store.roleList()).toEqual(model.roles.map(([name]) => name).sort())
    }),
    { numRuns: 500 },
  )
})

test('a store that was restored on the way, even at every step, goes on as if nothing had been', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(aCommand, fc.boolean()), { minLength: 10, maxLength: 60 }), steps => {
      const straight = newWorld()
      const storage = new MemoryStorage()
      const tokens = createNoTokens()
      let restored = createAuthStore({ storage, tokens })
      for (const [command, isRestart] of steps) {
        if (isRestart) restored = createAuthStore({ storage, tokens, content: storage.content() })
        // What it may do is asked for on one side only: caches must not show.
        for (const name of restored.userList()) restored.grantsOf(name)
        const outcomes = [straight.store, restored].map(store => codeOf(() => run(store, command)))
        expect(outcomes[0]).toBe(outcomes[1])
      }
      expect(storage.log).toEqual(straight.storage.log)
      for (const name of restored.userList()) {
        const [before, after] = [straight.store, restored].map(store => store.grantsOf(name)!)
        expect([...after!.read.spans()]).toEqual([...before!.read.spans()])
        expect([...after!.write.spans()]).toEqual([...before!.write.spans()])
      }
      expect(restored.roleList().map(name => restored.roleGet(name).map(describePermission))).toEqual(
        straight.store.roleList().map(name => straight.store.roleGet(name).map(describePermission)),
      )
    }),
    { numRuns: 300 },
  )
})
