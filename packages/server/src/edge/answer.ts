import type { AuthInfo } from '@kvs/auth'
import type { ServerCall, UnaryCall } from '@kvs/grpc'
import { type Method, Writer } from '@kvs/proto'
import type { Proposer } from '../consensus/waiting.ts'
import type { Refusal } from '../errors.ts'
import type { Member } from './member.ts'

/** How calls get their answers: what all services of the edge share. */

/** Ends a call with a refusal. */
export function refuse(call: ServerCall, refusal: Refusal): void {
  call.fail(refusal.status, refusal.message)
}

/** Writes the answer of a call whose proposal was applied. */
export type Answer<Outcome> = (call: UnaryCall, outcome: Outcome, member: Member) => void

/**
 * A call that waits for its proposal. `answer` is one of a handful of functions, so that a request makes one small
 * object and no closure.
 */
export class WaitingCall<Outcome> implements Proposer<Outcome> {
  entry: Uint8Array | undefined = undefined
  entryIndex = 0
  applyMs = 0
  readonly caller: AuthInfo | undefined
  readonly #call: UnaryCall
  readonly #member: Member
  readonly #answer: Answer<Outcome>

  constructor(call: UnaryCall, member: Member, answer: Answer<Outcome>, caller?: AuthInfo | undefined) {
    this.caller = caller
    this.#call = call
    this.#member = member
    this.#answer = answer
    call.context = this
  }

  get startedMs(): number {
    return this.#call.openedMs
  }

  applied(outcome: Outcome): void {
    if (!this.#call.ended) this.#answer(this.#call, outcome, this.#member)
  }

  refused(refusal: Refusal): void {
    refuse(this.#call, refusal)
  }
}

/** Bytes that answers are put together in; `reply` copies them at once, so one buffer serves all. */
let scratch = new Uint8Array(64 * 1024)

/** A buffer of at least `bytes`, valid until the next call of this function. */
export function scratchOf(bytes: number): Uint8Array {
  if (scratch.length < bytes) scratch = new Uint8Array(Math.max(bytes, 2 * scratch.length))
  if (scratch.length > scratchKeptBytes && bytes <= scratchKeptBytes) scratch = new Uint8Array(scratchKeptBytes)
  return scratch
}
const scratchKeptBytes = 4 * 1024 * 1024

const writer = new Writer()

/** Answers with a message of the generic codec, for calls that are not on the hot path. */
export function replyMessage<Init>(
  call: UnaryCall,
  write: (writer: Writer, message: Init) => Writer,
  message: Init,
): void {
  writer.pos = 0
  write(writer, message)
  call.reply(writer.buf, 0, writer.pos)
}

/** Decodes a request, or fails the call as grpc-go does and returns undefined. */
export function decodeOrFail<Request>(
  call: ServerCall,
  method: Method<Request, never, unknown, never>,
  body: Uint8Array,
  start: number,
  end: number,
): Request | undefined {
  try {
    return method.decodeRequest(body, start, end)
  } catch (error) {
    failMalformed(call, error)
    return undefined
  }
}

/** The status of a request whose bytes are no message. */
export function failMalformed(call: ServerCall, error: unknown): void {
  const reason = error instanceof Error ? error.message : String(error)
  call.fail(13, `grpc: failed to unmarshal the received message: ${reason}`)
}
