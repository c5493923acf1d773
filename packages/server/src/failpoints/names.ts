/**
 * The failpoints of etcd that a member has, in the order in which it meets them. `moment`: where it stands. `sleep`: what
 * is held back there. `waits`: asynchronously, everything else goes on; `blocks`: the step is a synchronous one, so the
 * whole process stands still, its ports included. `fails`: the operation fails with the text of `return("text")`.
 */
export interface FailpointPlace {
  readonly moment: string
  readonly sleep: 'waits' | 'blocks'
  readonly fails?: true
}

/** Where a sleep holds back what comes next, and nothing else. */
export type WaitingFailpoint =
  | 'raftBeforeLeaderSend'
  | 'raftBeforeFollowerSend'
  | 'raftBeforeSave'
  | 'raftAfterSave'
  | 'raftBeforeSaveSnap'
  | 'raftAfterSaveSnap'
  | 'raftBeforeApplySnap'
  | 'raftAfterApplySnap'
  | 'applyBeforeOpenSnapshot'
  | 'applyAfterOpenSnapshot'
  | 'raftAfterWALRelease'
  | 'beforeApplyOneEntryNormal'
  | 'beforeApplyOneConfChange'
  | 'commitBeforePreCommitHook'
  | 'commitAfterPreCommitHook'
  | 'beforeCommit'
  | 'afterCommit'
  | 'compactAfterCommitScheduledCompact'
  | 'compactBeforeCommitBatch'
  | 'compactAfterCommitBatch'
  | 'compactAfterSetFinishedCompact'
  | 'defragOpenFileError'
  | 'defragBeforeCopy'
  | 'defragdbFail'
  | 'defragBeforeRename'
  | 'beforeSendWatchResponse'
  | 'beforeCheckpointInLeaseRenew'

/** Where a sleep holds up the process. */
export type BlockingFailpoint =
  | 'beforeWritebackBuf'
  | 'afterWritebackBuf'
  | 'beforeStartDBTxn'
  | 'afterStartDBTxn'
  | 'compactBeforeCommitScheduledCompact'
  | 'compactAfterAcquiredBatchTxLock'
  | 'compactBeforeSetFinishedCompact'

export type FailpointName = WaitingFailpoint | BlockingFailpoint

type Places = { readonly [Name in WaitingFailpoint]: FailpointPlace & { readonly sleep: 'waits' } } & {
  readonly [Name in BlockingFailpoint]: FailpointPlace & { readonly sleep: 'blocks' }
}

const places: Places = {
  raftBeforeLeaderSend: { sleep: 'waits', moment: 'a leader is about to send what a turn of raft brought about' },
  raftBeforeFollowerSend: { sleep: 'waits', moment: 'the same on a member that does not lead' },
  raftBeforeSave: { sleep: 'waits', moment: 'a batch of entries and hard states is about to be appended to the log' },
  raftAfterSave: { sleep: 'waits', moment: 'the batch is durable, and nobody has been told' },
  raftBeforeSaveSnap: { sleep: 'waits', moment: 'a received snapshot is about to be noted in the log' },
  raftAfterSaveSnap: { sleep: 'waits', moment: 'the note is durable' },
  raftBeforeApplySnap: { sleep: 'waits', moment: 'the log in memory is about to be cut to the snapshot' },
  raftAfterApplySnap: { sleep: 'waits', moment: 'the log in memory begins behind the snapshot' },
  applyBeforeOpenSnapshot: { sleep: 'waits', moment: 'the received state file is about to be opened' },
  applyAfterOpenSnapshot: {
    sleep: 'waits',
    moment: 'the received state file is open beside the present one, which still serves',
  },
  raftAfterWALRelease: {
    sleep: 'waits',
    moment: 'the received state has taken its place, and segments of the log before it were given up',
  },
  beforeApplyOneEntryNormal: { sleep: 'waits', moment: 'a committed entry is about to be applied' },
  beforeApplyOneConfChange: { sleep: 'waits', moment: 'a committed change of the members is about to be applied' },
  beforeWritebackBuf: {
    sleep: 'blocks',
    moment: 'an entry has written, and is about to join the batch of the state file',
  },
  afterWritebackBuf: { sleep: 'blocks', moment: 'it has joined the batch' },
  commitBeforePreCommitHook: { sleep: 'waits', moment: 'a commit of the state file is about to take its batch' },
  commitAfterPreCommitHook: {
    sleep: 'waits',
    moment: 'the batch is taken, and the index of its last entry is part of it',
  },
  beforeCommit: { sleep: 'waits', moment: 'the batch is about to be handed to the disk' },
  beforeStartDBTxn: {
    sleep: 'blocks',
    moment: 'the batch is in the file, and a read transaction that sees it is about to begin',
  },
  afterStartDBTxn: { sleep: 'blocks', moment: 'reads see the batch in the file' },
  afterCommit: { sleep: 'waits', moment: 'the batch is durable, and nobody has been told' },
  compactBeforeCommitScheduledCompact: {
    sleep: 'blocks',
    moment: 'a compaction was applied, and its mark is in no commit yet',
  },
  compactAfterCommitScheduledCompact: { sleep: 'waits', moment: 'the commit that holds the mark is durable' },
  compactAfterAcquiredBatchTxLock: { sleep: 'blocks', moment: 'a slice of a scrub is about to begin' },
  compactBeforeCommitBatch: {
    sleep: 'waits',
    moment: 'a batch of a scrub (--compaction-batch-limit) is removed, but for the last, and in no commit yet',
  },
  compactAfterCommitBatch: { sleep: 'waits', moment: 'the commit that holds the batch is durable' },
  compactBeforeSetFinishedCompact: {
    sleep: 'blocks',
    moment: 'a scrub has removed its last record, and is about to be marked as finished',
  },
  compactAfterSetFinishedCompact: { sleep: 'waits', moment: 'it is marked so, and nobody has been told' },
  defragOpenFileError: { sleep: 'waits', fails: true, moment: 'a defragmentation is about to make its new file' },
  defragBeforeCopy: { sleep: 'waits', moment: 'it is about to copy' },
  defragdbFail: { sleep: 'waits', fails: true, moment: 'right behind that' },
  defragBeforeRename: {
    sleep: 'waits',
    moment: 'the copy is durable and open, and about to take the place of the file',
  },
  beforeSendWatchResponse: { sleep: 'waits', moment: 'events are about to be sent on a watch stream' },
  beforeCheckpointInLeaseRenew: {
    sleep: 'waits',
    moment: 'a lease was found alive, and is about to be renewed',
  },
}

export const failpointPlaces: Readonly<Record<FailpointName, FailpointPlace>> = places

export const failpointNames: readonly FailpointName[] = Object.keys(places) as FailpointName[]

export function isFailpoint(name: string): name is FailpointName {
  return Object.hasOwn(places, name)
}
