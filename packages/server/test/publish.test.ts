import { VirtualClock } from '@kvs/testing'
import { expect, test } from 'vitest'
import { Refusal } from '../src/errors.ts'
import * as limits from '../src/limits.ts'
import { publish } from '../src/membership/publish.ts'
import { defaultOptions } from '../src/options.ts'
import { keepingLogger, type LogLine } from './log.ts'

test('a member that has much to catch up goes on with that while it cannot tell its name', async () => {
  const clock = new VirtualClock()
  const lines: LogLine[] = []
  let refusals = 0
  const published = publish({
    clock,
    id: 1n,
    logger: keepingLogger(lines),
    options: { ...defaultOptions, dataDir: '/data' },
    // Refused in the same turn, as by a member that has more committed than applied.
    propose: (_field, _body, _start, _end, proposer) => {
      expect(++refusals).toBeLessThan(5)
      const code = refusals < 3 ? 'REQUEST_TOO_MANY_REQUESTS' : 'STOPPED'
      proposer.refused(Refusal.of(code))
    },
  })
  for (let i = 0; i < 100; i++) await Promise.resolve()
  expect(refusals).toBe(1)
  clock.advance(limits.publishRetryMs)
  await Promise.resolve()
  clock.advance(2 * limits.publishRetryMs)
  await new Promise(resolve => setImmediate(resolve))
  clock.advance(limits.publishRetryMs)
  await expect(published).rejects.toMatchObject({ code: 'STOPPED' })
  expect(lines.map(({ fields }) => fields['error'])).toEqual(Array(2).fill('etcdserver: too many requests'))
})
