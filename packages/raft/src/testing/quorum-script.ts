import { describeCommitted, describeCommittedIndex } from '../quorum/describe.ts'
import { jointCommitted, jointIds, jointVote } from '../quorum/joint.ts'
import { majorityCommitted, majorityVote, type VoteResult } from '../quorum/majority.ts'
import { type Directive, onlyKeys, valuesOf } from './directive.ts'

type Ids = ReadonlySet<bigint>

/** The voters of a directive; `outgoing` is undefined where only a majority is asked for. */
interface Voters {
  readonly incoming: Ids
  readonly outgoing: Ids | undefined
}

/**
 * The handler for scripts of quorums: `committed cfg=(1,2) [cfgj=(2,3)|zero] idx=(100,_,5)` prints the table of indexes
 * and what is committed, `vote cfg=(1,2) [cfgj=…] votes=(y,n)` the result. Values belong to the ids in the order in
 * which those appear first; `_` is a voter not heard of. Every result is checked against what must be the same by
 * definition; a contradiction is printed as a line with `<-- via`.
 */
export function quorumScript(directive: Directive): string {
  const voters = votersOf(directive)
  if (directive.command === 'committed') {
    onlyKeys(directive, ['cfg', 'cfgj', 'idx'])
    return committed(voters, assign(directive, voters, 'idx', parseIndex))
  }
  if (directive.command === 'vote') {
    onlyKeys(directive, ['cfg', 'cfgj', 'votes'])
    return vote(voters, assign(directive, voters, 'votes', parseVote))
  }
  throw new Error(`unknown command ${directive.command}`)
}

function votersOf(directive: Directive): Voters {
  const incoming = new Set((valuesOf(directive, 'cfg') ?? []).map(BigInt))
  const second = valuesOf(directive, 'cfgj')
  if (second === undefined) return { incoming, outgoing: undefined }
  return { incoming, outgoing: new Set(second.join() === 'zero' ? [] : second.map(BigInt)) }
}

function assign<T>(directive: Directive, voters: Voters, key: string, parse: (text: string) => T): Map<bigint, T> {
  const values = valuesOf(directive, key) ?? []
  const ids = [...new Set([...voters.incoming, ...(voters.outgoing ?? [])])]
  if (ids.length !== values.length) throw new Error(`${values.length} values in ${key} for ${ids.length} voters`)
  const assigned = new Map<bigint, T>()
  values.forEach((text, at) => {
    if (text !== '_') assigned.set(ids[at] as bigint, parse(text))
  })
  return assigned
}

function parseIndex(text: string): number {
  const index = Number(text)
  if (!Number.isSafeInteger(index) || index <= 0) throw new Error(`no index: ${text}`)
  return index
}

function parseVote(text: string): boolean {
  if (text !== 'y' && text !== 'n') throw new Error(`no vote: ${text}`)
  return text === 'y'
}

function committed({ incoming, outgoing }: Voters, acks: ReadonlyMap<bigint, number>): string {
  const acked = (id: bigint): number | undefined => acks.get(id)
  const joint = (halves: { readonly incoming: Ids; readonly outgoing: Ids }): number => jointCommitted(halves, acked)
  const pair = { incoming, outgoing: outgoing ?? new Set<bigint>() }
  const index = outgoing === undefined ? majorityCommitted(incoming, acked) : joint(pair)
  const others: [string, number][] = [
    ['search through all indexes', searchCommitted(pair, acks)],
    ['swapped halves', joint({ incoming: pair.outgoing, outgoing: pair.incoming })],
  ]
  if (outgoing === undefined) others.push(['joint with itself', joint({ incoming, outgoing: incoming })])
  const table = describeCommitted(new Set(jointIds(pair)), acked)
  const contradictions = others
    .filter(([, other]) => other !== index)
    .map(([how, other]) => `${describeCommittedIndex(other)} <-- via ${how}\n`)
  return `${table}${contradictions.join('')}${describeCommittedIndex(index)}\n`
}

/** By definition: the largest index that a majority of each half has reached. */
function searchCommitted(
  halves: { readonly incoming: Ids; readonly outgoing: Ids },
  acks: ReadonlyMap<bigint, number>,
): number {
  const reached = (half: Ids, index: number): boolean => {
    const count = [...half].filter(id => (acks.get(id) ?? 0) >= index).length
    return half.size === 0 || count > half.size / 2
  }
  const candidates = [Number.POSITIVE_INFINITY, ...[...acks.values()].sort((a, b) => b - a)]
  return candidates.find(index => reached(halves.incoming, index) && reached(halves.outgoing, index)) ?? 0
}

const resultNames: Readonly<Record<VoteResult, string>> = { won: 'VoteWon', lost: 'VoteLost', pending: 'VotePending' }

function vote({ incoming, outgoing }: Voters, votes: ReadonlyMap<bigint, boolean>): string {
  const pair = { incoming, outgoing: outgoing ?? new Set<bigint>() }
  const result = outgoing === undefined ? majorityVote(incoming, votes) : jointVote(pair, votes)
  const others: [string, VoteResult][] = [
    ['swapped halves', jointVote({ incoming: pair.outgoing, outgoing: pair.incoming }, votes)],
  ]
  if (outgoing === undefined) others.push(['joint with itself', jointVote({ incoming, outgoing: incoming }, votes)])
  const contradictions = others
    .filter(([, other]) => other !== result)
    .map(([how, other]) => `${resultNames[other]} <-- via ${how}\n`)
  return `${contradictions.join('')}${resultNames[result]}\n`
}
