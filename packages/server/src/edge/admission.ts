import {
  type MethodHandler,
  type ServerCall,
  StatusCode,
  type StreamCall,
  type StreamEvents,
  type StreamMethod,
} from '@kvs/grpc'
import { KV, Maintenance } from '@kvs/proto/rpc'
import { Refusal, type RefusalCode } from '../errors.ts'
import * as limits from '../limits.ts'
import { refuse } from './answer.ts'
import type { Member } from './member.ts'

/** A stream whose client wants to know when there is no leader any more. */
interface Registered {
  readonly call: StreamCall
  readonly events: StreamEvents
}

/**
 * Which calls come in at all, whoever makes them: a learner serves a few only, and calls that need a leader (`hasleader:
 * true` in their metadata) are refused where none is known. Streams of that kind are ended when there is none for long.
 * While this member votes and knows a leader, a call pays for a look at one boolean.
 */
export class Admission {
  readonly #member: Member
  /** Calls have to be looked at. */
  #isRestricted = true
  #registered = new Set<Registered>()
  /** So many may be registered before those that have ended are let go. */
  #registeredMax = registeredMin
  #timer: unknown

  constructor(member: Member) {
    this.#member = member
  }

  /** To be called when another leader is known, or none, and when the members have changed. */
  changed(): void {
    const hasLeader = this.#member.consensus.leader !== 0n
    this.#isRestricted = !hasLeader || this.#member.isLearner
    if (hasLeader) this.close()
    else this.#timer ??= this.#member.clock.setTimer(this.#patienceMs, () => this.#endStreams())
  }

  get #patienceMs(): number {
    return limits.electionsWithoutLeaderMax * this.#member.options.electionTimeoutMs
  }

  close(): void {
    if (this.#timer !== undefined) this.#member.clock.clearTimer(this.#timer)
    this.#timer = undefined
  }

  /** Puts itself in front of handlers. */
  guard(methods: ReadonlyMap<string, MethodHandler>): Map<string, MethodHandler> {
    return new Map([...methods].map(([path, handler]) => [path, this.#guarded(handler)]))
  }

  #guarded(handler: MethodHandler): MethodHandler {
    if (handler.kind === 'stream') return { kind: 'stream', open: call => this.#open(call, handler) }
    return {
      kind: 'unary',
      handle: (call, body, start, end) => {
        if (this.#isRestricted && this.#refuses(call, { body, start, end })) return
        handler.handle(call, body, start, end)
      },
    }
  }

  #open(call: StreamCall, handler: StreamMethod): StreamEvents {
    if (this.#isRestricted && this.#refuses(call)) return ended
    const events = handler.open(call)
    if (needsLeader(call)) this.#register({ call, events })
    return events
  }

  #refuses(call: ServerCall, request?: RequestBytes): boolean {
    const refusal = this.#refusalOf(call, request)
    if (refusal !== undefined) refuse(call, Refusal.of(refusal))
    return refusal !== undefined
  }

  #refusalOf(call: ServerCall, request: RequestBytes | undefined): RefusalCode | undefined {
    const { consensus, isLearner } = this.#member
    if (isLearner && !isForLearners(call, request)) return 'NOT_SUPPORTED_FOR_LEARNER'
    return consensus.leader === 0n && needsLeader(call) ? 'NO_LEADER' : undefined
  }

  /** Nobody tells of the ends of calls: those that are over are let go when there are twice as many as at the last time. */
  #register(stream: Registered): void {
    this.#registered.add(stream)
    if (this.#registered.size < this.#registeredMax) return
    for (const known of this.#registered) if (known.call.ended) this.#registered.delete(known)
    this.#registeredMax = Math.max(registeredMin, 2 * this.#registered.size)
  }

  /** In the background, where what is written leaves at once. */
  #endStreams(): void {
    this.#timer = undefined
    this.#member.state.background.add(() => {
      const registered = [...this.#registered]
      this.#registered.clear()
      for (const { call, events } of registered) {
        if (call.ended) continue
        refuse(call, Refusal.of('NO_LEADER'))
        events.cancel(StatusCode.UNAVAILABLE)
      }
      return true
    })
  }
}

const registeredMin = 64

interface RequestBytes {
  readonly body: Uint8Array
  readonly start: number
  readonly end: number
}

/** The events of a call that is over. */
const ended: StreamEvents = { message: () => {}, halfClose: () => {}, drain: () => {}, cancel: () => {} }

function needsLeader({ metadata }: ServerCall): boolean {
  return metadata.get('hasleader') === 'true'
}

/** What is served without a vote: the state as it is here, and nothing that changes it. */
function isForLearners({ path }: ServerCall, request: RequestBytes | undefined): boolean {
  if (path === Maintenance.status.path || path === Maintenance.snapshot.path) return true
  return path === KV.range.path && request !== undefined && isSerializable(request)
}

/** What cannot be read, its handler refuses. */
function isSerializable({ body, start, end }: RequestBytes): boolean {
  try {
    return KV.range.decodeRequest(body, start, end).serializable
  } catch {
    return true
  }
}
