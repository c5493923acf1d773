import type { Backend } from '@kvs/backend'
import { createLessor, minTtlSecondsOf } from '@kvs/lease'
import { MvccError, openStoreInSlices, type ScrubMoment, type Store } from '@kvs/mvcc'
import { openAuth, type TokenKeys } from '../auth/auth-state.ts'
import { ServerError } from '../errors.ts'
import type { Failpoints } from '../failpoints/failpoints.ts'
import type { WaitingFailpoint } from '../failpoints/names.ts'
import * as limits from '../limits.ts'
import { ClusterState } from '../membership/cluster-state.ts'
import type { Metrics } from '../metrics/metrics.ts'
import { electionTicksOf, type MemberOptions, requestTimeoutOf } from '../options.ts'
import type { Clock, Executor, Logger, Random } from '../parts.ts'
import { Background } from './background.ts'
import { buckets } from './buckets.ts'
import { readKept, State } from './state.ts'

/** Rebuilds what is kept in memory from the state file: index, slabs, leases with their keys, members. */
export async function openState(parts: {
  readonly backend: Backend
  readonly clock: Clock
  readonly random: Random
  readonly options: MemberOptions
  readonly metrics: Metrics
  readonly logger: Logger
  readonly executor: Executor
  readonly tokenKeys?: TokenKeys | undefined
  readonly failpoints?: Failpoints | undefined
}): Promise<State> {
  const { backend, clock, options, metrics, failpoints } = parts
  try {
    const store = await openStoreBeside(parts)
    const { heartbeatIntervalMs: heartbeatMs } = options
    const lessor = createLessor({
      clock,
      minTtlSeconds: minTtlSecondsOf({ electionTicks: electionTicksOf(options), heartbeatMs }),
      revokeRetryMs: requestTimeoutOf(options),
      checkpointIntervalMs: options.featureGates.LeaseCheckpoint ? limits.leaseCheckpointIntervalMs : undefined,
    })
    const { leases, auth: content } = await inSlices(readKept(backend, store), clock)
    lessor.take(leases)
    const auth = await openAuth({ ...parts, lessor, content })
    const cluster = new ClusterState(backend)
    const pace = { records: options.compactionBatchLimit, pauseMs: options.compactionSleepIntervalMs }
    const held = failpoints && { failpoints, behindCommit: (name: WaitingFailpoint) => state.behindCommit(name) }
    const background: Background = new Background({ clock, store: () => state.store, pace, held })
    const state: State = new State({ backend, store, lessor, cluster, auth, background, metrics, clock, failpoints })
    return state
  } catch (error) {
    if (error instanceof MvccError) throw new ServerError('STORAGE', error.message, { cause: error })
    throw error
  }
}

/** Reads the store of a state file in slices, and looks at everything else in the file. Throws what reading throws. */
export async function openStoreBeside(parts: {
  readonly backend: Backend
  readonly clock: Clock
  readonly random: Random
  readonly failpoints?: Failpoints | undefined
}): Promise<Store> {
  const { backend, clock, random, failpoints } = parts
  const atScrub = failpoints && ((moment: ScrubMoment) => failpoints.block(moment))
  const opening = openStoreInSlices({ state: backend, buckets, hashSeed: random.uint32(), atScrub })
  const store = await inSlices(opening, clock)
  checkUnread(backend)
  return store
}

/** Buckets of which a start asks single records, if any: read as a whole, they are compared with their counts and sums. */
const unread = [buckets.cluster, buckets.meta]

function checkUnread(backend: Backend): void {
  for (const bucket of unread) for (const _ of backend.records(bucket));
}

/** Drives a generator to its end, giving way to the event loop between its steps. */
export async function inSlices<Result>(steps: Generator<unknown, Result>, clock: Clock): Promise<Result> {
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
    await new Promise<void>(resolve => clock.defer(resolve))
  }
}
