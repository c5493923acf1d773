/** Where things lie below a data directory; etcd's layout. */
export const memberDir = (dataDir: string): string => `${dataDir}/member`
export const walDir = (dataDir: string): string => `${dataDir}/member/wal`
export const snapDir = (dataDir: string): string => `${dataDir}/member/snap`
/** The state file. */
export const stateFile = (dataDir: string): string => `${dataDir}/member/snap/db`

/** The directory that holds `path`. */
export function parentDir(path: string): string {
  const trimmed = path.replace(/\/+$/, '')
  const at = trimmed.lastIndexOf('/')
  if (at < 0) return '.'
  return at === 0 ? '/' : trimmed.slice(0, at)
}
