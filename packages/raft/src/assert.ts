/** A state raft itself computed cannot be: going on would endanger what was promised, so the node must stop. */
export class RaftInvariantError extends Error {
  override readonly name: string = 'RaftInvariantError'
}

/** Ends what cannot go on. For hot places, where the text should be made only when it is needed. */
export function broken(message: string): never {
  throw new RaftInvariantError(message)
}

/** Stays on in production. `message` names both sides of what contradicts. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) broken(message)
}
