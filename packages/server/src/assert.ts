/** A broken invariant: something the member computed itself cannot be. It must stop rather than go on. */
export class InvariantError extends Error {
  override readonly name: string = 'InvariantError'
}

/** Stays on in production. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new InvariantError(message)
}
