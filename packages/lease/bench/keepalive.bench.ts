import { bench, describe } from 'vitest'
import { createLessor } from '../src/index.ts'

/** Promise: at most 0.3 µs per keepalive, whatever the number of leases. Rows are per 1000 calls. */
for (const count of [1000, 100_000]) {
  describe(`${count} leases`, () => {
    let nowMs = 0
    const lessor = createLessor({ clock: { now: () => nowMs }, checkpointIntervalMs: 300_000 })
    lessor.promote(0)
    // Ids as the server makes them: spread over 63 bits.
    const ids = Array.from({ length: count }, (_, at) => BigInt.asUintN(63, BigInt(at + 1) * 0x9e3779b97f4a7c15n))
    for (const id of ids) lessor.grant({ id, ttlSeconds: 60 })
    let next = 0
    bench('1000 renewals', () => {
      for (let at = 0; at < 1000; at++) {
        lessor.renew(ids[next]!)
        if (++next === count) next = 0
      }
      nowMs += 0.1
    })
    const key = new TextEncoder().encode('/registry/events/default/some-pod-name.17c2f0a9d0e1')
    bench('1000 keys attached and detached', () => {
      for (let at = 0; at < 1000; at++) {
        key[key.length - 1] = at & 0xff
        lessor.attach(ids[at]!, key)
        lessor.detach(ids[at]!, key)
      }
    })
  })
}
