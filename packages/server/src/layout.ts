/** Where things lie below a data directory; etcd's layout. */
export const memberDir = (dataDir: string): string => `${dataDir}/member`
/** The log, which may have a directory of its own. */
export const walDir = ({ dataDir, walDir: own }: { readonly dataDir: string; readonly walDir: string }): string =>
  own === '' ? `${dataDir}/member/wal` : own.replace(/(?<=.)\/+$/, '')
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
