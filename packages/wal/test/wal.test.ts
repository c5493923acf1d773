import { faultFs, memFs } from '@kvs/vfs'
import { expect, test } from 'vitest'
import {
  createWal,
  describeWalStatus,
  newestSnapshot,
  openWal,
  purgeWal,
  readWal,
  validSnapshots,
  verifyWal,
  type WalEvent,
  walExists,
} from '../src/index.ts'
import {
  entry,
  framesOf,
  metadata,
  open,
  overwrite,
  readAll,
  segmentNames,
  text,
  voter,
  writeAll,
  zero,
} from './log.ts'

test('what was appended is read again after close', async () => {
  const fs = memFs()
  const wal = await createWal({ fs, dir: '/wal', metadata, segmentSizeBytes: 16_384 })
  await wal.append({ entries: [entry(1, 1), entry(2, 1, '')], hardState: { term: 1, vote: 2n ** 64n - 1n, commit: 0 } })
  await wal.append({ entries: [], hardState: { term: 1, vote: 2n ** 64n - 1n, commit: 2 } })
  await wal.close()
  const { content, wal: again } = await open(fs)
  expect(content.metadata).toEqual(metadata)
  expect(content.hardState).toEqual({ term: 1, vote: 2n ** 64n - 1n, commit: 2 })
  expect(content.entries).toEqual([entry(1, 1), entry(2, 1, '')])
  expect(content.snapshotFound).toBe(true)
  await again.append({ entries: [entry(3, 1)] })
  await again.close()
  expect((await readWal({ fs, dir: '/wal', snapshot: zero })).entries.map(e => e.index)).toEqual([1, 2, 3])
})

test('a batch is timed by its write and its sync, whether it was created or opened', async () => {
  const fs = memFs()
  const log: string[] = []
  let nowMs = 0
  const timing = {
    now: () => nowMs++,
    wrote: (durationMs: number) => log.push(`wrote ${durationMs}`),
    synced: (durationMs: number) => log.push(`synced ${durationMs}`),
  }
  const wal = await createWal({ fs, dir: '/wal', metadata, timing })
  await wal.append({ entries: [entry(1, 1)] })
  expect(log).toEqual(['wrote 1', 'synced 1'])
  await wal.close()
  const { wal: again } = await openWal({ fs, dir: '/wal', snapshot: zero, timing, sync: false })
  log.length = 0
  await again.append({ entries: [entry(2, 1)] })
  expect(log).toEqual(['wrote 1'])
  await again.close()
})

test('later entries replace those from their index on', async () => {
  const fs = memFs()
  const wal = await createWal({ fs, dir: '/wal', metadata })
  await wal.append({ entries: [entry(1, 1), entry(2, 1), entry(3, 1)] })
  await wal.append({ entries: [entry(2, 2)] })
  await wal.close()
  const { content } = await open(fs)
  expect(content.entries).toEqual([entry(1, 1), entry(2, 2)])
})

test('an entry that was replaced below the snapshot takes what stood above it along', async () => {
  const fs = memFs()
  const wal = await createWal({ fs, dir: '/wal', metadata })
  await wal.append({ entries: [entry(1, 1), entry(2, 1)] })
  await wal.append({ entries: [entry(1, 2)], hardState: { term: 2, vote: 0n, commit: 1 } })
  await wal.saveSnapshot({ index: 1, term: 2, confState: { voters: [voter] } })
  await wal.close()
  const { content } = await open(fs, { index: 1, term: 2 })
  expect(content.entries).toEqual([])
})

test('a snapshot beyond what the log holds lasts with the hard state that makes it count', async () => {
  const fs = memFs()
  const wal = await createWal({ fs, dir: '/wal', metadata })
  await wal.append({ entries: [entry(1, 1)], hardState: { term: 1, vote: 0n, commit: 1 } })
  const hardState = { term: 2, vote: 0n, commit: 9 }
  await wal.saveSnapshot({ index: 9, term: 2, confState: { voters: [voter] } }, hardState)
  const { content } = await open(fs.crash({ mode: 'lose-all' }), { index: 9, term: 2 })
  expect([content.hardState, content.snapshotFound, content.entries]).toEqual([hardState, true, []])
})

test('segments are cut, named after the next index, and read from a snapshot on', async () => {
  const fs = memFs()
  const wal = await createWal({ fs, dir: '/wal', metadata, segmentSizeBytes: 4096 })
  for (let index = 1; index <= 40; index++) {
    await wal.append({ entries: [entry(index, 1, new Uint8Array(500).fill(index))] })
  }
  const names = (await fs.readDir('/wal')).filter(name => name.endsWith('.wal'))
  expect(names.length).toBeGreaterThan(3)
  expect(names[0]).toBe('0000000000000000-0000000000000000.wal')
  expect(names[1]).toMatch(/^0000000000000001-000000000000000[0-9a-f]\.wal$/)
  await wal.saveSnapshot({ index: 30, term: 1, confState: { voters: [1n] } })
  await wal.close()
  expect((await fs.readDir('/wal')).filter(name => name.endsWith('.tmp'))).toEqual([])
  const { content } = await open(fs, { index: 30, term: 1 }, 4096)
  expect(content.entries.map(e => e.index)).toEqual([31, 32, 33, 34, 35, 36, 37, 38, 39, 40])
  expect(content.snapshotFound).toBe(true)
})

test('calls may overlap and keep their order', async () => {
  const fs = memFs()
  const wal = await createWal({ fs, dir: '/wal', metadata, segmentSizeBytes: 4096 })
  const calls: Promise<void>[] = []
  for (let index = 1; index <= 30; index++) {
    calls.push(wal.append({ entries: [entry(index, 1, new Uint8Array(300))] }))
  }
  calls.push(wal.close())
  await Promise.all(calls)
  const content = await readWal({ fs, dir: '/wal', snapshot: zero })
  expect(content.entries.map(e => e.index)).toEqual(Array.from({ length: 30 }, (_, at) => at + 1))
})

test('a state that moves only the commit index costs no disk operation until the next batch', async () => {
  const fs = memFs()
  const wal = await createWal({ fs, dir: '/wal', metadata })
  await wal.append({ entries: [entry(1, 1)], hardState: { term: 1, vote: voter, commit: 0 } })
  const before = wal.status()
  for (let commit = 1; commit <= 5; commit++) {
    await wal.append({ entries: [], hardState: { term: 1, vote: voter, commit } })
  }
  await wal.append({ entries: [], hardState: { term: 0, vote: 0n, commit: 0 } })
  expect(wal.status()).toEqual(before)
  await wal.append({ entries: [], hardState: { term: 2, vote: 0n, commit: 5 } })
  expect(wal.status().syncCount).toBe(before.syncCount + 1)
  expect((await readWal({ fs, dir: '/wal', snapshot: zero })).hardState).toEqual({ term: 2, vote: 0n, commit: 5 })
  await wal.append({ entries: [], hardState: { term: 2, vote: 0n, commit: 6 } })
  await wal.append({ entries: [entry(2, 2)] })
  expect((await readWal({ fs, dir: '/wal', snapshot: zero })).hardState.commit).toBe(6)
  await wal.close()
})

test('a log is held by one process, readers do not mind', async () => {
  const fs = memFs()
  const wal = await createWal({ fs, dir: '/wal', metadata })
  await wal.append({ entries: [entry(1, 1)] })
  const refusal = await open(fs).catch(error => error)
  expect(refusal).toMatchObject({ code: 'LOCKED' })
  expect(refusal.message).toMatch(/^fileutil: file already locked/)
  expect((await readWal({ fs, dir: '/wal', snapshot: zero })).entries).toHaveLength(1)
  await expect(createWal({ fs, dir: '/wal', metadata })).rejects.toMatchObject({ code: 'EXISTS' })
  await wal.close()
  await (await open(fs)).wal.close()
})

test('a missing log, a snapshot before it, a gap between segments', async () => {
  const fs = memFs()
  await expect(open(fs)).rejects.toMatchObject({ code: 'NOT_FOUND', message: 'wal: file not found' })
  expect(await walExists(fs, '/wal')).toBe(false)
  const wal = await createWal({ fs, dir: '/wal', metadata, segmentSizeBytes: 1024 })
  for (let index = 1; index <= 12; index++) await wal.append({ entries: [entry(index, 1, new Uint8Array(500))] })
  await wal.close()
  expect(await walExists(fs, '/wal')).toBe(true)
  const names = await segmentNames(fs)
  await fs.remove(`/wal/${names[1]}`)
  await expect(open(fs)).rejects.toMatchObject({ code: 'CORRUPT', file: names[2] })
  await fs.remove(`/wal/${names[0]}`)
  await expect(open(fs)).rejects.toMatchObject({
    code: 'NOT_FOUND',
    message: "wal: file not found which matches the snapshot index '0'",
  })
})

test('contradictions are refused with the texts of etcd', async () => {
  const fs = memFs()
  const wal = await createWal({ fs, dir: '/wal', metadata })
  await wal.append({ entries: [entry(1, 1), entry(2, 1)], hardState: { term: 1, vote: voter, commit: 2 } })
  await wal.saveSnapshot({ index: 2, term: 1, confState: { voters: [voter] } })
  await wal.saveSnapshot({ index: 3, term: 1, confState: { voters: [voter] } })
  await wal.append({ entries: [entry(4, 1)] })
  await wal.close()
  await expect(open(fs)).rejects.toMatchObject({
    code: 'OUT_OF_RANGE',
    message: expect.stringMatching(
      /^wal: slice bounds out of range, snapshot\[Index: 0, Term: 0\], current entry\[Index: 4, Term: 1\], len\(ents\): 2/,
    ),
  })
  await expect(open(fs, { index: 2, term: 3 })).rejects.toMatchObject({
    code: 'SNAPSHOT_MISMATCH',
    message: expect.stringMatching(/^wal: snapshot mismatch/),
  })
  await expect(readWal({ fs, dir: '/wal', snapshot: { index: 4, term: 1 } })).rejects.toMatchObject({
    code: 'SNAPSHOT_NOT_FOUND',
    message: 'wal: snapshot not found',
  })
  const { wal: again, content } = await open(fs, { index: 4, term: 1 })
  expect(content).toMatchObject({ snapshotFound: false, entries: [] })
  await again.close()
})

test('segments of two logs do not mix', async () => {
  const disks = [metadata, text('somebody else has this')].map(async owner => {
    const fs = memFs()
    const wal = await createWal({ fs, dir: '/wal', metadata: owner, segmentSizeBytes: 1024 })
    for (let index = 1; index <= 4; index++) await wal.append({ entries: [entry(index, 1, new Uint8Array(900))] })
    await wal.close()
    return fs
  })
  const [mine, other] = (await Promise.all(disks)) as [ReturnType<typeof memFs>, ReturnType<typeof memFs>]
  const names = await segmentNames(mine)
  // The chain starts anew for a reader that begins at the second segment, so only the metadata can tell.
  await mine.remove(`/wal/${names[0]}`)
  await writeAll(mine, `/wal/${names[2]}`, await readAll(other, `/wal/${names[2]}`))
  await expect(open(mine, { index: 2, term: 1 })).rejects.toMatchObject({ code: 'CRC_MISMATCH', file: names[2] })
})

test('snapshots count as valid up to the commit index', async () => {
  const fs = memFs()
  const wal = await createWal({ fs, dir: '/wal', metadata })
  const confState = { voters: [voter], learners: [5n], votersOutgoing: [], learnersNext: [], autoLeave: false }
  await wal.append({ entries: [entry(1, 1), entry(2, 1)], hardState: { term: 1, vote: voter, commit: 1 } })
  await wal.saveSnapshot({ index: 1, term: 1, confState })
  await wal.saveSnapshot({ index: 2, term: 1, confState })
  await wal.close()
  expect(await validSnapshots({ fs, dir: '/wal' })).toEqual([
    { index: 0, term: 0, confState: undefined },
    { index: 1, term: 1, confState },
  ])
  expect(await verifyWal({ fs, dir: '/wal', snapshot: { index: 1, term: 1 } })).toMatchObject({ commit: 1 })
})

test('the newest snapshot that is usable is the last of the valid ones that is, and older segments are not read for it', async () => {
  const fs = memFs()
  const wal = await createWal({ fs, dir: '/wal', metadata, segmentSizeBytes: 512 })
  for (let index = 1; index <= 12; index++) {
    const hardState = { term: 1, vote: voter, commit: Math.max(1, index - 1) }
    await wal.append({ entries: [entry(index, 1, 'x'.repeat(200))], hardState })
    if (index % 3 === 0) await wal.saveSnapshot({ index, term: 1, confState: { voters: [voter] } })
  }
  await wal.close()
  // The one at 12 is not known to be committed.
  const valid = await validSnapshots({ fs, dir: '/wal' })
  expect(valid.map(({ index }) => index)).toEqual([0, 3, 6, 9])
  const upTo = (index: number): ReturnType<typeof newestSnapshot> =>
    newestSnapshot({ fs, dir: '/wal' }, snapshot => snapshot.index <= index)
  for (let index = 0; index <= 12; index++) {
    expect(await upTo(index)).toEqual(valid.findLast(snapshot => snapshot.index <= index))
  }
  expect(await upTo(-1)).toBeUndefined()
  const [first = ''] = await segmentNames(fs)
  const bytes = await readAll(fs, `/wal/${first}`)
  bytes[bytes.indexOf('x'.charCodeAt(0))] = 0x79
  await writeAll(fs, `/wal/${first}`, bytes)
  expect((await upTo(12))?.index).toBe(9)
  await expect(upTo(0)).rejects.toMatchObject({ code: 'CRC_MISMATCH', file: first })
  await expect(newestSnapshot({ fs, dir: '/nowhere' }, () => true)).rejects.toThrow(/nowhere|not found/)
})

test('the newest of the snapshots is the one of the highest index, in whatever order they were written', async () => {
  const fs = memFs()
  const wal = await createWal({ fs, dir: '/wal', metadata })
  await wal.append({ entries: [entry(1, 1), entry(2, 1)], hardState: { term: 1, vote: voter, commit: 2 } })
  await wal.saveSnapshot({ index: 9, term: 1, confState: { voters: [voter] } }, { term: 1, vote: voter, commit: 9 })
  await wal.saveSnapshot({ index: 2, term: 1, confState: { voters: [voter] } })
  await wal.close()
  expect((await newestSnapshot({ fs, dir: '/wal' }, () => true))?.index).toBe(9)
})

test('a received snapshot above the log names the next segment', async () => {
  const fs = memFs()
  const wal = await createWal({ fs, dir: '/wal', metadata, segmentSizeBytes: 1024 })
  await wal.append({ entries: [entry(1, 1)], hardState: { term: 1, vote: 0n, commit: 1 } })
  await wal.saveSnapshot({ index: 100, term: 2, confState: { voters: [voter] } })
  await wal.append({ entries: [], hardState: { term: 2, vote: 0n, commit: 100 } })
  await wal.close()
  const { wal: again } = await open(fs, { index: 100, term: 2 }, 1024)
  await again.append({ entries: [entry(101, 2, new Uint8Array(2000))] })
  await again.close()
  expect((await segmentNames(fs)).at(-1)).toBe('0000000000000001-0000000000000066.wal')
})

test('released segments are purged, held ones stay', async () => {
  const fs = memFs()
  const wal = await createWal({ fs, dir: '/wal', metadata, segmentSizeBytes: 1024 })
  for (let index = 1; index <= 20; index++) await wal.append({ entries: [entry(index, 1, new Uint8Array(500))] })
  const names = await segmentNames(fs)
  expect(await purgeWal({ fs, dir: '/wal', keepCount: 2 })).toEqual([])
  await wal.release(9)
  const removed = await purgeWal({ fs, dir: '/wal', keepCount: 2 })
  expect(removed.length).toBeGreaterThan(1)
  expect(await segmentNames(fs)).toEqual(names.slice(removed.length))
  expect(await purgeWal({ fs, dir: '/wal', keepCount: 0 })).toEqual([])
  await wal.saveSnapshot({ index: 9, term: 1, confState: { voters: [voter] } })
  await wal.close()
  const { content, wal: again } = await open(fs, { index: 9, term: 1 }, 1024)
  expect(content.entries[0]?.index).toBe(10)
  await again.close()
  await expect(open(fs)).rejects.toMatchObject({ code: 'NOT_FOUND' })
})

test('a gap between segments that nothing needs any more does not hide the snapshots behind it', async () => {
  const fs = memFs()
  const wal = await createWal({ fs, dir: '/wal', metadata, segmentSizeBytes: 512 })
  for (let index = 1; index <= 12; index++) {
    await wal.append({
      entries: [entry(index, 1, 'x'.repeat(200))],
      hardState: { term: 1, vote: voter, commit: index },
    })
  }
  await wal.saveSnapshot({ index: 11, term: 1, confState: { voters: [voter] } })
  await wal.close()
  const names = await segmentNames(fs)
  await fs.remove(`/wal/${names[1]}`)
  expect((await validSnapshots({ fs, dir: '/wal' })).map(({ index }) => index)).toEqual([11])
  await expect(open(fs)).rejects.toMatchObject({ code: 'CORRUPT' })
  const { content } = await open(fs, { index: 11, term: 1 })
  expect(content.entries.map(({ index }) => index)).toEqual([12])
})

test('whoever opens a log may refuse what was read, and then nothing is changed', async () => {
  const fs = memFs()
  const wal = await createWal({ fs, dir: '/wal', metadata, segmentSizeBytes: 65_536 })
  await wal.append({ entries: [entry(1, 1), entry(2, 1, 'x'.repeat(900))] })
  const killed = fs.kill()
  const [name] = await segmentNames(killed)
  const whole = await readAll(killed, `/wal/${name}`)
  await overwrite(killed, `/wal/${name}`, 1024, new Uint8Array(whole.length - 1024))
  const damaged = await readAll(killed, `/wal/${name}`)
  const seen: number[] = []
  const check = ({ entries }: { readonly entries: readonly unknown[] }): void => {
    seen.push(entries.length)
    if (entries.length < 2) throw new Error('too short for me')
  }
  const options = { fs: killed, dir: '/wal', snapshot: zero, segmentSizeBytes: 65_536 }
  await expect(openWal({ ...options, check })).rejects.toThrow('too short for me')
  expect(seen).toEqual([1])
  expect(Buffer.compare(await readAll(killed, `/wal/${name}`), damaged)).toBe(0)
  expect(await killed.readDir('/wal')).toEqual([name])
  await (await openWal(options)).wal.close()
})

test('the first disk error is final', async () => {
  const disk = memFs()
  const fs = faultFs(disk)
  const wal = await createWal({ fs, dir: '/wal', metadata })
  await wal.append({ entries: [entry(1, 1)] })
  fs.setRules([{ operation: 'datasync', calls: 1, fault: { error: 'IO' } }])
  const calls = [wal.append({ entries: [entry(2, 1)] }), wal.append({ entries: [entry(3, 1)] })]
  const results = await Promise.allSettled(calls)
  expect(results).toMatchObject([
    { status: 'rejected', reason: { code: 'IO', cause: { code: 'IO' } } },
    { status: 'rejected', reason: { code: 'FAILED', cause: { code: 'IO' } } },
  ])
  await expect(wal.append({ entries: [entry(4, 1)] })).rejects.toMatchObject({ code: 'FAILED' })
  await expect(wal.release(1)).rejects.toMatchObject({ code: 'FAILED' })
  await wal.close()
  await wal.close()
  await expect(wal.append({ entries: [] })).rejects.toMatchObject({ code: 'CLOSED' })
  expect((await readWal({ fs: disk.crash({ mode: 'lose-all' }), dir: '/wal', snapshot: zero })).entries).toHaveLength(1)
})

test('without room for another segment the log goes on in the current one', async () => {
  const fs = memFs()
  const events: WalEvent[] = []
  const onEvent = (event: WalEvent): void => void events.push(event)
  const wal = await createWal({ fs, dir: '/wal', metadata, segmentSizeBytes: 16_384, onEvent })
  fs.setCapacity(fs.usedBytes + 3 * 4096)
  let index = 1
  for (; index <= 20; index++) await wal.append({ entries: [entry(index, 1, new Uint8Array(1000))] })
  expect(events.map(event => event.type)).toEqual(['segment-created', 'spare-failed'])
  expect(wal.status().spareError).toMatchObject({ code: 'NO_SPACE' })
  expect(describeWalStatus(wal.status())).toMatch(/no room for the next segment$/)
  fs.setCapacity(2 ** 30)
  for (; index <= 40; index++) await wal.append({ entries: [entry(index, 1, new Uint8Array(1000))] })
  expect(wal.status().spareError).toBeUndefined()
  expect(await segmentNames(fs)).toHaveLength(3)
  await wal.close()
  expect((await readWal({ fs, dir: '/wal', snapshot: zero })).entries).toHaveLength(40)
})

test('a log whose name could not be made durable is moved aside', async () => {
  const disk = memFs()
  await disk.makeDir('/member')
  const fs = faultFs(disk, { rules: [{ operation: 'syncDir', path: /^\/member$/, fault: { error: 'IO' } }] })
  const wallNowMs = (): number => Date.UTC(2024, 1, 29, 13, 5, 7, 89)
  await expect(createWal({ fs, dir: '/member/wal', metadata, wallNowMs })).rejects.toMatchObject({ code: 'IO' })
  expect(await disk.readDir('/member')).toEqual(['wal.broken.20240229.130507.089000'])
})

test('leftovers of an unfinished creation and of spares are no obstacle', async () => {
  const fs = memFs()
  await fs.makeDir('/wal.tmp')
  await writeAll(fs, '/wal.tmp/junk', text('junk'))
  await fs.makeDir('/wal')
  const wal = await createWal({ fs, dir: '/wal/', metadata, segmentSizeBytes: 4096 })
  await wal.close()
  await writeAll(fs, '/wal/0.tmp', text('an old spare'))
  await writeAll(fs, '/wal/notes', text('what is this'))
  const events: WalEvent[] = []
  const options = { fs, dir: '/wal', snapshot: zero, segmentSizeBytes: 4096 }
  const { wal: again } = await openWal({ ...options, onEvent: event => events.push(event) })
  expect(events).toEqual([{ type: 'file-ignored', file: 'notes' }])
  for (let index = 1; index <= 10; index++) await again.append({ entries: [entry(index, 1, new Uint8Array(900))] })
  await again.close()
  expect((await readWal({ fs, dir: '/wal', snapshot: zero })).entries).toHaveLength(10)
})

test('an unknown type, a head without metadata', async () => {
  const fs = memFs()
  const wal = await createWal({ fs, dir: '/wal', metadata })
  await wal.append({ entries: [entry(1, 1)] })
  await wal.close()
  const first = (await framesOf(fs)).find(frame => frame.type === 'entry')!
  // The type is the second byte of a record, which begins eight bytes after its frame.
  await overwrite(fs, `/wal/${first.file}`, first.offsetBytes + 9, Uint8Array.of(9))
  await expect(open(fs)).rejects.toMatchObject({
    code: 'UNKNOWN_RECORD',
    message: expect.stringMatching(/^unexpected block type 9/),
    offsetBytes: first.offsetBytes,
  })
  await overwrite(fs, `/wal/${first.file}`, 25, Uint8Array.of(5))
  await expect(open(fs)).rejects.toMatchObject({ code: 'CORRUPT', file: first.file, offsetBytes: 16 })
})

test('a segment without its head is refused', async () => {
  const fs = memFs()
  const wal = await createWal({ fs, dir: '/wal', metadata, segmentSizeBytes: 1024 })
  for (let index = 1; index <= 4; index++) await wal.append({ entries: [entry(index, 1, new Uint8Array(900))] })
  await wal.close()
  const names = await segmentNames(fs)
  const last = `/wal/${names.at(-1)}`
  await writeAll(fs, last, new Uint8Array(0))
  await expect(open(fs)).rejects.toMatchObject({ code: 'CORRUPT', file: names.at(-1), offsetBytes: 0 })
  await writeAll(fs, last, new Uint8Array(2048))
  await expect(open(fs)).rejects.toMatchObject({ code: 'CORRUPT', file: names.at(-1), offsetBytes: 0 })
})

test('entries that leave a gap are a broken invariant', async () => {
  for (const entries of [[entry(2, 1)], [entry(1, 1), entry(3, 1)]]) {
    const wal = await createWal({ fs: memFs(), dir: '/wal', metadata })
    await expect(wal.append({ entries })).rejects.toThrow('assertion failed: entries continue the log')
    await expect(wal.append({ entries: [entry(1, 1)] })).rejects.toMatchObject({ code: 'FAILED' })
    await wal.close()
  }
})
