import * as fs from 'node:fs'

// Spelt without the types of Node: pure packages read these declarations too.
type Done = (error: Error | null) => void
type Counted = (error: Error | null, count: number) => void

/**
 * The calls on file descriptors that can be cut short or interrupted. Tests put their own in place of the system's,
 * because no file system here writes short on demand.
 */
export interface NodeCalls {
  read(fd: number, bytes: Uint8Array, offset: number, length: number, position: number, done: Counted): void
  readSync(fd: number, bytes: Uint8Array, offset: number, length: number, position: number): number
  write(fd: number, bytes: Uint8Array, offset: number, length: number, position: number, done: Counted): void
  writeSync(fd: number, bytes: Uint8Array, offset: number, length: number, position: number): number
  fdatasync(fd: number, done: Done): void
  fdatasyncSync(fd: number): void
  ftruncate(fd: number, lengthBytes: number, done: Done): void
}

export const systemCalls: NodeCalls = {
  read: fs.read,
  readSync: fs.readSync,
  write: fs.write,
  writeSync: fs.writeSync,
  fdatasync: fs.fdatasync,
  fdatasyncSync: fs.fdatasyncSync,
  ftruncate: fs.ftruncate,
}
