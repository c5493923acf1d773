import type { Clock } from '@kvs/grpc'

/** The clock of the machine. A timer keeps the process alive, for somebody waits for it. */
export const systemClock: Clock = {
  now: () => performance.now(),
  setTimer: (delayMs, callback) => setTimeout(callback, delayMs),
  clearTimer: timer => clearTimeout(timer as NodeJS.Timeout),
  defer: callback => void setImmediate(callback),
}

/** Uniform in [0, 1): spreads retries. */
export const systemChance = (): number => Math.random()
