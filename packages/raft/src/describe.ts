import { localAppendThread, localApplyThread, noNode } from './config.ts'
import { RaftError } from './errors.ts'
import { messageName } from './message.ts'
import { goQuote, protoQuote } from './quote.ts'
import type { RaftState, ReadState, Ready, SoftState } from './ready.ts'
import {
  type ConfChange,
  type ConfChangeSingle,
  ConfChangeTransition,
  ConfChangeType,
  type ConfChangeV2,
  type ConfState,
  type Entry,
  EntryType,
  type HardState,
  type Message,
  type Snapshot,
} from './types.ts'
import { confChangeToV2, decodeConfChange, decodeConfChangeV2 } from './wire.ts'

/* Raft's records as text, for logs and golden scripts. The forms are etcd's. */

/** Turns the data of a normal entry into text. */
export type EntryFormatter = (data: Uint8Array) => string

function namesOf(values: Readonly<Record<string, number>>): ReadonlyMap<number, string> {
  return new Map(Object.entries(values).map(([name, value]) => [value, name]))
}

const entryTypes = namesOf(EntryType)
const transitions = namesOf(ConfChangeTransition)
const changeTypes = namesOf(ConfChangeType)

/** `EntryNormal`, or the number of a type not known here. */
function entryTypeName(type: EntryType): string {
  return entryTypes.get(type) ?? String(type)
}

/** A node in hexadecimal, or the name of a local thread; `None` for id 0. */
export function describeTarget(id: bigint): string {
  if (id === noNode) return 'None'
  if (id === localAppendThread) return 'AppendThread'
  if (id === localApplyThread) return 'ApplyThread'
  return id.toString(16)
}

/** `Term:1 Vote:1 Commit:4`; a vote that was not given is left out. */
export function describeHardState(state: HardState): string {
  const vote = state.vote === 0n ? '' : ` Vote:${state.vote}`
  return `Term:${state.term}${vote} Commit:${state.commit}`
}

/** `Voters:[1 2] VotersOutgoing:[] Learners:[] LearnersNext:[] AutoLeave:false`. */
export function describeConfState(state: ConfState): string {
  const list = (ids: readonly bigint[]): string => `[${ids.join(' ')}]`
  const voters = `Voters:${list(state.voters)} VotersOutgoing:${list(state.votersOutgoing)}`
  const learners = `Learners:${list(state.learners)} LearnersNext:${list(state.learnersNext)}`
  return `${voters} ${learners} AutoLeave:${state.autoLeave}`
}

/** `Index:4 Term:1 ConfState:…`, without the data. */
export function describeSnapshot(snapshot: Snapshot): string {
  const { index, term, confState } = snapshot.metadata
  return `Index:${index} Term:${term} ConfState:${describeConfState(confState)}`
}

const operationLetters = new Map<ConfChangeType, string>([
  [ConfChangeType.ConfChangeAddNode, 'v'],
  [ConfChangeType.ConfChangeAddLearnerNode, 'l'],
  [ConfChangeType.ConfChangeRemoveNode, 'r'],
  [ConfChangeType.ConfChangeUpdateNode, 'u'],
])

/** `v2 l3 r4 u5`: voters, learners, removals, updates. */
export function describeConfChanges(changes: readonly ConfChangeSingle[]): string {
  return changes.map(({ type, nodeId }) => `${operationLetters.get(type) ?? 'unknown'}${nodeId}`).join(' ')
}

/** The operations of a change as `describeConfChanges` prints them. */
export function describeConfChange(change: ConfChange | ConfChangeV2): string {
  return describeConfChanges(confChangeToV2(change).changes)
}

/** All of a change in protobuf's text format: `transition:ConfChangeTransitionAuto changes:{type:… node_id:4}`. */
export function confChangeText(change: ConfChange | ConfChangeV2): string {
  const context = change.context.length === 0 ? '' : ` context:${protoQuote(change.context)}`
  if (!('changes' in change)) {
    const id = change.id === 0n ? '' : ` id:${change.id}`
    return `${singleText(change)}${context}${id}`
  }
  const changes = change.changes.map(single => ` changes:{${singleText(single)}}`).join('')
  const transition = transitions.get(change.transition) ?? String(change.transition)
  return `transition:${transition}${changes}${context}`
}

function singleText({ type, nodeId }: ConfChangeSingle): string {
  return `type:${changeTypes.get(type) ?? String(type)} node_id:${nodeId}`
}

/**
 * `1/4 EntryConfChangeV2 v2 l3`: term, index, type, and the data: quoted unless `format` says otherwise, or the
 * operations of a change; what is no change shows why.
 */
export function describeEntry(entry: Entry, format: EntryFormatter = goQuote): string {
  const data = describeData(entry, format)
  return `${entry.term}/${entry.index} ${entryTypeName(entry.type)}${data === '' ? '' : ` ${data}`}`
}

function describeData({ type, data }: Entry, format: EntryFormatter): string {
  try {
    if (type === EntryType.EntryNormal) return format(data)
    if (type === EntryType.EntryConfChange) return describeConfChange(decodeConfChange(data))
    if (type === EntryType.EntryConfChangeV2) return describeConfChange(decodeConfChangeV2(data))
    return ''
  } catch (error) {
    if (error instanceof RaftError && error.code === 'MALFORMED') return error.message
    throw error
  }
}

/** One line, with its end, for each entry. */
export function describeEntries(entries: readonly Entry[], format: EntryFormatter = goQuote): string {
  return entries.map(entry => `${describeEntry(entry, format)}\n`).join('')
}

/** `1->2 MsgApp Term:1 Log:1/3 Commit:4 Entries:[1/4 EntryNormal "x"]`; several lines for what has several parts. */
export function describeMessage(message: Message, format: EntryFormatter = goQuote): string {
  return describeIndented(message, '', format)
}

function describeIndented(message: Message, indent: string, format: EntryFormatter): string {
  const { entries, snapshot, responses } = message
  const route = `${describeTarget(message.from)}->${describeTarget(message.to)}`
  let text = `${indent}${route} ${messageName(message.type)}`
  text += ` Term:${message.term} Log:${message.logTerm}/${message.index}`
  if (message.reject) text += ` Rejected (Hint: ${message.rejectHint})`
  if (message.commit !== 0) text += ` Commit:${message.commit}`
  if (message.vote !== 0n) text += ` Vote:${message.vote}`
  if (entries.length === 1) text += ` Entries:[${describeEntry(entries[0] as Entry, format)}]`
  else if (entries.length > 1) {
    const lines = entries.map(entry => `\n${indent}  ${describeEntry(entry, format)}`)
    text += ` Entries:[${lines.join('')}\n${indent}]`
  }
  if (snapshot !== undefined && snapshot.metadata.index !== 0) {
    text += `\n${indent}  Snapshot: ${describeSnapshot(snapshot)}`
  }
  if (responses.length > 0) {
    const lines = responses.map(response => `\n${describeIndented(response, `${indent}  `, format)}`)
    text += ` Responses:[${lines.join('')}\n${indent}]`
  }
  return text
}

const stateNames: Readonly<Record<RaftState, string>> = {
  follower: 'StateFollower',
  candidate: 'StateCandidate',
  leader: 'StateLeader',
  'pre-candidate': 'StatePreCandidate',
}

/** `StateFollower` and so on. */
export function raftStateName(state: RaftState): string {
  return stateNames[state]
}

/** `Lead:1 State:StateLeader`. */
export function describeSoftState(state: SoftState): string {
  return `Lead:${state.lead} State:${raftStateName(state.raftState)}`
}

/** `{4 [97 98]}`: the index, and the bytes of the context in decimal. */
export function describeReadState(state: ReadState): string {
  return `{${state.index} [${state.requestContext.join(' ')}]}`
}

/** `[{4 [97 98]} {4 [99]}]`. */
function describeReadStates(states: readonly ReadState[]): string {
  return `[${states.map(describeReadState).join(' ')}]`
}

/** `Ready MustSync=true:` and a line or more for each part, all with their ends; `<empty Ready>` without any part. */
export function describeReady(ready: Ready, format: EntryFormatter = goQuote): string {
  const { softState, hardState, snapshot } = ready
  let text = ''
  if (softState !== undefined) text += `${describeSoftState(softState)}\n`
  if (hardState !== undefined && !isEmptyHardState(hardState)) text += `HardState ${describeHardState(hardState)}\n`
  if (ready.readStates.length > 0) text += `ReadStates ${describeReadStates(ready.readStates)}\n`
  if (ready.entries.length > 0) text += `Entries:\n${describeEntries(ready.entries, format)}`
  if (snapshot !== undefined && snapshot.metadata.index !== 0) text += `Snapshot ${describeSnapshot(snapshot)}\n`
  if (ready.committedEntries.length > 0) {
    text += `CommittedEntries:\n${describeEntries(ready.committedEntries, format)}`
  }
  if (ready.messages.length > 0) {
    text += `Messages:\n${ready.messages.map(message => `${describeMessage(message, format)}\n`).join('')}`
  }
  return text === '' ? '<empty Ready>' : `Ready MustSync=${ready.mustSync}:\n${text}`
}

function isEmptyHardState(state: HardState): boolean {
  return state.term === 0 && state.vote === 0n && state.commit === 0
}
