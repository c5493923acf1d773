/** A state raft itself computed cannot be: going on would endanger what was promised, so the node must stop. */
export class RaftInvariantError extends Error {
  override readonly name: string = 'RaftInvariantError'
}

/** Stays on in production. `message` names both sides of what contradicts. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new RaftInvariantError(message)
}
