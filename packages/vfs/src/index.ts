/**
 * The disk as an interface (`Fs`, `File`): one real implementation and three for tests, all with the same promises.
 *
 * - `nodeFs()`: the disk of this machine.
 * - `memFs()`: a disk in memory that can lose power. `crash` leaves what a real disk may leave; `kill` ends only the process.
 * - `faultFs(fs, options)`: lets chosen calls fail, write short, hit the wrong place or wait.
 * - `traceFs(fs, options)`: tells every change of the disk as a line of text, for tests of disk order.
 *
 * What the caller must do: after `write` call `datasync`, after creating, renaming or removing call `syncDir` of the
 * parent directory, before telling anybody that the bytes are safe. After a failed `datasync` the file's durable content
 * is unknown: close it and start over from what can be read; it must not be synced again (it is refused).
 *
 * ```ts
 * let disk = memFs()
 * const file = await disk.open('/log', { mode: 'create-new' })
 * file.writeSync(new TextEncoder().encode('hello'), 0)
 * await file.datasync()
 * await disk.syncDir('/')
 * disk = disk.crash({ mode: 'lose-all' })
 * console.log(await disk.readDir('/')) // [ 'log' ]
 * ```
 */

export { VfsError, type VfsErrorCode } from './errors.ts'
export {
  type Fault,
  type FaultFs,
  type FaultFsOptions,
  type FaultRule,
  type FaultSite,
  faultFs,
  faultSweep,
} from './fault-fs.ts'
export type { File, FileInfo, Fs, OpenMode, OpenOptions } from './fs.ts'
export { PAGE_BYTES, SECTOR_BYTES } from './limits.ts'
export type { CrashMode, CrashOptions } from './memory-crash.ts'
export type { MemFile } from './memory-file.ts'
export { type MemFs, type MemFsOptions, memFs, type Schedule } from './memory-fs.ts'
export { nodeFs } from './node-fs.ts'
export type { FsCall, FsOperation } from './operations.ts'
export { type TraceFsOptions, traceFs } from './trace-fs.ts'
