import { type Access, type AccessVerdict, policyOfCall } from '@kvs/auth'
import type {
  MethodHandler,
  ServerCall,
  StatusCode,
  StreamCall,
  StreamEvents,
  StreamMethod,
  UnaryMethod,
} from '@kvs/grpc'
import { assert } from '../assert.ts'
import { asCaller, type Caller, isPermitted } from './caller.ts'
import type { Member } from './member.ts'

type Check = (access: Access, caller: Caller) => AccessVerdict

/** What can be decided before a handler sees the call. */
const checks: Partial<Record<string, Check>> = {
  admin: (access, caller) => access.checkAdmin(caller),
  user: (access, caller) => access.checkUser(caller),
  token: () => undefined,
}

/** These look at the quota before they ask who calls, as in etcd, and do both themselves. */
const selfGuarded: ReadonlySet<string> = new Set(['/etcdserverpb.Lease/LeaseGrant'])

/**
 * Puts the policies of calls in front of their handlers. A method without a policy is a member that does not start: nobody
 * has thought of who may call it (CVE-2026-33413). Policies that depend on what is asked are the handler's.
 */
export function guardMethods(member: Member, methods: ReadonlyMap<string, MethodHandler>): Map<string, MethodHandler> {
  return new Map([...methods].map(([path, handler]) => [path, guard(member, path, handler)]))
}

function guard(member: Member, path: string, handler: MethodHandler): MethodHandler {
  const policy = policyOfCall(path)
  assert(policy !== undefined, `there is a policy about who may call ${path}`)
  const check = checks[policy]
  if (check === undefined || selfGuarded.has(path)) return handler
  return handler.kind === 'unary' ? guardUnary(member, handler, check) : guardStream(member, handler, check)
}

function guardUnary(member: Member, handler: UnaryMethod, check: Check): UnaryMethod {
  const { auth } = member.state
  return {
    kind: 'unary',
    handle(call, body, start, end) {
      if (!auth.isEnabled) return handler.handle(call, body, start, end)
      const kept = body.slice(start, end)
      asCaller(member, call, caller => {
        if (!isPermitted(call, check(auth.access, caller))) return
        noteCaller(call, caller)
        handler.handle(call, kept, 0, kept.length)
      })
    },
  }
}

function guardStream(member: Member, handler: StreamMethod, check: Check): StreamMethod {
  const { auth } = member.state
  return {
    kind: 'stream',
    open(call) {
      if (!auth.isEnabled) return handler.open(call)
      const stream = new GuardedStream(call)
      asCaller(member, call, caller => {
        if (isPermitted(call, check(auth.access, caller))) stream.open(handler)
      })
      return stream
    },
  }
}

/** A stream whose handler comes in once it is known who calls; what the client sends meanwhile waits. */
class GuardedStream implements StreamEvents {
  readonly #call: StreamCall
  #events: StreamEvents | undefined
  #waiting: Uint8Array[] = []
  #isHalfClosed = false

  constructor(call: StreamCall) {
    this.#call = call
  }

  open(handler: StreamMethod): void {
    const events = handler.open(this.#call)
    this.#events = events
    if (this.#waiting.length > 0) this.#call.resume()
    for (const body of this.#waiting.splice(0)) if (!this.#call.ended) events.message(body, 0, body.length)
    if (this.#isHalfClosed && !this.#call.ended) events.halfClose()
  }

  message(body: Uint8Array, start: number, end: number): void {
    if (this.#events !== undefined) return this.#events.message(body, start, end)
    this.#call.pause()
    this.#waiting.push(body.slice(start, end))
  }

  halfClose(): void {
    this.#isHalfClosed = true
    this.#events?.halfClose()
  }

  drain(): void {
    this.#events?.drain()
  }

  cancel(code: StatusCode): void {
    this.#events?.cancel(code)
  }
}

const callers = new WeakMap<ServerCall, NonNullable<Caller>>()

function noteCaller(call: ServerCall, caller: Caller): void {
  if (caller !== undefined) callers.set(call, caller)
}

/** Who makes a call that a policy stands in front of, for the entry that it proposes. */
export function notedCaller(call: ServerCall): Caller {
  return callers.get(call)
}
