import type { VirtualClock } from '@kvs/testing'

/** The clock as one life of a member sees it: its timers die with it. */
export function lifeClock(clock: VirtualClock, isAlive: () => boolean): VirtualClock {
  const alive = (callback: () => void) => (): void => {
    if (isAlive()) callback()
  }
  return Object.assign(Object.create(clock) as VirtualClock, {
    now: () => clock.now(),
    wallNow: () => clock.wallNow(),
    setTimer: (delayMs: number, callback: () => void) => clock.setTimer(delayMs, alive(callback)),
    clearTimer: (timer: unknown) => clock.clearTimer(timer),
    defer: (callback: () => void) => clock.defer(alive(callback)),
  })
}
