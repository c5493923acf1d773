import { isKvsError, type Range } from '@kvs/client'
import { PermissionType } from '@kvs/client/messages'
import type { Command, Flags } from '../command.ts'
import { CtlError } from '../errors.ts'
import type { Session } from '../session.ts'
import { expectCount, firstLine } from './arguments.ts'

const badArguments = (message: string): CtlError => new CtlError('badArguments', message)

async function enable(session: Session, args: readonly string[]): Promise<void> {
  expectCount(args, 0, 'auth enable command does not accept any arguments')
  const { auth } = await session.client()
  for (;;) {
    try {
      const response = await auth.enable(session.timeout)
      session.print('authEnable', { response })
      return
    } catch (error) {
      if (!isKvsError(error, 'ROOT_ROLE_MISSING')) throw error
    }
    try {
      await auth.addRole('root', session.timeout)
    } catch (error) {
      if (!isKvsError(error, 'ROLE_EXISTS')) throw error
    }
    await auth.grantRole({ user: 'root', role: 'root' }, session.timeout)
  }
}

export const auth: Command = {
  name: 'auth',
  summary: 'Enable or disable authentication',
  children: [
    { name: 'enable', summary: 'Enables authentication', run: (session, args) => enable(session, args) },
    {
      name: 'disable',
      summary: 'Disables authentication',
      run: async (session, args) => {
        expectCount(args, 0, 'auth disable command does not accept any arguments')
        session.print('authDisable', { response: await (await session.client()).auth.disable(session.timeout) })
      },
    },
    {
      name: 'status',
      summary: 'Returns authentication status',
      run: async (session, args) => {
        expectCount(args, 0, 'auth status command does not accept any arguments')
        session.print('authStatus', { response: await (await session.client()).auth.status(session.timeout) })
      },
    },
  ],
}

async function askPassword(session: Session, name: string, interactive: boolean): Promise<string> {
  if (!interactive) return firstLine(() => session.io.readInput())
  const first = await session.io.askSecret(`Password of ${name}: `)
  const second = await session.io.askSecret(`Type password of ${name} again for confirmation: `)
  if (first !== second) throw badArguments('given passwords are different')
  return first
}

async function addUser(session: Session, args: readonly string[], flags: Flags): Promise<void> {
  expectCount(args, 1, 'user add command requires user name as its argument')
  const [, name = '', inline] = /^([^:]*)(?::(.*))?$/s.exec(args[0] as string) ?? []
  const given = flags.text('new-user-password')
  const user = given === '' ? name : (args[0] as string)
  if (user === '') throw badArguments('empty user name is not allowed')
  let password: string | undefined
  if (!flags.bool('no-password')) {
    if (given !== '') password = given
    else password = inline ?? (await askPassword(session, user, flags.bool('interactive')))
  }
  const request = password === undefined ? { name: user } : { name: user, password }
  const response = await (await session.client()).auth.addUser(request, session.timeout)
  session.print('userAdd', { response, user })
}

async function getUser(session: Session, args: readonly string[], detail: boolean): Promise<void> {
  expectCount(args, 1, 'user get command requires user name as its argument')
  const user = args[0] as string
  const { auth: calls } = await session.client()
  const response = await calls.user(user, session.timeout)
  if (!detail) {
    session.print('userGet', { response, user })
    return
  }
  session.line(`User: ${user}`)
  for (const role of response.roles) {
    session.line('')
    session.print('roleGet', { response: await calls.role(role, session.timeout), role })
  }
}

async function setPassword(session: Session, args: readonly string[], interactive: boolean): Promise<void> {
  expectCount(args, 1, 'user passwd command requires user name as its argument')
  const name = args[0] as string
  const password = await askPassword(session, name, interactive)
  const response = await (await session.client()).auth.changePassword({ name, password }, session.timeout)
  session.print('userPassword', { response })
}

async function userRole(session: Session, args: readonly string[], step: 'grant' | 'revoke'): Promise<void> {
  expectCount(args, 2, `user ${step} command requires user name and role name as its argument`)
  const [user, role] = args as readonly [string, string]
  const { auth: calls } = await session.client()
  if (step === 'grant') {
    session.print('userGrant', { response: await calls.grantRole({ user, role }, session.timeout), user, role })
  } else session.print('userRevoke', { response: await calls.revokeRole({ user, role }, session.timeout), user, role })
}

const interactiveFlag = {
  name: 'interactive',
  kind: 'bool',
  value: 'true',
  help: 'ask for the password; else it is read from standard input',
} as const

export const user: Command = {
  name: 'user',
  summary: 'User related commands',
  children: [
    {
      name: 'add',
      summary: 'Adds a new user',
      usage: '<user name or user:password>',
      flags: [
        interactiveFlag,
        { name: 'new-user-password', kind: 'string', value: '', help: 'password of the new user' },
        { name: 'no-password', kind: 'bool', value: 'false', help: 'a user who comes with a certificate' },
      ],
      run: addUser,
    },
    {
      name: 'delete',
      summary: 'Deletes a user',
      usage: '<user name>',
      run: async (session, args) => {
        expectCount(args, 1, 'user delete command requires user name as its argument')
        const name = args[0] as string
        const response = await (await session.client()).auth.deleteUser(name, session.timeout)
        session.print('userDelete', { response, user: name })
      },
    },
    {
      name: 'get',
      summary: 'Gets detailed information of a user',
      usage: '<user name>',
      flags: [{ name: 'detail', kind: 'bool', value: 'false', help: 'print the permissions of the roles' }],
      run: (session, args, flags) => getUser(session, args, flags.bool('detail')),
    },
    {
      name: 'list',
      summary: 'Lists all users',
      run: async (session, args) => {
        expectCount(args, 0, 'user list command requires no arguments')
        session.print('userList', { response: await (await session.client()).auth.users(session.timeout) })
      },
    },
    {
      name: 'passwd',
      summary: 'Changes password of user',
      usage: '<user name>',
      flags: [interactiveFlag],
      run: (session, args, flags) => setPassword(session, args, flags.bool('interactive')),
    },
    {
      name: 'grant-role',
      summary: 'Grants a role to a user',
      usage: '<user name> <role name>',
      run: (session, args) => userRole(session, args, 'grant'),
    },
    {
      name: 'revoke-role',
      summary: 'Revokes a role from a user',
      usage: '<user name> <role name>',
      run: (session, args) => userRole(session, args, 'revoke'),
    },
  ],
}

const permissionTypes: Readonly<Record<string, PermissionType>> = {
  read: PermissionType.READ,
  write: PermissionType.WRITE,
  readwrite: PermissionType.READWRITE,
}

/** The keys of a permission, from `key [end]` and the flags `--prefix` and `--from-key`. */
function permissionRange(words: readonly (string | undefined)[], flags: Flags): Range {
  const [key = '', end] = words
  const prefix = flags.bool('prefix')
  const fromKey = flags.bool('from-key')
  if (prefix && fromKey) throw badArguments('--from-key and --prefix flags are mutually exclusive')
  if (end !== undefined && (prefix || fromKey)) {
    throw badArguments(`unexpected endkey argument with ${prefix ? '--prefix' : '--from-key'} flag`)
  }
  if (prefix) return { prefix: key }
  if (fromKey) return { from: key }
  return end === undefined ? key : { key, end }
}

async function grantPermission(session: Session, args: readonly string[], flags: Flags): Promise<void> {
  if (args.length < 3) {
    throw badArguments('role grant command requires role name, permission type, and key [endkey] as its argument')
  }
  const [role, type, key, end] = args as readonly [string, string, string, string | undefined]
  const permission = permissionTypes[type.toLowerCase()]
  if (permission === undefined) throw badArguments(`invalid permission type: ${type}`)
  const keys = permissionRange([key, end], flags)
  const response = await (await session.client()).auth.grantPermission({ role, keys, permission }, session.timeout)
  session.print('roleGrant', { response, role })
}

async function revokePermission(session: Session, args: readonly string[], flags: Flags): Promise<void> {
  if (args.length < 2) {
    throw badArguments('role revoke-permission command requires role name and key [endkey] as its argument')
  }
  const [role, key, end] = args as readonly [string, string, string | undefined]
  const keys = permissionRange([key, end], flags)
  const response = await (await session.client()).auth.revokePermission({ role, keys }, session.timeout)
  session.print('roleRevoke', { response, role, key, end: shownEnd(keys, end) })
}

function shownEnd(keys: Range, end: string | undefined): string {
  if (typeof keys === 'object' && 'from' in keys) return '\0'
  if (typeof keys === 'object' && 'prefix' in keys) return prefixEndText(keys.prefix as string)
  return end ?? ''
}

function prefixEndText(prefix: string): string {
  return prefix === '' ? '\0' : prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1)
}

const rangeFlags = [
  { name: 'prefix', kind: 'bool', value: 'false', help: 'all keys that begin with the given one' },
  { name: 'from-key', kind: 'bool', value: 'false', help: 'all keys from the given one on' },
] as const

/** A command with the name of a role as its only argument. */
function roleCommand(
  name: 'add' | 'delete' | 'get',
  summary: string,
  run: (session: Session, role: string) => Promise<void>,
): Command {
  return {
    name,
    summary,
    usage: '<role name>',
    run: (session, args) => {
      expectCount(args, 1, `role ${name} command requires role name as its argument`)
      return run(session, args[0] as string)
    },
  }
}

export const role: Command = {
  name: 'role',
  summary: 'Role related commands',
  children: [
    roleCommand('add', 'Adds a new role', async (session, name) => {
      session.print('roleAdd', {
        response: await (await session.client()).auth.addRole(name, session.timeout),
        role: name,
      })
    }),
    roleCommand('delete', 'Deletes a role', async (session, name) => {
      const response = await (await session.client()).auth.deleteRole(name, session.timeout)
      session.print('roleDelete', { response, role: name })
    }),
    roleCommand('get', 'Gets detailed information of a role', async (session, name) => {
      session.print('roleGet', {
        response: await (await session.client()).auth.role(name, session.timeout),
        role: name,
      })
    }),
    {
      name: 'list',
      summary: 'Lists all roles',
      run: async (session, args) => {
        expectCount(args, 0, 'role list command requires no arguments')
        session.print('roleList', { response: await (await session.client()).auth.roles(session.timeout) })
      },
    },
    {
      name: 'grant-permission',
      summary: 'Grants a key to a role',
      usage: '<role name> <read|write|readwrite> <key> [endkey]',
      flags: rangeFlags,
      run: grantPermission,
    },
    {
      name: 'revoke-permission',
      summary: 'Revokes a key from a role',
      usage: '<role name> <key> [endkey]',
      flags: rangeFlags,
      run: revokePermission,
    },
  ],
}
