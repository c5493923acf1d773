import { MembershipError } from './errors.ts'
import { type ExactJson, type ExactObject, parseExactJson } from './json.ts'

/** A configured server. `name` is empty and `clientUrls` are missing until it has started for the first time. */
export interface Member {
  readonly id: bigint
  readonly name: string
  readonly peerUrls: readonly string[]
  readonly clientUrls: readonly string[]
  readonly isLearner: boolean
}

/** What a configuration change says about a member: `isPromote` marks the promotion of a learner. */
export interface MemberChange extends Member {
  readonly isPromote: boolean
}

/**
 * The JSON of a member, in bucket `members` and in configuration changes: `{"id":N,"peerURLs":[…],"isLearner":true,
 * "name":…,"clientURLs":[…]}`. The id is an unquoted 64-bit number; what is false or empty is left out.
 */
export function encodeMember(member: Member & { readonly isPromote?: boolean }): string {
  const parts = [
    `"id":${member.id}`,
    `"peerURLs":${member.peerUrls.length === 0 ? 'null' : JSON.stringify(member.peerUrls)}`,
  ]
  if (member.isLearner) parts.push('"isLearner":true')
  if (member.name !== '') parts.push(`"name":${JSON.stringify(member.name)}`)
  if (member.clientUrls.length > 0) parts.push(`"clientURLs":${JSON.stringify(member.clientUrls)}`)
  if (member.isPromote === true) parts.push('"isPromote":true')
  return `{${parts.join(',')}}`
}

/** Reads what `encodeMember` or Go's etcd wrote. Throws `MembershipError` (`MALFORMED`). */
export function decodeMember(json: string): MemberChange {
  const record = parseExactJson(json)
  if (typeof record !== 'object' || record === null || Array.isArray(record)) throw malformed('a member is an object')
  const fields = record as ExactObject
  const id = fields['id']
  if (typeof id !== 'bigint' || id < 0n || id > 0xffff_ffff_ffff_ffffn) throw malformed('a member has a 64-bit id')
  return {
    id,
    name: text(fields['name']),
    peerUrls: texts(fields['peerURLs']),
    clientUrls: texts(fields['clientURLs']),
    isLearner: fields['isLearner'] === true,
    isPromote: fields['isPromote'] === true,
  }
}

function text(value: ExactJson | undefined): string {
  if (value === undefined || value === null) return ''
  if (typeof value !== 'string') throw malformed('a name is a string')
  return value
}

function texts(value: ExactJson | undefined): readonly string[] {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value)) throw malformed('URLs are a list')
  return value.map(text)
}

const malformed = (what: string): MembershipError => new MembershipError('MALFORMED', what)
