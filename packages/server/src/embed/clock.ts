import { performance } from 'node:perf_hooks'
import type { Clock } from '../parts.ts'

/** The time of this machine, by Node's timers. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wallNow: () => Date.now(),
  setTimer: (delayMs, callback) => setTimeout(callback, delayMs),
  clearTimer: timer => clearTimeout(timer as NodeJS.Timeout),
  defer: callback => {
    setImmediate(callback)
  },
}
