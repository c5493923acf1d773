/** The end of a proof: complaints, then the one line that is recorded. */
import type { Ledger } from './ledger.ts'

export function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0
}

/** Prints what was broken, and the result as the last line; sets the exit status. */
export function conclude(result: string, failures: readonly string[]): void {
  for (const failure of failures) console.log(`FAIL ${failure}`)
  console.log(failures.length === 0 ? result : `${result}; ${failures.length} promises broken`)
  process.exitCode = failures.length === 0 ? 0 : 1
}

/** What the ledger complains of, and whether there was enough to complain of. */
export function complaintsOf(ledger: Ledger, leastAcknowledged: number): string[] {
  const rest = ledger.complaintCount - ledger.complaints.length
  const complaints = [...ledger.complaints, ...(rest > 0 ? [`and ${rest} more`] : [])]
  // A run in which nothing was promised proves nothing.
  if (ledger.acknowledgedCount < leastAcknowledged) {
    complaints.push(
      `only ${ledger.acknowledgedCount} writes were acknowledged, at least ${leastAcknowledged} are needed`,
    )
  }
  return complaints
}

/** The proof cannot run here: said loudly, and recorded as such. */
export function skip(what: string, why: string): void {
  console.log(`SKIPPED: ${what}: ${why}`)
}
