/** Stops on a broken invariant of our own; stays on in production. Input from peers gives a `RaftHttpError` instead. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`rafthttp: assertion failed: ${message}`)
}
