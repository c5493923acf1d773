import { type GrpcChannel, GrpcError } from '@kvs/grpc'
import type { Method } from '@kvs/proto'
import { PermissionType } from '@kvs/proto/auth'
import { Auth } from '@kvs/proto/rpc'
import type { MemberOptions } from '../src/options.ts'
import type { ServerParts } from '../src/server.ts'
import { type TestMember, World } from './member.ts'

/** A key of one character per byte. */
export const bytes = (text: string): Uint8Array => Uint8Array.from(text, character => character.charCodeAt(0))

export const permissionTypes = {
  read: PermissionType.READ,
  write: PermissionType.WRITE,
  readwrite: PermissionType.READWRITE,
} as const

/** Somebody who calls: with a token, a certificate, both or neither. */
export class Identity {
  readonly member: TestMember
  channel: GrpcChannel
  readonly metadata: readonly (readonly [string, string])[]

  constructor(member: TestMember, who: { readonly token?: string; readonly commonName?: string } = {}) {
    this.member = member
    this.channel = who.commonName === undefined ? member.channel : member.connect(who.commonName)
    this.metadata = who.token === undefined ? [] : [['token', who.token]]
  }

  onConnection(channel: GrpcChannel): this {
    this.channel = channel
    return this
  }

  async call<Init, Response>(method: Method<unknown, Init, Response, never>, request: Init): Promise<Response> {
    const { metadata } = this
    const { message } = await this.channel.call(method.path, method.encodeRequest(request), { metadata })
    return method.decodeResponse(message)
  }

  /** `ok`, or the text of the refusal. */
  async outcome<Init>(method: Method<unknown, Init, unknown, never>, request: Init): Promise<string> {
    try {
      await this.call(method, request)
      return 'ok'
    } catch (error) {
      if (error instanceof GrpcError) return error.message
      throw error
    }
  }

  /** A streaming call with some requests: the answers so far, and how it ended if it has. */
  async stream<Init, Response>(
    method: Method<unknown, Init, Response, never>,
    requests: readonly Init[],
    enough: number,
  ): Promise<{ readonly answers: readonly Response[]; readonly error: string | undefined }> {
    const answers: Response[] = []
    return new Promise(resolve => {
      const done = (error: string | undefined): void => resolve({ answers, error })
      const call = this.channel.stream(
        method.path,
        {
          message: (body, from, to) => {
            answers.push(method.decodeResponse(body.slice(from, to)))
            if (answers.length < enough) return
            done(undefined)
            call.cancel()
          },
          end: error => done(error?.message),
        },
        { metadata: this.metadata },
      )
      for (const request of requests) {
        const body = method.encodeRequest(request)
        call.send(body, 0, body.length)
      }
    })
  }
}

/** Logs a user in. */
export async function logIn(member: TestMember, name: string, password: string): Promise<Identity> {
  const { token } = await new Identity(member).call(Auth.authenticate, { name, password })
  return new Identity(member, { token })
}

export const rootPassword = 'root-password'

/** A member with authentication on, and its root. */
export async function startWithAuth(
  options: Partial<MemberOptions> = {},
  parts: Partial<ServerParts> = {},
): Promise<{ readonly world: World; readonly member: TestMember; readonly root: Identity; readonly nobody: Identity }> {
  const world = new World()
  const member = await world.start({ bcryptCost: 4, ...options }, world.disk, parts)
  const nobody = new Identity(member)
  await nobody.call(Auth.userAdd, { name: 'root', password: rootPassword })
  await nobody.call(Auth.userGrantRole, { user: 'root', role: 'root' })
  await nobody.call(Auth.authEnable, {})
  return { world, member, nobody, root: await logIn(member, 'root', rootPassword) }
}

/** Adds a user with a role of its own name that permits `[key, rangeEnd)`, and logs it in. */
export async function addUser(
  root: Identity,
  name: string,
  permission?: { readonly type: keyof typeof permissionTypes; readonly key: string; readonly end?: string },
): Promise<Identity> {
  await root.call(Auth.userAdd, { name, password: `${name}-password` })
  await root.call(Auth.roleAdd, { name })
  await root.call(Auth.userGrantRole, { user: name, role: name })
  if (permission !== undefined) {
    const { type, key, end = '' } = permission
    const perm = { permType: permissionTypes[type], key: bytes(key), rangeEnd: bytes(end) }
    await root.call(Auth.roleGrantPermission, { name, perm })
  }
  return logIn(root.member, name, `${name}-password`)
}
