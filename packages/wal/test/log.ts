import type { Entry } from '@kvs/proto/raft'
import type { Fs } from '@kvs/vfs'
import { openWal, readWalRecords } from '../src/index.ts'

export const metadata: Uint8Array = new TextEncoder().encode('metadata of the owner')
export const zero: { readonly index: number; readonly term: number } = { index: 0, term: 0 }

/** Ids as members have them: 64 bits, far above any term. */
export const voter = 0x667880157b8812c8n

export function text(value: string): Uint8Array {
  return new TextEncoder().encode(value)
}

export function entry(index: number, term: number, data: string | Uint8Array = `entry ${index}`): Entry {
  return { index, term, type: 0, data: typeof data === 'string' ? text(data) : data }
}

export function open(fs: Fs, snapshot = zero, segmentSizeBytes = 16_384): ReturnType<typeof openWal> {
  return openWal({ fs, dir: '/wal', snapshot, segmentSizeBytes })
}

/** All bytes of a file. */
export async function readAll(fs: Fs, path: string): Promise<Uint8Array> {
  const file = await fs.open(path, { mode: 'read' })
  const bytes = new Uint8Array(await file.sizeBytes())
  await file.read(bytes, 0)
  await file.close()
  return bytes
}

/** Puts a file on the disk, durable. */
export async function writeAll(fs: Fs, path: string, bytes: Uint8Array): Promise<void> {
  const file = await fs.open(path, { mode: 'create' })
  await file.write(bytes, 0)
  await file.datasync()
  await file.close()
  await fs.syncDir(path.slice(0, path.lastIndexOf('/')) || '/')
}

/** Overwrites part of a file behind the log's back. */
export async function overwrite(fs: Fs, path: string, position: number, bytes: Uint8Array): Promise<void> {
  const file = await fs.open(path, { mode: 'write' })
  await file.write(bytes, position)
  await file.datasync()
  await file.close()
}

export async function segmentNames(fs: Fs): Promise<string[]> {
  return (await fs.readDir('/wal')).filter(name => name.endsWith('.wal'))
}

/** Where the frames of the log lie: file, offset and type of each record. */
export async function framesOf(fs: Fs): Promise<{ file: string; offsetBytes: number; type: string }[]> {
  const frames: { file: string; offsetBytes: number; type: string }[] = []
  await readWalRecords({ fs, dir: '/wal' }, (record, at) => frames.push({ ...at, type: record.type }))
  return frames
}
