import type { BackendSizes } from '@kvs/backend'
import type { MethodHandler, ServerCall, UnaryCall, UnaryMethod } from '@kvs/grpc'
import { formatId } from '@kvs/membership'
import {
  Maintenance,
  writeDefragmentResponse,
  writeHashKVResponse,
  writeHashResponse,
  writeMoveLeaderResponse,
} from '@kvs/proto/rpc'
import { refusalOf } from '../apply/kv.ts'
import type { Continuation } from '../apply/operation.ts'
import { formatDuration } from '../duration.ts'
import { Refusal } from '../errors.ts'
import * as limits from '../limits.ts'
import type { LogFields } from '../parts.ts'
import { StateHash } from '../state/state-hash.ts'
import { decodeOrFail, refuse, replyMessage } from './answer.ts'
import type { ServingState } from './grpc-health.ts'
import type { Member } from './member.ts'

/** What operators do to this member: hashes, defragmentation, handing leadership over. */
export function upkeepMethods(member: Member, serving: ServingState): Map<string, MethodHandler> {
  const unary = (handle: UnaryMethod['handle']): UnaryMethod => ({ kind: 'unary', handle })
  return new Map<string, MethodHandler>([
    [Maintenance.hashKV.path, unary((call, body, start, end) => hashKv(member, call, body, start, end))],
    [Maintenance.hash.path, unary(call => hash(member, call))],
    [Maintenance.defragment.path, unary(call => defragment(member, serving, call))],
    [Maintenance.moveLeader.path, unary((call, body, start, end) => moveLeader(member, call, body, start, end))],
  ])
}

function hashKv(member: Member, call: UnaryCall, body: Uint8Array, start: number, end: number): void {
  const request = decodeOrFail(call, Maintenance.hashKV, body, start, end)
  if (request === undefined) return
  const { store, background, metrics } = member.state
  const startMs = member.clock.now()
  try {
    const cursor = store.openHash(request.revision)
    background.add(() => {
      if (call.ended) {
        cursor.close()
        return true
      }
      if (!cursor.step({ records: limits.sliceRecords, isDue: background.isDue })) return false
      metrics.revisionHashes.observe((member.clock.now() - startMs) / 1000)
      const { hash, compactRevision, revision: hashRevision } = cursor.result()
      const header = member.messageHeader(store.revision)
      replyMessage(call, writeHashKVResponse, { header, hash, compactRevision, hashRevision })
      return true
    })
  } catch (error) {
    refuse(call, refusalOf(error))
  }
}

/** Over what is on disk after a commit; writes go on meanwhile. */
function hash(member: Member, call: UnaryCall): void {
  const { state, clock } = member
  const { backend, background, store, metrics } = state
  const startMs = clock.now()
  const hashView = (): Continuation => {
    const header = member.messageHeader(store.revision)
    const running = new StateHash(state.view(), backend.buckets)
    return () => {
      if (call.ended) {
        running.close()
        return true
      }
      if (!running.step(limits.sliceRecords)) return false
      metrics.hashes.observe((clock.now() - startMs) / 1000)
      replyMessage(call, writeHashResponse, { header, hash: running.hash })
      return true
    }
  }
  state.commit().then(
    () => background.add(hashView()),
    error => failLater(member, call, error),
  )
}

/** With the gate, gRPC's health service sends clients elsewhere meanwhile. */
function defragment(member: Member, serving: ServingState, call: UnaryCall): void {
  const { backend, background, metrics } = member.state
  const stopsService = member.options.featureGates.StopGRPCServiceOnDefrag
  const ended = (): void => {
    metrics.defragmentationsUnderWay--
    if (!stopsService || metrics.defragmentationsUnderWay > 0) return
    background.add(() => {
      serving.isServing = true
      return true
    })
  }
  if (stopsService) serving.isServing = false
  const startMs = member.clock.now()
  const before = backend.sizes()
  member.logger.info('defragmenting', sizeFields(before))
  metrics.defragmentationsUnderWay++
  backend.defragment().then(
    () => {
      const tookMs = member.clock.now() - startMs
      ended()
      metrics.defragmentations.observe(tookMs / 1000)
      const size = { 'current-db-size-bytes-diff': backend.sizes().fileBytes - before.fileBytes }
      const after = { ...size, ...sizeFields(backend.sizes()), took: formatDuration(tookMs) }
      member.logger.info('finished defragmenting directory', after)
      background.add(() => {
        replyMessage(call, writeDefragmentResponse, {})
        return true
      })
    },
    error => {
      ended()
      failLater(member, call, error)
    },
  )
}

function sizeFields({ fileBytes, inUseBytes }: BackendSizes): LogFields {
  return { 'current-db-size-bytes': fileBytes, 'current-db-size-in-use-bytes': inUseBytes }
}

/** Fails a call that nobody else answers; in the background, for what is written there leaves at once. */
function failLater(member: Member, call: ServerCall, error: unknown): void {
  const reason = error instanceof Error ? error.message : String(error)
  member.logger.error('upkeep failed', { method: call.path, error: reason })
  member.state.background.add(() => {
    call.fail(2, reason)
    return true
  })
}

/** Leadership goes to a member that votes. Answered once it leads; that may never be, so the wait ends with the caller. */
function moveLeader(member: Member, call: UnaryCall, body: Uint8Array, start: number, end: number): void {
  const request = decodeOrFail(call, Maintenance.moveLeader, body, start, end)
  if (request === undefined) return
  const { targetId } = request
  if (!member.consensus.isLeader) return refuse(call, Refusal.of('NOT_LEADER'))
  const target = member.state.cluster.memberSet.get(targetId)
  if (target === undefined || target.isLearner) return refuse(call, Refusal.of('BAD_LEADER_TRANSFEREE'))
  if (targetId === member.id) return replyMessage(call, writeMoveLeaderResponse, {})
  const fields = {
    'local-member-id': formatId(member.id),
    'current-leader-member-id': formatId(member.id),
    'transferee-member-id': formatId(targetId),
  }
  member.logger.info('leadership transfer starting', fields)
  const startMs = member.clock.now()
  const forget = member.onLeaderChange(() => {
    if (member.consensus.leader !== targetId) return
    forget()
    member.logger.info('leadership transfer finished', {
      ...fields,
      took: formatDuration(member.clock.now() - startMs),
    })
    replyMessage(call, writeMoveLeaderResponse, {})
  })
  call.onCancel = () => {
    forget()
    member.logger.warn('leadership transfer failed', {
      ...fields,
      error: Refusal.of('LEADER_TRANSFER_TIMEOUT').message,
    })
  }
  member.transferLeader(targetId)
}
