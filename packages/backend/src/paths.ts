import { assert } from './assert.ts'

/** The directory that holds `path`. Both separators count: a Windows path works too. */
export function parentOf(path: string): string {
  const slash = Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\'))
  if (slash < 0) return '.'
  return slash === 0 ? path.slice(0, 1) : path.slice(0, slash)
}

/** The last part of `path`. */
export function nameIn(path: string): string {
  return path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1)
}

/** Whether the names differ. Files keep their folder: one folder is all that is synced. */
export function isRenaming({ from, to }: { readonly from: string; readonly to: string }): boolean {
  assert(parentOf(from) === parentOf(to), `${to} is in the folder of ${from}`)
  return nameIn(from) !== nameIn(to)
}
