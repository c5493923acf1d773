import { spliced } from './mutator.ts'

/** A shorter and plainer input for which `holds` still holds; `maxTries` bounds the search: it need not be the shortest. */
export async function minimize(
  input: Uint8Array,
  holds: (input: Uint8Array) => boolean | Promise<boolean>,
  maxTries: number,
): Promise<Uint8Array> {
  let best = input
  let tries = 0
  const attempt = async (candidate: Uint8Array): Promise<boolean> => {
    if (tries++ >= maxTries || !(await holds(candidate))) return false
    best = candidate
    return true
  }
  for (let size = Math.max(1, best.length >> 1); size >= 1; size = size >> 1) {
    for (let at = 0; at < best.length; ) {
      if (!(await attempt(spliced(best, at, at + size, [])))) at += size
    }
    if (size === 1) break
  }
  for (let at = 0; at < best.length; at++) {
    if (best[at] !== 0) await attempt(spliced(best, at, at + 1, [0]))
  }
  return best
}
