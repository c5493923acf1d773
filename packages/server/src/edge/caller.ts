import { type AccessVerdict, AuthError, type AuthInfo } from '@kvs/auth'
import type { ServerCall, UnaryCall } from '@kvs/grpc'
import { refusalOfAuth, refusalOfVerdict } from '../auth/refusals.ts'
import type { Refusal } from '../errors.ts'
import type { OperationField } from '../requests/entry.ts'
import { type Answer, refuse, WaitingCall } from './answer.ts'
import type { Member } from './member.ts'

/**
 * Whose calls these are. While authentication is off nobody is asked, which costs a look at one boolean; a token that is
 * known costs no promise. A signed token seen for the first time is waited for.
 */
export type Caller = AuthInfo | undefined

/** Finds out who calls, and goes on; a call with a bad token is refused. Views of a request's bytes may be gone by then. */
export function asCaller(member: Member, call: ServerCall, go: (caller: Caller) => void): void {
  const found = callerOf(member, call)
  if (found instanceof Promise) waitForCaller(member, call, found, go)
  else if (found !== refused) go(found)
}

/** Proposes a request with the name of who calls: whether he may is decided when it is applied. */
export function proposeAs<Outcome>(
  member: Member,
  call: UnaryCall,
  field: OperationField,
  answer: Answer<Outcome>,
  body: Uint8Array,
  start: number,
  end: number,
): void {
  if (!member.state.auth.isEnabled) {
    return member.propose(field, body, start, end, new WaitingCall(call, member, answer))
  }
  const found = callerOf(member, call)
  if (found === refused) return
  if (!(found instanceof Promise)) {
    return member.propose(field, body, start, end, new WaitingCall(call, member, answer, found))
  }
  const kept = body.slice(start, end)
  waitForCaller(member, call, found, caller => {
    member.propose(field, kept, 0, kept.length, new WaitingCall(call, member, answer, caller))
  })
}

/** Whether a check has gone well; refuses the call if not. */
export function isPermitted(call: ServerCall, verdict: AccessVerdict): boolean {
  if (verdict === undefined) return true
  refuse(call, refusalOfVerdict(verdict))
  return false
}

/** As `isPermitted`, for who has more to do about it. */
export function refusalOf(verdict: AccessVerdict): Refusal | undefined {
  return verdict === undefined ? undefined : refusalOfVerdict(verdict)
}

const refused = Symbol('the call was refused')

function callerOf(member: Member, call: ServerCall): Caller | Promise<Caller> | typeof refused {
  const { auth } = member.state
  if (!auth.isEnabled) return undefined
  try {
    return auth.identify(call)
  } catch (error) {
    refuse(call, refusalOfAuth(error))
    return refused
  }
}

/** Goes on in the background, where answers leave at once and what is thrown stops the member. */
function waitForCaller(member: Member, call: ServerCall, found: Promise<Caller>, go: (caller: Caller) => void): void {
  const { background } = member.state
  const soon = (step: () => void): void => {
    background.add(() => {
      if (!call.ended) step()
      return true
    })
  }
  found.then(
    caller => soon(() => go(caller)),
    error => soon(() => refuse(call, refusalOfAuth(error))),
  )
}

/** What `cancel_reason` says about a refusal: the error as Go prints it. */
export function printedRefusal({ status, message }: Refusal): string {
  return `rpc error: code = ${goCodeNames[status] ?? `Code(${status})`} desc = ${message}`
}

const goCodeNames: Readonly<Record<number, string>> = {
  2: 'Unknown',
  3: 'InvalidArgument',
  7: 'PermissionDenied',
  9: 'FailedPrecondition',
  16: 'Unauthenticated',
}

/** The refusal of a token, where the call itself goes on. Throws what is no `AuthError`. */
export function identifyOrRefuse(member: Member, call: ServerCall): Caller | Promise<Caller | Refusal> | Refusal {
  const { auth } = member.state
  if (!auth.isEnabled) return undefined
  try {
    const found = auth.identify(call)
    return found instanceof Promise ? found.catch(refusalOfAuth) : found
  } catch (error) {
    if (error instanceof AuthError) return refusalOfAuth(error)
    throw error
  }
}
