import { callFamilies } from './call-families.ts'
import type { MetricFamily } from './family.ts'
import type { Measured } from './measured.ts'
import { networkFamilies } from './network-families.ts'
import { serverFamilies } from './server-families.ts'
import { storageFamilies } from './storage-families.ts'

/** Every family of etcd that has a meaning for this member, in the order of their names. */
export function memberFamilies(member: Measured): readonly MetricFamily[] {
  const families = [
    ...serverFamilies(member),
    ...storageFamilies(member),
    ...networkFamilies(member),
    ...callFamilies(member),
  ]
  return families.sort((a, b) => (a.name < b.name ? -1 : 1))
}
