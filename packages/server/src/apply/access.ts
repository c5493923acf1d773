import { type Access, type AccessVerdict, type AuthInfo, policyOfApplied } from '@kvs/auth'
import {
  decodeAuthRoleGetRequest,
  decodeAuthUserGetRequest,
  decodeDeleteRangeRequest,
  decodeLeaseRevokeRequest,
  decodeRangeRequest,
  decodeTxnRequest,
} from '@kvs/proto/rpc'
import { refusalOfVerdict } from '../auth/refusals.ts'
import type { Refusal } from '../errors.ts'
import { OperationField, type ParsedEntry } from '../requests/entry.ts'
import { PutFields } from '../requests/put-fields.ts'
import type { State } from '../state/state.ts'

/**
 * What the entry's header says about who asked is held against users and roles as they are now: they may have changed
 * since it was proposed. The verdict follows from the log, so that all members come to the same.
 */
export function refusalByAuth(state: State, data: Uint8Array, entry: ParsedEntry, name: string): Refusal | undefined {
  caller.username = entry.username
  caller.revision = entry.authRevision
  const verdict = verdictOf(state.auth.access, data, entry, name)
  return verdict === undefined ? undefined : refusalOfVerdict(verdict)
}

/** One object serves all entries. */
const caller: { -readonly [Field in keyof AuthInfo]: AuthInfo[Field] } = { username: '', revision: 0 }

function verdictOf(access: Access, data: Uint8Array, entry: ParsedEntry, name: string): AccessVerdict {
  switch (policyOfApplied(name)) {
    case 'open':
      return undefined
    case 'admin':
      return access.checkAdmin(caller)
    case 'self':
      return ownVerdict(access, data, entry)
    case 'keys':
      return keysVerdict(access, data, entry)
    default:
      return 'PERMISSION_DENIED'
  }
}

function ownVerdict(access: Access, data: Uint8Array, { operation, start, end }: ParsedEntry): AccessVerdict {
  if (operation === OperationField.authUserGet) {
    return access.checkUserGet(caller, decodeAuthUserGetRequest(data, start, end).name)
  }
  return access.checkRoleGet(caller, decodeAuthRoleGetRequest(data, start, end).role)
}

const fields = new PutFields()

function keysVerdict(access: Access, data: Uint8Array, { operation, start, end }: ParsedEntry): AccessVerdict {
  // Nothing has to be read for whom every key is open.
  if (access.mayAll(caller)) return undefined
  switch (operation) {
    case OperationField.put: {
      // One that cannot be read is the operation's to complain about.
      if (!fields.parse(data, start, end)) return undefined
      const key = data.subarray(fields.keyStart, fields.keyEnd)
      return access.checkPut(caller, { key, lease: fields.lease, prevKv: fields.prevKv })
    }
    case OperationField.range:
      return access.checkRange(caller, decodeRangeRequest(data, start, end))
    case OperationField.deleteRange:
      return access.checkDelete(caller, decodeDeleteRangeRequest(data, start, end))
    case OperationField.txn:
      return access.checkTxn(caller, decodeTxnRequest(data, start, end))
    case OperationField.leaseRevoke:
      return access.checkLeaseRevoke(caller, decodeLeaseRevokeRequest(data, start, end).id)
    default:
      return 'PERMISSION_DENIED'
  }
}
