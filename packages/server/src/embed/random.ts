import { randomBytes, randomInt } from 'node:crypto'
import type { Random } from '../parts.ts'

/** Chance from the operating system. */
export const systemRandom: Random = {
  uint32: () => randomBytes(4).readUInt32LE(),
  below: bound => randomInt(bound),
  bytes: length => new Uint8Array(randomBytes(length)),
}
