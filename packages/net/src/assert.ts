/** Stops on a broken invariant or a misused pipe. Stays on in production. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`net: ${message}`)
}
