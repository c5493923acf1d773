import { updateCrc32c } from '@kvs/backend'
import { decodeKeyValue } from '@kvs/proto/mvcc'
import { nodeFs } from '@kvs/vfs'
import { ServerError } from '../errors.ts'
import { type DatabaseAt, whileUnused } from './lock.ts'
import { openStateReader, type StateReader } from './state-reader.ts'

/** The hash of all records of keys up to a revision, as members compare it. */
export interface DatabaseHash {
  readonly hash: number
  readonly hashRevision: number
  /** -1: never compacted. */
  readonly compactRevision: number
}

/** `revision` 0: the newest. Throws `ServerError` with etcd's words for one that is compacted, or not there yet. */
export function hashDatabase(at: DatabaseAt & { readonly revision: number }): Promise<DatabaseHash> {
  const fs = nodeFs()
  return whileUnused(fs, at, async () => {
    const state = await openStateReader(fs, at.path)
    try {
      return await hashState(state, at.revision)
    } finally {
      await state.close()
    }
  })
}

export async function hashState(state: StateReader, revision: number): Promise<DatabaseHash> {
  const compactRevision = await compactRevisionOf(state)
  const keys = new Map<string, NewestRevisions>()
  const current = Math.max(await findNewest(state, { revision, compactRevision }, keys), compactRevision, 1)
  if (revision > current) refuse('mvcc: required revision is a future revision')
  if (revision > 0 && revision < compactRevision) refuse('mvcc: required revision has been compacted')
  const hashRevision = revision === 0 ? current : revision
  const isAnyVisible = [...keys.values()].some(({ read }) => !read.isTombstone)
  let hash = updateCrc32c(0, bucketName, 0, bucketName.length)
  for await (const [key, value] of state.records('key')) {
    const at = revisionOf(key)
    if (at.main > hashRevision) break
    if (!counts(at, keys.get(userKeyOf(value)), { compactRevision, isAnyVisible })) continue
    hash = updateCrc32c(hash, key, 0, key.length)
    hash = updateCrc32c(hash, value, 0, value.length)
  }
  return { hash, hashRevision, compactRevision }
}

/** The rule of `@kvs/mvcc` (its `hash.ts`), for records that come in their order and nothing else. */
function counts(
  at: Revision,
  newest: NewestRevisions | undefined,
  { compactRevision, isAnyVisible }: { readonly compactRevision: number; readonly isAnyVisible: boolean },
): boolean {
  if (at.main > compactRevision) return true
  if (at.isTombstone || newest === undefined) return false
  const wanted = isAnyVisible ? newest.read : newest.compacted
  return wanted !== undefined && wanted.main === at.main && wanted.sub === at.sub
}

interface Revision {
  readonly main: number
  readonly sub: number
  readonly isTombstone: boolean
}

/** The newest record of a key for who reads at the revision that is hashed, and at the one that was compacted. */
interface NewestRevisions {
  read: Revision
  compacted: Revision | undefined
}

/** Returns the newest revision there is. */
async function findNewest(
  state: StateReader,
  { revision, compactRevision }: { readonly revision: number; readonly compactRevision: number },
  keys: Map<string, NewestRevisions>,
): Promise<number> {
  let last = 0
  for await (const [key, value] of state.records('key')) {
    const at = revisionOf(key)
    last = at.main
    // A record that has a revision and nothing else is of no key.
    if (value.length === 0 || (revision > 0 && at.main > revision)) continue
    const userKey = userKeyOf(value)
    const newest = keys.get(userKey)
    const compacted = at.main <= compactRevision ? at : newest?.compacted
    if (newest === undefined) keys.set(userKey, { read: at, compacted })
    else {
      newest.read = at
      newest.compacted = compacted
    }
  }
  return last
}

/** The revision of a record's key. */
export function revisionOf(key: Uint8Array): Revision {
  const isTombstone = key.length === 18 && key[17] === 0x74
  if ((key.length !== 17 && !isTombstone) || key[8] !== 0x5f) refuse('bucket key holds a record that has no revision')
  const view = new DataView(key.buffer, key.byteOffset, key.length)
  return { main: Number(view.getBigUint64(0)), sub: Number(view.getBigUint64(9)), isTombstone }
}

async function compactRevisionOf(state: StateReader): Promise<number> {
  let revision = -1
  for await (const [key, value] of state.records('meta')) {
    const name = decoder.decode(key)
    if (name !== 'finishedCompactRev' && name !== 'scheduledCompactRev') continue
    revision = Math.max(revision, revisionOf(value).main)
  }
  return revision
}

const bucketName = new TextEncoder().encode('key')
const decoder = new TextDecoder()
const oneByteEach = new TextDecoder('latin1')

/** The user's key, a character per byte. */
function userKeyOf(value: Uint8Array): string {
  return oneByteEach.decode(decodeKeyValue(value).key)
}

function refuse(text: string): never {
  throw new ServerError('STORAGE', text)
}
