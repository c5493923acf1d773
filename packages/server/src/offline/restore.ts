import { createHash } from 'node:crypto'
import { verifyTrailer } from '@kvs/bbolt'
import { type Member, MembershipError, parseUrls } from '@kvs/membership'
import { encodeMetadata } from '@kvs/proto/etcdserver'
import { type Fs, nodeFs } from '@kvs/vfs'
import { createWal } from '@kvs/wal'
import { initialCluster, ownFounder, startEntries } from '../bootstrap/founding.ts'
import { ServerError } from '../errors.ts'
import { walDir } from '../layout.ts'
import { memberRecord } from '../membership/cluster-state.ts'
import { fillState, followedBy, type StateRecord, type StateRecords } from './fill-state.ts'
import { revisionOf } from './hash-kv.ts'
import { whileUnused } from './lock.ts'
import { makeDataDir, type NewDirectories } from './new-data-dir.ts'
import { expectFile, openStateReader, type StateReader } from './state-reader.ts'

/** etcd's flags by name. */
export interface RestoreOptions extends NewDirectories {
  /** A backup, or with `skipHashCheck` a state file that nobody writes. */
  readonly snapshotPath: string
  readonly name: string
  readonly initialCluster: string
  readonly initialClusterToken: string
  readonly initialAdvertisePeerUrls: readonly string[]
  readonly skipHashCheck: boolean
  /** By how much the newest revision is raised; everything up to it then counts as compacted. 0: not at all. */
  readonly bumpRevision: number
  /** How long to wait for a member that uses that state file; 0: for ever. */
  readonly timeoutMs: number
}

/** What was made. */
export interface Restored {
  readonly memberId: bigint
  readonly clusterId: bigint
  readonly members: readonly Member[]
}

/**
 * Makes the data directory of one member of a new cluster, with the keys of a backup. Every member is restored from the same
 * backup with the same cluster. Throws `ServerError`, or what the reader of the backup throws.
 */
export async function restoreSnapshot(options: RestoreOptions): Promise<Restored> {
  const fs = nodeFs()
  const { clusterId, members } = initialCluster(options)
  const initialAdvertisePeerUrls = urlsOf(options.initialAdvertisePeerUrls)
  const { id: memberId } = ownFounder(members, { name: options.name, initialAdvertisePeerUrls })
  const { snapshotPath, skipHashCheck } = options
  await expectFile(fs, snapshotPath)
  if (!skipHashCheck && (await verifyTrailer({ fs, path: snapshotPath, sha256 })) === 'missing') {
    throw new ServerError('CONFIG', 'snapshot missing hash but --skip-hash-check=false')
  }
  await whileUnused(fs, { path: snapshotPath, timeoutMs: options.timeoutMs }, () =>
    copyOf(fs, options, { memberId, clusterId, members }),
  )
  return { memberId, clusterId, members }
}

async function copyOf(fs: Fs, options: RestoreOptions, made: Restored): Promise<void> {
  const { members } = made
  const from = await openStateReader(fs, options.snapshotPath)
  try {
    await makeDataDir(fs, options, async () => {
      await fillState({
        fs,
        dataDir: options.dataDir,
        from,
        point: { index: members.length, term: 1 },
        replaced: await changedBuckets(from, members, options.bumpRevision),
      })
      await writeLog(fs, options, made)
    })
  } finally {
    await from.close()
  }
}

const sha256 = () => createHash('sha256')

function urlsOf(texts: readonly string[]): string[] {
  try {
    return parseUrls(texts)
  } catch (error) {
    if (!(error instanceof MembershipError)) throw error
    throw new ServerError('CONFIG', `--initial-advertise-peer-urls: ${error.message}`, { cause: error })
  }
}

/** The members are those of the new cluster. With a raised revision watchers from before are told that it is compacted. */
async function changedBuckets(
  from: StateReader,
  members: readonly Member[],
  bumpRevision: number,
): Promise<ReadonlyMap<string, StateRecords>> {
  const changed = new Map<string, StateRecords>([
    ['members', members.map(memberRecord)],
    ['members_removed', []],
  ])
  if (bumpRevision === 0) return changed
  let newest = 0
  for await (const [key] of from.records('key')) newest = revisionOf(key).main
  const raised = revisionKey(newest + bumpRevision)
  changed.set('key', followedBy(from.records('key'), [[raised, new Uint8Array(0)]]))
  const scheduled: StateRecord = [new TextEncoder().encode('scheduledCompactRev'), raised.slice()]
  changed.set('meta', followedBy(from.records('meta'), [scheduled]))
  return changed
}

function revisionKey(main: number): Uint8Array {
  if (!Number.isSafeInteger(main)) throw new ServerError('CONFIG', '--bump-revision leads beyond 2^53 - 1')
  const key = new Uint8Array(17)
  new DataView(key.buffer).setBigUint64(0, BigInt(main))
  key[8] = 0x5f
  return key
}

/** The log of a cluster of which every entry so far is committed, and is in the state. */
async function writeLog(fs: Fs, at: NewDirectories, { memberId, clusterId, members }: Restored): Promise<void> {
  const metadata = encodeMetadata({ nodeId: memberId, clusterId })
  const wal = await createWal({ fs, dir: walDir(at), metadata, wallNowMs: () => Date.now() })
  try {
    const entries = startEntries(members)
    const voters = members.map(({ id }) => id)
    await wal.append({ entries, hardState: { term: 1, vote: voters[0] ?? 0n, commit: entries.length } })
    await wal.saveSnapshot({ index: entries.length, term: 1, confState: { voters } })
  } finally {
    await wal.close()
  }
}
