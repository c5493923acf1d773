import { RaftError } from './errors.ts'
import type { RaftStorage } from './storage.ts'

/** Where log lines go. Texts and levels are those of etcd's raft, which operators know; each is one finished sentence. */
export interface Logger {
  debug(message: string): void
  info(message: string): void
  warning(message: string): void
  error(message: string): void
}

/** How reads by `readIndex` are confirmed: by a round of heartbeats, or by trusting clocks within the leader's lease. */
export type ReadOnlyOption = 'safe' | 'lease-based'

/** Everything a node must be told. Sizes are in bytes, times in ticks. */
export interface RaftConfig {
  /** Own id: not 0 and not one of the two local threads. */
  readonly id: bigint
  /** Ticks without news of a leader after which a follower campaigns; the real time is drawn from [E, 2E - 1]. */
  readonly electionTick: number
  /** Ticks between two heartbeats of a leader. */
  readonly heartbeatTick: number
  readonly storage: RaftStorage
  /** Uniform integer in [0, bound): the only chance in here. */
  readonly random: (bound: number) => number
  /** Index up to which the application has applied before a restart; 0 to have everything committed delivered again. */
  readonly applied?: number
  /** `Ready` carries storage messages with responses instead of asking for `advance` (see `index.ts`). */
  readonly asyncStorageWrites?: boolean
  /** Most bytes of entries in one append message; 0: one entry. Default: no limit. */
  readonly maxSizePerMsg?: number
  /** Most bytes of committed entries in one Ready, but at least one entry; 0 or none: as `maxSizePerMsg`. */
  readonly maxCommittedSizePerReady?: number
  /** Proposals beyond so many uncommitted bytes are dropped; 0: no limit. */
  readonly maxUncommittedEntriesSize?: number
  /** Append messages in flight to one follower. */
  readonly maxInflightMsgs: number
  /** Bytes in flight to one follower; 0: no limit, else at least `maxSizePerMsg`. */
  readonly maxInflightBytes?: number
  /** A leader steps down when no quorum was active for an election timeout (thesis 6.2). */
  readonly checkQuorum?: boolean
  /** A campaign begins with a round that disturbs nobody (thesis 9.6). */
  readonly preVote?: boolean
  readonly readOnlyOption?: ReadOnlyOption
  /** A follower drops proposals instead of forwarding them. */
  readonly disableProposalForwarding?: boolean
  /** The leader proposes configuration changes unchecked. Tests of the checks only. */
  readonly disableConfChangeValidation?: boolean
  /** A leader that was removed or demoted steps down at once. */
  readonly stepDownOnRemoval?: boolean
  readonly logger?: Logger
  /** Called after every step that changed term, vote, role, commit or log; for trace validation. */
  readonly trace?: (event: TraceEvent) => void
}

/** One transition, as the TLA+ trace validation of raft wants it. */
export interface TraceEvent {
  readonly name: string
  readonly id: bigint
  readonly role: string
  readonly term: number
  readonly vote: bigint
  readonly commit: number
  readonly lastIndex: number
}

/** The "none" of ids. */
export const noNode = 0n
/** Addressee of messages to the thread that appends to the log. */
export const localAppendThread = 0xffff_ffff_ffff_ffffn
/** Addressee of messages to the thread that applies entries. */
export const localApplyThread = 0xffff_ffff_ffff_fffen

/** A configuration with every default filled in. */
export type FullConfig = Required<RaftConfig>

const silent: Logger = { debug: () => {}, info: () => {}, warning: () => {}, error: () => {} }

/** Checks a configuration and fills in defaults. Throws `RaftError` with code `CONFIG`. */
export function fullConfig(config: RaftConfig): FullConfig {
  const noLimit = Number.MAX_SAFE_INTEGER
  const maxSizePerMsg = config.maxSizePerMsg ?? noLimit
  const full: FullConfig = {
    ...config,
    applied: config.applied ?? 0,
    asyncStorageWrites: config.asyncStorageWrites ?? false,
    maxSizePerMsg,
    maxCommittedSizePerReady: config.maxCommittedSizePerReady || Math.max(1, maxSizePerMsg),
    maxUncommittedEntriesSize: config.maxUncommittedEntriesSize || noLimit,
    maxInflightBytes: config.maxInflightBytes ?? 0,
    checkQuorum: config.checkQuorum ?? false,
    preVote: config.preVote ?? false,
    readOnlyOption: config.readOnlyOption ?? 'safe',
    disableProposalForwarding: config.disableProposalForwarding ?? false,
    disableConfChangeValidation: config.disableConfChangeValidation ?? false,
    stepDownOnRemoval: config.stepDownOnRemoval ?? false,
    logger: config.logger ?? silent,
    trace: config.trace ?? (() => {}),
  }
  const problem = problemOf(full)
  if (problem !== undefined) throw new RaftError('CONFIG', problem)
  return full
}

function problemOf(config: FullConfig): string | undefined {
  if (config.id === noNode) return 'cannot use none as id'
  if (config.id === localAppendThread || config.id === localApplyThread) return 'cannot use local target as id'
  if (config.heartbeatTick <= 0) return 'heartbeat tick must be greater than 0'
  if (config.electionTick <= config.heartbeatTick) return 'election tick must be greater than heartbeat tick'
  if (config.maxInflightMsgs <= 0) return 'max inflight messages must be greater than 0'
  if (config.maxInflightBytes !== 0 && config.maxInflightBytes < config.maxSizePerMsg) {
    return 'max inflight bytes must be >= max message size'
  }
  if (config.readOnlyOption === 'lease-based' && !config.checkQuorum) {
    return 'CheckQuorum must be enabled when ReadOnlyOption is ReadOnlyLeaseBased'
  }
  return undefined
}
