/**
 * What every backend must do, as named cases: `backendContract(factory)`. A case rejects if the backend breaks its
 * promise. Needs no test runner:
 *
 * ```ts
 * for (const { name, run } of backendContract(makePlace)) test(name, run)
 * ```
 */

import { commitCases } from './testing/commit-cases.ts'
import { moveCases } from './testing/move-cases.ts'
import type { ContractCase, PlaceFactory } from './testing/place.ts'
import { readCases } from './testing/read-cases.ts'
import { upkeepCases } from './testing/upkeep-cases.ts'

export type { ContractCase, ContractPlace, PlaceFactory } from './testing/place.ts'
export { contractBuckets } from './testing/place.ts'

/** `makePlace` gives an empty place for one state; it is called for every case and removed after it. */
export function backendContract(makePlace: PlaceFactory): readonly ContractCase[] {
  return [...readCases, ...commitCases, ...upkeepCases, ...moveCases].map(({ name, check }) => ({
    name,
    run: async () => {
      const place = await makePlace()
      try {
        await check(place)
      } finally {
        await place.remove()
      }
    },
  }))
}
