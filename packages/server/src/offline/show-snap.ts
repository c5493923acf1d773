import { describeMember, type Member } from '@kvs/membership'
import { decodeSnapFile, describeSnap } from '@kvs/snap'
import { type File, nodeFs } from '@kvs/vfs'
import { EtcdMembers } from './etcd-members.ts'
import { expectFile } from './state-reader.ts'

/** What a `.snap` file says, in lines: the snapshot, its members, keys of etcd's second API. Throws `SnapError`. */
export async function showSnap(path: string): Promise<string[]> {
  const fs = nodeFs()
  await expectFile(fs, path)
  const file = await fs.open(path, { mode: 'read' })
  let bytes: Uint8Array
  try {
    bytes = await readWhole(file)
  } finally {
    await file.close()
  }
  const snapshot = decodeSnapFile(bytes, path)
  const lines = [describeSnap(snapshot)]
  if (snapshot.data.length === 0) return lines
  const { members, foreignKeys } = EtcdMembers.inDump(snapshot.data)
  lines.push(...members.map((member: Member) => describeMember(member)))
  if (foreignKeys > 0) lines.push(`${foreignKeys} keys of the second API`)
  return lines
}

async function readWhole(file: File): Promise<Uint8Array> {
  const bytes = new Uint8Array(await file.sizeBytes())
  for (let done = 0; done < bytes.length; ) {
    const count = await file.read(bytes.subarray(done), done)
    if (count === 0) return bytes.subarray(0, done)
    done += count
  }
  return bytes
}
