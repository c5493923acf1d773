import { expect, test } from 'vitest'
import type { Clock } from '../src/parts.ts'
import { BackupPace } from '../src/snapshots/backup-pace.ts'

/** Time that passes when somebody waits for it. */
function clockThatJumps(): Clock & { ms: number } {
  const clock = {
    ms: 1000,
    now: () => clock.ms,
    wallNow: () => clock.ms,
    setTimer: (delayMs: number, callback: () => void) => {
      clock.ms += delayMs
      callback()
    },
    clearTimer: () => {},
    defer: (callback: () => void) => callback(),
  }
  return clock
}

const pieceBytes = 262_144
const pieces = 4096

async function send(clock: Clock, pace: BackupPace, beforeEach: () => void): Promise<number> {
  const startMs = clock.now()
  for (let i = 0; i < pieces; i++) {
    beforeEach()
    await pace.ready()
    pace.gave(pieceBytes)
  }
  return clock.now() - startMs
}

test('beside a log that is written to a gibibyte takes seventeen seconds', async () => {
  const clock = clockThatJumps()
  let syncs = 0
  const pace = new BackupPace({ clock, logSyncs: () => syncs })
  expect((await send(clock, pace, () => syncs++)) / 1000).toBeCloseTo(16.8, 0)
})

test('while nothing is written it does not wait, and it begins to when something is', async () => {
  const clock = clockThatJumps()
  let syncs = 0
  const pace = new BackupPace({ clock, logSyncs: () => syncs })
  expect(await send(clock, pace, () => {})).toBe(0)
  syncs++
  await pace.ready()
  pace.gave(20_000_000)
  const beforeMs = clock.now()
  await pace.ready()
  expect(clock.now()).toBeGreaterThan(beforeMs)
})

test('two at once share it', async () => {
  const clock = clockThatJumps()
  let syncs = 0
  const pace = new BackupPace({ clock, logSyncs: () => ++syncs })
  const startMs = clock.now()
  await Promise.all([send(clock, pace, () => {}), send(clock, pace, () => {})])
  expect((clock.now() - startMs) / 1000).toBeGreaterThan(33)
})
