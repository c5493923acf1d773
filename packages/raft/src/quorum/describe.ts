import type { AckedIndex, MajorityConfig } from './majority.ts'

interface Row {
  readonly id: bigint
  readonly index: number
  readonly known: boolean
}

/**
 * A table of what each voter acknowledged, one line per voter in the order of ids: a bar as long as the number of voters
 * with a smaller index, or `?` for a voter not heard of, then the index and the id in hexadecimal.
 *
 * ```text
 *        idx
 * x>     100    (id=1)
 * xx>    101    (id=2)
 * ?        0    (id=3)
 * ```
 */
export function describeCommitted(voters: MajorityConfig, acked: AckedIndex): string {
  if (voters.size === 0) return '<empty majority quorum>'
  const rows = [...voters].map(id => {
    const index = acked(id)
    return { id, index: index ?? 0, known: index !== undefined }
  })
  rows.sort((a, b) => (a.id < b.id ? -1 : 1))
  const lines = rows.map(row => `${describeRow(row, rows)}\n`)
  return `${' '.repeat(rows.length)}    idx\n${lines.join('')}`
}

function describeRow(row: Row, rows: readonly Row[]): string {
  const smaller = rows.filter(({ index }) => index < row.index).length
  const bar = row.known ? `${'x'.repeat(smaller)}>` : '?'
  return `${bar.padEnd(rows.length + 1)} ${String(row.index).padStart(5)}    (id=${row.id.toString(16)})`
}

/** `100`, or `∞` for the index that no voter limits. */
export function describeCommittedIndex(index: number): string {
  return index === Number.POSITIVE_INFINITY ? '∞' : String(index)
}
