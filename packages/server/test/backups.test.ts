import { expect, test } from 'vitest'
import type { Clock } from '../src/parts.ts'
import { Backups } from '../src/snapshots/backups.ts'
import type { StateCopies } from '../src/snapshots/state-copies.ts'

/** What a backup that is taken slowly may cost. */

async function* twoPieces(): AsyncGenerator<Uint8Array> {
  yield Uint8Array.of(1)
  yield Uint8Array.of(2)
}

function world() {
  let timer: (() => void) | undefined
  const seen = { fileBytes: 1000, released: 0, hasTimer: () => timer !== undefined, fire: () => timer?.() }
  const clock: Clock = {
    now: () => 0,
    wallNow: () => 0,
    setTimer: (_delayMs, callback) => {
      timer = callback
      return callback
    },
    clearTimer: () => {
      timer = undefined
    },
    defer: callback => callback(),
  }
  const lend: StateCopies['lend'] = async open => ({
    opened: await open('copy'),
    release: async () => void seen.released++,
  })
  const backups = new Backups({
    copies: { lend } as StateCopies,
    executor: { open: async () => ({ sizeBytes: 2, pieces: twoPieces() }), run: () => Promise.reject(new Error('no')) },
    clock,
    confState: () => ({ voters: [1n], learners: [], votersOutgoing: [], learnersNext: [], autoLeave: false }),
    sizes: () => ({ allocatedBytes: 0, inUseBytes: 500, fileBytes: seen.fileBytes }),
    logSyncs: () => 0,
  })
  return { seen, backups }
}

test('one that lets the file grow by more than a copy would take is ended, and says why', async () => {
  const { seen, backups } = world()
  const { pieces } = await backups.begin()
  await pieces.next()
  seen.fileBytes = 2 ** 30
  seen.fire()
  await Promise.resolve()
  expect([seen.released, seen.hasTimer()]).toEqual([0, true])
  seen.fileBytes = 2 ** 31
  seen.fire()
  await expect(pieces.next()).rejects.toThrow('taken too slowly')
  expect(seen.released).toBeGreaterThan(0)
})

test('one that was read to its end leaves no timer', async () => {
  const { seen, backups } = world()
  const { pieces } = await backups.begin()
  for await (const _ of pieces);
  expect([seen.released, seen.hasTimer()]).toEqual([1, false])
})
