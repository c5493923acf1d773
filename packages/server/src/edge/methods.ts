import type { MethodHandler } from '@kvs/grpc'
import type { FileDescriptor } from '@kvs/proto'
import { Election } from '@kvs/proto/election'
import { Health } from '@kvs/proto/health'
import { Lock } from '@kvs/proto/lock'
import { ServerReflection } from '@kvs/proto/reflection'
import { Auth, Cluster, KV, Lease, Maintenance, Watch } from '@kvs/proto/rpc'
import { electionMethods } from '../concurrency/election.ts'
import { lockMethods } from '../concurrency/lock.ts'
import { LocalCalls } from '../in-process/local-calls.ts'
import type { MethodShape } from '../metrics/calls.ts'
import { alarmMethods } from './alarm.ts'
import { authMethods } from './auth.ts'
import { clusterMethods } from './cluster.ts'
import { downgradeMethods } from './downgrade.ts'
import { grpcHealthMethods, ServingState } from './grpc-health.ts'
import { guardMethods } from './guard.ts'
import { kvMethods } from './kv.ts'
import { leaseMethods } from './lease.ts'
import { statusMethods } from './maintenance.ts'
import type { Member } from './member.ts'
import { rangeStreamMethods } from './range-stream.ts'
import { reflectionMethods } from './reflection.ts'
import { snapshotMethods } from './snapshot.ts'
import { upkeepMethods } from './upkeep.ts'
import { watchMethods } from './watch.ts'

/** Services whose calls are shown in metrics before there are any, and those that are not: etcd adds them later. */
const shown = [Auth, Cluster, Health, KV, Lease, Maintenance, Watch]
const quiet = [Election, Lock, ServerReflection]

/** Which of the methods are streams, and in which direction. */
export function methodShapes(methods: ReadonlyMap<string, MethodHandler>): readonly MethodShape[] {
  const known = [
    ...shown.flatMap(service => Object.values<MethodShape>(service)),
    ...quiet.flatMap(service => Object.values<MethodShape>(service)).map(shape => ({ ...shape, isQuiet: true })),
  ]
  return [...methods].map(([path, { kind }]) => {
    const isStream = kind === 'stream'
    return known.find(shape => shape.path === path) ?? { path, clientStreams: isStream, serverStreams: isStream }
  })
}

/**
 * The table of the client port's gRPC methods. `onHandlerError` hears of faults in calls that are made within; of
 * `descriptors`, if there are any, clients are told.
 */
export function clientMethods(
  member: Member,
  onHandlerError: (error: unknown) => void,
  descriptors: readonly FileDescriptor[] = [],
): ReadonlyMap<string, MethodHandler> {
  const serving = new ServingState()
  const own = new Map([
    ...kvMethods(member),
    ...rangeStreamMethods(member),
    ...watchMethods(member),
    ...leaseMethods(member),
    ...statusMethods(member),
    ...clusterMethods(member),
    ...alarmMethods(member),
    ...downgradeMethods(member),
    ...upkeepMethods(member, serving),
    ...snapshotMethods(member),
    ...authMethods(member),
  ])
  const methods = guardMethods(member, own)
  const reflection = descriptors.length === 0 ? [] : reflectionMethods(descriptors)
  // Locks and elections are made of the methods above, and ask them as their clients would.
  const calls = new LocalCalls({ methods, clock: member.clock, onHandlerError })
  return new Map([
    ...methods,
    ...lockMethods(calls),
    ...electionMethods(calls),
    ...grpcHealthMethods(serving),
    ...reflection,
  ])
}
