import type { ConsistentPoint } from '@kvs/backend'
import { formatId, type Member } from '@kvs/membership'
import { decodeMetadata, encodeMetadata } from '@kvs/proto/etcdserver'
import type { Snapshot } from '@kvs/proto/wal'
import type { Entry } from '@kvs/raft'
import type { Wire } from '@kvs/rafthttp'
import { type Fs, VfsError } from '@kvs/vfs'
import {
  createWal,
  describeWalEvent,
  listSegments,
  newestSnapshot,
  openWal,
  type Wal,
  type WalContent,
  WalError,
  type WalOptions,
  type WalTiming,
  walExists,
} from '@kvs/wal'
import { MemberLog } from '../consensus/storage.ts'
import { ServerError } from '../errors.ts'
import { memberDir, parentDir, snapDir, stateFile, walDir } from '../layout.ts'
import type { MemberOptions } from '../options.ts'
import type { Clock, Logger } from '../parts.ts'
import { forceNewCluster } from './force-new-cluster.ts'
import { initialCluster, ownFounder, startEntries } from './founding.ts'
import { joinCluster, refuseIfFounded } from './joining.ts'

/** The log of a member that is about to start, and who the member is. */
export interface OpenedLog {
  readonly wal: Wal
  /** What raft reads: entries and hard state as they were on disk. */
  readonly log: MemberLog
  readonly memberId: bigint
  readonly clusterId: bigint
  /** Members that this one knows from asking, and not from its state: those of the cluster it joins. */
  readonly remotes: readonly Member[]
}

/** What opening a log needs. */
export interface LogParts {
  readonly fs: Fs
  readonly clock: Clock
  readonly logger: Logger
  readonly options: MemberOptions
  /** The way to other members, for whoever joins them. */
  readonly wire: Wire
  /** There is no log, and this member founds its cluster: it has nothing to tell to others who do. */
  readonly founds?: (() => void) | undefined
  readonly signal?: AbortSignal | undefined
  /** The last entry whose effects are in the state file. */
  readonly consistent: ConsistentPoint
  /** That came from another member as it is: it may contain more than the log. */
  readonly isAsReceived: boolean
  readonly timing: WalTiming
}

/** Makes the directories of a member and checks that they can be written. Throws `ServerError` (`DATA_DIR`). */
export async function prepareDirectories(fs: Fs, options: Directories): Promise<void> {
  const { dataDir } = options
  try {
    if (options.walDir !== '') await makeDurableDir(fs, parentDir(walDir(options)))
    await fs.makeDir(dataDir, 0o700)
    await fs.makeDir(memberDir(dataDir), 0o700)
    await fs.makeDir(snapDir(dataDir), 0o700)
    await removeUnfinished(fs, snapDir(dataDir))
    const probe = `${memberDir(dataDir)}/.touch`
    const file = await fs.open(probe, { mode: 'create' })
    await file.close()
    await fs.remove(probe)
    // The directory itself must survive a power cut, not only what is in it.
    await fs.syncDir(parentDir(dataDir))
    await fs.syncDir(dataDir)
    await fs.syncDir(memberDir(dataDir))
    // So must the name of a state file whose maker was killed before it had seen to that.
    await fs.syncDir(snapDir(dataDir))
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new ServerError('DATA_DIR', `cannot use data directory '${dataDir}': ${reason}`, { cause: error })
  }
}

/** Removes what a process that was killed was still making there. */
async function removeUnfinished(fs: Fs, dir: string): Promise<void> {
  for (const name of await fs.readDir(dir)) if (name.startsWith('tmp')) await fs.remove(`${dir}/${name}`)
}

type Directories = Pick<MemberOptions, 'dataDir' | 'walDir'>

/** Makes a directory and what is missing above it, each with a name that survives a power cut. */
async function makeDurableDir(fs: Fs, path: string): Promise<void> {
  if ((await fs.stat(path)) !== undefined) return
  const parent = parentDir(path)
  if (parent !== path) await makeDurableDir(fs, parent)
  await fs.makeDir(path, 0o700)
  await fs.syncDir(parent)
}

/**
 * Refuses a directory whose log another process has locked. To be asked before anything in it is opened: the state file
 * lets several processes in. Throws `ServerError` (`DATA_DIR`).
 */
export async function refuseIfInUse(fs: Fs, options: Directories): Promise<void> {
  const { dataDir } = options
  const dir = walDir(options)
  if (!(await walExists(fs, dir))) return
  for (const name of await fs.readDir(dir)) {
    if (!name.endsWith('.wal')) continue
    const file = await fs.open(`${dir}/${name}`, { mode: 'write' })
    try {
      file.lock()
    } catch (error) {
      if (error instanceof VfsError && error.code === 'LOCKED') throw inUse(dataDir, error)
      throw error
    } finally {
      await file.close()
    }
  }
}

function inUse(dataDir: string, cause: Error): ServerError {
  return new ServerError('DATA_DIR', `data directory '${dataDir}' is in use by another process`, { cause })
}

/** Opens the log that is there, or founds the cluster by writing the start of one. */
export async function openLog(parts: LogParts): Promise<OpenedLog> {
  const { fs, options } = parts
  try {
    const exists = await walExists(fs, walDir(options))
    return await inStorage(() => (exists ? restart(parts) : begin(parts)))
  } catch (error) {
    const cause = error instanceof ServerError ? error.cause : undefined
    if (cause instanceof WalError && cause.code === 'LOCKED') throw inUse(options.dataDir, cause)
    throw error
  }
}

async function inStorage<Result>(read: () => Promise<Result>): Promise<Result> {
  try {
    return await read()
  } catch (error) {
    if (!(error instanceof WalError || error instanceof VfsError)) throw error
    throw new ServerError('STORAGE', error.message, { cause: error })
  }
}

/**
 * A hard state that only moved the commit index was perhaps never written; what the state file contains was committed
 * all the same, and lies within the log, for entries are applied only once they are durable in it; unless another member
 * sent that state, which then may be ahead of the log: what it has the log gets again, and it is passed over.
 */
async function restart(parts: LogParts): Promise<OpenedLog> {
  const { fs, options, consistent, isAsReceived, logger } = parts
  const dir = walDir(options)
  const snapshot = await startSnapshot(fs, dir, consistent.index)
  const check = ({ entries }: WalContent): void =>
    checkStateBelongs({ snapshot, entries, dir, isAsReceived }, consistent)
  const { wal, content } = await openWal({ ...walOptions(parts), snapshot, check })
  const { nodeId: memberId, clusterId } = decodeMetadata(content.metadata)
  const log = new MemberLog()
  try {
    const { index, term: snapshotTerm, confState } = snapshot
    if (index > 0 && confState !== undefined) {
      log.applySnapshot({ data: new Uint8Array(0), metadata: { index, term: snapshotTerm, confState } })
    }
    if (content.entries.length > 0) log.append(content.entries)
    const { term, vote, commit } = content.hardState
    const hardState = { term, vote, commit: Math.max(commit, Math.min(consistent.index, log.lastIndex())) }
    if (log.lastIndex() === 0 && term === 0) {
      // One that joined has nothing in its log before others have sent it something.
      if (isFounder(options)) await writeStart(wal, log, foundersOf(options, { memberId, clusterId }))
    } else if (options.forceNewCluster) await forceNewCluster({ wal, log, hardState, memberId, logger })
    else log.setHardState(hardState)
  } catch (error) {
    await wal.close()
    throw error
  }
  return { wal, log, memberId, clusterId, remotes: [] }
}

/** What a log holds above the snapshot from which it was read. */
interface LogPart {
  readonly snapshot: Pick<Snapshot, 'index' | 'term'>
  readonly entries: readonly Entry[]
  readonly dir: string
  readonly isAsReceived: boolean
}

/** The state must be the effect of this log, not of a longer one or of another (Log Matching, raft paper 5.3). */
function checkStateBelongs(part: LogPart, { index, term }: ConsistentPoint): void {
  const { snapshot, entries, dir, isAsReceived } = part
  if (index === 0) return
  const apart = (what: string): ServerError => new ServerError('STORAGE', `${what}: they do not belong together`)
  const end = snapshot.index + entries.length
  if (index > end && isAsReceived && snapshot.index > 0) return
  if (index > end) throw apart(`the state file contains entry ${index}, but the log in '${dir}' ends at ${end}`)
  const logTerm = index === snapshot.index ? snapshot.term : entries[index - snapshot.index - 1]?.term
  if (logTerm === term) return
  throw apart(`entry ${index} is of term ${term} in the state file and of term ${logTerm} in the log in '${dir}'`)
}

/** Refuses a log whose beginning was given up if the state that it led to is not there. Nothing has been changed yet. */
export async function refuseIfStateMissing(fs: Fs, options: Directories): Promise<void> {
  const file = stateFile(options.dataDir)
  const [first] = (await listSegments(fs, walDir(options))).segments
  if (first === undefined || first.firstIndex === 0 || (await fs.stat(file)) !== undefined) return
  const reason = `the log in '${walDir(options)}' begins at entry ${first.firstIndex} and cannot make it anew`
  throw new ServerError('STORAGE', `the state file '${file}' is missing, and ${reason}`)
}

/** The newest snapshot that the log knows, whatever the state file contains; undefined if there is none, or no log. */
export async function newestKnownSnapshot(fs: Fs, options: Directories): Promise<Snapshot | undefined> {
  const dir = walDir(options)
  if (!(await walExists(fs, dir))) return undefined
  return inStorage(() => newestSnapshot({ fs, dir }, ({ confState }) => confState !== undefined))
}

/** The newest snapshot of the log that the state file contains: the log is read on from there. */
async function startSnapshot(fs: Fs, dir: string, consistentIndex: number): Promise<Snapshot> {
  const isUsable = ({ index, confState }: Snapshot): boolean => index <= consistentIndex && confState !== undefined
  return (await newestSnapshot({ fs, dir }, isUsable)) ?? { index: 0, term: 0, confState: undefined }
}

/**
 * The first start: a log with the identities of member and cluster, and, of one that founds a cluster, its first entries.
 */
async function begin(parts: LogParts): Promise<OpenedLog> {
  const { clock, options, consistent } = parts
  if (consistent.index > 0) {
    const text = `the state file contains entry ${consistent.index}, but there is no log in '${walDir(options)}'`
    throw new ServerError('STORAGE', `${text}: is --wal-dir the one it was made with?`)
  }
  await refuseIfForeign(parts)
  const joined = isFounder(options) ? undefined : await joinCluster(parts)
  if (joined === undefined) {
    parts.founds?.()
    await refuseIfFounded(parts)
  }
  const start = joined ?? foundersOf(options)
  const { memberId, clusterId } = start
  const wal = await createWal({
    ...walOptions(parts),
    metadata: encodeMetadata({ nodeId: memberId, clusterId }),
    wallNowMs: () => clock.wallNow(),
  })
  const log = new MemberLog()
  if (joined === undefined) await writeStart(wal, log, start)
  return { wal, log, memberId, clusterId, remotes: joined?.members ?? [] }
}

function isFounder({ initialClusterState }: MemberOptions): boolean {
  return initialClusterState === 'new'
}

function walOptions({ fs, options, timing, logger }: LogParts): WalOptions {
  return {
    fs,
    dir: walDir(options),
    sync: !options.unsafeNoFsync,
    segmentSizeBytes: options.walSegmentBytes,
    timing,
    onEvent: event => {
      const isWorrying = event.type !== 'segment-created' && event.type !== 'segment-purged'
      logger[isWorrying ? 'warn' : 'info'](describeWalEvent(event))
    },
  }
}

/** A new log takes the place of whatever lies there: nothing of somebody else's must. */
async function refuseIfForeign({ fs, options }: LogParts): Promise<void> {
  const dir = walDir(options)
  if (options.walDir === '' || (await fs.stat(dir)) === undefined) return
  const [name] = await fs.readDir(dir)
  if (name === undefined) return
  throw new ServerError('DATA_DIR', `'${dir}' (--wal-dir) holds no log, but '${name}': it must be empty or missing`)
}

/** Who founds the cluster, and which of them this member is. */
interface Founders extends Identity {
  /** Ascending by id. */
  readonly members: readonly Member[]
}

interface Identity {
  readonly memberId: bigint
  readonly clusterId: bigint
}

/** A power cut may come between the making of the log and this; the next start then does it. */
async function writeStart(wal: Wal, log: MemberLog, { members }: Founders): Promise<void> {
  const entries = startEntries(members)
  const hardState = { term: 1, vote: 0n, commit: entries.length }
  await wal.append({ entries, hardState })
  log.append(entries)
  log.setHardState(hardState)
}

/** The founders that the options name; they must be those of `known`, if the log says who they are. */
function foundersOf(options: MemberOptions, known?: Identity): Founders {
  const { clusterId, members } = initialCluster(options)
  const own = ownFounder(members, options)
  if (known !== undefined && (known.memberId !== own.id || known.clusterId !== clusterId)) {
    const text = `data directory '${options.dataDir}' belongs to member ${formatId(known.memberId)} of cluster ${formatId(known.clusterId)}`
    throw new ServerError('DATA_DIR', text)
  }
  return { memberId: own.id, clusterId, members }
}
