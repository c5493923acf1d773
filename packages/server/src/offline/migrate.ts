import type { ConsistentPoint } from '@kvs/backend'
import type { MembershipConfState } from '@kvs/membership'
import { MemberSet } from '@kvs/membership'
import { decodeMetadata } from '@kvs/proto/etcdserver'
import type { Entry } from '@kvs/raft'
import { listSnaps, readSnap, SnapError, snapDbFileName, snapFileName } from '@kvs/snap'
import { type Fs, nodeFs } from '@kvs/vfs'
import { createWal, readWal, validSnapshots, type WalContent } from '@kvs/wal'
import { ServerError } from '../errors.ts'
import { parentDir, snapDir, stateFile, walDir } from '../layout.ts'
import { EtcdMembers } from './etcd-members.ts'
import { fillState, type StateRecords } from './fill-state.ts'
import { withLock } from './lock.ts'
import { makeDataDir, type NewDirectories } from './new-data-dir.ts'
import { openStateReader, type StateReader } from './state-reader.ts'

export interface MigrateOptions extends NewDirectories {
  /** The data directory of a member of Go's etcd that has stopped. It is read, and nothing in it is changed. */
  readonly from: string
  /** Empty: below it. */
  readonly fromWalDir: string
  /** How long to wait for the member to stop; 0: for ever. */
  readonly timeoutMs: number
}

export interface Migrated {
  readonly memberId: bigint
  readonly clusterId: bigint
  readonly members: EtcdMembers['members']
  /** The last entry that is in the state, and how many follow in the log. */
  readonly index: number
  readonly entriesBehind: number
  /** Keys of etcd's second API, which are left behind. */
  readonly foreignKeys: number
}

/** What was found in the data directory of etcd's. */
interface Source {
  readonly state: StateReader
  readonly point: ConsistentPoint
  readonly content: WalContent
  readonly entriesBehind: readonly Entry[]
  readonly members: EtcdMembers['members']
  readonly replaced: ReadonlyMap<string, StateRecords>
  readonly foreignKeys: number
}

/**
 * Takes over a member of Go's etcd (3.4 to 3.7) with its identity: what is in its database becomes the state, entries behind
 * that stay in the log. Throws `ServerError`, or what the readers of the files throw.
 */
export function migrateFromEtcd(options: MigrateOptions): Promise<Migrated> {
  return migrate(nodeFs(), options, () => Promise.resolve())
}

/**
 * The same, after which the new directory has the place of etcd's, which is called `FROM.etcd` from then on. A crash between
 * the two renames leaves nothing at that place, and both directories whole.
 */
export async function migrateInPlace(options: Pick<MigrateOptions, 'from' | 'timeoutMs'>): Promise<Migrated> {
  const fs = nodeFs()
  const from = options.from.replace(/(?<=.)\/+$/, '')
  const aside = `${from}.etcd`
  const dataDir = `${from}.kvs`
  if ((await fs.stat(aside)) !== undefined) throw new ServerError('DATA_DIR', `'${aside}' exists`)
  return migrate(fs, { ...options, from, fromWalDir: '', dataDir, walDir: '' }, async () => {
    await fs.rename(from, aside)
    await fs.rename(dataDir, from)
    await fs.syncDir(parentDir(from))
  })
}

/** `afterwards` is done while no member can start on etcd's directory. */
async function migrate(fs: Fs, options: MigrateOptions, afterwards: () => Promise<void>): Promise<Migrated> {
  const at = { dataDir: options.from, walDir: options.fromWalDir }
  return withLock(fs, { ...at, timeoutMs: options.timeoutMs }, async () => {
    const source = await readSource(fs, at)
    try {
      const { point, members, entriesBehind, foreignKeys } = source
      const { nodeId: memberId, clusterId } = decodeMetadata(source.content.metadata)
      await makeDataDir(fs, options, async () => {
        const { state, replaced } = source
        await fillState({ fs, dataDir: options.dataDir, from: state, point, replaced })
        await writeLog(fs, options, source)
      })
      await afterwards()
      return { memberId, clusterId, members, index: point.index, entriesBehind: entriesBehind.length, foreignKeys }
    } finally {
      await source.state.close()
    }
  })
}

/** A snapshot that a start could begin from; index 0: the beginning of the log. */
interface Beginning {
  readonly index: number
  readonly term: number
  /** What the `.snap` file holds; undefined if there is none. */
  readonly dump: Uint8Array | undefined
}

async function readSource(fs: Fs, at: NewDirectories): Promise<Source> {
  const dir = walDir(at)
  const beginning = await newestSnapshot(fs, at)
  const content = await readWal({ fs, dir, snapshot: beginning })
  const state = await openDatabase(fs, at.dataDir, beginning.index)
  try {
    const point = pointOf(state, beginning, content)
    const until = point.index - beginning.index
    const found = await membersOf(state, beginning, content.entries.slice(0, until))
    return { state, point, content, entriesBehind: content.entries.slice(until), ...found }
  } catch (error) {
    await state.close()
    throw error
  }
}

/**
 * The newest snapshot that the log knows, as etcd chooses it: one that has a readable file, unless the release is one that
 * writes none.
 */
async function newestSnapshot(fs: Fs, at: NewDirectories): Promise<Beginning> {
  const known = await validSnapshots({ fs, dir: walDir(at) })
  const snapshots = { fs, dir: snapDir(at.dataDir) }
  const damages: unknown[] = []
  for (const { term, index } of await listSnaps(snapshots)) {
    if (!known.some(each => each.term === term && each.index === index)) continue
    try {
      const { data } = await readSnap(snapshots, { term, index })
      return { term, index, dump: data.length === 0 ? undefined : data }
    } catch (error) {
      if (!(error instanceof SnapError) || error.code === 'IO') throw error
      damages.push(`${snapFileName({ term, index })}: ${error.message}`)
    }
  }
  const newest = known.at(-1)
  if (damages.length > 0) throw new ServerError('STORAGE', `no snapshot can be read: ${damages.join('; ')}`)
  return { index: newest?.index ?? 0, term: newest?.term ?? 0, dump: undefined }
}

/** The database, or the one that came from a leader and has not taken its place yet. */
async function openDatabase(fs: Fs, dataDir: string, snapshotIndex: number): Promise<StateReader> {
  const path = stateFile(dataDir)
  if ((await fs.stat(path)) === undefined) {
    throw new ServerError('DATA_DIR', `database file (${path}) of the backend is missing`)
  }
  const database = await openStateReader(fs, path)
  if (database.kind === 'kvs') {
    await database.close()
    throw new ServerError('DATA_DIR', `'${path}' is a state file of kvs: there is nothing to migrate`)
  }
  const { index } = database.consistent
  if (index >= snapshotIndex) return database
  await database.close()
  const received = `${snapDir(dataDir)}/${snapDbFileName(snapshotIndex)}`
  if ((await fs.stat(received)) !== undefined) return openStateReader(fs, received)
  const text = `database file (${path} index ${index}) does not match with snapshot (index ${snapshotIndex})`
  throw new ServerError('STORAGE', text)
}

/** The last entry whose effects are in the database. Up to 3.4 only the log says of which term it is. */
function pointOf(state: StateReader, beginning: Beginning, { entries }: WalContent): ConsistentPoint {
  const { index, term } = state.consistent
  const end = beginning.index + entries.length
  if (index > end) {
    throw new ServerError('STORAGE', `the database contains entry ${index}, but the log ends at ${end}`)
  }
  const logTerm = index === beginning.index ? beginning.term : entries[index - beginning.index - 1]?.term
  if (logTerm !== undefined && (term === 0 || term === logTerm)) return { index, term: logTerm }
  throw new ServerError(
    'STORAGE',
    `entry ${index} is of term ${term} in the database and of term ${logTerm} in the log`,
  )
}

/** From 3.7 on the database says who is a member; before, the dump in the snapshot does, and the entries behind it. */
async function membersOf(
  state: StateReader,
  { index, dump }: Beginning,
  entries: readonly Entry[],
): Promise<Pick<Source, 'members' | 'replaced' | 'foreignKeys'>> {
  const isInDatabase = (index > 0 && dump === undefined) || (await minorVersionOf(state)) >= 7
  const known = isInDatabase ? await EtcdMembers.inDatabase(state) : EtcdMembers.inDump(dump)
  if (!isInDatabase) for (const entry of entries) known.apply(entry)
  const { members, foreignKeys } = known
  return { members, foreignKeys, replaced: known.records() }
}

/** Of `3.7.0`: 7. Before 3.6 the database does not say: 0. */
async function minorVersionOf(state: StateReader): Promise<number> {
  for await (const [key, value] of state.records('meta')) {
    if (decoder.decode(key) === 'storageVersion') return Number(decoder.decode(value).split('.')[1] ?? 0)
  }
  return 0
}

const decoder = new TextDecoder()

const entriesAtOnce = 1000

/**
 * A log that begins where the state ends. Older entries are in the state; a log of etcd's up to 3.4 does not say who was a
 * member there, so that it could not be read on from there.
 */
async function writeLog(fs: Fs, at: NewDirectories, { content, point, members, entriesBehind }: Source): Promise<void> {
  const wal = await createWal({ fs, dir: walDir(at), metadata: content.metadata, wallNowMs: () => Date.now() })
  try {
    const { term, vote, commit } = content.hardState
    const hardState = { term, vote, commit: Math.max(commit, point.index) }
    const confState: MembershipConfState = new MemberSet({ members }).confState()
    if (point.index > 0) await wal.saveSnapshot({ ...point, confState })
    for (let first = 0; first < entriesBehind.length; first += entriesAtOnce) {
      await wal.append({ entries: entriesBehind.slice(first, first + entriesAtOnce) })
    }
    await wal.append({ entries: [], hardState })
  } finally {
    await wal.close()
  }
}
