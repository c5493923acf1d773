import type { Backend } from '@kvs/backend'
import { createLessor, type Lessor, minTtlSecondsOf } from '@kvs/lease'
import { MvccError, openStoreInSlices, type Store } from '@kvs/mvcc'
import { decodeLease } from '@kvs/proto/lease'
import { openAuth, type TokenKeys } from './auth/auth-state.ts'
import { Background } from './background.ts'
import { buckets } from './buckets.ts'
import { ClusterState } from './cluster-state.ts'
import { ServerError } from './errors.ts'
import type { Metrics } from './metrics/metrics.ts'
import { type MemberOptions, requestTimeoutOf } from './options.ts'
import type { Clock, Executor, Logger, Random } from './parts.ts'
import { State } from './state.ts'

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
}): Promise<State> {
  const { backend, clock, random, options, metrics } = parts
  try {
    const store = await inSlices(openStoreInSlices({ state: backend, buckets, hashSeed: random.uint32() }), clock)
    const { heartbeatIntervalMs: heartbeatMs, electionTimeoutMs } = options
    const electionTicks = Math.floor(electionTimeoutMs / heartbeatMs)
    const lessor = createLessor({
      clock,
      minTtlSeconds: minTtlSecondsOf({ electionTicks, heartbeatMs }),
      revokeRetryMs: requestTimeoutOf(options),
    })
    restoreLeases(backend, store, lessor)
    checkUnread(backend)
    const auth = await openAuth({ ...parts, lessor })
    const cluster = new ClusterState(backend)
    const pace = { records: options.compactionBatchLimit, pauseMs: options.compactionSleepIntervalMs }
    const background = new Background({ clock, store: () => store, pace })
    return new State({ backend, store, lessor, cluster, auth, background, metrics, clock })
  } catch (error) {
    if (error instanceof MvccError) throw new ServerError('STORAGE', error.message, { cause: error })
    throw error
  }
}

function restoreLeases(backend: Backend, store: Store, lessor: Lessor): void {
  const records = [...backend.records(buckets.lease)].map(({ value }) => {
    const { id, ttl, remainingTtl } = decodeLease(value)
    return { id, ttlSeconds: ttl, remainingTtlSeconds: remainingTtl }
  })
  lessor.restore(records)
  // To look through all keys takes a tenth of the start.
  if (records.length === 0) return
  for (const attached of store.keyLeases()) {
    if (attached !== undefined && lessor.has(attached.lease)) lessor.attach(attached.lease, attached.key)
  }
}

/** Buckets of which a start asks single records, if any: read as a whole, they are compared with their counts and sums. */
const unread = [buckets.cluster, buckets.meta]

function checkUnread(backend: Backend): void {
  for (const bucket of unread) for (const _ of backend.records(bucket));
}

/** Drives a generator to its end, giving way to the event loop between its steps. */
async function inSlices<Result>(steps: Generator<unknown, Result>, clock: Clock): Promise<Result> {
  for (;;) {
    const step = steps.next()
    if (step.done === true) return step.value
    await new Promise<void>(resolve => clock.defer(resolve))
  }
}
