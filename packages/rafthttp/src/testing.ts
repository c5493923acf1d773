/**
 * What every way between members must do, as named cases for any test runner:
 *
 * ```ts
 * for (const { name, run } of transportContract(makeWorld)) test(name, run)
 * ```
 *
 * `makeWorld` gives time and places of your kind, anew for each case. A case throws `AssertionError` of `node:assert` if it
 * fails.
 */
import { connectionCases } from './testing/connection-cases.ts'
import { messageCases } from './testing/message-cases.ts'
import { serviceCases } from './testing/service-cases.ts'
import { snapshotCases } from './testing/snapshot-cases.ts'
import { Cluster, type TransportCase, type TransportWorldFactory } from './testing/world.ts'

export type { MemberPlace, TransportCase, TransportWorld, TransportWorldFactory } from './testing/world.ts'

/** All cases. */
export function transportContract(makeWorld: TransportWorldFactory): readonly TransportCase[] {
  return [...messageCases, ...connectionCases, ...snapshotCases, ...serviceCases].map(([name, check]) => ({
    name,
    run: async () => {
      const cluster = new Cluster(await makeWorld())
      try {
        await check(cluster)
      } finally {
        await cluster.end()
      }
    },
  }))
}
