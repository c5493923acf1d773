import type { Backend, Bucket } from '@kvs/backend'

/** A history that both sides of a crash test know: what entry `index` does to the state. */

const slots: Bucket = { id: 3, name: 'slots' }
export const log: Bucket = { id: 9, name: 'log' }
export const historyBuckets: readonly Bucket[] = [slots, log]

const slotCount = 499

export function applyEntry(state: Pick<Backend, 'put' | 'delete'>, index: number): void {
  state.put(slots, numberKey(index % slotCount), new Uint8Array((index * 31) % 700).fill(index))
  if (index % 3 === 0) state.delete(slots, numberKey((index * 7) % slotCount))
  state.put(log, numberKey(index), new Uint8Array(8).fill(index))
  if (index > 2_000) state.delete(log, numberKey(index - 2_000))
}

function numberKey(number: number): Uint8Array {
  const key = new Uint8Array(8)
  new DataView(key.buffer).setUint32(4, number)
  return key
}
