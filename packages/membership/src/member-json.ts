import { MembershipError } from './errors.ts'
import { type Json, jsonString, parseJson } from './json.ts'
import type { Member, MembershipConfState } from './member.ts'

/**
 * The JSON of etcd's records: fields in its order, ids as bare 64-bit numbers, false and empty fields left out (but
 * `peerURLs`, which becomes `null`). Readers take names in any case, as Go does, and pass over fields they do not know.
 */
export function encodeMember(member: Member): string {
  return `{${memberFields(member)}}`
}

/** The answer to `GET /members`: the list, and a newline. */
export function encodeMembers(members: readonly Member[]): string {
  return `[${members.map(encodeMember).join(',')}]\n`
}

export function memberFields(member: Member): string {
  const { id, name, clientUrls } = member
  const fields = [`"id":${id}`, raftFields(member)]
  if (name !== '') fields.push(`"name":${jsonString(name)}`)
  if (clientUrls.length > 0) fields.push(`"clientURLs":${jsonStrings(clientUrls)}`)
  return fields.join(',')
}

function raftFields(member: Pick<Member, 'peerUrls' | 'isLearner'>): string {
  return `"peerURLs":${jsonStrings(member.peerUrls)}${member.isLearner ? ',"isLearner":true' : ''}`
}

/** `/0/members/<id>/raftAttributes` of the v2 store. */
export function encodeRaftAttributes(member: Pick<Member, 'peerUrls' | 'isLearner'>): string {
  return `{${raftFields(member)}}`
}

/** `/0/members/<id>/attributes` of the v2 store, and how etcd up to 3.6 publishes a member. */
export function encodeAttributes(member: Pick<Member, 'name' | 'clientUrls'>): string {
  const fields: string[] = []
  if (member.name !== '') fields.push(`"name":${jsonString(member.name)}`)
  if (member.clientUrls.length > 0) fields.push(`"clientURLs":${jsonStrings(member.clientUrls)}`)
  return `{${fields.join(',')}}`
}

export function decodeMember(text: string): Member {
  return memberOf(fieldsOf(parseJson(text)))
}

export function decodeMembers(text: string): Member[] {
  const value = parseJson(text)
  if (!Array.isArray(value)) throw bad('a list of members is no array')
  return value.map(each => memberOf(fieldsOf(each)))
}

export function decodeAttributes(text: string): Pick<Member, 'name' | 'clientUrls'> {
  const fields = fieldsOf(parseJson(text))
  return { name: textOf(fields, 'name'), clientUrls: textsOf(fields, 'clienturls') }
}

/** A downgrade that is under way, `cluster/downgrade`. `targetVersion` is empty when none is. */
export interface DowngradeInfo {
  readonly targetVersion: string
  readonly isEnabled: boolean
}

export function encodeDowngrade(info: DowngradeInfo): string {
  return `{"target-version":${jsonString(info.targetVersion)},"enabled":${info.isEnabled}}`
}

export function decodeDowngrade(text: string): DowngradeInfo {
  const fields = fieldsOf(parseJson(text))
  return { targetVersion: textOf(fields, 'target-version'), isEnabled: flagOf(fields, 'enabled') }
}

/** `meta/confState`; empty lists and a false flag are left out, as etcd 3.7 does. */
export function encodeConfState(state: MembershipConfState): string {
  const lists: readonly (readonly [string, readonly bigint[]])[] = [
    ['voters', state.voters],
    ['learners', state.learners],
    ['voters_outgoing', state.votersOutgoing],
    ['learners_next', state.learnersNext],
  ]
  const fields = lists.filter(([, ids]) => ids.length > 0).map(([name, ids]) => `"${name}":[${ids.join(',')}]`)
  if (state.autoLeave) fields.push('"auto_leave":true')
  return `{${fields.join(',')}}`
}

export function decodeConfState(text: string): MembershipConfState {
  const fields = fieldsOf(parseJson(text))
  return {
    voters: idsOf(fields, 'voters'),
    learners: idsOf(fields, 'learners'),
    votersOutgoing: idsOf(fields, 'voters_outgoing'),
    learnersNext: idsOf(fields, 'learners_next'),
    autoLeave: flagOf(fields, 'auto_leave'),
  }
}

export interface ChangeContext {
  readonly member: Member
  /** The record asks to promote it. */
  readonly isPromote: boolean
  /** How many learners there may be with it. */
  readonly maxLearners: number | undefined
}

/** The context of a configuration change. */
export function decodeChangeContext(text: string): ChangeContext {
  const fields = fieldsOf(parseJson(text))
  return {
    member: memberOf(fields),
    isPromote: flagOf(fields, 'ispromote'),
    maxLearners: countOf(fields, 'maxlearners'),
  }
}

type Fields = ReadonlyMap<string, Json>

/** The members of an object, by their names in lower case. */
function fieldsOf(value: Json): Fields {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) throw bad('a record is no object')
  return new Map(Object.entries(value).map(([name, field]) => [name.toLowerCase(), field as Json]))
}

function memberOf(fields: Fields): Member {
  return {
    id: idOf(fields.get('id') ?? 0n),
    name: textOf(fields, 'name'),
    peerUrls: textsOf(fields, 'peerurls'),
    clientUrls: textsOf(fields, 'clienturls'),
    isLearner: flagOf(fields, 'islearner'),
  }
}

function idOf(value: Json): bigint {
  if (typeof value !== 'bigint' || value < 0n || value >= 1n << 64n) throw bad('an id is no number of 64 bits')
  return value
}

function idsOf(fields: Fields, name: string): bigint[] {
  return listOf(fields, name).map(idOf)
}

function textOf(fields: Fields, name: string): string {
  const value = fields.get(name) ?? ''
  if (typeof value !== 'string') throw bad(`${name} is no string`)
  return value
}

function textsOf(fields: Fields, name: string): string[] {
  return listOf(fields, name).map(value => {
    if (typeof value !== 'string') throw bad(`${name} holds something that is no string`)
    return value
  })
}

function flagOf(fields: Fields, name: string): boolean {
  const value = fields.get(name) ?? false
  if (typeof value !== 'boolean') throw bad(`${name} is neither true nor false`)
  return value
}

function countOf(fields: Fields, name: string): number | undefined {
  const value = fields.get(name)
  if (value === undefined) return undefined
  const count = typeof value === 'bigint' ? Number(value) : Number.NaN
  if (!Number.isSafeInteger(count) || count < 0) throw bad(`${name} is no count`)
  return count
}

function listOf(fields: Fields, name: string): readonly Json[] {
  const value = fields.get(name) ?? []
  if (!Array.isArray(value)) throw bad(`${name} is no array`)
  return value as readonly Json[]
}

function jsonStrings(texts: readonly string[]): string {
  return texts.length === 0 ? 'null' : `[${texts.map(jsonString).join(',')}]`
}

function bad(what: string): MembershipError {
  return new MembershipError('BAD_JSON', `membership: ${what}`)
}
