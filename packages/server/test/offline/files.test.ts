import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openLmdb } from '@kvs/backend/lmdb'
import { writeBolt } from '@kvs/bbolt'
import { checkDatabase, defragmentDataDir, dumpLog, showSnap } from '@kvs/server/offline'
import { encodeSnapFile } from '@kvs/snap'
import { nodeFs } from '@kvs/vfs'
import { createWal } from '@kvs/wal'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { stateFile, walDir } from '../../src/layout.ts'
import { allBuckets, buckets } from '../../src/state/buckets.ts'
import { startKvs } from './etcd.ts'

let folder = ''
let dataDir = ''

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kvs-files-'))
  dataDir = join(folder, 'data')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** A data directory as a member leaves it. */
async function makeDataDir(): Promise<void> {
  await (await startKvs(dataDir)).stop()
}

async function dump(dir: string, startIndex = 0): Promise<string[]> {
  const lines: string[] = []
  await dumpLog({ dir, startIndex, line: text => lines.push(text) })
  return lines
}

test('a log is told record by record, with what its entries mean', async () => {
  await makeDataDir()
  const lines = await dump(walDir({ dataDir, walDir: '' }))
  // Marks between batches are records of checksums too.
  const [crc, metadata, snapshot, change, state] = lines.filter((line, place) => place === 0 || !/ crc /.test(line))
  const segment = '0000000000000000-0000000000000000.wal'
  expect(crc).toBe(`${segment}:0 crc 00000000`)
  expect(metadata).toMatch(/:16 metadata [0-9a-f]+ member 8e9e05c52164694d of cluster cdf818194e3a8c32$/)
  expect(snapshot).toMatch(/ snapshot index=0 term=0$/)
  expect(change).toMatch(
    / entry index=1 term=1 conf-change \d+ bytes add member 8e9e05c52164694d \[http:\/\/localhost:2380]$/,
  )
  expect(state).toMatch(/ state term=1 vote=0 commit=1$/)
  expect(lines.find(line => line.includes('cluster_version_set'))).toMatch(
    /entry index=\d+ term=2 normal \d+ bytes header:<ID:\d+ > cluster_version_set:<ver:"3.7.0" >$/,
  )
  // The data directory will do, and entries can be left out.
  expect(await dump(dataDir)).toEqual(lines)
  expect((await dump(dataDir, 3)).filter(line => / index=[12] /.test(line))).toEqual([])
})

test('a log that is damaged is told up to there', async () => {
  await makeDataDir()
  const [name = ''] = readdirSync(walDir({ dataDir, walDir: '' }))
  const path = join(walDir({ dataDir, walDir: '' }), name)
  const whole = await dump(dataDir)
  const bytes = readFileSync(path)
  const at = Number(/:(\d+) entry index=2 /.exec(whole.join('\n'))?.[1]) + 12
  writeFileSync(path, Uint8Array.from(bytes).fill(bytes[at] === 1 ? 2 : 1, at, at + 1))
  const lines: string[] = []
  const dumping = dumpLog({ dir: dataDir, startIndex: 0, line: text => lines.push(text) })
  await expect(dumping).rejects.toThrow(new RegExp(`in file '${name}' at position: \\d+`))
  expect(whole.slice(0, lines.length)).toEqual(lines)
  await expect(dump(folder)).rejects.toThrow(`there is no log in '${folder}'`)
})

test('a log of another owner is told as well', async () => {
  const dir = join(folder, 'log')
  const wal = await createWal({ fs: nodeFs(), dir, metadata: Uint8Array.of(0xff, 0xff) })
  await wal.append({ entries: [{ index: 1, term: 1, type: 1, data: Uint8Array.of(8) }] })
  await wal.close()
  const lines = await dump(dir)
  expect(lines.find(line => line.includes('metadata'))).toMatch(/ metadata ffff \(.+\)$/)
})

test('a state of kvs is checked record by record', async () => {
  await makeDataDir()
  const path = stateFile(dataDir)
  const { summary, problems } = await checkDatabase({ path, timeoutMs: 200 })
  expect(problems).toEqual([])
  expect(summary).toMatch(/^state of kvs, sound: \d+ records, up to entry \d+ of term 2, \d+ bytes in use$/)
  const bytes = readFileSync(path)
  const at = bytes.lastIndexOf('clusterVersion') + 'clusterVersion'.length
  bytes[at] = bytes[at]! ^ 1
  writeFileSync(path, bytes)
  const found = await checkDatabase({ path, timeoutMs: 200 })
  expect(found.summary).toMatch(/^state of kvs, 1 problems: /)
  expect(found.problems).toEqual([
    expect.stringMatching(/a record does not match its checksum \(bucket cluster, .*position \d+\)$/),
  ])
  truncateSync(path, 4096)
  expect(await checkDatabase({ path, timeoutMs: 200 })).toEqual({
    summary: 'cannot be read',
    problems: [expect.stringMatching(/position 4096\)$/)],
  })
  await expect(checkDatabase({ path: join(folder, 'nothing'), timeoutMs: 200 })).rejects.toThrow(/nothing/)
})

test('a snapshot file of etcd is told with the members in it', async () => {
  const path = join(folder, '0000000000000002-0000000000000007.snap')
  const node = (value: string): object => ({ Value: value, Children: null })
  const attributes = node('{"name":"n1","clientURLs":["http://127.0.0.1:1"]}')
  const members = { abc: { Children: { attributes, raftAttributes: node('{"peerURLs":["http://127.0.0.1:2"]}') } } }
  const keys = { Children: { a: node('1'), b: { Children: { c: node('2') } } } }
  const dump = { Root: { Children: { 0: { Children: { members: { Children: members } } }, 1: keys } } }
  const metadata = { index: 7, term: 2, confState: { voters: [0xabcn] } }
  const data = Buffer.from(JSON.stringify(dump))
  writeFileSync(path, encodeSnapFile({ data, metadata }))
  expect(await showSnap(path)).toEqual([
    `snapshot index=7 term=2 voters=[abc] ${data.length} bytes`,
    expect.stringMatching(/abc.*n1.*127.0.0.1:2/),
    '2 keys of the second API',
  ])
  writeFileSync(path, encodeSnapFile({ data: new Uint8Array(0), metadata }))
  expect(await showSnap(path)).toEqual(['snapshot index=7 term=2 voters=[abc] 0 bytes'])
  writeFileSync(path, encodeSnapFile({ data: Buffer.from('{'), metadata }))
  await expect(showSnap(path)).rejects.toThrow("the dump of members in the '.snap' file is damaged")
  writeFileSync(path, readFileSync(path).fill(1, 20, 21))
  await expect(showSnap(path)).rejects.toThrow(/snap: .*in file '.*snap'/)
})

test('a database of etcd is checked by its structure', async () => {
  const path = join(folder, 'db')
  const records = Array.from({ length: 2000 }, (_, i) => [Buffer.from(String(i + 1000)), Buffer.alloc(50)] as const)
  await writeBolt({ fs: nodeFs(), path, buckets: [['key', records]] })
  expect(await checkDatabase({ path, timeoutMs: 200 })).toEqual({
    summary: expect.stringMatching(/^database of etcd, sound: 1 buckets, 2000 records; pages: /),
    problems: [],
  })
  const bytes = readFileSync(path)
  writeFileSync(path, bytes.fill(0xff, 3 * 4096, 3 * 4096 + 8))
  const { problems } = await checkDatabase({ path, timeoutMs: 200 })
  expect(problems[0]).toMatch(/^bbolt: the page calls itself .*\(page 3, offset 12288\)$/)
})

test('a state file is made smaller, unless a member uses it', async () => {
  await makeDataDir()
  const path = stateFile(dataDir)
  const backend = await openLmdb({ path, buckets: allBuckets })
  const point = backend.consistent
  const keyOf = (number: number): Uint8Array => Uint8Array.of(number >> 8, number & 255)
  for (let number = 0; number < 3000; number++) backend.put(buckets.alarm, keyOf(number), new Uint8Array(1000))
  backend.forceConsistent(point)
  await backend.commit()
  for (let number = 0; number < 3000; number++) backend.delete(buckets.alarm, keyOf(number))
  backend.forceConsistent(point)
  await backend.close()
  const before = statSync(path).size
  const { bytesBefore, bytesAfter } = await defragmentDataDir({ dataDir, walDir: '', timeoutMs: 200 })
  expect(bytesBefore).toBe(before)
  expect(statSync(path).size).toBe(bytesAfter)
  expect(bytesAfter).toBeLessThan(before / 10)
  const kvs = await startKvs(dataDir)
  try {
    const again = defragmentDataDir({ dataDir, walDir: '', timeoutMs: 200 })
    await expect(again).rejects.toThrow(`data directory '${dataDir}' is in use by another process`)
  } finally {
    await kvs.stop()
  }
  const elsewhere = defragmentDataDir({ dataDir: folder, walDir: '', timeoutMs: 200 })
  await expect(elsewhere).rejects.toThrow(/there is no state file/)
})
