/** Stops on a broken invariant of our own. Stays on in production. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`vfs: broken invariant: ${message}`)
}
