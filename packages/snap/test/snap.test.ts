import { readFileSync } from 'node:fs'
import type { SnapshotInit } from '@kvs/proto/raft'
import { SeededRandom } from '@kvs/testing'
import { type CrashMode, faultFs, type MemFs, memFs, traceFs } from '@kvs/vfs'
import { expect, test } from 'vitest'
import {
  cleanSnapDir,
  decodeSnapFile,
  describeSnap,
  describeSnapEvent,
  encodeSnapFile,
  findSnapDb,
  listSnaps,
  loadNewestSnap,
  parseSnapDbFileName,
  parseSnapFileName,
  purgeSnapDbs,
  purgeSnaps,
  readSnap,
  releaseSnapDbs,
  type SnapEvent,
  saveSnap,
  saveSnapDb,
  snapDbFileName,
  snapFileName,
} from '../src/index.ts'

const dir = '/member/snap'

async function emptyDir(): Promise<MemFs> {
  const fs = memFs()
  await fs.makeDir(dir)
  await fs.syncDir('/')
  await fs.syncDir('/member')
  return fs
}

async function put(fs: MemFs, name: string, bytes: Uint8Array): Promise<void> {
  const file = await fs.open(`${dir}/${name}`, { mode: 'create' })
  await file.write(bytes, 0)
  await file.datasync()
  await file.close()
}

function snapshot(index: number, term: number): SnapshotInit {
  const confState = { voters: [1n, 2n ** 64n - 1n], learners: [5n] }
  return { data: Uint8Array.from({ length: 900 }, (_, at) => at * index), metadata: { index, term, confState } }
}

test('a snapshot is saved under its term and index, and loaded', async () => {
  const fs = await emptyDir()
  const at = { fs, dir }
  await expect(loadNewestSnap(at)).rejects.toMatchObject({ code: 'NOT_FOUND', message: 'snap: no available snapshot' })
  await saveSnap(at, snapshot(0, 0))
  expect(await fs.readDir(dir)).toEqual([])
  await saveSnap(at, snapshot(0xab, 2))
  await saveSnap(at, snapshot(9, 3))
  expect(await fs.readDir(dir)).toEqual([
    '0000000000000002-00000000000000ab.snap',
    '0000000000000003-0000000000000009.snap',
  ])
  expect(await listSnaps(at)).toEqual([
    { term: 3, index: 9 },
    { term: 2, index: 0xab },
  ])
  expect(await loadNewestSnap(at)).toMatchObject(snapshot(9, 3))
  expect(await loadNewestSnap(at, [{ term: 2, index: 0xab }])).toMatchObject(snapshot(0xab, 2))
  await expect(loadNewestSnap(at, [{ term: 4, index: 1 }])).rejects.toMatchObject({ code: 'NOT_FOUND' })
  await expect(readSnap(at, { term: 9, index: 9 })).rejects.toMatchObject({ code: 'NOT_FOUND' })
})

test('a snapshot of etcd 3.4.23', () => {
  const bytes = new Uint8Array(
    readFileSync(new URL('testdata/0000000000000002-000000000000000d.snap', import.meta.url)),
  )
  const found = decodeSnapFile(bytes)
  expect(describeSnap(found)).toBe('snapshot index=13 term=2 voters=[667880157b8812c8] 7082 bytes')
  expect(JSON.parse(Buffer.from(found.data).toString())).toMatchObject({ Root: { Path: '/' }, CurrentVersion: 2 })
  expect(decodeSnapFile(encodeSnapFile(found))).toEqual(found)
})

test('broken files are set aside, the next older one is taken', async () => {
  const fs = await emptyDir()
  const events: SnapEvent[] = []
  const at = { fs, dir, onEvent: (event: SnapEvent) => void events.push(event) }
  await saveSnap(at, snapshot(1, 1))
  const good = encodeSnapFile(snapshot(2, 1))
  await put(fs, snapFileName({ term: 1, index: 2 }), good.with(good.length - 5, good.at(-5)! ^ 1))
  await put(fs, snapFileName({ term: 1, index: 3 }), new Uint8Array(0))
  await put(fs, snapFileName({ term: 1, index: 4 }), good)
  await put(fs, snapFileName({ term: 1, index: 5 }), good.subarray(0, 100))
  await put(fs, snapFileName({ term: 1, index: 6 }), Uint8Array.of(8, 0, 18, 0))
  await put(fs, 'what is this', good)
  for (const name of ['db', 'tmp123', snapDbFileName(7)]) await put(fs, name, good)
  expect(await loadNewestSnap(at)).toMatchObject(snapshot(1, 1))
  const reasons = [
    /^snap: empty snapshot: in file '0000000000000001-0000000000000006.snap'$/,
    /^snap: malformed snapshot/,
    /^snap: a snapshot of term 1 and index 2: in file '0000000000000001-0000000000000004.snap'$/,
    /^snap: empty snapshot/,
    /^snap: crc mismatch: expected: [0-9a-f]+ computed: [0-9a-f]+: in file '0000000000000001-0000000000000002.snap'$/,
  ]
  expect(events).toEqual([
    { type: 'file-ignored', file: 'what is this' },
    ...reasons.map((reason, position) => ({
      type: 'snap-broken',
      file: snapFileName({ term: 1, index: 6 - position }),
      reason: expect.stringMatching(reason),
    })),
  ])
  expect((await fs.readDir(dir)).filter(name => name.endsWith('.broken'))).toHaveLength(5)
  expect(describeSnapEvent(events[0]!)).toBe("ignored file 'what is this' in the snapshot directory")
  expect(await listSnaps({ fs, dir })).toEqual([{ term: 1, index: 1 }])
})

test('a disk error is no reason to set a file aside', async () => {
  const disk = await emptyDir()
  await saveSnap({ fs: disk, dir }, snapshot(1, 1))
  const fs = faultFs(disk, { rules: [{ operation: 'read', fault: { error: 'IO' } }] })
  await expect(loadNewestSnap({ fs, dir })).rejects.toMatchObject({ code: 'IO', cause: { code: 'IO' } })
  expect(await loadNewestSnap({ fs: disk, dir })).toMatchObject(snapshot(1, 1))
})

test('any flipped bit is found, or without effect', () => {
  const bytes = encodeSnapFile(snapshot(3, 1))
  const truth = decodeSnapFile(bytes)
  let harmless = 0
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const flipped = bytes.with(bit >> 3, bytes[bit >> 3]! ^ (1 << (bit & 7)))
    try {
      expect(decodeSnapFile(flipped), `bit ${bit}`).toEqual(truth)
      harmless++
    } catch (error) {
      expect((error as Error).name, `bit ${bit}`).toBe('SnapError')
    }
  }
  // The three bits of the checksum's last byte that lie beyond 32.
  expect(harmless).toBeLessThanOrEqual(3)
})

test('the order of disk operations', async () => {
  const lines: string[] = []
  const disk = await emptyDir()
  const at = { fs: traceFs(disk, { sink: line => lines.push(line), root: dir }), dir }
  await saveSnap(at, snapshot(1, 1))
  await saveSnapDb(at, 1, pieces(['one', 'two']))
  await put(disk, snapFileName({ term: 1, index: 2 }), new Uint8Array(1))
  await loadNewestSnap(at)
  await purgeSnapDbs(at, 5)
  await releaseSnapDbs(at, 2)
  expect(lines).toEqual([
    'create tmp-0000000000000001-0000000000000001.snap',
    `write tmp-0000000000000001-0000000000000001.snap 0+${encodeSnapFile(snapshot(1, 1)).length}`,
    'datasync tmp-0000000000000001-0000000000000001.snap',
    'rename tmp-0000000000000001-0000000000000001.snap 0000000000000001-0000000000000001.snap',
    'syncDir .',
    'create tmp-0000000000000001.snap.db',
    'write tmp-0000000000000001.snap.db 0+3',
    'write tmp-0000000000000001.snap.db 3+3',
    'datasync tmp-0000000000000001.snap.db',
    'rename tmp-0000000000000001.snap.db 0000000000000001.snap.db',
    'syncDir .',
    'rename 0000000000000001-0000000000000002.snap 0000000000000001-0000000000000002.snap.broken',
    'syncDir .',
    'remove 0000000000000001.snap.db',
    'syncDir .',
  ])
})

async function* pieces(texts: readonly string[], failure?: Error): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield new TextEncoder().encode(text)
  if (failure !== undefined) throw failure
}

test('received state files', async () => {
  const fs = await emptyDir()
  const at = { fs, dir }
  expect(await saveSnapDb(at, 0x1f, pieces(['one', 'two']))).toBe(6)
  expect(await findSnapDb(at, 0x1f)).toBe(`${dir}/000000000000001f.snap.db`)
  expect(await saveSnapDb(at, 0x1f, pieces(['other']))).toBe(0)
  expect((await fs.stat(await findSnapDb(at, 0x1f)))?.sizeBytes).toBe(6)
  await expect(findSnapDb(at, 1)).rejects.toMatchObject({
    code: 'NOT_FOUND',
    message: "snap: snapshot file doesn't exist",
  })
  await expect(saveSnapDb(at, 2, pieces(['one'], new Error('the leader is gone')))).rejects.toMatchObject({
    code: 'IO',
    message: expect.stringContaining('the leader is gone'),
  })
  expect(await fs.readDir(dir)).toEqual(['000000000000001f.snap.db'])
  for (const index of [3, 4, 5]) await saveSnapDb(at, index, pieces(['x']))
  expect(await releaseSnapDbs(at, 4)).toEqual(['0000000000000003.snap.db'])
  expect(await purgeSnapDbs(at, 2)).toEqual(['0000000000000004.snap.db'])
  expect(await purgeSnapDbs(at, 0)).toEqual([])
})

test('purging and cleaning', async () => {
  const fs = await emptyDir()
  const at = { fs, dir }
  for (let index = 1; index <= 7; index++) await saveSnap(at, snapshot(index, 1))
  const parts = ['0000000000000007.snap.db-lock', '0000000000000007.snap.db.tmp.1-lock']
  const whole = '0000000000000007.snap.db'
  const unknown = '7.snap.db-lock'
  for (const name of ['tmp-x', 'tmp123', 'db.tmp.5', 'db', whole, unknown, ...parts]) {
    await put(fs, name, new Uint8Array(1))
  }
  expect(await purgeSnaps(at, 0)).toEqual([])
  expect(await purgeSnaps(at, 5)).toEqual([1, 2].map(index => snapFileName({ term: 1, index })))
  expect(await cleanSnapDir(at)).toEqual([...parts, 'db.tmp.5', 'tmp-x', 'tmp123'])
  expect((await listSnaps(at)).map(name => name.index)).toEqual([7, 6, 5, 4, 3])
  expect(await listSnaps({ fs, dir: '/nowhere' })).toEqual([])
})

test('names', () => {
  expect(parseSnapFileName(snapFileName({ term: 7, index: 2 ** 40 }))).toEqual({ term: 7, index: 2 ** 40 })
  expect(parseSnapDbFileName(snapDbFileName(2 ** 40))).toBe(2 ** 40)
  for (const name of [
    'a.snap',
    '0000000000000001-0000000000000001.snap.broken',
    'ffffffffffffffff-0000000000000001.snap',
  ]) {
    expect(parseSnapFileName(name)).toBeUndefined()
  }
  for (const name of ['1.snap.db', '0000000000000001.snap', 'ffffffffffffffff.snap.db']) {
    expect(parseSnapDbFileName(name)).toBeUndefined()
  }
})

test.each<CrashMode>(['lose-all', 'keep-all', 'prefix', 'keep-random', 'torn'])(
  'a power cut at any disk operation leaves what was saved, and no half file under a name (%s)',
  async mode => {
    let cuts = 0
    for (let seed = 1; seed <= 20; seed++) {
      const random = new SeededRandom(seed)
      const images: { disk: MemFs; saved: number }[] = []
      let saved = 0
      let isRecording = true
      const note = (): void => {
        if (isRecording) images.push({ disk: fs.afterCrash({ mode, random }), saved })
      }
      const fs: MemFs = memFs({
        random,
        schedule: (_call, done) => {
          note()
          queueMicrotask(() => {
            done()
            note()
          })
        },
      })
      await fs.makeDir(dir)
      await fs.syncDir('/')
      await fs.syncDir('/member')
      for (let index = 1; index <= 4; index++) {
        await saveSnap({ fs, dir }, snapshot(index, 1))
        saved = index
        if (index > 2) await purgeSnaps({ fs, dir }, 2)
      }
      isRecording = false
      for (const [position, image] of images.entries()) {
        const events: SnapEvent[] = []
        const at = { fs: image.disk, dir, onEvent: (event: SnapEvent) => void events.push(event) }
        await cleanSnapDir(at)
        const found = await loadNewestSnap(at).catch(() => undefined)
        const label = `seed ${seed}, cut ${position}`
        expect(found?.metadata?.index ?? 0, label).toBeGreaterThanOrEqual(image.saved)
        expect(
          events.filter(event => event.type === 'snap-broken'),
          label,
        ).toEqual([])
        cuts++
      }
    }
    expect(cuts).toBeGreaterThan(500)
  },
)
