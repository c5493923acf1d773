import {
  closeSync,
  existsSync,
  fstatSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Backend } from '@kvs/backend'
import { openLmdb } from '@kvs/backend/lmdb'
import { type Fs, faultFs, nodeFs, traceFs, VfsError } from '@kvs/vfs'
import { open } from 'lmdb'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

/** What the LMDB file alone can do: be another's, be damaged, be replaced, grow. */

const key = { id: 6, name: 'key' }
const lease = { id: 7, name: 'lease' }
const buckets = [key, lease]
let folder: string
let path: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kvs-backend-'))
  path = join(folder, 'member', 'snap', 'db')
})

afterEach(() => rmSync(folder, { recursive: true }))

function text(value: string): Uint8Array {
  return new TextEncoder().encode(value)
}

/** Three committed keys; `marker` stands in the file once. */
async function make(marker = 'the value to be found'): Promise<void> {
  const backend = await openLmdb({ path, buckets })
  backend.put(key, text('a'), text('1'))
  backend.put(key, text('b'), text(marker))
  backend.put(key, text('c'), text('3'))
  backend.put(lease, text('a'), text('lease'))
  backend.endEntry({ index: 1, term: 1 })
  await backend.commit()
  await backend.close()
}

/** Changes one byte of the file, `at` bytes behind every place where `marker` stands. */
function damage(marker: string, at = 0): void {
  const bytes = readFileSync(path)
  let found = bytes.indexOf(marker)
  if (found < 0) throw new Error(`'${marker}' is not in the file`)
  for (; found >= 0; found = bytes.indexOf(marker, found + 1)) bytes[found + at]! ^= 1
  writeFileSync(path, bytes)
}

/** Changes a record behind the backend's back. */
async function meddle(change: (store: ReturnType<typeof openPlain>) => Promise<unknown>): Promise<void> {
  const store = openPlain(path)
  await change(store)
  await store.flushed
  await store.close()
}

function openPlain(at: string) {
  return open<Uint8Array, Uint8Array>(at, { noSubdir: true, keyEncoding: 'binary', encoding: 'binary' })
}

test('makes its folder, private, with the lock file beside it', async () => {
  await make()
  expect(readdirSync(join(folder, 'member', 'snap')).toSorted()).toEqual(['db', 'db-lock'])
  expect(statSync(path).mode & 0o777).toBe(0o600)
  expect(statSync(join(folder, 'member')).mode & 0o777).toBe(0o700)
})

test("etcd's own file is recognised and left alone", async () => {
  mkdirSync(join(folder, 'member', 'snap'), { recursive: true })
  const file = new Uint8Array(16_384)
  file.set([0xed, 0xda, 0x0c, 0xed, 2, 0, 0, 0], 16)
  writeFileSync(path, file)
  await expect(openLmdb({ path, buckets })).rejects.toMatchObject({
    code: 'FOREIGN_FILE',
    file: path,
    message: expect.stringContaining(path),
  })
  expect(new Uint8Array(readFileSync(path))).toEqual(file)
  expect(existsSync(`${path}-lock`)).toBe(false)
})

test('what is no state is refused, an empty file is a new one', async () => {
  mkdirSync(join(folder, 'member', 'snap'), { recursive: true })
  writeFileSync(path, new Uint8Array(20_000).fill(7))
  await expect(openLmdb({ path, buckets })).rejects.toMatchObject({ code: 'CORRUPT', file: path })
  rmSync(path)
  await meddle(store => store.put(text('x'), text('y')))
  await expect(openLmdb({ path, buckets })).rejects.toMatchObject({ code: 'CORRUPT', file: path })
  rmSync(path)
  mkdirSync(path)
  await expect(openLmdb({ path, buckets })).rejects.toMatchObject({ code: 'IO', file: path })
  rmSync(path, { recursive: true })
  writeFileSync(path, '')
  const backend = await openLmdb({ path, buckets })
  expect(backend.consistent.index).toBe(0)
  await backend.close()
})

test('a file that was cut off is refused, wherever the cut is', async () => {
  await make('long '.repeat(5_000))
  const whole = readFileSync(path)
  for (let length = 100; length < whole.length; length += 3_000) {
    writeFileSync(path, whole.subarray(0, length))
    await expect(openLmdb({ path, buckets }), `cut to ${length} bytes`).rejects.toMatchObject({ code: 'CORRUPT' })
  }
  writeFileSync(path, whole)
  const backend = await openLmdb({ path, buckets })
  await backend.verify()
  await backend.close()
})

test('a file whose first pages are damaged is refused', async () => {
  await make()
  const whole = readFileSync(path)
  for (const at of [18, 24, 28, 49, 4_096 + 18, 4_096 + 24, 4_096 + 28]) {
    const damaged = Buffer.from(whole)
    damaged[at]! ^= 0xff
    writeFileSync(path, damaged)
    await expect(openLmdb({ path, buckets }), `byte ${at}`).rejects.toMatchObject({ code: 'CORRUPT', file: path })
  }
})

test('a compact copy takes commits of any size', async () => {
  const names = Array.from({ length: 1000 }, (_, at) => text(`name ${at}`))
  let index = 0
  const overwrite = async (backend: Backend): Promise<void> => {
    for (const name of names) backend.put(key, name.slice(), new Uint8Array(5000).fill(index))
    backend.endEntry({ index: ++index, term: 1 })
    await backend.commit()
  }
  const backend = await openLmdb({ path, buckets })
  await overwrite(backend)
  await backend.defragment()
  await overwrite(backend)
  await overwrite(backend)
  await backend.copyTo(`${path}.copy`)
  await backend.close()
  const copy = await openLmdb({ path: `${path}.copy`, buckets })
  await overwrite(copy)
  await copy.defragment()
  await copy.close()
  const again = await openLmdb({ path: `${path}.copy`, buckets })
  await overwrite(again)
  await again.verify()
  await again.close()
})

test('a damaged record is named wherever it is met', async () => {
  await make()
  damage('the value to be found', 4)
  const backend = await openLmdb({ path, buckets })
  const error = { code: 'CORRUPT', bucket: 'key', keyHex: '62', file: path }
  expect(() => backend.get(key, text('b'))).toThrow(expect.objectContaining(error))
  expect(() => [...backend.records(key)]).toThrow(expect.objectContaining(error))
  await expect(backend.verify()).rejects.toMatchObject(error)
  const view = backend.view()
  expect(() => view.get(key, text('b'))).toThrow(expect.objectContaining(error))
  expect(() => [...view.records(key)]).toThrow(expect.objectContaining(error))
  view.close()
  expect(backend.get(key, text('a'))).toEqual(text('1'))
  backend.put(key, text('b'), text('written again'))
  backend.endEntry({ index: 2, term: 1 })
  await backend.commit()
  await backend.verify()
  await backend.close()
})

test('a damaged key is found, out of order or not, for the checksum covers it', async () => {
  await make()
  const bytes = readFileSync(path)
  const at = bytes.indexOf('the value to be found')
  expect(bytes[at - 1]).toBe(0x62)
  bytes[at - 1] = 0x63
  writeFileSync(path, bytes)
  await expect(openLmdb({ path, buckets })).rejects.toMatchObject({
    code: 'CORRUPT',
    message: expect.stringMatching(/^backend: the keys of a page are out of order \(file .*db, position \d+\)$/),
    file: path,
  })
  bytes[at - 1] = 0x62
  // The last key, one letter on: still in order.
  const last = bytes.indexOf(Buffer.concat([Uint8Array.of(key.id), text('c')]), at - 600)
  bytes[last + 1] = 0x64
  writeFileSync(path, bytes)
  const backend = await openLmdb({ path, buckets })
  const error = { code: 'CORRUPT', bucket: 'key', file: path, offsetBytes: last + 2 }
  await expect(backend.verify()).rejects.toMatchObject(error)
  await backend.close()
})

test('a record that is gone, one too many and one of yesterday do not pass', async () => {
  await make()
  const stored = (name: string): Uint8Array => Uint8Array.of(key.id, ...text(name))
  const yesterday = openPlain(path).getBinary(stored('b'))!
  const read = async (check: (backend: Backend) => Promise<void>): Promise<void> => {
    const backend = await openLmdb({ path, buckets })
    await check(backend)
    await backend.close()
  }
  const refused = async (message: RegExp): Promise<void> => {
    const error = { code: 'CORRUPT', bucket: 'key', file: path, message: expect.stringMatching(message) }
    await read(async backend => {
      await expect(backend.verify()).rejects.toMatchObject(error)
      expect(() => [...backend.records(key)]).toThrow(expect.objectContaining(error))
      expect([...backend.records(lease)].length).toBe(1)
      expect([...backend.records(key, { from: text('a') })].length).toBeGreaterThan(0)
    })
  }
  await read(async backend => {
    backend.put(key, text('b'), text('today'))
    backend.endEntry({ index: 2, term: 1 })
    await backend.commit()
    await backend.verify()
  })
  const today = openPlain(path).getBinary(stored('b'))!
  await meddle(store => store.put(stored('b'), yesterday))
  await refused(/3 records that are not those written/)
  await meddle(store => store.remove(stored('b')))
  await refused(/2 records instead of 3/)
  await meddle(store => store.put(stored('b'), today))
  await read(backend => backend.verify())
})

test('a damaged record of sums refuses the file', async () => {
  await make()
  damage('kvsstate', 16)
  await expect(openLmdb({ path, buckets })).rejects.toMatchObject({ code: 'CORRUPT', file: path })
})

test('records of a bucket that is not given survive, and are verified', async () => {
  await make()
  let backend = await openLmdb({ path, buckets: [lease] })
  backend.put(lease, text('z'), text('new'))
  backend.endEntry({ index: 2, term: 1 })
  await backend.commit()
  await backend.verify()
  await backend.close()
  backend = await openLmdb({ path, buckets })
  expect([...backend.records(key)].length).toBe(3)
  expect([...backend.records(lease)].length).toBe(2)
  await backend.verify()
  await backend.close()
})

test('buckets that cannot be are refused', async () => {
  const refused = { code: 'BAD_BUCKET' }
  await expect(openLmdb({ path, buckets: [{ id: 0, name: 'x' }] })).rejects.toMatchObject(refused)
  await expect(openLmdb({ path, buckets: [{ id: 256, name: 'x' }] })).rejects.toMatchObject(refused)
  await expect(openLmdb({ path, buckets: [key, { id: 6, name: 'x' }] })).rejects.toMatchObject(refused)
  await expect(openLmdb({ path, buckets: [key, { id: 9, name: 'key' }] })).rejects.toMatchObject(refused)
  expect(existsSync(path)).toBe(false)
})

test('a state may outgrow its quota', async () => {
  let backend = await openLmdb({ path, buckets, quotaBytes: 0 })
  for (let index = 1; index <= 12; index++) {
    for (let part = 0; part < 5; part++)
      backend.put(key, Uint8Array.of(index, part), new Uint8Array(2_000_000).fill(part))
    backend.endEntry({ index, term: 1 })
    await backend.commit()
    expect(backend.get(key, Uint8Array.of(1, 4))?.[0]).toBe(4)
  }
  expect(backend.sizes().inUseBytes).toBeGreaterThan(120_000_000)
  await backend.verify()
  await backend.close()
  backend = await openLmdb({ path, buckets, quotaBytes: 0 })
  await backend.verify()
  await backend.close()
})

test('unfinished copies are removed at open, other files are not', async () => {
  await make()
  for (const name of ['db.tmp.1', 'db.tmp.1-lock', 'db.tmp.77'])
    writeFileSync(join(folder, 'member', 'snap', name), 'x')
  writeFileSync(join(folder, 'member', 'snap', '0000000000000001.snap'), 'x')
  const backend = await openLmdb({ path, buckets })
  expect(readdirSync(join(folder, 'member', 'snap')).toSorted()).toEqual(['0000000000000001.snap', 'db', 'db-lock'])
  await backend.close()
})

test('the order on disk: a file is durable before it takes its place, the name before anything is written', async () => {
  const lines: string[] = []
  const fs = traceFs(nodeFs(), { root: folder, sink: line => lines.push(line.replace(/tmp\.\d+/, 'tmp.N')) })
  const backend = await openLmdb({ path, buckets, fs })
  expect(lines).toEqual([
    'makeDir member/snap',
    'create member/snap/db-lock',
    'truncate member/snap/db-lock 8272',
    'create member/snap/db.tmp.N',
    'write member/snap/db.tmp.N 0+8192',
    'datasync member/snap/db.tmp.N',
    'rename member/snap/db.tmp.N member/snap/db',
    'syncDir member/snap',
  ])
  lines.length = 0
  await backend.copyTo(join(folder, 'copy'))
  expect(lines).toEqual(['datasync copy', 'syncDir .'])
  lines.length = 0
  await backend.defragment()
  await backend.close()
  expect(lines).toEqual([
    'datasync member/snap/db.tmp.N',
    'rename member/snap/db.tmp.N member/snap/db',
    'rename member/snap/db.tmp.N-lock member/snap/db-lock',
    'syncDir member/snap',
    'truncate member/snap/db 8192',
  ])
})

test.each([
  { operation: 'datasync', path: /tmp/, survives: true },
  { operation: 'rename', path: /tmp\.\d+$/, survives: true },
  { operation: 'rename', path: /-lock$/, survives: false },
  { operation: 'syncDir', path: /snap$/, survives: false },
  { operation: 'truncate', path: /db$/, survives: true, succeeds: true },
] as const)('defragmenting when $operation of $path fails', async ({ operation, path: where, survives, ...rest }) => {
  await make()
  const fs = faultFs(nodeFs())
  const backend = await openLmdb({ path, buckets, fs })
  fs.setRules([{ operation, path: where, fault: { error: 'NO_SPACE' } }])
  const work = backend.defragment()
  if ('succeeds' in rest) await work
  else await expect(work).rejects.toMatchObject({ cause: expect.any(VfsError) })
  fs.setRules([])
  expect(backend.get(key, text('a'))).toEqual(text('1'))
  if (survives) {
    backend.put(key, text('d'), text('4'))
    backend.endEntry({ index: 2, term: 1 })
    await backend.commit()
    await backend.defragment()
    await backend.verify()
  } else {
    expect(() => backend.put(key, text('d'), text('4'))).toThrow(expect.objectContaining({ code: 'IO' }))
    await expect(backend.commit()).rejects.toMatchObject({ code: 'IO' })
  }
  await backend.close()
  expect(readdirSync(join(folder, 'member', 'snap')).filter(name => /tmp\.\d+$/.test(name))).toEqual([])
  const again = await openLmdb({ path, buckets })
  expect([...again.records(key)].length).toBe(survives ? 4 : 3)
  await again.verify()
  await again.close()
})

test('a copy that fails leaves nothing and hurts nobody', async () => {
  await make()
  const fs = faultFs(nodeFs(), { rules: [{ operation: 'datasync', path: /copy/, fault: { error: 'NO_SPACE' } }] })
  const backend = await openLmdb({ path, buckets, fs })
  await expect(backend.copyTo(join(folder, 'copy'))).rejects.toMatchObject({
    code: 'NO_SPACE',
    file: join(folder, 'copy'),
  })
  await expect(backend.copyTo(join(folder, 'nowhere', 'copy'))).rejects.toMatchObject({ code: 'IO' })
  expect(existsSync(join(folder, 'copy'))).toBe(false)
  fs.setRules([])
  await backend.copyTo(join(folder, 'copy'))
  await backend.close()
})

test('closing waits for what is under way', async () => {
  const backend = await openLmdb({ path, buckets })
  for (let number = 0; number < 5_000; number++)
    backend.put(key, Uint8Array.of(number >> 8, number), new Uint8Array(300))
  backend.endEntry({ index: 1, term: 1 })
  const work = [backend.commit(), backend.copyTo(join(folder, 'copy')), backend.defragment(), backend.close()]
  await Promise.allSettled(work)
  await work[0]
  await work[1]
  const again = await openLmdb({ path, buckets })
  expect([...again.records(key)].length).toBe(5_000)
  await again.close()
})

describe('a file that takes the place of another', () => {
  const received = (): string => join(folder, 'member', 'snap', '0000000000000007.snap.db')

  /** The state at `path` and a copy of it, received and changed; both open. */
  async function both(fs?: Fs): Promise<{ readonly old: Backend; readonly next: Backend }> {
    await make()
    const old = await openLmdb({ path, buckets, ...(fs && { fs }) })
    await old.copyTo(received())
    const next = await openLmdb({ path: received(), buckets, ...(fs && { fs }) })
    next.put(key, text('d'), text('received'))
    next.endEntry({ index: 7, term: 2 })
    await next.commit()
    return { old, next }
  }

  test('has the right to be there before it is, and its lock file goes with it', async () => {
    const lines: string[] = []
    const fs = traceFs(nodeFs(), { root: folder, sink: line => lines.push(line.replace(/tmp\.\d+/, 'tmp.N')) })
    const { old, next } = await both(fs)
    const inode = (at: string): bigint => statSync(at, { bigint: true }).ino
    const inodes = [inode(received()), inode(`${received()}-lock`)]
    lines.length = 0
    await next.moveTo(path)
    expect(lines).toEqual([
      'datasync member/snap/0000000000000007.snap.db',
      'rename member/snap/0000000000000007.snap.db member/snap/db',
      'rename member/snap/0000000000000007.snap.db-lock member/snap/db-lock',
      'syncDir member/snap',
    ])
    expect([inode(path), inode(`${path}-lock`)]).toEqual(inodes)
    lines.length = 0
    await old.close()
    expect(lines, 'its space is given back once no power cut can bring its name back').toEqual(['syncDir member/snap'])
    await next.close()
    expect(lines.length).toBe(1)
    expect(readdirSync(join(folder, 'member', 'snap')).toSorted()).toEqual(['db', 'db-lock'])
  })

  test.each([
    { operation: 'datasync', path: /snap\.db$/, survives: true },
    { operation: 'rename', path: /snap\.db$/, survives: true },
    { operation: 'rename', path: /-lock$/, survives: false },
    { operation: 'syncDir', path: /snap$/, survives: false },
  ] as const)('when $operation of $path fails', async ({ operation, path: where, survives }) => {
    const fs = faultFs(nodeFs())
    const { old, next } = await both(fs)
    fs.setRules([{ operation, path: where, fault: { error: 'NO_SPACE' } }])
    const file = survives ? received() : path
    const failed = { code: survives ? 'NO_SPACE' : 'IO', file, cause: expect.any(VfsError) }
    await expect(next.moveTo(path)).rejects.toMatchObject(failed)
    fs.setRules([])
    expect(old.get(key, text('a'))).toEqual(text('1'))
    expect(next.get(key, text('d'))).toEqual(text('received'))
    if (survives) {
      old.put(key, text('e'), text('5'))
      old.endEntry({ index: 8, term: 2 })
      await old.defragment()
      await old.commit()
      next.put(key, text('e'), text('5'))
      next.endEntry({ index: 8, term: 2 })
      await next.commit()
      await next.moveTo(path)
      await next.defragment()
    } else {
      expect(() => next.put(key, text('e'), text('5'))).toThrow(expect.objectContaining({ code: 'IO' }))
      await expect(next.commit()).rejects.toMatchObject(failed)
      await expect(next.moveTo(received())).rejects.toMatchObject(failed)
    }
    await Promise.all([old.close(), next.close()])
    const again = await openLmdb({ path, buckets })
    expect([...again.records(key)].length).toBe(survives ? 5 : 4)
    await again.verify()
    await again.close()
  })

  test('keeps its old name in no message, and damage of the replaced one is not looked for in it', async () => {
    const { old, next } = await both()
    await next.moveTo(path)
    await next.close()
    damage('received')
    const damaged = await openLmdb({ path, buckets })
    await damaged.moveTo(received())
    const error = { code: 'CORRUPT', bucket: 'key', file: received(), offsetBytes: expect.any(Number) }
    expect(() => damaged.get(key, text('d'))).toThrow(expect.objectContaining(error))
    await damaged.close()
    await expect(damaged.commit()).rejects.toMatchObject({ code: 'CLOSED', file: received() })
    await old.close()
  })

  test.each([
    { what: 'the disk vouches for the new name', sound: true, hasWitness: false, isCut: true },
    { what: 'the disk does not vouch for the new name', sound: false, hasWitness: false, isCut: false },
    { what: 'the old file has another name', sound: true, hasWitness: true, isCut: false },
  ])('the replaced file is cut before it is closed: $isCut where $what', async ({ sound, hasWitness, isCut }) => {
    const fs = faultFs(nodeFs())
    const { old, next } = await both(fs)
    if (hasWitness) linkSync(path, join(folder, 'witness'))
    const descriptor = openSync(path, 'r')
    const { size } = fstatSync(descriptor)
    await next.moveTo(path)
    if (!sound) fs.setRules([{ operation: 'syncDir', path: /snap$/, fault: { error: 'IO' } }])
    await old.close()
    expect(fstatSync(descriptor).size).toBe(isCut ? 8_192 : size)
    closeSync(descriptor)
    await next.verify()
    await next.close()
  })

  test('stays in its folder', async () => {
    const { old, next } = await both()
    await expect(next.moveTo(join(folder, 'db'))).rejects.toThrow(/assertion failed: .* is in the folder of /)
    await next.moveTo(path)
    await Promise.all([old.close(), next.close()])
  })
})
