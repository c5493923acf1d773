import { decodeMemberChange, describeMemberChange, formatId, MembershipError } from '@kvs/membership'
import { ProtoError } from '@kvs/proto'
import { decodeMetadata } from '@kvs/proto/etcdserver'
import { decodeConfChange, type Entry, EntryType, RaftError } from '@kvs/raft'
import { nodeFs } from '@kvs/vfs'
import { describeWalRecord, readWalRecords, type WalEnd, walExists } from '@kvs/wal'
import { ServerError } from '../errors.ts'
import { walDir } from '../layout.ts'
import { describeEntry } from '../requests/describe-request.ts'

/**
 * Tells every record of a log, a line each, and where the log ends. `dir` is the log's directory or the data directory around
 * it. What was sound has been told when it throws `WalError` over what is not. Works while a member runs.
 */
export async function dumpLog(options: {
  readonly dir: string
  /** Entries below are left out. */
  readonly startIndex: number
  readonly line: (text: string) => void
}): Promise<WalEnd> {
  const fs = nodeFs()
  const { dir, startIndex, line } = options
  const inside = walDir({ dataDir: dir, walDir: '' })
  const isAround = !(await walExists(fs, dir))
  if (isAround && !(await walExists(fs, inside))) throw new ServerError('DATA_DIR', `there is no log in '${dir}'`)
  return readWalRecords({ fs, dir: isAround ? inside : dir }, (record, at) => {
    if (record.type === 'entry' && record.entry.index < startIndex) return
    const more =
      record.type === 'entry' ? contentOf(record.entry) : record.type === 'metadata' ? ownerOf(record.data) : ''
    line(describeWalRecord(record, at) + (more === '' ? '' : ` ${more}`))
  })
}

function contentOf({ type, data }: Entry): string {
  return orWhyNot(() => {
    if (type === EntryType.EntryNormal) return data.length === 0 ? '' : describeEntry(data).trimEnd()
    if (type !== EntryType.EntryConfChange) return ''
    return describeMemberChange(decodeMemberChange(decodeConfChange(data)))
  })
}

function ownerOf(metadata: Uint8Array): string {
  return orWhyNot(() => {
    const { nodeId, clusterId } = decodeMetadata(metadata)
    return `member ${formatId(nodeId)} of cluster ${formatId(clusterId)}`
  })
}

/** Logs of others hold other things: that is told, and no reason to stop. */
function orWhyNot(describe: () => string): string {
  try {
    return describe()
  } catch (error) {
    if (error instanceof ProtoError || error instanceof RaftError || error instanceof MembershipError) {
      return `(${error.message})`
    }
    throw error
  }
}
