import type { ConfState, Snapshot } from '../types.ts'
import type { Directive } from './directive.ts'
import { bytesOf, parseCount, parseFlag, parseId } from './interaction-arguments.ts'
import type { ScriptNodeOptions } from './interaction-node.ts'

/** What `add-nodes` says about the nodes it adds. */
export interface AddedNodes {
  readonly options: ScriptNodeOptions
  /** State the nodes start from; undefined: nothing. */
  readonly snapshot: Snapshot | undefined
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

interface Draft {
  readonly options: Mutable<ScriptNodeOptions>
  readonly confState: Mutable<ConfState>
  index: number
  content: string
}

const noLimit = 2 ** 31 - 1

const setters: Readonly<Record<string, (draft: Draft, value: string) => void>> = {
  voters: ({ confState }, value) => {
    confState.voters = [...confState.voters, parseId(value)]
  },
  learners: ({ confState }, value) => {
    confState.learners = [...confState.learners, parseId(value)]
  },
  index: (draft, value) => {
    draft.index = parseCount(value)
  },
  content: (draft, value) => {
    draft.content = value
  },
  inflight: ({ options }, value) => {
    options.maxInflightMsgs = parseCount(value)
  },
  'inflight-bytes': ({ options }, value) => {
    options.maxInflightBytes = parseCount(value)
  },
  'max-size-per-msg': ({ options }, value) => {
    options.maxSizePerMsg = parseCount(value)
  },
  'max-committed-size-per-ready': ({ options }, value) => {
    options.maxCommittedSizePerReady = parseCount(value)
  },
  'max-uncommitted-size': ({ options }, value) => {
    options.maxUncommittedEntriesSize = parseCount(value)
  },
  'async-storage-writes': ({ options }, value) => {
    options.asyncStorageWrites = parseFlag(value)
  },
  prevote: ({ options }, value) => {
    options.preVote = parseFlag(value)
  },
  checkquorum: ({ options }, value) => {
    options.checkQuorum = parseFlag(value)
  },
  'disable-conf-change-validation': ({ options }, value) => {
    options.disableConfChangeValidation = parseFlag(value)
  },
  'disable-proposal-forwarding': ({ options }, value) => {
    options.disableProposalForwarding = parseFlag(value)
  },
  'step-down-on-removal': ({ options }, value) => {
    options.stepDownOnRemoval = parseFlag(value)
  },
  'read-only': ({ options }, value) => {
    if (value !== 'safe' && value !== 'lease-based') throw new Error(`invalid read-only option "${value}"`)
    options.readOnlyOption = value
  },
}

/** Reads all of `add-nodes` but the number of nodes. */
export function addedNodes(directive: Directive): AddedNodes {
  const draft: Draft = {
    options: { maxInflightMsgs: noLimit },
    confState: { voters: [], learners: [], votersOutgoing: [], learnersNext: [], autoLeave: false },
    index: 0,
    content: '',
  }
  for (const { key, values } of directive.args) {
    for (const value of values) {
      const set = setters[key]
      if (set === undefined) throw new Error(`${directive.command}: unknown argument ${key}`)
      set(draft, value)
    }
  }
  return { options: draft.options, snapshot: snapshotOf(draft) }
}

function snapshotOf({ confState, index, content }: Draft): Snapshot | undefined {
  if (confState.voters.length + confState.learners.length + index + content.length === 0) return undefined
  // The log must begin behind the entries that made the configuration.
  if (index <= 1) throw new Error('index must be specified as > 1 due to bootstrap')
  return { data: bytesOf(content), metadata: { confState, index, term: 1 } }
}
