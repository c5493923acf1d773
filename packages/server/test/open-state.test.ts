import { createHash } from 'node:crypto'
import type { Backend, Bucket, KeyInterval } from '@kvs/backend'
import { memoryBackend } from '@kvs/backend/memory'
import { SeededRandom, VirtualClock } from '@kvs/testing'
import { expect, test } from 'vitest'
import { inlineExecutor } from '../src/jobs/inline-executor.ts'
import { Metrics } from '../src/metrics/metrics.ts'
import { defaultOptions } from '../src/options.ts'
import { allBuckets } from '../src/state/buckets.ts'
import { openState } from '../src/state/open-state.ts'
import { keepingLogger } from './log.ts'

test('a start reads every bucket as a whole, so that the state file compares all counts and sums', async () => {
  const backend = memoryBackend({ buckets: allBuckets })
  const whole = new Set<string>()
  const watched = new Proxy(backend, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target)
      if (name !== 'records') return typeof value === 'function' ? value.bind(target) : value
      return function* (bucket: Bucket, interval?: KeyInterval) {
        yield* target.records(bucket, interval)
        if (interval === undefined) whole.add(bucket.name)
      }
    },
  }) as Backend
  const clock = new VirtualClock()
  const options = { ...defaultOptions, dataDir: '/data' }
  const executor = inlineExecutor({ openCopy: () => Promise.reject(), newSha256: () => createHash('sha256') })
  const logger = keepingLogger([])
  const parts = {
    backend: watched,
    logger,
    executor,
    clock,
    random: new SeededRandom(1),
    options,
    metrics: new Metrics(),
  }
  let isOpen = false
  const opening = openState(parts).then(() => {
    isOpen = true
  })
  while (!isOpen) {
    clock.advance(0)
    await new Promise(resolve => setImmediate(resolve))
  }
  await opening
  expect([...whole].sort()).toEqual(allBuckets.map(bucket => bucket.name).sort())
})
