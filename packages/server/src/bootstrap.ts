import { clusterIdOf, encodeMember, type Member, memberIdOf, parseInitialCluster } from '@kvs/membership'
import { decodeMetadata, encodeMetadata } from '@kvs/proto/etcdserver'
import { type ConfChange, ConfChangeType, EntryType, encodeConfChange, MemoryStorage } from '@kvs/raft'
import { type Fs, VfsError } from '@kvs/vfs'
import { createWal, openWal, type Wal, WalError, walExists } from '@kvs/wal'
import { ServerError } from './errors.ts'
import { memberDir, snapDir, walDir } from './layout.ts'
import type { MemberOptions } from './options.ts'
import type { Clock, Logger } from './parts.ts'

/** The log of a member that is about to start, and who the member is. */
export interface OpenedLog {
  readonly wal: Wal
  /** What raft reads: entries and hard state as they were on disk. */
  readonly log: MemoryStorage
  readonly memberId: bigint
  readonly clusterId: bigint
  readonly isNew: boolean
}

/** What opening a log needs. */
export interface LogParts {
  readonly fs: Fs
  readonly clock: Clock
  readonly logger: Logger
  readonly options: MemberOptions
  /** Index of the last entry whose effects are in the state file. */
  readonly consistentIndex: number
}

/** Makes the directories of a member and checks that they can be written. Throws `ServerError` (`DATA_DIR`). */
export async function prepareDirectories(fs: Fs, dataDir: string): Promise<void> {
  try {
    await fs.makeDir(dataDir, 0o700)
    await fs.makeDir(memberDir(dataDir), 0o700)
    await fs.makeDir(snapDir(dataDir), 0o700)
    const probe = `${memberDir(dataDir)}/.touch`
    const file = await fs.open(probe, { mode: 'create' })
    await file.close()
    await fs.remove(probe)
    await fs.syncDir(dataDir)
    await fs.syncDir(memberDir(dataDir))
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new ServerError('DATA_DIR', `cannot use data directory '${dataDir}': ${reason}`, { cause: error })
  }
}

/** Opens the log that is there, or founds the cluster by writing the start of one. */
export async function openLog(parts: LogParts): Promise<OpenedLog> {
  const { fs, options } = parts
  try {
    return (await walExists(fs, walDir(options.dataDir))) ? await restart(parts) : await found(parts)
  } catch (error) {
    if (error instanceof WalError && error.code === 'LOCKED') {
      const text = `data directory '${options.dataDir}' is in use by another process`
      throw new ServerError('DATA_DIR', text, { cause: error })
    }
    if (error instanceof WalError || error instanceof VfsError) {
      throw new ServerError('STORAGE', error.message, { cause: error })
    }
    throw error
  }
}

/**
 * A hard state that only moved the commit index was perhaps never written; what the state file contains was committed
 * all the same, and lies within the log, for entries are applied only once they are durable in it.
 */
async function restart({ fs, options, consistentIndex }: LogParts): Promise<OpenedLog> {
  const dir = walDir(options.dataDir)
  const sync = !options.unsafeNoFsync
  const snapshot = { index: 0, term: 0 }
  const { wal, content } = await openWal({ fs, dir, sync, snapshot, segmentSizeBytes: options.walSegmentBytes })
  const { nodeId: memberId, clusterId } = decodeMetadata(content.metadata)
  const log = new MemoryStorage()
  log.append(content.entries)
  if (consistentIndex > log.lastIndex()) {
    await wal.close()
    throw new ServerError(
      'STORAGE',
      `the state file contains entry ${consistentIndex}, but the log in '${dir}' ends at ${log.lastIndex()}: ` +
        'they do not belong together',
    )
  }
  log.setHardState({ ...content.hardState, commit: Math.max(content.hardState.commit, consistentIndex) })
  return { wal, log, memberId, clusterId, isNew: false }
}

/**
 * Every founding member writes the same start of the log: one change per member, ascending by id, as if a leader of term
 * 1 had committed them.
 */
async function found({ fs, clock, options }: LogParts): Promise<OpenedLog> {
  if (options.initialClusterState === 'existing') {
    throw new ServerError('CONFIG', '--initial-cluster-state=existing: this version cannot join a cluster')
  }
  const members = foundingMembers(options)
  if (members.length > 1) {
    const text = `--initial-cluster names ${members.length} members: this version runs clusters of one`
    throw new ServerError('CONFIG', text)
  }
  const own = members.find(member => member.name === options.name)
  if (own === undefined) {
    throw new ServerError('CONFIG', `couldn't find local name "${options.name}" in the initial cluster configuration`)
  }
  checkAdvertised(own, options)
  const memberId = own.id
  const clusterId = clusterIdOf(members.map(member => member.id))
  const wal = await createWal({
    fs,
    dir: walDir(options.dataDir),
    metadata: encodeMetadata({ nodeId: memberId, clusterId }),
    sync: !options.unsafeNoFsync,
    segmentSizeBytes: options.walSegmentBytes,
    wallNowMs: () => clock.wallNow(),
  })
  const entries = members.map((member, i) => ({
    type: EntryType.EntryConfChange,
    term: 1,
    index: i + 1,
    data: encodeConfChange(additionOf(member)),
  }))
  const hardState = { term: 1, vote: 0n, commit: entries.length }
  await wal.append({ entries, hardState })
  const log = new MemoryStorage()
  log.append(entries)
  log.setHardState(hardState)
  return { wal, log, memberId, clusterId, isNew: true }
}

/** The members of `--initial-cluster`, ascending by id. */
function foundingMembers(options: MemberOptions): Member[] {
  const token = options.initialClusterToken
  const members = [...initialCluster(options.initialCluster)].map(([name, peerUrls]) => ({
    id: memberIdOf({ peerUrls, token }),
    name,
    peerUrls: [...peerUrls].sort(),
    clientUrls: [],
    isLearner: false,
  }))
  return members.sort((a, b) => (a.id < b.id ? -1 : 1))
}

function initialCluster(value: string): ReturnType<typeof parseInitialCluster> {
  try {
    return parseInitialCluster(value)
  } catch (error) {
    throw new ServerError('CONFIG', (error as Error).message, { cause: error })
  }
}

function checkAdvertised(own: Member, options: MemberOptions): void {
  const advertised = [...options.initialAdvertisePeerUrls].sort()
  if (advertised.join() === [...own.peerUrls].sort().join()) return
  throw new ServerError(
    'CONFIG',
    `--initial-cluster has ${own.name}=${own.peerUrls.join(',')} but missing from --initial-advertise-peer-urls=` +
      `${advertised.join(',')}`,
  )
}

function additionOf(member: Member): ConfChange {
  const context = new TextEncoder().encode(encodeMember(member))
  return { type: ConfChangeType.ConfChangeAddNode, nodeId: member.id, context, id: 0n }
}
