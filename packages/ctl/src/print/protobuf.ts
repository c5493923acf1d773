import {
  encodeAlarmResponse,
  encodeAuthRoleGetResponse,
  encodeAuthRoleListResponse,
  encodeAuthStatusResponse,
  encodeAuthUserGetResponse,
  encodeAuthUserListResponse,
  encodeDeleteRangeResponse,
  encodeMemberAddResponse,
  encodeMemberListResponse,
  encodePutResponse,
  encodeRangeResponse,
  encodeResponseHeader,
  encodeTxnResponse,
  encodeWatchResponse,
  type ResponseHeader,
} from '@kvs/client/messages'
import type { Format } from '../answers.ts'

/** etcdctl's answers about leases are their headers in this format, and scripts may have come to terms with it. */
const headerOnly = ({
  response,
}: {
  readonly response: { readonly header: ResponseHeader | undefined }
}): Uint8Array[] => [encodeResponseHeader(response.header ?? {})]

/** The bytes of the server's message, without a line end. */
export const protobufFormat: Format = {
  get: ({ response }) => [encodeRangeResponse(response)],
  put: ({ response }) => [encodePutResponse(response)],
  delete: ({ response }) => [encodeDeleteRangeResponse(response)],
  txn: ({ response }) => [encodeTxnResponse(response)],
  watch: ({ response }) => [encodeWatchResponse(response)],
  leaseGrant: headerOnly,
  leaseKeepAlive: headerOnly,
  leaseTimeToLive: headerOnly,
  leases: headerOnly,
  memberAdd: ({ response }) => [encodeMemberAddResponse(response)],
  memberList: ({ response }) => [encodeMemberListResponse(response)],
  alarm: ({ response }) => [encodeAlarmResponse(response)],
  authStatus: ({ response }) => [encodeAuthStatusResponse(response)],
  roleGet: ({ response }) => [encodeAuthRoleGetResponse(response)],
  roleList: ({ response }) => [encodeAuthRoleListResponse(response)],
  userGet: ({ response }) => [encodeAuthUserGetResponse(response)],
  userList: ({ response }) => [encodeAuthUserListResponse(response)],
}
