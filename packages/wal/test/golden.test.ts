import { readdirSync, readFileSync } from 'node:fs'
import { decodeMetadata } from '@kvs/proto/etcdserver'
import { decodeInternalRaftRequest } from '@kvs/proto/internal'
import { type MemFs, memFs } from '@kvs/vfs'
import { expect, test } from 'vitest'
import { describeWalRecord, openWal, readWal, readWalRecords, validSnapshots } from '../src/index.ts'
import { readAll, text, voter, writeAll, zero } from './log.ts'

const testdata = new URL('testdata/', import.meta.url)

/** Puts a recorded log on a disk in memory; segments get the length they had, `sizeBytes`, back with zeros. */
async function recorded(name: string, sizeBytes: number): Promise<MemFs> {
  const fs = memFs()
  await fs.makeDir('/wal')
  const folder = new URL(`${name}/`, testdata)
  for (const file of readdirSync(folder).filter(entry => entry.endsWith('.wal'))) {
    const bytes = readFileSync(new URL(file, folder))
    await writeAll(fs, `/wal/${file}`, bytes)
    const opened = await fs.open(`/wal/${file}`, { mode: 'write' })
    await opened.allocate(sizeBytes)
    await opened.datasync()
    await opened.close()
  }
  return fs
}

test('a log of etcd 3.4.23 is read, continued and read again', async () => {
  // One member, six puts, a lease, a transaction, a delete; a snapshot after 12 entries.
  const fs = await recorded('etcd-3.4.23', 1_000_000)
  const { wal, content } = await openWal({ fs, dir: '/wal', snapshot: zero, segmentSizeBytes: 1_000_000 })
  expect(decodeMetadata(content.metadata)).toEqual({ nodeId: voter, clusterId: 0xdc50b8daae93b3e0n })
  expect(content.hardState).toMatchObject({ term: 2, vote: voter })
  expect(content.entries.map(entry => entry.index)).toEqual(content.entries.map((_, at) => at + 1))
  expect(content.entries[0]?.type).toBe(1)
  // Entries 3 and 4 publish the member's name and the cluster version: bare v2 requests in etcd 3.4.
  const puts = content.entries.flatMap(({ type, index, data }) =>
    type === 0 && data.length > 0 && index > 4 ? (decodeInternalRaftRequest(data).put ?? []) : [],
  )
  expect(puts.map(put => Buffer.from(put.key).toString())).toEqual(['a', 'b', 'c', 'k1', 'k2', 'k3', 'k4', 'k5', 'k6'])
  const before = await readAll(fs, '/wal/0000000000000000-0000000000000000.wal')
  const index = content.entries.length + 1
  await wal.append({ entries: [{ index, term: 2, type: 0, data: text('more') }] })
  await wal.close()
  const after = await readAll(fs, '/wal/0000000000000000-0000000000000000.wal')
  const recordedBytes = readFileSync(new URL('etcd-3.4.23/0000000000000000-0000000000000000.wal', testdata)).length
  expect(after.length).toBe(before.length)
  expect(Buffer.compare(after.subarray(0, recordedBytes), before.subarray(0, recordedBytes))).toBe(0)
  const again = await readWal({ fs, dir: '/wal', snapshot: zero })
  expect(again.entries.slice(0, -1)).toEqual(content.entries)
  expect(again.entries.at(-1)?.data).toEqual(text('more'))
})

test('the records of etcd 3.4.23, as a dump', async () => {
  const fs = await recorded('etcd-3.4.23', 1_000_000)
  const lines: string[] = []
  await readWalRecords({ fs, dir: '/wal' }, (record, at) => lines.push(describeWalRecord(record, at)))
  await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot('testdata/etcd-3.4.23/dump.txt')
})

test('segments of the log package of etcd 3.7.1 are read as it reads them', async () => {
  // Written by its Create, Save and SaveSnapshot with segments of 8 KiB; content.txt is what its ReadAll returned.
  const fs = await recorded('etcd-3.7.1', 0)
  const content = await readWal({ fs, dir: '/wal', snapshot: zero })
  const { term, vote, commit } = content.hardState
  const head = `meta ${Buffer.from(content.metadata).toString('hex')} hs ${term} ${vote} ${commit} n ${content.entries.length}`
  const lines = content.entries.map(entry => `${entry.index} ${entry.term} ${entry.type} ${entry.data.length}`)
  expect(`${[head, ...lines].join('\n')}\n`).toBe(readFileSync(new URL('etcd-3.7.1/content.txt', testdata), 'utf8'))
  expect((await validSnapshots({ fs, dir: '/wal' })).map(snapshot => snapshot.index)).toEqual([0, 30])
  const fromSnapshot = await readWal({ fs, dir: '/wal', snapshot: { index: 30, term: 2 } })
  expect(fromSnapshot.entries).toEqual(content.entries.slice(30))
})
