// Generated from proto/auth.proto by tools/protogen. Do not edit.
import { type Reader, Writer } from 'protobufjs/minimal.js'
import { decodeRange, endOf, noBytes, skipField, writeText } from '../runtime.ts'

export interface UserAddOptions {
  readonly noPassword: boolean
}

/** What `encodeUserAddOptions` takes: absent fields have their zero value. */
export interface UserAddOptionsInit {
  readonly noPassword?: boolean | undefined
}

/** Appends the fields of a UserAddOptions to `writer`. */
export function writeUserAddOptions(writer: Writer, message: UserAddOptionsInit): Writer {
  if (message.noPassword !== undefined && message.noPassword !== false) {
    writer.uint32(8)
    writer.bool(message.noPassword)
  }
  return writer
}

/** Reads a UserAddOptions that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readUserAddOptions(reader: Reader, end: number): UserAddOptions {
  endOf(reader, end, reader.len)
  let noPassword: boolean = false
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 8:
        noPassword = reader.bool()
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { noPassword }
}

export function encodeUserAddOptions(message: UserAddOptionsInit): Uint8Array {
  return writeUserAddOptions(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeUserAddOptions(bytes: Uint8Array, start: number = 0, end: number = bytes.length): UserAddOptions {
  return decodeRange('UserAddOptions', readUserAddOptions, bytes, start, end)
}

export interface User {
  readonly name: Uint8Array
  readonly password: Uint8Array
  readonly roles: readonly string[]
  readonly options: UserAddOptions | undefined
}

/** What `encodeUser` takes: absent fields have their zero value. */
export interface UserInit {
  readonly name?: Uint8Array | undefined
  readonly password?: Uint8Array | undefined
  readonly roles?: readonly string[] | undefined
  readonly options?: UserAddOptionsInit | undefined
}

/** Appends the fields of a User to `writer`. */
export function writeUser(writer: Writer, message: UserInit): Writer {
  if (message.name !== undefined && message.name.length > 0) {
    writer.uint32(10)
    writer.bytes(message.name)
  }
  if (message.password !== undefined && message.password.length > 0) {
    writer.uint32(18)
    writer.bytes(message.password)
  }
  for (const value of message.roles ?? []) {
    writer.uint32(26)
    writeText(writer, value)
  }
  if (message.options !== undefined) {
    writer.uint32(34)
    writeUserAddOptions(writer.fork(), message.options).ldelim()
  }
  return writer
}

/** Reads a User that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readUser(reader: Reader, end: number): User {
  endOf(reader, end, reader.len)
  let name: Uint8Array = noBytes
  let password: Uint8Array = noBytes
  let roles: string[] | undefined
  let options: UserAddOptions | undefined
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        name = reader.bytes()
        break
      case 18:
        password = reader.bytes()
        break
      case 26:
        roles ??= []
        roles.push(reader.stringVerify())
        break
      case 34:
        options = readUserAddOptions(reader, reader.size() + reader.pos)
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { name, password, roles: roles ?? [], options }
}

export function encodeUser(message: UserInit): Uint8Array {
  return writeUser(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeUser(bytes: Uint8Array, start: number = 0, end: number = bytes.length): User {
  return decodeRange('User', readUser, bytes, start, end)
}

export interface Permission {
  readonly permType: PermissionType
  readonly key: Uint8Array
  readonly rangeEnd: Uint8Array
}

/** What `encodePermission` takes: absent fields have their zero value. */
export interface PermissionInit {
  readonly permType?: PermissionType | undefined
  readonly key?: Uint8Array | undefined
  readonly rangeEnd?: Uint8Array | undefined
}

/** Appends the fields of a Permission to `writer`. */
export function writePermission(writer: Writer, message: PermissionInit): Writer {
  if (message.permType !== undefined && message.permType !== 0) {
    writer.uint32(8)
    writer.int32(message.permType)
  }
  if (message.key !== undefined && message.key.length > 0) {
    writer.uint32(18)
    writer.bytes(message.key)
  }
  if (message.rangeEnd !== undefined && message.rangeEnd.length > 0) {
    writer.uint32(26)
    writer.bytes(message.rangeEnd)
  }
  return writer
}

/** Reads a Permission that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readPermission(reader: Reader, end: number): Permission {
  endOf(reader, end, reader.len)
  let permType: PermissionType = 0
  let key: Uint8Array = noBytes
  let rangeEnd: Uint8Array = noBytes
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 8:
        permType = reader.int32() as PermissionType
        break
      case 18:
        key = reader.bytes()
        break
      case 26:
        rangeEnd = reader.bytes()
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { permType, key, rangeEnd }
}

export function encodePermission(message: PermissionInit): Uint8Array {
  return writePermission(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodePermission(bytes: Uint8Array, start: number = 0, end: number = bytes.length): Permission {
  return decodeRange('Permission', readPermission, bytes, start, end)
}

export const PermissionType: {
  readonly READ: 0
  readonly WRITE: 1
  readonly READWRITE: 2
} = {
  READ: 0,
  WRITE: 1,
  READWRITE: 2,
}
export type PermissionType = (typeof PermissionType)[keyof typeof PermissionType]

export interface Role {
  readonly name: Uint8Array
  readonly keyPermission: readonly Permission[]
}

/** What `encodeRole` takes: absent fields have their zero value. */
export interface RoleInit {
  readonly name?: Uint8Array | undefined
  readonly keyPermission?: readonly PermissionInit[] | undefined
}

/** Appends the fields of a Role to `writer`. */
export function writeRole(writer: Writer, message: RoleInit): Writer {
  if (message.name !== undefined && message.name.length > 0) {
    writer.uint32(10)
    writer.bytes(message.name)
  }
  for (const value of message.keyPermission ?? []) {
    writer.uint32(18)
    writePermission(writer.fork(), value).ldelim()
  }
  return writer
}

/** Reads a Role that ends at position `end` of `reader`. Bytes fields are views of the input. */
export function readRole(reader: Reader, end: number): Role {
  endOf(reader, end, reader.len)
  let name: Uint8Array = noBytes
  let keyPermission: Permission[] | undefined
  while (reader.pos < end) {
    const tag = reader.tag()
    switch (tag) {
      case 10:
        name = reader.bytes()
        break
      case 18:
        keyPermission ??= []
        keyPermission.push(readPermission(reader, reader.size() + reader.pos))
        break
      default:
        skipField(reader, tag)
    }
  }
  endOf(reader, reader.pos, end)
  return { name, keyPermission: keyPermission ?? [] }
}

export function encodeRole(message: RoleInit): Uint8Array {
  return writeRole(new Writer(), message).finish()
}

/** Bytes fields are views of `bytes`. Throws `ProtoError`. */
export function decodeRole(bytes: Uint8Array, start: number = 0, end: number = bytes.length): Role {
  return decodeRange('Role', readRole, bytes, start, end)
}
