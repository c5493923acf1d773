import type { MethodHandler } from '@kvs/grpc'
import { alarmMethods } from './alarm.ts'
import { kvMethods } from './kv.ts'
import { leaseMethods } from './lease.ts'
import { statusMethods } from './maintenance.ts'
import type { Member } from './member.ts'
import { rangeStreamMethods } from './range-stream.ts'
import { snapshotMethods } from './snapshot.ts'
import { upkeepMethods } from './upkeep.ts'
import { watchMethods } from './watch.ts'

/** The table of the client port's gRPC methods. */
export function clientMethods(member: Member): Map<string, MethodHandler> {
  return new Map([
    ...kvMethods(member),
    ...rangeStreamMethods(member),
    ...watchMethods(member),
    ...leaseMethods(member),
    ...statusMethods(member),
    ...alarmMethods(member),
    ...upkeepMethods(member),
    ...snapshotMethods(member),
  ])
}
