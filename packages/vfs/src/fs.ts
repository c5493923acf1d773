/**
 * The disk as kvs sees it. Every call says what is durable after it; nothing else is.
 *
 * Durability, in one table:
 *   after                                   survives a power cut
 *   `write`, `writeSync`, `truncate`        nothing promised (any subset of 512-byte sectors may be there)
 *   `datasync`                              the bytes and the length of the file, as of the call
 *   `open` that created, `rename`, `remove` nothing promised until `syncDir` of the parent directory
 *   `makeDir` that made directories         nothing promised until `syncDir` of the parent of each
 *   `syncDir`                               all entries of that directory, as of the call
 *
 * Paths are absolute or relative to the process; a relative path means the same directory for the life of an `Fs`.
 * All failures are `VfsError`s with a stable `code`, the path in the message and the system's error as `cause`.
 */

/**
 * How a file is opened.
 * `read`: must exist. `write`: read and write, must exist. `create`: read and write, made empty if missing, an existing
 * one is truncated. `create-new`: read and write, must not exist (`EXISTS`).
 */
export type OpenMode = 'read' | 'write' | 'create' | 'create-new'

export interface OpenOptions {
  readonly mode: OpenMode
  /** Permission bits of a file that is created, before umask; default 0o600. */
  readonly permissions?: number
}

export interface FileInfo {
  readonly sizeBytes: number
  readonly isDirectory: boolean
}

/** An open file. Calls on one file may overlap only where the caller knows that their byte ranges are disjoint. */
export interface File {
  readonly path: string
  /** Reads up to `target.length` bytes at `position`; returns the count, short only at the end of the file. */
  read(target: Uint8Array, position: number): Promise<number>
  /** Like `read`, but waits on the spot: for a little that was written not long ago, which the system still has in memory. */
  readSync(target: Uint8Array, position: number): number
  /** Writes all of `bytes` at `position`; a short write of the system is continued, never reported as success. */
  write(bytes: Uint8Array, position: number): Promise<void>
  /** Like `write`, but hands the bytes to the operating system before it returns. For small appends on the hot path. */
  writeSync(bytes: Uint8Array, position: number): void
  /** fdatasync: bytes and length are durable once it resolves. After a failure the file must not be synced again. */
  datasync(): Promise<void>
  /** Cuts the file, or extends it with zeros. */
  truncate(lengthBytes: number): Promise<void>
  /** Makes the file at least `lengthBytes` long, filled with real zeros so that later writes need no new blocks. */
  allocate(lengthBytes: number): Promise<void>
  sizeBytes(): Promise<number>
  /** Takes the exclusive whole-file lock (open-file-description lock on Linux). `LOCKED` if somebody else holds it. */
  lock(): void
  /** Closes the file and gives its lock up. Idempotent. */
  close(): Promise<void>
}

export interface Fs {
  open(path: string, options: OpenOptions): Promise<File>
  /** Names in a directory, sorted by their bytes. */
  readDir(path: string): Promise<string[]>
  /** Makes a directory and missing parents (permissions 0o700 unless said); an existing directory is fine. */
  makeDir(path: string, permissions?: number): Promise<void>
  /** `undefined` if there is nothing at `path`. */
  stat(path: string): Promise<FileInfo | undefined>
  rename(from: string, to: string): Promise<void>
  /** Removes a file, or a directory with all it holds. Nothing there is fine. */
  remove(path: string): Promise<void>
  /** fsync of a directory: makes its entries durable. */
  syncDir(path: string): Promise<void>
  /** Bytes that could still be written to the file system that holds `path`. */
  freeBytes(path: string): Promise<number>
  /**
   * Somebody writes to the disk past this interface until `work` settles. A sync may take longer meanwhile, and is not
   * waited for on the spot.
   */
  busyUntil(work: Promise<unknown>): void
}
