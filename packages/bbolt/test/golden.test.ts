import { createHash } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { decodeKeyValue } from '@kvs/proto/mvcc'
import { nodeFs } from '@kvs/vfs'
import { describe, expect, it } from 'vitest'
import { check, describeCheck, describeStatus, openBolt, statusOf, verifyTrailer } from '../src/index.ts'
import { collect } from './bytes.ts'

const golden = {
  fs: nodeFs(),
  path: fileURLToPath(new URL('testdata/etcd-3.4.23.backup.db', import.meta.url)),
}

describe('a backup made by etcd 3.4.23', () => {
  it('has the figures that etcdctl gave', async () => {
    const reader = await openBolt(golden)
    const status = await statusOf(reader)
    expect(status).toEqual({
      hash: 2_406_159_502,
      revision: 7,
      recordCount: 11,
      liveKeyCount: 3,
      totalSizeBytes: 32_768,
      version: '',
      hasMeta: true,
    })
    expect(describeStatus(status)).toBe('8f6b148e, 7, 3, 32768')
    expect(describeCheck(await check(reader))).toBe(
      'sound: 10 buckets, 11 records; pages: 1 branch, 3 leaf, 1 overflow, 0 freelist, 1 free',
    )
    await reader.close()
  })

  it('has the records that were put', async () => {
    const reader = await openBolt(golden)
    const puts = (await collect(reader.records('key'))).map(([revision, value]) => {
      const { key, value: content } = decodeKeyValue(value)
      const shown = content.length > 20 ? content.length : Buffer.from(content).toString()
      return [revision[7], revision.length, Buffer.from(key).toString(), shown]
    })
    expect(puts).toEqual([
      [2, 17, 'apple', 'red'],
      [3, 17, 'banana', 'yellow'],
      [4, 17, 'apple', 'green'],
      [5, 17, 'cherry', 'dark'],
      [6, 17, 'big', 6000],
      [7, 18, 'banana', ''],
    ])
    const version = await reader.get('cluster', Buffer.from('clusterVersion'))
    expect(Buffer.from(version!).toString()).toBe('3.4.0')
    await reader.close()
  })

  it('has the SHA-256 that it ends with', async () => {
    expect(await verifyTrailer({ ...golden, sha256: () => createHash('sha256') })).toBe('verified')
  })
})
