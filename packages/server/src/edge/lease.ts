import type { MethodHandler, StatusCode, StreamCall, StreamEvents, UnaryCall, UnaryMethod } from '@kvs/grpc'
import { Writer } from '@kvs/proto'
import {
  encodeLeaseGrantRequest,
  Lease,
  type LeaseKeepAliveRequest,
  type LeaseTimeToLiveRequest,
  type ResponseHeader,
  writeLeaseGrantResponse,
  writeLeaseKeepAliveResponse,
  writeLeaseLeasesResponse,
  writeLeaseRevokeResponse,
  writeLeaseTimeToLiveResponse,
} from '@kvs/proto/rpc'
import type { LeaseGrantOutcome, RevisionOutcome } from '../apply/outcome.ts'
import { Refusal } from '../errors.ts'
import { leaseGrantCostBytes } from '../requests/cost.ts'
import { OperationField } from '../requests/entry.ts'
import { type Answer, decodeOrFail, failMalformed, refuse, replyMessage, WaitingCall } from './answer.ts'
import { asCaller, type Caller, isPermitted, proposeAs } from './caller.ts'
import type { Member } from './member.ts'
import { refuseOverQuota } from './quota.ts'

/** The Lease service: grant, revoke, keep alive, time to live, list. */
export function leaseMethods(member: Member): Map<string, MethodHandler> {
  const unary = (handle: UnaryMethod['handle']): UnaryMethod => ({ kind: 'unary', handle })
  return new Map<string, MethodHandler>([
    [Lease.leaseGrant.path, unary((call, body, start, end) => grant(member, call, body, start, end))],
    [Lease.leaseRevoke.path, unary((call, body, start, end) => revoke(member, call, body, start, end))],
    [Lease.leaseTimeToLive.path, unary((call, body, start, end) => timeToLive(member, call, body, start, end))],
    [Lease.leaseLeases.path, unary(call => leases(member, call))],
    [Lease.leaseKeepAlive.path, { kind: 'stream', open: call => new KeepAliveCall(member, call) }],
  ])
}

/** Id and time to live are settled here: what depends on flags or chance must be decided before the proposal. */
function grant(member: Member, call: UnaryCall, body: Uint8Array, start: number, end: number): void {
  const request = decodeOrFail(call, Lease.leaseGrant, body, start, end)
  if (request === undefined) return
  if (!member.quota.admits(leaseGrantCostBytes)) return refuseOverQuota(member, call)
  const ttl = member.state.lessor.effectiveTtlSeconds(request.ttl)
  const id = request.id === 0n ? member.requestIds.nextLeaseId() : request.id
  const settled = encodeLeaseGrantRequest({ id, ttl })
  proposeAsUser(member, call, OperationField.leaseGrant, answerGrant, settled)
}

/** Proposes a request that somebody must make, with his name. */
function proposeAsUser<Outcome>(
  member: Member,
  call: UnaryCall,
  field: OperationField,
  answer: Answer<Outcome>,
  body: Uint8Array,
): void {
  const { auth } = member.state
  if (!auth.isEnabled) return proposeAs(member, call, field, answer, body, 0, body.length)
  const kept = body.slice()
  asCaller(member, call, caller => {
    if (!isPermitted(call, auth.access.checkUser(caller))) return
    member.propose(field, kept, 0, kept.length, new WaitingCall(call, member, answer, caller))
  })
}

function answerGrant(call: UnaryCall, outcome: LeaseGrantOutcome, member: Member): void {
  const header = member.messageHeader(outcome.revision)
  replyMessage(call, writeLeaseGrantResponse, { header, id: outcome.id, ttl: outcome.ttlSeconds })
}

function revoke(member: Member, call: UnaryCall, body: Uint8Array, start: number, end: number): void {
  if (decodeOrFail(call, Lease.leaseRevoke, body, start, end) === undefined) return
  proposeAsUser(member, call, OperationField.leaseRevoke, answerRevoke, body.subarray(start, end))
}

function answerRevoke(call: UnaryCall, { revision }: RevisionOutcome, member: Member): void {
  replyMessage(call, writeLeaseRevokeResponse, { header: member.messageHeader(revision) })
}

function timeToLive(member: Member, call: UnaryCall, body: Uint8Array, start: number, end: number): void {
  const request = decodeOrFail(call, Lease.leaseTimeToLive, body, start, end)
  if (request === undefined) return
  const { auth } = member.state
  asCaller(member, call, caller => {
    if (isPermitted(call, auth.access.checkLeaseTimeToLive(caller, request)))
      answerTimeToLive(member, call, request, caller)
  })
}

function answerTimeToLive(
  member: Member,
  call: UnaryCall,
  { id, keys: wantsKeys }: LeaseTimeToLiveRequest,
  caller: Caller,
): void {
  const { auth, background, store } = member.state
  const gone = new AbortController()
  call.onCancel = () => gone.abort()
  const settle = (answer: () => void): void => {
    background.add(() => {
      if (!call.ended) answer()
      return true
    })
  }
  member.leases.timesOf({ id, wantsKeys }, gone.signal).then(
    times =>
      settle(() => {
        const header = member.messageHeader(store.revision)
        if (times === undefined) return replyMessage(call, writeLeaseTimeToLiveResponse, { header, id, ttl: -1 })
        // The leader may know of keys that this member has not heard of when it looked whether they may be seen.
        for (const key of times.keys) if (!isPermitted(call, auth.access.checkRange(caller, { key, rangeEnd }))) return
        const { ttlSeconds: ttl, grantedTtlSeconds: grantedTtl, keys } = times
        replyMessage(call, writeLeaseTimeToLiveResponse, { header, id, ttl, grantedTtl, keys: [...keys] })
      }),
    (error: unknown) => settle(() => refuseFor(call, error)),
  )
}

const rangeEnd = new Uint8Array(0)

/** What is no refusal must not happen, and stops the member. */
function refuseFor(call: UnaryCall | StreamCall, error: unknown): void {
  if (!(error instanceof Refusal)) throw error
  refuse(call, error)
}

/** Leases whose keys the caller may not read are not listed to him, not even their number: he is refused. */
function leases(member: Member, call: UnaryCall): void {
  const { lessor, store, auth } = member.state
  asCaller(member, call, caller => {
    const ids = [...lessor.ids()]
    if (!isPermitted(call, auth.access.checkLeases(caller, ids))) return
    const header = member.messageHeader(store.revision)
    replyMessage(call, writeLeaseLeasesResponse, { header, leases: ids.map(id => ({ id })) })
  })
}

const writer = new Writer()

/** A stream of renewals: one answer per request, in order. A client that sends no more ends it. */
class KeepAliveCall implements StreamEvents {
  readonly #member: Member
  readonly #call: StreamCall
  readonly #gone = new AbortController()

  constructor(member: Member, call: StreamCall) {
    this.#member = member
    this.#call = call
  }

  message(body: Uint8Array, start: number, end: number): void {
    let request: LeaseKeepAliveRequest
    try {
      request = Lease.leaseKeepAlive.decodeRequest(body, start, end)
    } catch (error) {
      this.#member.state.metrics.keepAliveFailures.received++
      return failMalformed(this.#call, error)
    }
    const { auth } = this.#member.state
    if (!auth.isEnabled) return this.#renew(request.id)
    this.#call.pause()
    asCaller(this.#member, this.#call, caller => {
      this.#call.resume()
      if (isPermitted(this.#call, auth.access.checkLeaseKeepAlive(caller, request.id))) this.#renew(request.id)
    })
  }

  #renew(id: bigint): void {
    const { leases, state } = this.#member
    const header = this.#header()
    const ttl = leases.renewAtOnce(id)
    if (ttl !== undefined) return this.#answer(header, id, ttl)
    // Answers keep their order, so all behind this one wait for it.
    this.#call.pause()
    const settle = (answer: () => void): void => {
      state.background.add(() => {
        if (!this.#call.ended) answer()
        return true
      })
    }
    leases.renew(id, this.#gone.signal).then(
      renewed =>
        settle(() => {
          this.#answer(header, id, renewed)
          this.#call.resume()
        }),
      (error: unknown) => settle(() => refuseFor(this.#call, error)),
    )
  }

  /** Sampled before the renewal, as etcd does. */
  #header(): ResponseHeader {
    return this.#member.messageHeader(this.#member.state.store.revision)
  }

  #answer(header: ResponseHeader, id: bigint, ttl: number): void {
    writer.pos = 0
    writeLeaseKeepAliveResponse(writer, { header, id, ttl })
    this.#call.send(writer.buf, 0, writer.pos)
  }

  halfClose(): void {
    this.#call.finish()
  }

  drain(): void {}

  cancel(_code: StatusCode): void {
    this.#gone.abort()
  }
}
