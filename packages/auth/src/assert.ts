/** Stops on a broken invariant of our own; stays on in production. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`auth: assertion failed: ${message}`)
}
