/** Stops on a broken invariant of our own; stays on in production. Input from disk gives a `BoltError` instead. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`bbolt: assertion failed: ${message}`)
}
