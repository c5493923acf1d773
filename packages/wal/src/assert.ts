/** Stops on a broken invariant of our own; stays on in production. Input from disk gives a `WalError` instead. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`wal: assertion failed: ${message}`)
}
